//! The driver's functions: which are needed, whether they are there, and their results as errors.
//!
//! `cudarc` panics at the first call of a function that is missing. So all are looked up before any is called.

use crate::Unavailable;
use crate::error::Error;
use cudarc::driver::sys::{self, CUresult};

/// A call of the driver, by name: `call!(cuInit(0))`.
///
/// SAFETY of each use is said there.
macro_rules! call {
    ($function:ident($($argument:expr),* $(,)?)) => {
        $crate::driver::checked(stringify!($function), cudarc::driver::sys::$function($($argument),*))
    };
}
pub(crate) use call;

/// All functions that this crate calls.
const SYMBOLS: &[&str] = &[
    "cuInit",
    "cuDriverGetVersion",
    "cuDeviceGetCount",
    "cuDeviceGet",
    "cuDeviceGetName",
    "cuDeviceGetUuid_v2",
    "cuDeviceGetAttribute",
    "cuDeviceTotalMem_v2",
    "cuCtxCreate_v2",
    "cuCtxDestroy_v2",
    "cuCtxPushCurrent_v2",
    "cuCtxPopCurrent_v2",
    "cuCtxGetStreamPriorityRange",
    "cuStreamCreateWithPriority",
    "cuStreamDestroy_v2",
    "cuStreamSynchronize",
    "cuEventCreate",
    "cuEventDestroy_v2",
    "cuEventRecord",
    "cuEventQuery",
    "cuEventSynchronize",
    "cuEventElapsedTime",
    "cuMemAlloc_v2",
    "cuMemFree_v2",
    "cuMemHostAlloc",
    "cuMemFreeHost",
    "cuMemHostRegister_v2",
    "cuMemHostUnregister",
    "cuMemHostGetDevicePointer_v2",
    "cuMemcpyHtoDAsync_v2",
    "cuMemcpyDtoHAsync_v2",
    "cuModuleLoadData",
    "cuModuleUnload",
    "cuModuleGetFunction",
    "cuFuncSetAttribute",
    "cuLaunchKernel",
    "cuImportExternalMemory",
    "cuExternalMemoryGetMappedBuffer",
    "cuDestroyExternalMemory",
    "cuGetErrorName",
];

/// Whether all of them are there.
pub(crate) fn is_complete() -> Result<(), Unavailable> {
    // SAFETY: it only tries to load the library, whose own initialisation does nothing.
    if !unsafe { sys::is_culib_present() } {
        return Err(Unavailable::NoLibrary);
    }
    for &symbol in SYMBOLS {
        // SAFETY: the library is there; the symbol is looked up, not called.
        let found = unsafe { sys::culib().get::<unsafe extern "C" fn()>(symbol.as_bytes()).is_ok() };
        if !found {
            return Err(Unavailable::NoSymbol { symbol });
        }
    }
    Ok(())
}

/// A result of the driver.
pub(crate) fn checked(call: &'static str, result: CUresult) -> Result<(), Error> {
    if result == CUresult::CUDA_SUCCESS { Ok(()) } else { Err(Error::Cuda { call, result }) }
}

/// The driver's own name of a result.
pub(crate) fn name(result: CUresult) -> String {
    let mut text = std::ptr::null();
    // SAFETY: results only come from a driver that is there; the name is a static string of it.
    let known = unsafe { sys::cuGetErrorName(result, &raw mut text) } == CUresult::CUDA_SUCCESS && !text.is_null();
    if !known {
        return format!("error {}", result as i32);
    }
    // SAFETY: as above.
    unsafe { std::ffi::CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
