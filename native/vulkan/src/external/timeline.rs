//! A semaphore that counts, shared with another API, which tells by it how far it is.

use super::functions::{of_device, of_instance};
use super::handle::{ExternalHandle, SEMAPHORE, SEMAPHORE_EXTENSION, SemaphoreExport};
use crate::error::Named;
use crate::{Error, Gpu, Host};
use ash::vk;
use std::fmt;

const WHAT: &str = "semaphore shared with another API";

/// A timeline semaphore, which begins at 0. Another API signals it (`cuSignalExternalSemaphoresAsync`), a worker asks for its
/// value: nothing waits for it. Made by [`Gpu::timeline`]; to be dropped before the host's device goes, and when the other API has
/// let go of it.
pub struct Timeline {
    device: ash::Device,
    semaphore: vk::Semaphore,
    counter: vk::PFN_vkGetSemaphoreCounterValue,
    export: Option<SemaphoreExport>,
}

impl fmt::Debug for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeline").field("semaphore", &self.semaphore).finish_non_exhaustive()
    }
}

impl Gpu {
    /// Makes a timeline semaphore that other APIs on the device can import. Where there is none, the other API's own events tell
    /// as much.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the host has not enabled external semaphores, or the device cannot share one;
    /// [`Error::Vulkan`] if it refuses to make it.
    pub fn timeline(&self) -> Result<Timeline, Error> {
        let not_enabled = |why: String| Error::Unsupported {
            what: WHAT,
            reason: format!(
                "{why}: enable it, with timelineSemaphore, when the device is made, or ask the events of the other API"
            ),
        };
        if !self.host.features.external_semaphore {
            return Err(not_enabled(format!("the host has not enabled {SEMAPHORE_EXTENSION}")));
        }
        // SAFETY: the handles of the host are alive.
        let export = unsafe {
            check_exportable(&self.host)?;
            SemaphoreExport::load(&self.host)
        };
        let Some(export) = export else {
            return Err(not_enabled(format!("{SEMAPHORE_EXTENSION} was said to be enabled, but is not")));
        };
        Timeline::new(self, Some(export))
    }
}

impl Timeline {
    /// One that stays on its device, for tests on devices that cannot share any. The host must have enabled `timelineSemaphore`.
    ///
    /// # Errors
    /// As [`Gpu::timeline`].
    #[doc(hidden)]
    pub fn unshared(gpu: &Gpu) -> Result<Self, Error> {
        Self::new(gpu, None)
    }

    fn new(gpu: &Gpu, export: Option<SemaphoreExport>) -> Result<Self, Error> {
        let names = [c"vkGetSemaphoreCounterValue", c"vkGetSemaphoreCounterValueKHR"];
        // SAFETY: names and type belong together, and the handles of the host are alive.
        let Some(counter) = (unsafe { of_device(&gpu.host, names) }) else {
            let reason =
                "the device has no timeline semaphores: enable VK_KHR_timeline_semaphore, or make a device of \
                          Vulkan 1.2"
                    .into();
            return Err(Error::Unsupported { what: WHAT, reason });
        };
        let mut kind = timeline();
        let mut exported = vk::ExportSemaphoreCreateInfo::default().handle_types(SEMAPHORE);
        let mut info = vk::SemaphoreCreateInfo::default().push_next(&mut kind);
        if export.is_some() {
            info = info.push_next(&mut exported);
        }
        // SAFETY: the device is alive, the description is complete.
        let semaphore = unsafe { gpu.device.create_semaphore(&info, None) }.named("vkCreateSemaphore")?;
        Ok(Self { device: gpu.device.clone(), semaphore, counter, export })
    }

    /// A handle of it for another API: `CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD` (or `_WIN32`). As with memory,
    /// `cuImportExternalSemaphore` takes a descriptor over, while an NT handle stays the caller's.
    ///
    /// # Errors
    /// [`Error::Vulkan`] if the system has no handles left.
    pub fn export(&self) -> Result<ExternalHandle, Error> {
        let Some(export) = self.export else {
            return Err(Error::Unsupported { what: WHAT, reason: "it was made to stay on its device".into() });
        };
        // SAFETY: the semaphore was made for that, and is alive.
        unsafe { export.get(self.device.handle(), self.semaphore) }
    }

    /// How far it is. Never waits; any thread.
    ///
    /// # Errors
    /// [`Error::Vulkan`] if the device is lost.
    pub fn value(&self) -> Result<u64, Error> {
        let mut value = 0;
        // SAFETY: the semaphore is alive and counts.
        let result = unsafe { (self.counter)(self.device.handle(), self.semaphore, &mut value) };
        result.result_with_success(value).named("vkGetSemaphoreCounterValue")
    }

    /// The semaphore, for submissions of the host's that wait for it or signal it.
    #[must_use]
    pub fn semaphore(&self) -> vk::Semaphore {
        self.semaphore
    }
}

impl Drop for Timeline {
    fn drop(&mut self) {
        // SAFETY: the owner promises that nothing uses it any more.
        unsafe { self.device.destroy_semaphore(self.semaphore, None) };
    }
}

fn timeline() -> vk::SemaphoreTypeCreateInfo<'static> {
    vk::SemaphoreTypeCreateInfo::default().semaphore_type(vk::SemaphoreType::TIMELINE)
}

/// Whether the device can give out timeline semaphores.
///
/// # Safety
/// The host's handles must be alive.
unsafe fn check_exportable(host: &Host) -> Result<(), Error> {
    let names =
        [c"vkGetPhysicalDeviceExternalSemaphoreProperties", c"vkGetPhysicalDeviceExternalSemaphorePropertiesKHR"];
    let mut kind = timeline();
    let info = vk::PhysicalDeviceExternalSemaphoreInfo::default().handle_type(SEMAPHORE).push_next(&mut kind);
    let mut properties = vk::ExternalSemaphoreProperties::default();
    // SAFETY: promised by the caller; names and type belong together.
    unsafe {
        let Some(get) = of_instance::<vk::PFN_vkGetPhysicalDeviceExternalSemaphoreProperties>(host, names) else {
            let reason = "the host's instance is of Vulkan 1.0: make one of 1.1, or enable \
                          VK_KHR_external_semaphore_capabilities on it";
            return Err(Error::Unsupported { what: WHAT, reason: reason.into() });
        };
        get(host.physical_device, &info, &mut properties);
    }
    if properties.external_semaphore_features.contains(vk::ExternalSemaphoreFeatureFlags::EXPORTABLE) {
        return Ok(());
    }
    let reason =
        format!("the device cannot export timeline semaphores as {SEMAPHORE:?}: ask the events of the other API");
    Err(Error::Unsupported { what: WHAT, reason })
}
