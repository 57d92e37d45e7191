//! Unity's Vulkan device: with validation and synchronization validation, where the layers are installed.

use crate::rules::Texture;
use ash::{Entry, vk};
use std::ffi::c_void;
use std::sync::Mutex;

/// What the validation layers said.
static MESSAGES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Takes the messages so far.
pub(crate) fn messages() -> Vec<String> {
    std::mem::take(&mut MESSAGES.lock().expect("nobody panics while it holds the messages"))
}

/// # Safety
/// Called by the layers with living data.
unsafe extern "system" fn hear(
    _: vk::DebugUtilsMessageSeverityFlagsEXT,
    _: vk::DebugUtilsMessageTypeFlagsEXT,
    data: *const vk::DebugUtilsMessengerCallbackDataEXT<'_>,
    _: *mut c_void,
) -> vk::Bool32 {
    // SAFETY: the layers give living data with a text that ends in 0.
    let text = unsafe { (*data).message_as_c_str() }.unwrap_or(c"").to_string_lossy().into_owned();
    MESSAGES.lock().expect("nobody panics while it holds the messages").push(text);
    vk::FALSE
}

/// Instance, device and queue.
pub(crate) struct Device {
    _entry: Entry,
    pub(crate) instance: ash::Instance,
    messenger: (ash::ext::debug_utils::Instance, vk::DebugUtilsMessengerEXT),
    pub(crate) physical: vk::PhysicalDevice,
    pub(crate) device: ash::Device,
    pub(crate) queue: vk::Queue,
    pub(crate) family: u32,
    pub(crate) pool: vk::CommandPool,
    /// What Unity calls; with plugins in between.
    pub(crate) get_instance_proc_addr: vk::PFN_vkGetInstanceProcAddr,
}

impl Device {
    /// Makes them through `intercept`, which gets the loader's function; an error without Vulkan.
    pub(crate) fn new(
        intercept: impl FnOnce(vk::PFN_vkGetInstanceProcAddr) -> vk::PFN_vkGetInstanceProcAddr,
    ) -> Result<Self, String> {
        messages();
        // SAFETY: the library is Vulkan's loader.
        let loader = unsafe { Entry::load() }.map_err(|error| error.to_string())?;
        let layer = c"VK_LAYER_KHRONOS_validation";
        // SAFETY: the entry is alive.
        let layers = unsafe { loader.enumerate_instance_layer_properties() }.unwrap_or_default();
        let has_layer = layers.iter().any(|found| found.layer_name_as_c_str() == Ok(layer));
        if !has_layer {
            require("the layer VK_LAYER_KHRONOS_validation is not installed");
        }
        let get_instance_proc_addr = intercept(loader.static_fn().get_instance_proc_addr);
        // SAFETY: the function does as the loader's.
        let entry = unsafe { Entry::from_static_fn(ash::StaticFn { get_instance_proc_addr }) };
        // The loader's library must stay.
        std::mem::forget(loader);
        let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_1);
        let names = if has_layer { vec![layer.as_ptr()] } else { Vec::new() };
        let extensions = [ash::ext::debug_utils::NAME.as_ptr()];
        let features = [vk::ValidationFeatureEnableEXT::SYNCHRONIZATION_VALIDATION];
        let mut validation = vk::ValidationFeaturesEXT::default().enabled_validation_features(&features);
        let mut info = vk::InstanceCreateInfo::default()
            .application_info(&application)
            .enabled_layer_names(&names)
            .enabled_extension_names(&extensions);
        if has_layer {
            info = info.push_next(&mut validation);
        }
        // SAFETY: all that is named lives until the call returns.
        let instance = unsafe { entry.create_instance(&info, None) }.map_err(|error| error.to_string())?;
        let debug = ash::ext::debug_utils::Instance::new(&entry, &instance);
        let severity = vk::DebugUtilsMessageSeverityFlagsEXT::WARNING | vk::DebugUtilsMessageSeverityFlagsEXT::ERROR;
        let kinds = vk::DebugUtilsMessageTypeFlagsEXT::VALIDATION | vk::DebugUtilsMessageTypeFlagsEXT::GENERAL;
        let info = vk::DebugUtilsMessengerCreateInfoEXT::default()
            .message_severity(severity)
            .message_type(kinds)
            .pfn_user_callback(Some(hear));
        // SAFETY: the instance is alive and has the extension.
        let messenger = unsafe { debug.create_debug_utils_messenger(&info, None) }.expect("a messenger");
        // SAFETY: the instance is alive.
        let physical = unsafe { instance.enumerate_physical_devices() }.unwrap_or_default().first().copied();
        let physical = physical.ok_or("there is no device")?;
        // SAFETY: as above.
        let families = unsafe { instance.get_physical_device_queue_family_properties(physical) };
        let family = families.iter().position(|f| f.queue_flags.contains(vk::QueueFlags::GRAPHICS)).expect("graphics");
        let family = family as u32;
        let queues = [vk::DeviceQueueCreateInfo::default().queue_family_index(family).queue_priorities(&[1.0])];
        // No features: what the plugin needs it must ask for.
        let info = vk::DeviceCreateInfo::default().queue_create_infos(&queues);
        // SAFETY: as above.
        let device = unsafe { instance.create_device(physical, &info, None) }.expect("a device");
        // SAFETY: the device has that queue.
        let queue = unsafe { device.get_device_queue(family, 0) };
        let info = vk::CommandPoolCreateInfo::default().queue_family_index(family);
        // SAFETY: the device is alive.
        let pool = unsafe { device.create_command_pool(&info, None) }.expect("a pool");
        let messenger = (debug, messenger);
        Ok(Self { _entry: entry, instance, messenger, physical, device, queue, family, pool, get_instance_proc_addr })
    }

    /// Command buffers that are being recorded.
    pub(crate) fn begin(&self, count: u32) -> Vec<vk::CommandBuffer> {
        let info = vk::CommandBufferAllocateInfo::default().command_pool(self.pool).command_buffer_count(count);
        let begin = vk::CommandBufferBeginInfo::default().flags(vk::CommandBufferUsageFlags::ONE_TIME_SUBMIT);
        // SAFETY: the device is alive, and the pool is used by this thread only.
        unsafe {
            let commands = self.device.allocate_command_buffers(&info).expect("command buffers");
            for commands in &commands {
                self.device.begin_command_buffer(*commands, &begin).expect("it begins");
            }
            commands
        }
    }

    /// Submits them in their order; the fence is for the caller to destroy.
    pub(crate) fn submit(&self, commands: &[vk::CommandBuffer]) -> vk::Fence {
        // SAFETY: the device is alive, and the buffers are being recorded.
        unsafe {
            for commands in commands {
                self.device.end_command_buffer(*commands).expect("it ends");
            }
            let fence = self.device.create_fence(&vk::FenceCreateInfo::default(), None).expect("a fence");
            let submit = [vk::SubmitInfo::default().command_buffers(commands)];
            self.device.queue_submit(self.queue, &submit, fence).expect("it is submitted");
            fence
        }
    }

    /// Waits for what was submitted with the fence, and gives all of it back.
    pub(crate) fn finish(&self, commands: &[vk::CommandBuffer], fence: vk::Fence) {
        // SAFETY: the device is alive, and both come from `submit`.
        unsafe {
            self.device.wait_for_fences(&[fence], true, u64::MAX).expect("it is done");
            self.device.destroy_fence(fence, None);
            self.device.free_command_buffers(self.pool, commands);
        }
    }

    /// Records, submits and waits.
    pub(crate) fn run(&self, record: impl FnOnce(vk::CommandBuffer)) {
        let commands = self.begin(1);
        record(commands[0]);
        let fence = self.submit(&commands);
        self.finish(&commands, fence);
    }

    /// Memory of a kind that has these properties.
    pub(crate) fn allocate(
        &self,
        requirements: vk::MemoryRequirements,
        properties: vk::MemoryPropertyFlags,
    ) -> vk::DeviceMemory {
        // SAFETY: the instance is alive.
        let kinds = unsafe { self.instance.get_physical_device_memory_properties(self.physical) };
        let fits = |n: &u32| {
            let is_allowed = requirements.memory_type_bits & 1 << n != 0;
            is_allowed && kinds.memory_types[*n as usize].property_flags.contains(properties)
        };
        let kind = (0..kinds.memory_type_count).find(fits).expect("a kind of memory");
        let info = vk::MemoryAllocateInfo::default().allocation_size(requirements.size).memory_type_index(kind);
        // SAFETY: the device is alive.
        unsafe { self.device.allocate_memory(&info, None) }.expect("memory")
    }

    /// A buffer to read textures through.
    pub(crate) fn read_buffer(&self, bytes: u64) -> (vk::Buffer, vk::DeviceMemory) {
        let info = vk::BufferCreateInfo::default().size(bytes).usage(vk::BufferUsageFlags::TRANSFER_DST);
        // SAFETY: the device is alive; the memory fits.
        unsafe {
            let buffer = self.device.create_buffer(&info, None).expect("a buffer");
            let requirements = self.device.get_buffer_memory_requirements(buffer);
            let wanted = vk::MemoryPropertyFlags::HOST_VISIBLE | vk::MemoryPropertyFlags::HOST_COHERENT;
            let memory = self.allocate(requirements, wanted);
            self.device.bind_buffer_memory(buffer, memory, 0).expect("bound");
            (buffer, memory)
        }
    }

    /// An image that is used for nothing yet.
    pub(crate) fn image(&self, texture: &mut Texture) -> vk::DeviceMemory {
        let info = vk::ImageCreateInfo::default()
            .image_type(texture.ty)
            .format(texture.format)
            .extent(texture.extent)
            .mip_levels(1)
            .array_layers(1)
            .samples(vk::SampleCountFlags::TYPE_1)
            .usage(texture.usage);
        // SAFETY: the device is alive; the memory fits.
        unsafe {
            texture.image = self.device.create_image(&info, None).expect("an image");
            let requirements = self.device.get_image_memory_requirements(texture.image);
            let memory = self.allocate(requirements, vk::MemoryPropertyFlags::DEVICE_LOCAL);
            self.device.bind_image_memory(texture.image, memory, 0).expect("bound");
            memory
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // SAFETY: nothing is on its way, and what was made of the device is gone; else the layers complain.
        unsafe {
            self.device.destroy_command_pool(self.pool, None);
            self.device.destroy_device(None);
            self.messenger.0.destroy_debug_utils_messenger(self.messenger.1, None);
            self.instance.destroy_instance(None);
        }
    }
}

/// Something is missing: fine on a machine without Vulkan, but not where tests must run.
pub(crate) fn require(what: &str) {
    assert!(std::env::var_os("NEUVOL_REQUIRE_VULKAN").is_none(), "Vulkan is required here: {what}");
    eprintln!("no full test of Vulkan here: {what}; `cargo xtask test` installs a driver and the layers");
}
