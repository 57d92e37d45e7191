//! Functions that a host may lack. `ash` would panic when one of them is called; here their absence is an answer.

use crate::Host;
use ash::vk;
use std::ffi::CStr;

/// A function of the instance: the first of these names that there is. What became part of Vulkan 1.1 or 1.2 has `KHR` behind its
/// name on older instances.
///
/// # Safety
/// `F` must be the type of a pointer to a function of each name, and the host's handles must be alive.
pub(super) unsafe fn of_instance<F: Copy>(host: &Host, names: [&CStr; 2]) -> Option<F> {
    // SAFETY: promised by the caller.
    names.into_iter().find_map(|name| unsafe { typed((host.get_instance_proc_addr)(host.instance, name.as_ptr())) })
}

/// The same for a function of the device.
///
/// # Safety
/// As [`of_instance`].
pub(super) unsafe fn of_device<F: Copy>(host: &Host, names: [&CStr; 2]) -> Option<F> {
    // SAFETY: promised by the caller; the type is that of Vulkan's headers.
    unsafe {
        let get: vk::PFN_vkGetDeviceProcAddr = of_instance(host, [c"vkGetDeviceProcAddr"; 2])?;
        names.into_iter().find_map(|name| typed(get(host.device, name.as_ptr())))
    }
}

/// # Safety
/// `F` must be the type of a pointer to the function.
unsafe fn typed<F: Copy>(function: vk::PFN_vkVoidFunction) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<vk::PFN_vkVoidFunction>()) };
    // SAFETY: both are a pointer to a function; the caller knows the type.
    function.map(|_| unsafe { std::mem::transmute_copy::<vk::PFN_vkVoidFunction, F>(&function) })
}
