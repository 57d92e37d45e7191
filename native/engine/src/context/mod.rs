//! Decoding on a host's graphics device, straight into the host's textures, frame by frame.
//!
//! A [`Context`] belongs to one device. Requests come from any thread ([`Context::submit`]); workers read, check and parse the
//! models that they need, bring them to device memory, and put what fits the next frame's budget together; the render thread
//! only writes finished commands into the host's command buffer ([`Context::begin`], [`Frame::record`]): it never waits,
//! allocates or logs.
//!
//! Nothing is decoded into the frame that asked for it, and no frame waits for its own work: what is recorded in a frame can
//! be sampled by all commands behind it. A host that must not show half a time step decodes into a second texture and
//! changes over when the request is done.

mod accelerator;
mod handover;
mod request;
mod residents;
mod state;
mod tickets;
mod worker;

pub use accelerator::{Backend, BackendKind};
pub use handover::{Frame, Written};
pub use request::TextureRequest;
pub use tickets::TicketStatus;

use crate::{Error, FrameStats, Result, Volume};
use accelerator::Accelerator;
use handover::Handover;
use neuvol_vulkan::{Gpu, Host, Limits, Texel, WritePath, vk};
use state::{Image, State, Target};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;

/// More workers than this would only wait for each other.
const MOST_THREADS: usize = 64;

/// How a context works.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContextOptions {
    /// Threads that read models and prepare frames; 0 = one less than the machine has cores, 1 to 8.
    pub threads: usize,
    /// Memories on the device.
    pub limits: Limits,
    /// Decode with CUDA if the host's device has it; without it, and where anything speaks against it, Vulkan decodes. Textures
    /// must take copies: see [`Context::backend`].
    pub cuda: bool,
}

/// What a frame may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Time on the device, in µs.
    pub gpu_us: f64,
    /// Bytes of models that are brought to the device (where they must be copied there), but at least one model.
    pub upload_bytes: u64,
    /// Blocks.
    pub blocks: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { gpu_us: 1000.0, upload_bytes: 4 << 20, blocks: 256 }
    }
}

/// A texture of the host, to be registered.
#[derive(Debug, Clone, Copy)]
pub struct TextureDesc {
    /// Its image: 3D, one mip level, of the format of `texel`.
    pub image: vk::Image,
    /// Extent in texels, `[z, y, x]`.
    pub extent: [u32; 3],
    /// What a texel is.
    pub texel: Texel,
    /// How texels reach it; the image's usage must allow it.
    pub path: WritePath,
    /// The layout in which the host keeps it: frames bring it to that of the path and back. `None` if the host does that
    /// itself around each [`Frame::record`].
    pub layout: Option<vk::ImageLayout>,
}

/// What a context has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ContextStats {
    /// Times of the device per frame with work, against the budget.
    pub frames: FrameStats,
    /// Frames in which something was recorded.
    pub recorded_frames: u64,
    /// Blocks recorded.
    pub blocks: u64,
    /// Voxels of them.
    pub voxels: u64,
    /// Bytes of models that were copied to the device.
    pub upload_bytes: u64,
    /// Frames that did without a packet because a worker was just handing one over.
    pub missed_frames: u64,
    /// Blocks that wait to be decoded.
    pub waiting: u32,
    /// Models on the device.
    pub models: u32,
    /// Bytes of them.
    pub model_bytes: u64,
    /// Models that workers have read and parsed.
    pub loads: u64,
}

/// A device of a host. Any number of threads may use it at once.
pub struct Context {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

/// What workers, callers and the render thread share. Locks are taken in the order of the fields.
struct Shared {
    state: Mutex<State>,
    handover: Mutex<Handover>,
    wake: Condvar,
    gpu: Gpu,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    frames: AtomicU64,
    blocks: AtomicU64,
    voxels: AtomicU64,
    upload_bytes: AtomicU64,
    missed: AtomicU64,
    loads: AtomicU64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handover(&self) -> MutexGuard<'_, Handover> {
        self.handover.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Context {
    /// Makes pipelines and memories on the device and starts the workers. Takes up to seconds: for the loading of a scene.
    ///
    /// # Errors
    /// [`Error::Vulkan`] if the device refuses something, [`Error::Threads`] if no worker can be started,
    /// [`Error::Argument`].
    ///
    /// # Safety
    /// The handles of `host` must be alive until the context is dropped, and belong together. When it is dropped, all command
    /// buffers that were recorded with it must be finished.
    pub unsafe fn new(host: Host, options: ContextOptions) -> Result<Self> {
        if options.threads > MOST_THREADS {
            return Err(Error::argument("threads", format!("{} is more than {MOST_THREADS}", options.threads)));
        }
        // SAFETY: promised by the caller.
        let gpu = unsafe { Gpu::new(host, options.limits) }?;
        let accelerator =
            if options.cuda { Accelerator::new(&gpu, options.limits) } else { Err("CUDA was not asked for".into()) };
        match &accelerator {
            Ok(accelerator) => log::info!("CUDA decodes: {}", accelerator.backend().reason),
            Err(reason) if options.cuda => log::info!("CUDA is not used: {reason}"),
            Err(_) => {}
        }
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(options.limits.frames, accelerator.map(Arc::new))),
            handover: Mutex::new(Handover::new(options.limits.frames)),
            wake: Condvar::new(),
            gpu,
            counts: Counts::default(),
        });
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if options.threads == 0 { cores.saturating_sub(1).clamp(1, 8) } else { options.threads };
        let mut context = Self { shared, workers: Vec::new() };
        for n in 0..threads {
            let shared = Arc::clone(&context.shared);
            let work = move || worker::work(&shared);
            match std::thread::Builder::new().name(format!("neuvol-gpu-{n}")).spawn(work) {
                Ok(worker) => context.workers.push(worker),
                // Fewer will do.
                Err(error) if n > 0 => log::warn!("{n} of {threads} workers could be started: {error}"),
                Err(error) => return Err(Error::Threads { threads, message: error.to_string() }),
            }
        }
        Ok(context)
    }

    /// Makes a texture of the host known, and gives its number, which is not 0.
    ///
    /// # Errors
    /// [`Error::Vulkan`] if the texture cannot be written on that path.
    ///
    /// # Safety
    /// The image must be as described, and alive until it is unregistered and all frames that were recorded before are
    /// finished.
    pub unsafe fn register(&self, texture: TextureDesc) -> Result<u64> {
        let TextureDesc { image, extent, texel, path, layout } = texture;
        // SAFETY: promised by the caller.
        let texture = unsafe { self.shared.gpu.register(image, extent, texel, path, layout) }?;
        let image = Image::Known(Arc::new(texture));
        Ok(self.shared.state().add_target(Target { extent, texel, native: 0, image }))
    }

    /// Makes a texture known whose image the render thread will find: it is called `native` by the host. Requests for it wait
    /// until then.
    pub fn declare(&self, extent: [u32; 3], texel: Texel, native: u64) -> u64 {
        self.shared.state().add_target(Target { extent, texel, native, image: Image::Unknown })
    }

    /// Calls `each` with number, the host's name, extent and texel of every declared texture whose image is not known yet. For
    /// the render thread: if somebody changes textures just now, nothing is done.
    pub fn undetermined(&self, mut each: impl FnMut(u64, u64, [u32; 3], Texel)) {
        let Some(state) = unpoisoned(self.shared.state.try_lock()) else { return };
        for (id, target) in state.targets() {
            if matches!(target.image, Image::Unknown) {
                each(id, target.native, target.extent, target.texel);
            }
        }
    }

    /// Says which image a declared texture has. An image that cannot be written to is refused. For the render thread: if somebody
    /// changes textures just now, nothing is done, and [`Context::undetermined`] names it again.
    ///
    /// # Safety
    /// As [`Context::register`].
    pub unsafe fn resolve(&self, id: u64, image: vk::Image, path: WritePath, layout: Option<vk::ImageLayout>) {
        let Some(mut state) = unpoisoned(self.shared.state.try_lock()) else { return };
        let Some(target) = state.target_mut(id) else { return };
        // SAFETY: promised by the caller.
        target.image = match unsafe { self.shared.gpu.register(image, target.extent, target.texel, path, layout) } {
            Ok(texture) => Image::Known(Arc::new(texture)),
            Err(error) => Image::Refused(Arc::new(error.into())),
        };
        drop(state);
        self.shared.wake.notify_all();
    }

    /// Says why a declared texture cannot be written to (any more): requests for it fail, and no later frame writes to it. For
    /// the render thread, as [`Context::resolve`].
    pub fn refuse(&self, id: u64, reason: Error) {
        let Some(mut state) = unpoisoned(self.shared.state.try_lock()) else { return };
        let Some(target) = state.target_mut(id) else { return };
        let image = std::mem::replace(&mut target.image, Image::Refused(Arc::new(reason)));
        let before = Target { extent: target.extent, texel: target.texel, native: target.native, image };
        state.withdraw(&self.shared, |packed| packed.written.iter().any(|written| written.id == id));
        state.bury(&self.shared.gpu, before);
        drop(state);
        self.shared.wake.notify_all();
    }

    /// What is known of a texture: `Ok(true)` if it can be written to, `Ok(false)` if its image is not known yet; `None` if the
    /// number names nothing.
    pub fn texture(&self, id: u64) -> Option<std::result::Result<bool, Arc<Error>>> {
        self.shared.state().target(id).map(|target| match &target.image {
            Image::Known(_) => Ok(true),
            Image::Unknown => Ok(false),
            Image::Refused(error) => Err(Arc::clone(error)),
        })
    }

    /// Forgets a texture. Requests for it that wait are cancelled, and no later frame writes to it: the host may destroy it as
    /// soon as the frames that were recorded before are finished. `false` if the number names nothing.
    pub fn unregister(&self, id: u64) -> bool {
        let mut state = self.shared.state();
        let Some(target) = state.remove_target(id) else { return false };
        state.withdraw(&self.shared, |packed| packed.written.iter().any(|written| written.id == id));
        state.cancel_if(|piece| piece.texture == id);
        state.bury(&self.shared.gpu, target);
        drop(state);
        self.shared.wake.notify_all();
        true
    }

    /// Asks for a box of a volume in a texture; `key` names the volume ever after. Returns at once with the number of the
    /// request.
    ///
    /// # Errors
    /// [`Error::Argument`] for what the volume or the texture does not have, [`Error::DeviceLost`].
    pub fn submit(&self, key: u64, volume: &Arc<Volume>, request: &TextureRequest) -> Result<u64> {
        let mut state = self.shared.state();
        let ticket = state.submit(key, volume, request)?;
        drop(state);
        self.shared.wake.notify_all();
        Ok(ticket)
    }

    /// What became of a request; `None` if the number names nothing. Finished ones are known until 4096 younger ones exist.
    pub fn status(&self, ticket: u64) -> Option<TicketStatus> {
        self.shared.state().tickets.status(ticket)
    }

    /// Takes a request back: what is not recorded yet will not be, except what already stands in the next frame. `None` if the
    /// number names nothing, `Some(false)` if it was finished.
    pub fn cancel(&self, ticket: u64) -> Option<bool> {
        let mut state = self.shared.state();
        state.tickets.knows(ticket).then(|| state.cancel(ticket))
    }

    /// Drops all that came from a volume: requests are cancelled, models go. Returns when no worker reads the volume any more.
    pub fn forget(&self, key: u64) {
        let mut state = self.shared.state();
        state.forget(key);
        while state.residents.is_loading_of(key) {
            state = self.shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.residents.forget(&self.shared.gpu, key);
    }

    /// What later frames may take.
    ///
    /// # Errors
    /// [`Error::Argument`] if the time is negative or no number.
    pub fn set_budget(&self, budget: Budget) -> Result<()> {
        if !(budget.gpu_us >= 0.0 && budget.gpu_us.is_finite()) {
            return Err(Error::argument("gpu time", format!("{} µs is not a finite number from 0 on", budget.gpu_us)));
        }
        self.shared.state().budget = budget;
        self.shared.wake.notify_all();
        Ok(())
    }

    /// The work of a frame, if there is any. `frame` counts up; all frames up to `safe_frame` are finished on the device. For
    /// the render thread: never waits.
    pub fn begin(&self, frame: u64, safe_frame: u64) -> Option<Frame<'_>> {
        let Some(mut handover) = unpoisoned(self.shared.handover.try_lock()) else {
            self.shared.counts.missed.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        if handover.finish(safe_frame) {
            self.shared.wake.notify_all();
        }
        handover.ready.as_ref()?;
        Some(Frame { shared: &self.shared, handover, frame })
    }

    /// Records the work of a frame, if there is any, for hosts that leave layouts to it; whether there was. As
    /// [`Context::begin`] otherwise.
    ///
    /// # Safety
    /// `commands` must be in the recording state, outside of a render pass, of the host's queue family, and be submitted to its
    /// queue; registered textures must be in their layouts; `safe_frame` must be true.
    pub unsafe fn record(&self, commands: vk::CommandBuffer, frame: u64, safe_frame: u64) -> bool {
        match self.begin(frame, safe_frame) {
            Some(work) => {
                // SAFETY: promised by the caller.
                unsafe { work.record(commands) };
                true
            }
            None => false,
        }
    }

    /// What decodes, and if it is not CUDA, why. It changes from CUDA to Vulkan when CUDA fails, or when a texture turns out to
    /// take no copies; nothing that was asked for is lost.
    pub fn backend(&self) -> Backend {
        self.shared.state().backend()
    }

    /// Says that the device is lost: nothing more is done on it, and everything fails with [`Error::DeviceLost`].
    pub fn set_device_lost(&self) {
        self.shared.state().device_lost(&self.shared);
        self.shared.wake.notify_all();
    }

    /// What it has done so far.
    pub fn stats(&self) -> ContextStats {
        let counts = &self.shared.counts;
        let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let state = self.shared.state();
        let (models, model_bytes) = state.residents.held();
        ContextStats {
            frames: state.planner.stats(),
            recorded_frames: count(&counts.frames),
            blocks: count(&counts.blocks),
            voxels: count(&counts.voxels),
            upload_bytes: count(&counts.upload_bytes),
            missed_frames: count(&counts.missed),
            waiting: state.waiting() as u32,
            models,
            model_bytes,
            loads: count(&counts.loads),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.shared.state().stop = true;
        self.shared.wake.notify_all();
        for worker in self.workers.drain(..) {
            if worker.join().is_err() {
                log::error!("a worker ended with a panic");
            }
        }
        // The caller promises that nothing recorded is on its way: everything counts as finished.
        let mut state = self.shared.state();
        self.shared.handover().finish(u64::MAX);
        state.end(&self.shared);
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("gpu", &self.shared.gpu).field("workers", &self.workers.len()).finish()
    }
}

/// A lock that was free, whoever panicked in it before.
fn unpoisoned<T>(result: std::result::Result<T, TryLockError<T>>) -> Option<T> {
    match result {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
