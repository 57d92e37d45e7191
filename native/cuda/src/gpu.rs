//! A device in use: its context, its stream, its memories, and the blocks in them.

use crate::driver::call;
use crate::kernels::{self, Entry, MOST_FUSED_INPUTS, Module};
use crate::memory::{Buffer, Pinned};
use crate::{Device, Error, Unavailable, binaries};
use cudarc::driver::sys::{
    CUcontext, CUctx_flags, CUevent, CUevent_flags, CUfunction, CUfunction_attribute, CUmodule, CUresult, CUstream,
    CUstream_flags,
};
use neuvol_model::Block;
use neuvol_plan::{Kernel, Mask, Model, Source, Validity, Variant, Variants};
use range_alloc::RangeAllocator;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sizes of the memories that are made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Models of blocks, in bytes; below 16 GiB, as places are counted in 32 bits.
    pub model_bytes: u64,
    /// What blocks are decoded in, in bytes; as above. Blocks that do not fit together follow each other.
    pub work_bytes: u64,
    /// Texels of one submission that go to [`Destination::Own`](crate::Destination), in bytes.
    pub texel_bytes: u64,
    /// Records of one submission, in bytes.
    pub record_bytes: u64,
    /// Submissions that may be on their way at the same time.
    pub frames: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { model_bytes: 128 << 20, work_bytes: 256 << 20, texel_bytes: 64 << 20, record_bytes: 1 << 20, frames: 4 }
    }
}

/// A device in use. All methods may be called from any thread.
#[derive(Debug)]
pub struct Gpu {
    pub(crate) device: Device,
    pub(crate) limits: Limits,
    context: Context,
    pub(crate) stream: CUstream,
    pub(crate) models: Buffer,
    pub(crate) work: Buffer,
    pub(crate) texels: Buffer,
    /// One part for each slot.
    pub(crate) records: Buffer,
    free: Mutex<RangeAllocator<u32>>,
    functions: Mutex<Functions>,
    /// What is on its way; while it is locked, one submission is put into the stream as a whole.
    pub(crate) slots: Mutex<Vec<Slot>>,
}

// SAFETY: contexts, streams and events may be used by any thread in which the context is current.
unsafe impl Send for Gpu {}
// SAFETY: as above; what changes is behind locks.
unsafe impl Sync for Gpu {}

/// What a submission needs for itself.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) records: Pinned,
    pub(crate) started: CUevent,
    pub(crate) ended: CUevent,
    pub(crate) taken: bool,
}

/// A block in device memory. To be given back with [`Gpu::release`].
#[derive(Debug)]
pub struct Uploaded {
    model: Model,
    place: Range<u32>,
    mask: Mask,
    fused: bool,
}

impl Uploaded {
    /// For tasks.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source { model: &self.model, base: self.place.start, mask: self.mask }
    }

    /// The kernels that a task of it may use: with `fast`, those in fewer bits, with errors of some thousandths of what a
    /// network adds. Blocks with a guaranteed error have none.
    #[must_use]
    pub fn variants(&self, fast: bool) -> Variants {
        if fast && self.fused { Variants::only(Variant::Fused) } else { Variants::NONE }
    }

    /// A small number that blocks of the same kind share, which take the same time per voxel.
    #[must_use]
    pub fn class(&self) -> usize {
        self.model.class()
    }

    /// Bytes of device memory.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::from(self.place.end - self.place.start) * 4
    }
}

/// A context of our own: what goes wrong in it leaves others on the device alone.
#[derive(Debug)]
struct Context(CUcontext);

/// While it lives, the context is current in this thread.
#[derive(Debug)]
pub(crate) struct Current(());

impl Context {
    fn enter(&self) -> Result<Current, Error> {
        // SAFETY: the context is alive.
        unsafe { call!(cuCtxPushCurrent_v2(self.0)) }.map(|()| Current(()))
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        let mut context = std::ptr::null_mut();
        // SAFETY: it was pushed in this thread: a `Current` is not `Send`, as it is never stored.
        if let Err(error) = unsafe { call!(cuCtxPopCurrent_v2(&raw mut context)) } {
            log::debug!("{error}");
        }
    }
}

#[derive(Debug, Default)]
struct Functions {
    modules: HashMap<Module, CUmodule>,
    functions: HashMap<Entry, CUfunction>,
}

impl Gpu {
    /// Makes a context and memories on a device, and loads the kernels that every block needs. Takes some 100 ms, seconds where
    /// the driver has to compile kernels: to be called while a scene is loaded.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the driver refuses the kernels, [`Error::Full`] if the device has not that much memory,
    /// [`Error::Argument`] for limits that cannot be had.
    pub fn new(device: &Device, limits: Limits) -> Result<Self, Error> {
        for (name, bytes) in [
            ("model_bytes", limits.model_bytes),
            ("work_bytes", limits.work_bytes),
            ("texel_bytes", limits.texel_bytes),
            ("record_bytes", limits.record_bytes),
        ] {
            if bytes == 0 || bytes % 16 != 0 || bytes / 4 > u64::from(u32::MAX) {
                return Err(Error::argument(name, format!("is {bytes}, must be a multiple of 16 below 16 GiB")));
            }
        }
        if limits.frames == 0 {
            return Err(Error::argument("frames", "is 0, must be at least 1"));
        }
        let mut context = std::ptr::null_mut();
        // Threads that wait sleep: nobody who waits here is in a hurry.
        let flags = CUctx_flags::CU_CTX_SCHED_BLOCKING_SYNC as u32;
        // SAFETY: the driver has started, as there is a device.
        unsafe { call!(cuCtxCreate_v2(&raw mut context, flags, device.handle)) }?;
        let context = Context(context);
        // It is current from its creation on; a guard takes it away.
        let current = Current(());
        // SAFETY: the context is current.
        let made = unsafe { Made::new(limits) };
        let made = made.inspect_err(|_| context.destroy())?;
        drop(current);
        let gpu = Self {
            device: device.clone(),
            limits,
            context,
            stream: made.stream,
            models: made.models,
            work: made.work,
            texels: made.texels,
            records: made.records,
            free: Mutex::new(RangeAllocator::new(0..(limits.model_bytes / 4) as u32)),
            functions: Mutex::default(),
            slots: Mutex::new(made.slots),
        };
        if binaries::is_compiled_by_driver(device.capability) {
            let (major, minor) = device.capability;
            log::info!("the driver compiles the kernels for compute capability {major}.{minor} at the first start");
        }
        let current = gpu.enter()?;
        for kernel in [Kernel::Copy, Kernel::StoreBuffer] {
            gpu.function(kernel)?;
        }
        drop(current);
        Ok(gpu)
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The sizes that it was made with.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn enter(&self) -> Result<Current, Error> {
        self.context.enter()
    }

    pub(crate) fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a block of `extent` voxels (its output number `output`, which matters to grid networks) into device memory: it is
    /// there for all submissions that follow. The first block of a kind also loads kernels for it.
    ///
    /// # Errors
    /// [`Error::Full`] if the memory of models is full, [`Error::Argument`] or [`Error::Model`] for what does not fit.
    pub fn upload(
        &self,
        block: &Block,
        output: u8,
        extent: [u32; 3],
        validity: Validity<'_>,
    ) -> Result<Uploaded, Error> {
        let (model, mut words) = Model::new(block, output, extent)?;
        let mask = Mask::put(validity, extent, &mut words)?;
        let _current = self.enter()?;
        for kernel in model.kernels(Variants::NONE) {
            self.function(kernel)?;
        }
        let mut fused = false;
        for kernel in model.kernels(Variants::only(Variant::Fused)) {
            if kernel.variant() == Some(Variant::Fused) {
                fused = kernels::shared_bytes(kernel, MOST_FUSED_INPUTS) <= self.device.shared_memory;
                if fused {
                    self.function(kernel)?;
                }
                if let (true, Kernel::GridFused(shape)) = (fused, kernel) {
                    self.function(Kernel::GridSteps(shape))?;
                }
            }
        }
        let place = self.put(&words)?;
        Ok(Uploaded { model, place, mask, fused })
    }

    /// Gives the memory of a block back.
    ///
    /// # Safety
    /// No submission with it may still be on its way.
    pub unsafe fn release(&self, uploaded: Uploaded) {
        self.give_back(uploaded.place);
    }

    fn give_back(&self, place: Range<u32>) {
        if !place.is_empty() {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).free_range(place);
        }
    }

    fn put(&self, words: &[u32]) -> Result<Range<u32>, Error> {
        if words.is_empty() {
            return Ok(0..0);
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let allocated = free.allocate_range(words.len() as u32);
        let place = allocated.map_err(|_| Error::Full {
            what: "memory of models",
            needed: words.len() as u64 * 4,
            free: u64::from(free.total_available()) * 4,
        })?;
        drop(free);
        // SAFETY: the place is ours alone; ordinary memory of the host is copied before the call returns. In the stream of the
        // kernels, so that it is behind those that read what stood there, and before those that read this.
        let copied = unsafe {
            let to = self.models.pointer + u64::from(place.start) * 4;
            call!(cuMemcpyHtoDAsync_v2(to, words.as_ptr().cast(), size_of_val(words), self.stream))
        };
        if let Err(error) = copied {
            self.give_back(place);
            return Err(error);
        }
        Ok(place)
    }

    /// A kernel, ready for launches. The context must be current.
    pub(crate) fn function(&self, kernel: Kernel) -> Result<(Entry, CUfunction), Error> {
        let entry = kernels::entry(kernel);
        let entry = entry.unwrap_or_else(|| unreachable!("{kernel:?} is planned for other backends only"));
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&function) = functions.functions.get(&entry) {
            return Ok((entry, function));
        }
        let refused = |call: &'static str, result: CUresult| match result {
            CUresult::CUDA_ERROR_NO_BINARY_FOR_GPU
            | CUresult::CUDA_ERROR_INVALID_PTX
            | CUresult::CUDA_ERROR_UNSUPPORTED_PTX_VERSION
            | CUresult::CUDA_ERROR_JIT_COMPILER_NOT_FOUND
            | CUresult::CUDA_ERROR_JIT_COMPILATION_DISABLED
            | CUresult::CUDA_ERROR_INVALID_IMAGE
            | CUresult::CUDA_ERROR_NOT_FOUND => Error::Unavailable(Unavailable::NoKernels {
                name: self.device.name.clone(),
                code: format!("{call}: {}", crate::driver::name(result)),
            }),
            result => Error::Cuda { call, result },
        };
        let module = match functions.modules.get(&entry.module) {
            Some(&module) => module,
            None => {
                let image = binaries::image(entry.module, self.device.capability).map_err(|error| {
                    Unavailable::NoKernels { name: self.device.name.clone(), code: error.to_string() }
                })?;
                let mut module = std::ptr::null_mut();
                // SAFETY: the caller has made the context current; the image is whole, and ends with a 0.
                let result = unsafe { cudarc::driver::sys::cuModuleLoadData(&raw mut module, image.as_ptr().cast()) };
                if result != CUresult::CUDA_SUCCESS {
                    return Err(refused("cuModuleLoadData", result));
                }
                functions.modules.insert(entry.module, module);
                module
            }
        };
        let name = std::ffi::CString::new(entry.name.clone()).map_err(|_| Error::argument("kernel", "has a 0"))?;
        let mut function = std::ptr::null_mut();
        // SAFETY: the module is loaded in the current context.
        let result = unsafe { cudarc::driver::sys::cuModuleGetFunction(&raw mut function, module, name.as_ptr()) };
        if result != CUresult::CUDA_SUCCESS {
            return Err(refused("cuModuleGetFunction", result));
        }
        let shared = kernels::shared_bytes(kernel, MOST_FUSED_INPUTS);
        if shared > 0 {
            let attribute = CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
            // SAFETY: the function was just found.
            unsafe { call!(cuFuncSetAttribute(function, attribute, shared as i32)) }?;
        }
        functions.functions.insert(entry.clone(), function);
        Ok((entry, function))
    }
}

/// What is made in a new context.
struct Made {
    stream: CUstream,
    models: Buffer,
    work: Buffer,
    texels: Buffer,
    records: Buffer,
    slots: Vec<Slot>,
}

impl Made {
    /// What is made before something fails goes with the context.
    ///
    /// # Safety
    /// A context is current.
    unsafe fn new(limits: Limits) -> Result<Self, Error> {
        let (mut lowest, mut highest) = (0, 0);
        let mut stream = std::ptr::null_mut();
        // SAFETY: promised by the caller, here and below.
        unsafe {
            call!(cuCtxGetStreamPriorityRange(&raw mut lowest, &raw mut highest))?;
            // The engine draws first.
            let flags = CUstream_flags::CU_STREAM_NON_BLOCKING as u32;
            call!(cuStreamCreateWithPriority(&raw mut stream, flags, lowest))?;
        }
        let slot = || {
            let event = || {
                let mut event = std::ptr::null_mut();
                let flags = CUevent_flags::CU_EVENT_BLOCKING_SYNC as u32;
                // SAFETY: as above.
                unsafe { call!(cuEventCreate(&raw mut event, flags)) }.map(|()| event)
            };
            // SAFETY: as above.
            let records = unsafe { Pinned::new((limits.record_bytes / 4) as usize) }?;
            Ok(Slot { records, started: event()?, ended: event()?, taken: false })
        };
        // SAFETY: as above.
        unsafe {
            Ok(Self {
                stream,
                models: Buffer::new("device memory for models", limits.model_bytes)?,
                work: Buffer::new("device memory for work", limits.work_bytes)?,
                texels: Buffer::new("device memory for texels", limits.texel_bytes)?,
                records: Buffer::new("device memory for records", limits.record_bytes * u64::from(limits.frames))?,
                slots: (0..limits.frames).map(|_| slot()).collect::<Result<_, Error>>()?,
            })
        }
    }
}

impl Context {
    /// Everything in it goes, too.
    fn destroy(&self) {
        // SAFETY: the caller drops what is in it.
        if let Err(error) = unsafe { call!(cuCtxDestroy_v2(self.0)) } {
            log::debug!("{error}");
        }
    }
}

/// Waits for what is on its way.
impl Drop for Gpu {
    fn drop(&mut self) {
        if let Ok(current) = self.enter() {
            // SAFETY: the context is current, and behind the wait nothing in it is in use. After an error that lost it, all calls
            // fail, which changes nothing.
            unsafe {
                drop(call!(cuStreamSynchronize(self.stream)));
                let functions = self.functions.get_mut().unwrap_or_else(PoisonError::into_inner);
                functions.functions.clear();
                for (_, module) in functions.modules.drain() {
                    drop(call!(cuModuleUnload(module)));
                }
                for slot in self.slots.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..) {
                    slot.records.free();
                    drop(call!(cuEventDestroy_v2(slot.started)));
                    drop(call!(cuEventDestroy_v2(slot.ended)));
                }
                for buffer in [&mut self.models, &mut self.work, &mut self.texels, &mut self.records] {
                    std::mem::replace(buffer, Buffer { pointer: 0 }).free();
                }
                drop(call!(cuStreamDestroy_v2(self.stream)));
            }
            drop(current);
        }
        self.context.destroy();
    }
}
