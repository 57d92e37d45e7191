//! Memory of the device, and of the host where the device can read it.

use crate::Error;
use crate::driver::call;
use cudarc::driver::sys::{self, CUdeviceptr};
use std::ffi::c_void;

/// Device memory of a context. Given back by [`Buffer::free`], with the context current.
#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) pointer: CUdeviceptr,
}

impl Buffer {
    /// # Safety
    /// A context is current.
    pub(crate) unsafe fn new(what: &'static str, bytes: u64) -> Result<Self, Error> {
        let mut pointer = 0;
        // SAFETY: promised by the caller.
        match unsafe { sys::cuMemAlloc_v2(&raw mut pointer, bytes as usize) } {
            sys::CUresult::CUDA_SUCCESS => Ok(Self { pointer }),
            sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY => Err(Error::Full { what, needed: bytes, free: 0 }),
            result => Err(Error::Cuda { call: "cuMemAlloc_v2", result }),
        }
    }

    /// # Safety
    /// Its context is current, and nothing on the device uses it any more.
    pub(crate) unsafe fn free(self) {
        // SAFETY: promised by the caller.
        if let Err(error) = unsafe { call!(cuMemFree_v2(self.pointer)) } {
            log::debug!("{error}");
        }
    }
}

/// Page-locked words of the host, which the device copies while the host goes on.
#[derive(Debug)]
pub(crate) struct Pinned {
    pointer: *mut u32,
    words: usize,
}

// SAFETY: the memory belongs to this value alone.
unsafe impl Send for Pinned {}
// SAFETY: it is only written through `&mut`.
unsafe impl Sync for Pinned {}

impl Pinned {
    /// # Safety
    /// A context is current.
    pub(crate) unsafe fn new(words: usize) -> Result<Self, Error> {
        let mut pointer: *mut c_void = std::ptr::null_mut();
        // SAFETY: promised by the caller.
        unsafe { call!(cuMemHostAlloc(&raw mut pointer, words * 4, 0)) }?;
        Ok(Self { pointer: pointer.cast(), words })
    }

    /// Writes words at the start. The device must not be reading them.
    pub(crate) fn write(&mut self, words: &[u32]) {
        assert!(words.len() <= self.words, "the plan keeps records within their limit");
        // SAFETY: it has that many words, and nobody else has a pointer to them.
        unsafe { std::ptr::copy_nonoverlapping(words.as_ptr(), self.pointer, words.len()) };
    }

    pub(crate) fn pointer(&self) -> *const c_void {
        self.pointer.cast_const().cast()
    }

    /// # Safety
    /// Its context is current, and nothing on the device uses it any more.
    pub(crate) unsafe fn free(self) {
        // SAFETY: promised by the caller.
        if let Err(error) = unsafe { call!(cuMemFreeHost(self.pointer.cast())) } {
            log::debug!("{error}");
        }
    }
}
