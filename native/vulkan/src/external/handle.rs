//! What an operating system calls memory and semaphores that APIs share: file descriptors, or NT handles.

use super::functions::of_device;
use crate::error::Named;
use crate::{Error, Host};
use ash::vk;

/// An open handle of the operating system, closed when it is dropped: a file descriptor, on Windows an NT handle.
#[cfg(not(windows))]
pub type ExternalHandle = std::os::fd::OwnedFd;
/// An open handle of the operating system, closed when it is dropped: a file descriptor, on Windows an NT handle.
#[cfg(windows)]
pub type ExternalHandle = std::os::windows::io::OwnedHandle;

/// Memory of this device for another API. Each export gives a handle of its own.
#[derive(Debug)]
pub struct Exported {
    /// `CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD`: a successful `cuImportExternalMemory` takes the descriptor over, so it is
    /// to be given with `into_raw_fd`, and taken back (`from_raw_fd`) if the import fails.
    ///
    /// `CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32`: the handle stays the caller's, who closes it after the import.
    pub handle: ExternalHandle,
    /// Bytes of the whole memory, as importing demands them.
    pub size: u64,
    /// Whether it was allocated for one buffer alone: then `CUDA_EXTERNAL_MEMORY_DEDICATED` belongs to the import.
    pub dedicated: bool,
}

/// The extensions that a host must enable on its device.
pub(super) const MEMORY_EXTENSION: &str =
    if cfg!(windows) { "VK_KHR_external_memory_win32" } else { "VK_KHR_external_memory_fd" };
/// See [`MEMORY_EXTENSION`].
pub(super) const SEMAPHORE_EXTENSION: &str =
    if cfg!(windows) { "VK_KHR_external_semaphore_win32" } else { "VK_KHR_external_semaphore_fd" };

/// What handles of memory are.
pub(super) const MEMORY: vk::ExternalMemoryHandleTypeFlags = if cfg!(windows) {
    vk::ExternalMemoryHandleTypeFlags::OPAQUE_WIN32
} else {
    vk::ExternalMemoryHandleTypeFlags::OPAQUE_FD
};
/// What handles of semaphores are.
pub(super) const SEMAPHORE: vk::ExternalSemaphoreHandleTypeFlags = if cfg!(windows) {
    vk::ExternalSemaphoreHandleTypeFlags::OPAQUE_WIN32
} else {
    vk::ExternalSemaphoreHandleTypeFlags::OPAQUE_FD
};

#[cfg(not(windows))]
mod platform {
    use super::{MEMORY, SEMAPHORE};
    use ash::vk;
    use std::ffi::CStr;
    use std::os::fd::{FromRawFd, OwnedFd};

    pub(crate) type GetMemory = vk::PFN_vkGetMemoryFdKHR;
    pub(crate) type GetSemaphore = vk::PFN_vkGetSemaphoreFdKHR;
    pub(crate) const GET_MEMORY: (&CStr, &str) = (c"vkGetMemoryFdKHR", "vkGetMemoryFdKHR");
    pub(crate) const GET_SEMAPHORE: (&CStr, &str) = (c"vkGetSemaphoreFdKHR", "vkGetSemaphoreFdKHR");

    /// # Safety
    /// The function must be the device's, and the memory exportable.
    pub(crate) unsafe fn memory(
        get: GetMemory,
        device: vk::Device,
        memory: vk::DeviceMemory,
    ) -> Result<OwnedFd, vk::Result> {
        let info = vk::MemoryGetFdInfoKHR::default().memory(memory).handle_type(MEMORY);
        let mut fd = -1;
        // SAFETY: promised by the caller; a descriptor that is given out is the caller's.
        unsafe { get(device, &info, &mut fd).result().map(|()| OwnedFd::from_raw_fd(fd)) }
    }

    /// # Safety
    /// As [`memory`], of the semaphore.
    pub(crate) unsafe fn semaphore(
        get: GetSemaphore,
        device: vk::Device,
        semaphore: vk::Semaphore,
    ) -> Result<OwnedFd, vk::Result> {
        let info = vk::SemaphoreGetFdInfoKHR::default().semaphore(semaphore).handle_type(SEMAPHORE);
        let mut fd = -1;
        // SAFETY: as above.
        unsafe { get(device, &info, &mut fd).result().map(|()| OwnedFd::from_raw_fd(fd)) }
    }
}

#[cfg(windows)]
mod platform {
    use super::{MEMORY, SEMAPHORE};
    use ash::vk;
    use std::ffi::{CStr, c_void};
    use std::os::windows::io::{FromRawHandle, OwnedHandle};

    pub(crate) type GetMemory = vk::PFN_vkGetMemoryWin32HandleKHR;
    pub(crate) type GetSemaphore = vk::PFN_vkGetSemaphoreWin32HandleKHR;
    pub(crate) const GET_MEMORY: (&CStr, &str) = (c"vkGetMemoryWin32HandleKHR", "vkGetMemoryWin32HandleKHR");
    pub(crate) const GET_SEMAPHORE: (&CStr, &str) = (c"vkGetSemaphoreWin32HandleKHR", "vkGetSemaphoreWin32HandleKHR");

    /// # Safety
    /// The function must be the device's, and the memory exportable.
    pub(crate) unsafe fn memory(
        get: GetMemory,
        device: vk::Device,
        memory: vk::DeviceMemory,
    ) -> Result<OwnedHandle, vk::Result> {
        let info = vk::MemoryGetWin32HandleInfoKHR::default().memory(memory).handle_type(MEMORY);
        let mut handle = 0;
        // SAFETY: promised by the caller; an NT handle that is given out is the caller's to close.
        unsafe { get(device, &info, &mut handle).result().map(|()| owned(handle)) }
    }

    /// # Safety
    /// As [`memory`], of the semaphore.
    pub(crate) unsafe fn semaphore(
        get: GetSemaphore,
        device: vk::Device,
        semaphore: vk::Semaphore,
    ) -> Result<OwnedHandle, vk::Result> {
        let info = vk::SemaphoreGetWin32HandleInfoKHR::default().semaphore(semaphore).handle_type(SEMAPHORE);
        let mut handle = 0;
        // SAFETY: as above.
        unsafe { get(device, &info, &mut handle).result().map(|()| owned(handle)) }
    }

    /// # Safety
    /// The handle must be open and the caller's.
    unsafe fn owned(handle: vk::HANDLE) -> OwnedHandle {
        // SAFETY: promised by the caller.
        unsafe { OwnedHandle::from_raw_handle(handle as *mut c_void) }
    }
}

/// Gives handles of a device's memory.
#[derive(Clone, Copy)]
pub(super) struct MemoryExport(platform::GetMemory);

impl MemoryExport {
    /// `None` if the extension is not enabled.
    ///
    /// # Safety
    /// The host's handles must be alive.
    pub(super) unsafe fn load(host: &Host) -> Option<Self> {
        // SAFETY: promised by the caller; name and type belong together.
        unsafe { of_device(host, [platform::GET_MEMORY.0; 2]) }.map(Self)
    }

    /// # Safety
    /// The memory must be of this device, alive, and allocated for [`MEMORY`].
    pub(super) unsafe fn get(self, device: vk::Device, memory: vk::DeviceMemory) -> Result<ExternalHandle, Error> {
        // SAFETY: promised by the caller.
        unsafe { platform::memory(self.0, device, memory) }.named(platform::GET_MEMORY.1)
    }
}

/// Gives handles of a device's semaphores.
#[derive(Clone, Copy)]
pub(super) struct SemaphoreExport(platform::GetSemaphore);

impl SemaphoreExport {
    /// `None` if the extension is not enabled.
    ///
    /// # Safety
    /// The host's handles must be alive.
    pub(super) unsafe fn load(host: &Host) -> Option<Self> {
        // SAFETY: promised by the caller; name and type belong together.
        unsafe { of_device(host, [platform::GET_SEMAPHORE.0; 2]) }.map(Self)
    }

    /// # Safety
    /// The semaphore must be of this device, alive, and made for [`SEMAPHORE`].
    pub(super) unsafe fn get(self, device: vk::Device, semaphore: vk::Semaphore) -> Result<ExternalHandle, Error> {
        // SAFETY: promised by the caller.
        unsafe { platform::semaphore(self.0, device, semaphore) }.named(platform::GET_SEMAPHORE.1)
    }
}
