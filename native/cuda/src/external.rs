//! Memory that belongs to somebody else: of a Vulkan device, or of the host.

use crate::driver::call;
use crate::{Error, Gpu};
use cudarc::driver::sys::{
    CUDA_EXTERNAL_MEMORY_BUFFER_DESC, CUDA_EXTERNAL_MEMORY_HANDLE_DESC, CUdeviceptr, CUexternalMemory,
    CUexternalMemoryHandleType,
};
use std::ffi::c_void;

/// A handle that another API has exported its memory with.
#[derive(Debug)]
pub enum Handle {
    /// `VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT`. It belongs to CUDA once it is imported.
    #[cfg(unix)]
    Fd(std::os::fd::OwnedFd),
    /// `VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT`, an NT handle. It stays the exporter's, and may be closed behind the
    /// import.
    #[cfg(windows)]
    Win32(std::os::windows::io::OwnedHandle),
}

/// Foreign memory that kernels write to. To be given back with [`Gpu::release_external`].
#[derive(Debug)]
pub struct External {
    pub(crate) pointer: CUdeviceptr,
    pub(crate) bytes: u64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Imported(CUexternalMemory),
    Registered(*mut c_void),
}

// SAFETY: the handles may be used by any thread in which their context is current.
unsafe impl Send for External {}
// SAFETY: as above; nothing changes them.
unsafe impl Sync for External {}

impl External {
    /// Its size.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Gpu {
    /// Imports memory of `bytes` bytes that a Vulkan device has exported, which is dedicated to one buffer if `dedicated`.
    /// Both must be the same device: see [`matching`](crate::matching).
    ///
    /// # Errors
    /// [`Error::Cuda`] if the driver refuses it.
    pub fn import(&self, handle: Handle, bytes: u64, dedicated: bool) -> Result<External, Error> {
        let _current = self.enter()?;
        #[cfg(unix)]
        let (Handle::Fd(fd), kind) = (handle, CUexternalMemoryHandleType::CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD);
        #[cfg(windows)]
        let (Handle::Win32(win32), kind) =
            (handle, CUexternalMemoryHandleType::CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32);
        let mut description = CUDA_EXTERNAL_MEMORY_HANDLE_DESC {
            type_: kind,
            // SAFETY: a union of numbers and pointers.
            handle: unsafe { std::mem::zeroed() },
            size: bytes,
            // CUDA_EXTERNAL_MEMORY_DEDICATED
            flags: u32::from(dedicated),
            reserved: [0; 16],
        };
        #[cfg(unix)]
        {
            description.handle.fd = std::os::fd::AsRawFd::as_raw_fd(&fd);
        }
        #[cfg(windows)]
        {
            description.handle.win32.handle = std::os::windows::io::AsRawHandle::as_raw_handle(&win32);
        }
        let mut memory: CUexternalMemory = std::ptr::null_mut();
        // SAFETY: the context is current, the description is complete, the handle is alive.
        unsafe { call!(cuImportExternalMemory(&raw mut memory, &raw const description)) }?;
        // From now on it is the driver's.
        #[cfg(unix)]
        std::mem::forget(fd);
        let range = CUDA_EXTERNAL_MEMORY_BUFFER_DESC { offset: 0, size: bytes, flags: 0, reserved: [0; 16] };
        let mut pointer = 0;
        // SAFETY: the memory was just imported with this size.
        let mapped = unsafe { call!(cuExternalMemoryGetMappedBuffer(&raw mut pointer, memory, &raw const range)) };
        if let Err(error) = mapped {
            // SAFETY: nothing uses it.
            drop(unsafe { call!(cuDestroyExternalMemory(memory)) });
            return Err(error);
        }
        Ok(External { pointer, bytes, kind: Kind::Imported(memory) })
    }

    /// Lets the device write to memory of the host: kernels do, over the bus.
    ///
    /// # Errors
    /// [`Error::Cuda`] if the driver cannot lock its pages.
    ///
    /// # Safety
    /// The memory is valid for `bytes` bytes until it is given back.
    pub unsafe fn register_host(&self, memory: *mut u8, bytes: u64) -> Result<External, Error> {
        /// `CU_MEMHOSTREGISTER_DEVICEMAP`
        const MAPPED: u32 = 2;
        let _current = self.enter()?;
        let mut pointer = 0;
        // SAFETY: the context is current; the caller promises the memory.
        unsafe {
            call!(cuMemHostRegister_v2(memory.cast(), bytes as usize, MAPPED))?;
            if let Err(error) = call!(cuMemHostGetDevicePointer_v2(&raw mut pointer, memory.cast(), 0)) {
                drop(call!(cuMemHostUnregister(memory.cast())));
                return Err(error);
            }
        }
        Ok(External { pointer, bytes, kind: Kind::Registered(memory.cast()) })
    }

    /// Gives foreign memory back.
    ///
    /// # Safety
    /// No submission that writes to it may still be on its way.
    pub unsafe fn release_external(&self, external: External) {
        let Ok(_current) = self.enter() else { return };
        // SAFETY: the caller promises that nothing uses it.
        let released = unsafe {
            match external.kind {
                Kind::Imported(memory) => {
                    call!(cuMemFree_v2(external.pointer)).and_then(|()| call!(cuDestroyExternalMemory(memory)))
                }
                Kind::Registered(memory) => call!(cuMemHostUnregister(memory)),
            }
        };
        if let Err(error) = released {
            log::debug!("{error}");
        }
    }
}
