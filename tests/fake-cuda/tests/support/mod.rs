//! The driver's functions with their types, as tests need them.

#![allow(dead_code, reason = "each test uses some")]
#![allow(unreachable_pub, reason = "a module of tests")]
#![allow(clippy::too_many_arguments, reason = "the driver's own")]

use neuvol_fake_cuda::Driver;
use std::ffi::{CString, c_char, c_int, c_uint, c_void};
use std::ptr::{null, null_mut};

pub type Handle = *mut c_void;

/// The argument of all kernels.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Launch {
    pub params: u64,
    pub models: u64,
    pub work: u64,
    pub texels: u64,
    pub first: u32,
    pub stride: u32,
    pub reserved: [u32; 2],
}

/// The driver with a current context.
pub struct Cuda {
    pub driver: Driver,
}

macro_rules! call {
    ($cuda:expr, $name:ident($($type:ty),*), $($value:expr),*) => {{
        // SAFETY: the types are those of the documentation, pointers are of live values.
        let function: unsafe extern "C" fn($($type),*) -> c_int = unsafe { $cuda.driver.function(stringify!($name)) };
        // SAFETY: as above.
        unsafe { function($($value),*) }
    }};
}

/// PTX with kernels of these names, for devices from 7.5 on.
pub fn ptx(names: &[&str]) -> CString {
    let mut text =
        ".version 8.0\n.target sm_75\n.address_size 64\n.extern .shared .align 16 .b8 shared_memory[];\n".to_owned();
    for name in names {
        text += &format!(
            ".visible .entry {name}(\n\t.param .align 8 .b8 {name}_param_0[48]\n)\n.maxntid 1024, 1, 1\n{{\n\tret;\n}}\n"
        );
    }
    CString::new(text).expect("no zero bytes")
}

impl Cuda {
    /// Initialises the driver and makes the primary context of device 0 current.
    pub fn new(driver: Driver) -> Self {
        let cuda = Self { driver };
        assert_eq!(cuda.init(), 0);
        assert_eq!(cuda.retain(), 0);
        cuda
    }

    pub fn init(&self) -> i32 {
        call!(self, cuInit(c_uint), 0)
    }

    pub fn retain(&self) -> i32 {
        let mut context = null_mut();
        let code = call!(self, cuDevicePrimaryCtxRetain(*mut Handle, c_int), &mut context, 0);
        if code != 0 { code } else { call!(self, cuCtxSetCurrent(Handle), context) }
    }

    pub fn set_current(&self, context: Handle) -> i32 {
        call!(self, cuCtxSetCurrent(Handle), context)
    }

    pub fn release(&self) -> i32 {
        call!(self, cuDevicePrimaryCtxRelease_v2(c_int), 0)
    }

    pub fn allocate(&self, bytes: usize) -> u64 {
        let mut address = 0;
        assert_eq!(self.try_allocate(bytes, &mut address), 0);
        address
    }

    pub fn try_allocate(&self, bytes: usize, address: &mut u64) -> i32 {
        call!(self, cuMemAlloc_v2(*mut u64, usize), address, bytes)
    }

    pub fn free(&self, address: u64) -> i32 {
        call!(self, cuMemFree_v2(u64), address)
    }

    pub fn upload<T: Copy>(&self, values: &[T]) -> u64 {
        let address = self.allocate(size_of_val(values));
        assert_eq!(self.write(address, values), 0);
        address
    }

    pub fn write<T: Copy>(&self, address: u64, values: &[T]) -> i32 {
        call!(self, cuMemcpyHtoD_v2(u64, *const c_void, usize), address, values.as_ptr().cast(), size_of_val(values))
    }

    pub fn write_async<T: Copy>(&self, address: u64, values: &[T], stream: Handle) -> i32 {
        call!(
            self,
            cuMemcpyHtoDAsync_v2(u64, *const c_void, usize, Handle),
            address,
            values.as_ptr().cast(),
            size_of_val(values),
            stream
        )
    }

    pub fn read<T: Copy + Default>(&self, address: u64, count: usize) -> Vec<T> {
        let mut values = vec![T::default(); count];
        assert_eq!(self.try_read(address, &mut values), 0);
        values
    }

    pub fn try_read<T: Copy>(&self, address: u64, values: &mut [T]) -> i32 {
        let (to, size) = (values.as_mut_ptr().cast(), size_of_val(values));
        call!(self, cuMemcpyDtoH_v2(*mut c_void, u64, usize), to, address, size)
    }

    pub fn module(&self, image: &[u8]) -> Result<Handle, i32> {
        let mut module = null_mut();
        match call!(self, cuModuleLoadData(*mut Handle, *const c_void), &mut module, image.as_ptr().cast()) {
            0 => Ok(module),
            code => Err(code),
        }
    }

    pub fn unload(&self, module: Handle) -> i32 {
        call!(self, cuModuleUnload(Handle), module)
    }

    pub fn function(&self, module: Handle, name: &str) -> Result<Handle, i32> {
        let name = CString::new(name).expect("no zero bytes");
        let mut function = null_mut();
        let code =
            call!(self, cuModuleGetFunction(*mut Handle, Handle, *const c_char), &mut function, module, name.as_ptr());
        if code == 0 { Ok(function) } else { Err(code) }
    }

    /// The kernel of this name, of a module of its own that stays.
    pub fn kernel(&self, name: &str) -> Handle {
        let module = self.module(ptx(&[name]).as_bytes_with_nul()).expect("a module is loaded");
        self.function(module, name).expect("the module has it")
    }

    pub fn set_attribute(&self, function: Handle, attribute: i32, value: i32) -> i32 {
        call!(self, cuFuncSetAttribute(Handle, c_int, c_int), function, attribute, value)
    }

    pub fn attribute(&self, function: Handle, attribute: i32) -> i32 {
        let mut value = 0;
        assert_eq!(call!(self, cuFuncGetAttribute(*mut c_int, c_int, Handle), &mut value, attribute, function), 0);
        value
    }

    /// Launches on a stream (null: the legacy one).
    pub fn launch(
        &self,
        function: Handle,
        grid: [u32; 3],
        block: [u32; 3],
        shared: u32,
        stream: Handle,
        launch: &Launch,
    ) -> i32 {
        let mut argument = *launch;
        let mut parameters = [(&raw mut argument).cast::<c_void>()];
        type U = c_uint;
        call!(
            self,
            cuLaunchKernel(Handle, U, U, U, U, U, U, U, Handle, *mut Handle, *mut Handle),
            function,
            grid[0],
            grid[1],
            grid[2],
            block[0],
            block[1],
            block[2],
            shared,
            stream,
            parameters.as_mut_ptr(),
            null_mut()
        )
    }

    /// Launches one kernel and waits.
    pub fn run(&self, name: &str, grid: [u32; 3], block: [u32; 3], shared: u32, launch: &Launch) -> i32 {
        let code = self.launch(self.kernel(name), grid, block, shared, null_mut(), launch);
        if code == 0 { self.synchronize() } else { code }
    }

    pub fn synchronize(&self) -> i32 {
        call!(self, cuCtxSynchronize(),)
    }

    pub fn stream(&self) -> Handle {
        let mut stream = null_mut();
        assert_eq!(call!(self, cuStreamCreateWithPriority(*mut Handle, c_uint, c_int), &mut stream, 1, 0), 0);
        stream
    }

    pub fn destroy_stream(&self, stream: Handle) -> i32 {
        call!(self, cuStreamDestroy_v2(Handle), stream)
    }

    pub fn wait_stream(&self, stream: Handle) -> i32 {
        call!(self, cuStreamSynchronize(Handle), stream)
    }

    pub fn query_stream(&self, stream: Handle) -> i32 {
        call!(self, cuStreamQuery(Handle), stream)
    }

    pub fn event(&self, flags: u32) -> Handle {
        let mut event = null_mut();
        assert_eq!(call!(self, cuEventCreate(*mut Handle, c_uint), &mut event, flags), 0);
        event
    }

    pub fn destroy_event(&self, event: Handle) -> i32 {
        call!(self, cuEventDestroy_v2(Handle), event)
    }

    pub fn record(&self, event: Handle, stream: Handle) -> i32 {
        call!(self, cuEventRecord(Handle, Handle), event, stream)
    }

    pub fn query_event(&self, event: Handle) -> i32 {
        call!(self, cuEventQuery(Handle), event)
    }

    pub fn wait_event(&self, event: Handle) -> i32 {
        call!(self, cuEventSynchronize(Handle), event)
    }

    pub fn stream_waits(&self, stream: Handle, event: Handle) -> i32 {
        call!(self, cuStreamWaitEvent(Handle, Handle, c_uint), stream, event, 0)
    }

    pub fn elapsed(&self, start: Handle, end: Handle) -> Result<f32, i32> {
        let mut time = 0.0;
        match call!(self, cuEventElapsedTime(*mut f32, Handle, Handle), &mut time, start, end) {
            0 => Ok(time),
            code => Err(code),
        }
    }

    pub fn allocate_host(&self, bytes: usize) -> *mut u8 {
        let mut pointer = null_mut();
        assert_eq!(call!(self, cuMemHostAlloc(*mut Handle, usize, c_uint), &mut pointer, bytes, 0), 0);
        pointer.cast()
    }

    pub fn free_host(&self, pointer: *mut u8) -> i32 {
        call!(self, cuMemFreeHost(Handle), pointer.cast())
    }

    pub fn version(&self) -> i32 {
        let mut version = 0;
        assert_eq!(call!(self, cuDriverGetVersion(*mut c_int), &mut version), 0);
        version
    }

    pub fn device_count(&self) -> Result<i32, i32> {
        let mut count = 0;
        match call!(self, cuDeviceGetCount(*mut c_int), &mut count) {
            0 => Ok(count),
            code => Err(code),
        }
    }

    pub fn device_attribute(&self, attribute: i32, device: i32) -> i32 {
        let mut value = 0;
        assert_eq!(call!(self, cuDeviceGetAttribute(*mut c_int, c_int, c_int), &mut value, attribute, device), 0);
        value
    }

    pub fn uuid(&self, device: i32) -> [u8; 16] {
        let mut uuid = [0; 16];
        assert_eq!(call!(self, cuDeviceGetUuid_v2(*mut [u8; 16], c_int), &mut uuid, device), 0);
        uuid
    }

    pub fn luid(&self, device: i32) -> Result<[u8; 8], i32> {
        let (mut luid, mut mask) = ([0; 8], 0);
        match call!(self, cuDeviceGetLuid(*mut [u8; 8], *mut c_uint, c_int), &mut luid, &mut mask, device) {
            0 => Ok(luid),
            code => Err(code),
        }
    }

    pub fn create_context(&self, device: i32) -> Handle {
        let mut context = null_mut();
        assert_eq!(call!(self, cuCtxCreate_v2(*mut Handle, c_uint, c_int), &mut context, 0, device), 0);
        context
    }

    pub fn destroy_context(&self, context: Handle) -> i32 {
        call!(self, cuCtxDestroy_v2(Handle), context)
    }

    pub fn register(&self, bytes: &mut [u8]) -> i32 {
        let size = bytes.len();
        call!(self, cuMemHostRegister_v2(Handle, usize, c_uint), bytes.as_mut_ptr().cast(), size, 0)
    }

    pub fn unregister(&self, bytes: &mut [u8]) -> i32 {
        call!(self, cuMemHostUnregister(Handle), bytes.as_mut_ptr().cast())
    }

    pub fn copy_async(&self, to: u64, from: u64, bytes: usize, stream: Handle) -> i32 {
        call!(self, cuMemcpyDtoDAsync_v2(u64, u64, usize, Handle), to, from, bytes, stream)
    }

    pub fn read_async(&self, to: *mut u8, from: u64, bytes: usize, stream: Handle) -> i32 {
        call!(self, cuMemcpyDtoHAsync_v2(Handle, u64, usize, Handle), to.cast(), from, bytes, stream)
    }

    pub fn fill_async(&self, to: u64, word: u32, count: usize, stream: Handle) -> i32 {
        call!(self, cuMemsetD32Async(u64, c_uint, usize, Handle), to, word, count, stream)
    }

    pub fn import_memory(&self, kind: u32, file: i32, size: u64) -> Result<Handle, i32> {
        #[repr(C)]
        struct Description {
            kind: u32,
            handle: [u64; 2],
            size: u64,
            flags: u32,
            reserved: [u32; 16],
        }
        let handle = [u64::from(file.cast_unsigned()), 0];
        let description = Description { kind, handle, size, flags: 0, reserved: [0; 16] };
        let mut memory = null_mut();
        match call!(self, cuImportExternalMemory(*mut Handle, *const Description), &mut memory, &description) {
            0 => Ok(memory),
            code => Err(code),
        }
    }

    pub fn map_buffer(&self, memory: Handle, offset: u64, size: u64) -> Result<u64, i32> {
        #[repr(C)]
        struct Description {
            offset: u64,
            size: u64,
            flags: u32,
            reserved: [u32; 16],
        }
        let description = Description { offset, size, flags: 0, reserved: [0; 16] };
        let mut address = 0;
        let code = call!(
            self,
            cuExternalMemoryGetMappedBuffer(*mut u64, Handle, *const Description),
            &mut address,
            memory,
            &description
        );
        if code == 0 { Ok(address) } else { Err(code) }
    }

    pub fn destroy_memory(&self, memory: Handle) -> i32 {
        call!(self, cuDestroyExternalMemory(Handle), memory)
    }

    pub fn import_semaphore(&self, kind: u32, file: i32) -> Result<Handle, i32> {
        #[repr(C)]
        struct Description {
            kind: u32,
            handle: [u64; 2],
            flags: u32,
            reserved: [u32; 16],
        }
        let handle = [u64::from(file.cast_unsigned()), 0];
        let description = Description { kind, handle, flags: 0, reserved: [0; 16] };
        let mut semaphore = null_mut();
        match call!(self, cuImportExternalSemaphore(*mut Handle, *const Description), &mut semaphore, &description) {
            0 => Ok(semaphore),
            code => Err(code),
        }
    }

    pub fn signal(&self, semaphore: Handle, value: u64, stream: Handle) -> i32 {
        let mut parameters = [0u64; 18];
        parameters[0] = value;
        type P = *const u64;
        call!(
            self,
            cuSignalExternalSemaphoresAsync(*const Handle, P, c_uint, Handle),
            &semaphore,
            parameters.as_ptr(),
            1,
            stream
        )
    }

    pub fn await_value(&self, semaphore: Handle, value: u64, stream: Handle) -> i32 {
        let mut parameters = [0u64; 18];
        parameters[0] = value;
        type P = *const u64;
        call!(
            self,
            cuWaitExternalSemaphoresAsync(*const Handle, P, c_uint, Handle),
            &semaphore,
            parameters.as_ptr(),
            1,
            stream
        )
    }

    pub fn destroy_semaphore(&self, semaphore: Handle) -> i32 {
        call!(self, cuDestroyExternalSemaphore(Handle), semaphore)
    }

    pub fn error_name(&self, code: i32) -> String {
        let mut name: *const c_char = null();
        assert_eq!(call!(self, cuGetErrorName(c_int, *mut *const c_char), code, &mut name), 0);
        // SAFETY: the driver's names stay.
        unsafe { std::ffi::CStr::from_ptr(name) }.to_string_lossy().into_owned()
    }
}
