//! Memory of a Vulkan device that both see. Needs Mesa's lavapipe: `NEUVOL_REQUIRE_VULKAN=1` makes a missing one an error.

mod support;

use ash::vk;
use neuvol_fake_cuda::{Settings, enter};
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};
use support::{Cuda, Launch};

const OPAQUE_FD: u32 = 1;

struct Vulkan {
    _entry: ash::Entry,
    instance: ash::Instance,
    physical: vk::PhysicalDevice,
    device: ash::Device,
    uuid: [u8; vk::UUID_SIZE],
}

impl Vulkan {
    fn new() -> Option<Self> {
        let made = Self::make();
        if let Err(error) = &made {
            assert!(std::env::var_os("NEUVOL_REQUIRE_VULKAN").is_none(), "NEUVOL_REQUIRE_VULKAN is set: {error}");
            eprintln!("not run: {error}");
        }
        made.ok()
    }

    fn make() -> Result<Self, String> {
        let say = |error: &dyn std::fmt::Display| error.to_string();
        // SAFETY: the loader is that of the system; handles are used as Vulkan says, by one thread.
        unsafe {
            let entry = ash::Entry::load().map_err(|error| say(&error))?;
            let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_1);
            let info = vk::InstanceCreateInfo::default().application_info(&application);
            let instance = entry.create_instance(&info, None).map_err(|error| say(&error))?;
            let devices = instance.enumerate_physical_devices().map_err(|error| say(&error))?;
            let physical = devices
                .into_iter()
                .find(|&device| {
                    instance.get_physical_device_properties(device).device_type == vk::PhysicalDeviceType::CPU
                })
                .ok_or("lavapipe is not installed")?;
            let mut id = vk::PhysicalDeviceIDProperties::default();
            instance.get_physical_device_properties2(
                physical,
                &mut vk::PhysicalDeviceProperties2::default().push_next(&mut id),
            );
            let priorities = [1.0];
            let queues = [vk::DeviceQueueCreateInfo::default().queue_priorities(&priorities)];
            let extensions = [ash::khr::external_memory_fd::NAME.as_ptr()];
            let info = vk::DeviceCreateInfo::default().queue_create_infos(&queues).enabled_extension_names(&extensions);
            let device = instance.create_device(physical, &info, None).map_err(|error| say(&error))?;
            Ok(Self { _entry: entry, instance, physical, device, uuid: id.device_uuid })
        }
    }

    /// Memory of this size that is exported, its file, and the host's view of it.
    fn exported(&self, size: u64) -> (vk::DeviceMemory, OwnedFd, *mut u8) {
        // SAFETY: as in `make`.
        unsafe {
            let types = self.instance.get_physical_device_memory_properties(self.physical);
            let wanted = vk::MemoryPropertyFlags::HOST_VISIBLE;
            let number = types.memory_types_as_slice().iter().position(|kind| kind.property_flags.contains(wanted));
            let handle_types = vk::ExternalMemoryHandleTypeFlags::OPAQUE_FD;
            let mut export = vk::ExportMemoryAllocateInfo::default().handle_types(handle_types);
            let info = vk::MemoryAllocateInfo::default()
                .allocation_size(size)
                .memory_type_index(number.expect("memory of the host") as u32)
                .push_next(&mut export);
            let memory = self.device.allocate_memory(&info, None).expect("memory");
            let loader = ash::khr::external_memory_fd::Device::new(&self.instance, &self.device);
            let get = vk::MemoryGetFdInfoKHR::default().memory(memory).handle_type(handle_types);
            let file = loader.get_memory_fd(&get).expect("a file");
            let view = self.device.map_memory(memory, 0, size, vk::MemoryMapFlags::empty()).expect("a view");
            (memory, OwnedFd::from_raw_fd(file), view.cast())
        }
    }
}

#[test]
fn memory_is_shared_with_vulkan() {
    let Some(driver) = enter("memory_is_shared_with_vulkan", &Settings::new()) else { return };
    let Some(vulkan) = Vulkan::new() else { return };
    driver.set(&Settings::new().uuid(&[vulkan.uuid]));
    let cuda = Cuda::new(driver);
    assert_eq!(cuda.uuid(0), vulkan.uuid);
    const SIZE: u64 = 100_000;
    let (memory, file, view) = vulkan.exported(SIZE);
    // SAFETY: as many bytes, which nothing else changes while the slice is used.
    let bytes = || unsafe { std::slice::from_raw_parts_mut(view, SIZE as usize) };
    bytes().fill(3);

    let imported = cuda.import_memory(OPAQUE_FD, file.into_raw_fd(), SIZE).expect("it is imported");
    assert_eq!(cuda.map_buffer(imported, 4096, SIZE), Err(1), "beyond its end");
    let address = cuda.map_buffer(imported, 4096, 8192).expect("it is mapped");
    assert_eq!(cuda.read::<u8>(address, 8192), [3; 8192], "what Vulkan's side wrote");
    assert_eq!(cuda.write(address, &[1.0f32; 64]), 0);
    let launch = Launch { work: address, first: 1, ..Launch::default() };
    assert_eq!(cuda.run("selftest_plain", [1; 3], [64, 1, 1], 0, &launch), 0);
    let floats: Vec<f32> = bytes()[4096..4352]
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("4 bytes")))
        .collect();
    assert_eq!(floats, [1.5; 64], "what the kernel wrote");
    assert_eq!((bytes()[4095], bytes()[4352]), (3, 3));
    assert_eq!(cuda.write(address + 8190, &[0u8; 3]), 1, "beyond the buffer");

    let report = cuda.driver.report();
    assert_eq!((report.external_memories, report.mapped_buffers), (1, 1));
    assert_eq!(cuda.free(address), 0);
    assert_eq!(cuda.destroy_memory(imported), 0);
    assert_eq!(cuda.destroy_memory(imported), 400);
    // SAFETY: nothing uses it any more.
    unsafe { vulkan.device.free_memory(memory, None) };
    assert_eq!(cuda.driver.report().rules, [""; 0]);
}

#[test]
fn memory_that_is_no_exported_one_is_refused() {
    let Some(driver) = enter("memory_that_is_no_exported_one_is_refused", &Settings::new()) else { return };
    let cuda = Cuda::new(driver);
    let file = tempfile::tempfile().expect("a file");
    file.set_len(8192).expect("a size");
    let file = OwnedFd::from(file).into_raw_fd();
    assert_eq!(cuda.import_memory(OPAQUE_FD, file, 4096), Err(1));
    const OPAQUE_WIN32: u32 = 2;
    assert_eq!(cuda.import_memory(OPAQUE_WIN32, file, 4096), Err(801));
    // SAFETY: what is not imported stays ours.
    drop(unsafe { OwnedFd::from_raw_fd(file) });
    assert_eq!(cuda.driver.report().external_memories, 0);
}
