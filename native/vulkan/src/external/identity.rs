//! By what another API knows the device.

use super::functions::of_instance;
use crate::{Error, Gpu};
use ash::vk;

/// By what another API knows the device of a host (`VkPhysicalDeviceIDProperties`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The same as `cuDeviceGetUuid` gives.
    pub device_uuid: [u8; 16],
    /// The same as `cuDeviceGetLuid` gives; only Windows has it.
    pub device_luid: Option<[u8; 8]>,
    /// Which of the adapters behind a LUID it is; 0 without one.
    pub node_mask: u32,
}

impl Gpu {
    /// By what another API knows this device.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on an instance of Vulkan 1.0 without `VK_KHR_get_physical_device_properties2`.
    pub fn identity(&self) -> Result<Identity, Error> {
        let names = [c"vkGetPhysicalDeviceProperties2", c"vkGetPhysicalDeviceProperties2KHR"];
        // SAFETY: names and type belong together, and the handles of the host are alive.
        let Some(get) = (unsafe { of_instance::<vk::PFN_vkGetPhysicalDeviceProperties2>(&self.host, names) }) else {
            let reason = "the host's instance is of Vulkan 1.0: make one of 1.1, or enable \
                          VK_KHR_get_physical_device_properties2 and VK_KHR_external_memory_capabilities on it";
            return Err(Error::Unsupported { what: "identity of the device", reason: reason.into() });
        };
        let mut ids = vk::PhysicalDeviceIDProperties::default();
        let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut ids);
        // SAFETY: the device is one of the instance, the chain is valid.
        unsafe { get(self.host.physical_device, &mut properties) };
        let has_luid = ids.device_luid_valid == vk::TRUE;
        Ok(Identity {
            device_uuid: ids.device_uuid,
            device_luid: has_luid.then_some(ids.device_luid),
            node_mask: if has_luid { ids.device_node_mask } else { 0 },
        })
    }
}
