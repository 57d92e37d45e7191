//! A Vulkan device without a window, with the validation layers, and memory, images and buffers on it.

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

/// Instance, device and queue. The process ends with them: nothing here is given back but command buffers.
pub(crate) struct Device {
    _entry: Entry,
    instance: ash::Instance,
    physical: vk::PhysicalDevice,
    pub(crate) device: ash::Device,
    queue: vk::Queue,
    pool: vk::CommandPool,
    /// Linear, clamped.
    pub(crate) sampler: vk::Sampler,
    pub(crate) name: String,
}

/// An image in the layout in which shaders read it.
pub(crate) struct Image {
    pub(crate) image: vk::Image,
    pub(crate) view: vk::ImageView,
}

/// Memory that both sides see.
pub(crate) struct Buffer {
    pub(crate) buffer: vk::Buffer,
    address: *mut u8,
    bytes: usize,
}

/// What an image is.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) view: vk::ImageViewType,
    pub(crate) format: vk::Format,
    /// x, y, z or layers.
    pub(crate) extent: [u32; 3],
}

impl Device {
    /// The first device, with what stereo pictures need.
    pub(crate) fn new() -> Result<Self, String> {
        let explain = |error: vk::Result| error.to_string();
        // SAFETY: the library is Vulkan's loader.
        let entry = unsafe { Entry::load() }.map_err(|error| error.to_string())?;
        let layer = c"VK_LAYER_KHRONOS_validation";
        // SAFETY: the entry is alive.
        let layers = unsafe { entry.enumerate_instance_layer_properties() }.map_err(explain)?;
        if !layers.iter().any(|found| found.layer_name_as_c_str() == Ok(layer)) {
            return Err("the layer VK_LAYER_KHRONOS_validation is not installed".into());
        }
        let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_3);
        let (names, extensions) = ([layer.as_ptr()], [ash::ext::debug_utils::NAME.as_ptr()]);
        let features = [vk::ValidationFeatureEnableEXT::SYNCHRONIZATION_VALIDATION];
        let mut validation = vk::ValidationFeaturesEXT::default().enabled_validation_features(&features);
        let info = vk::InstanceCreateInfo::default()
            .application_info(&application)
            .enabled_layer_names(&names)
            .enabled_extension_names(&extensions)
            .push_next(&mut validation);
        // SAFETY: all that is named lives until the call returns.
        let instance = unsafe { entry.create_instance(&info, None) }.map_err(explain)?;
        let debug = ash::ext::debug_utils::Instance::new(&entry, &instance);
        let severity = vk::DebugUtilsMessageSeverityFlagsEXT::WARNING | vk::DebugUtilsMessageSeverityFlagsEXT::ERROR;
        let info = vk::DebugUtilsMessengerCreateInfoEXT::default()
            .message_severity(severity)
            .message_type(vk::DebugUtilsMessageTypeFlagsEXT::VALIDATION)
            .pfn_user_callback(Some(hear));
        // SAFETY: the instance is alive and has the extension.
        unsafe { debug.create_debug_utils_messenger(&info, None) }.map_err(explain)?;
        // SAFETY: the instance is alive.
        let found = unsafe { instance.enumerate_physical_devices() }.map_err(explain)?;
        let physical = *found.first().ok_or("there is no device")?;
        // SAFETY: as above.
        let families = unsafe { instance.get_physical_device_queue_family_properties(physical) };
        let family = families.iter().position(|f| f.queue_flags.contains(vk::QueueFlags::GRAPHICS));
        let family = family.ok_or("the device has no graphics queue")? as u32;
        let queues = [vk::DeviceQueueCreateInfo::default().queue_family_index(family).queue_priorities(&[1.0])];
        // Geometry shaders are not used, but compilers declare them with layers.
        let basic = vk::PhysicalDeviceFeatures::default()
            .shader_storage_image_extended_formats(true)
            .geometry_shader(true);
        let extensions = [ash::ext::shader_viewport_index_layer::NAME.as_ptr()];
        let mut multiview = vk::PhysicalDeviceVulkan11Features::default().multiview(true);
        let mut layered =
            vk::PhysicalDeviceVulkan12Features::default().shader_output_layer(true).shader_output_viewport_index(true);
        let info = vk::DeviceCreateInfo::default()
            .queue_create_infos(&queues)
            .enabled_features(&basic)
            .enabled_extension_names(&extensions)
            .push_next(&mut multiview)
            .push_next(&mut layered);
        // SAFETY: as above.
        let device = unsafe { instance.create_device(physical, &info, None) }.map_err(explain)?;
        // SAFETY: the device has that queue.
        let queue = unsafe { device.get_device_queue(family, 0) };
        let info = vk::CommandPoolCreateInfo::default().queue_family_index(family);
        // SAFETY: the device is alive.
        let pool = unsafe { device.create_command_pool(&info, None) }.map_err(explain)?;
        let clamp = vk::SamplerAddressMode::CLAMP_TO_EDGE;
        let info = vk::SamplerCreateInfo::default()
            .mag_filter(vk::Filter::LINEAR)
            .min_filter(vk::Filter::LINEAR)
            .address_mode_u(clamp)
            .address_mode_v(clamp)
            .address_mode_w(clamp);
        // SAFETY: as above.
        let sampler = unsafe { device.create_sampler(&info, None) }.map_err(explain)?;
        // SAFETY: the instance is alive.
        let properties = unsafe { instance.get_physical_device_properties(physical) };
        let name = properties.device_name_as_c_str().unwrap_or(c"?").to_string_lossy().into_owned();
        Ok(Self { _entry: entry, instance, physical, device, queue, pool, sampler, name })
    }

    /// Records, submits and waits.
    pub(crate) fn run(&self, record: impl FnOnce(vk::CommandBuffer)) {
        let info = vk::CommandBufferAllocateInfo::default().command_pool(self.pool).command_buffer_count(1);
        let begin = vk::CommandBufferBeginInfo::default().flags(vk::CommandBufferUsageFlags::ONE_TIME_SUBMIT);
        // SAFETY: the device is alive, one thread uses the pool, and the queue is idle before the buffer is freed.
        unsafe {
            let commands = self.device.allocate_command_buffers(&info).expect("a command buffer");
            self.device.begin_command_buffer(commands[0], &begin).expect("it begins");
            record(commands[0]);
            self.device.end_command_buffer(commands[0]).expect("it ends");
            let submit = [vk::SubmitInfo::default().command_buffers(&commands)];
            self.device.queue_submit(self.queue, &submit, vk::Fence::null()).expect("it is submitted");
            self.device.queue_wait_idle(self.queue).expect("it is done");
            self.device.free_command_buffers(self.pool, &commands);
        }
    }

    fn allocate(&self, needed: vk::MemoryRequirements, properties: vk::MemoryPropertyFlags) -> vk::DeviceMemory {
        // SAFETY: the instance is alive.
        let kinds = unsafe { self.instance.get_physical_device_memory_properties(self.physical) };
        let fits = |n: &u32| {
            let is_allowed = needed.memory_type_bits & 1 << n != 0;
            is_allowed && kinds.memory_types[*n as usize].property_flags.contains(properties)
        };
        let kind = (0..kinds.memory_type_count).find(fits).expect("a kind of memory");
        let info = vk::MemoryAllocateInfo::default().allocation_size(needed.size).memory_type_index(kind);
        // SAFETY: the device is alive.
        unsafe { self.device.allocate_memory(&info, None) }.expect("memory")
    }

    /// A buffer with this content.
    pub(crate) fn buffer(&self, content: &[u8], usage: vk::BufferUsageFlags) -> Buffer {
        let info = vk::BufferCreateInfo::default().size(content.len() as u64).usage(usage);
        let wanted = vk::MemoryPropertyFlags::HOST_VISIBLE | vk::MemoryPropertyFlags::HOST_COHERENT;
        // SAFETY: the device is alive; the memory fits and stays mapped.
        unsafe {
            let buffer = self.device.create_buffer(&info, None).expect("a buffer");
            let memory = self.allocate(self.device.get_buffer_memory_requirements(buffer), wanted);
            self.device.bind_buffer_memory(buffer, memory, 0).expect("bound");
            let mapped = self.device.map_memory(memory, 0, vk::WHOLE_SIZE, vk::MemoryMapFlags::empty());
            let address = mapped.expect("mapped").cast::<u8>();
            address.copy_from_nonoverlapping(content.as_ptr(), content.len());
            Buffer { buffer, address, bytes: content.len() }
        }
    }

    /// An image with this content, to be sampled.
    pub(crate) fn texture(&self, shape: Shape, content: &[u8]) -> Image {
        let usage = vk::ImageUsageFlags::SAMPLED | vk::ImageUsageFlags::TRANSFER_DST;
        let image = self.image(shape, usage);
        let staging = self.buffer(content, vk::BufferUsageFlags::TRANSFER_SRC);
        self.run(|commands| {
            let write = (vk::PipelineStageFlags::TRANSFER, vk::AccessFlags::TRANSFER_WRITE);
            let layout = vk::ImageLayout::TRANSFER_DST_OPTIMAL;
            self.transition(commands, image.image, (vk::ImageLayout::UNDEFINED, layout), START, write);
            // SAFETY: the buffer holds all texels.
            unsafe {
                let (from, to) = (staging.buffer, image.image);
                self.device.cmd_copy_buffer_to_image(commands, from, to, layout, &[shape.copy()]);
            }
            let read = (vk::PipelineStageFlags::ALL_COMMANDS, vk::AccessFlags::SHADER_READ);
            let layouts = (layout, vk::ImageLayout::SHADER_READ_ONLY_OPTIMAL);
            self.transition(commands, image.image, layouts, write, read);
        });
        image
    }

    /// An image without content.
    pub(crate) fn image(&self, shape: Shape, usage: vk::ImageUsageFlags) -> Image {
        let [width, height, third] = shape.extent;
        let is_3d = shape.view == vk::ImageViewType::TYPE_3D;
        let info = vk::ImageCreateInfo::default()
            .image_type(if is_3d { vk::ImageType::TYPE_3D } else { vk::ImageType::TYPE_2D })
            .format(shape.format)
            .extent(vk::Extent3D { width, height, depth: if is_3d { third } else { 1 } })
            .mip_levels(1)
            .array_layers(if is_3d { 1 } else { third })
            .samples(vk::SampleCountFlags::TYPE_1)
            .usage(usage);
        // SAFETY: the device is alive; the memory fits.
        unsafe {
            let image = self.device.create_image(&info, None).expect("an image");
            let needed = self.device.get_image_memory_requirements(image);
            let memory = self.allocate(needed, vk::MemoryPropertyFlags::DEVICE_LOCAL);
            self.device.bind_image_memory(image, memory, 0).expect("bound");
            let info = vk::ImageViewCreateInfo::default()
                .image(image)
                .view_type(shape.view)
                .format(shape.format)
                .subresource_range(WHOLE);
            Image { image, view: self.device.create_image_view(&info, None).expect("a view") }
        }
    }

    /// A barrier that changes the layout.
    pub(crate) fn transition(
        &self,
        commands: vk::CommandBuffer,
        image: vk::Image,
        layouts: (vk::ImageLayout, vk::ImageLayout),
        before: Use,
        after: Use,
    ) {
        let barrier = vk::ImageMemoryBarrier::default()
            .image(image)
            .old_layout(layouts.0)
            .new_layout(layouts.1)
            .src_access_mask(before.1)
            .dst_access_mask(after.1)
            .src_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
            .dst_queue_family_index(vk::QUEUE_FAMILY_IGNORED)
            .subresource_range(WHOLE);
        let none = vk::DependencyFlags::empty();
        // SAFETY: the commands are being recorded, and the image is alive.
        unsafe { self.device.cmd_pipeline_barrier(commands, before.0, after.0, none, &[], &[], &[barrier]) };
    }
}

impl Shape {
    /// The whole image from a dense buffer, or to one.
    pub(crate) fn copy(&self) -> vk::BufferImageCopy {
        let [width, height, third] = self.extent;
        let is_3d = self.view == vk::ImageViewType::TYPE_3D;
        vk::BufferImageCopy::default()
            .image_subresource(vk::ImageSubresourceLayers {
                aspect_mask: vk::ImageAspectFlags::COLOR,
                mip_level: 0,
                base_array_layer: 0,
                layer_count: if is_3d { 1 } else { third },
            })
            .image_extent(vk::Extent3D { width, height, depth: if is_3d { third } else { 1 } })
    }
}

impl Buffer {
    /// The content, once the device is done with it.
    pub(crate) fn content(&self) -> &[u8] {
        // SAFETY: it stays mapped, and is as long.
        unsafe { std::slice::from_raw_parts(self.address, self.bytes) }
    }
}

/// Stages and accesses of one side of a barrier.
pub(crate) type Use = (vk::PipelineStageFlags, vk::AccessFlags);
pub(crate) const START: Use = (vk::PipelineStageFlags::TOP_OF_PIPE, vk::AccessFlags::empty());
const WHOLE: vk::ImageSubresourceRange = vk::ImageSubresourceRange {
    aspect_mask: vk::ImageAspectFlags::COLOR,
    base_mip_level: 0,
    level_count: vk::REMAINING_MIP_LEVELS,
    base_array_layer: 0,
    layer_count: vk::REMAINING_ARRAY_LAYERS,
};
