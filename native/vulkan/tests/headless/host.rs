//! A host without a window: instance with validation layers, device, queue, 3D images and their content.
#![allow(unreachable_pub, reason = "a module of tests and examples of several crates")]

use ash::{Entry, vk};
use gpu_allocator::MemoryLocation;
use gpu_allocator::vulkan::{Allocation, AllocationCreateDesc, AllocationScheme, Allocator, AllocatorCreateDesc};
use neuvol_vulkan::{Features, Gpu, Host, Job, Limits, Texel, Texture, WritePath};
use std::ffi::{CStr, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by the one host at a time, so that what the layers say belongs to one test.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The first validation layer that knows VK_KHR_cooperative_matrix.
const KNOWS_MATRICES: u32 = vk::make_api_version(0, 1, 3, 255);

/// How other APIs get at memory and semaphores of the device.
#[cfg(not(windows))]
const EXTERNAL_MEMORY: &CStr = ash::khr::external_memory_fd::NAME;
#[cfg(windows)]
const EXTERNAL_MEMORY: &CStr = ash::khr::external_memory_win32::NAME;
#[cfg(not(windows))]
const EXTERNAL_SEMAPHORE: &CStr = ash::khr::external_semaphore_fd::NAME;
#[cfg(windows)]
const EXTERNAL_SEMAPHORE: &CStr = ash::khr::external_semaphore_win32::NAME;

/// What the validation layers said.
static MESSAGES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Takes the messages so far.
pub fn messages() -> Vec<String> {
    std::mem::take(&mut MESSAGES.lock().expect("no test panics while it holds the messages"))
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
    MESSAGES.lock().expect("no test panics while it holds the messages").push(text);
    vk::FALSE
}

#[allow(dead_code, reason = "every user of this host has its own part of it")]
pub struct HeadlessHost {
    /// Whether the validation layers listen.
    pub has_layers: bool,
    _alone: MutexGuard<'static, ()>,
    _entry: Entry,
    pub instance: ash::Instance,
    messenger: (ash::ext::debug_utils::Instance, vk::DebugUtilsMessengerEXT),
    physical_device: vk::PhysicalDevice,
    pub device: ash::Device,
    pub queue: vk::Queue,
    pool: vk::CommandPool,
    allocator: Option<Allocator>,
    handle: Host,
    drawn: Option<(vk::Buffer, Allocation)>,
}

/// A texture of this host.
pub struct Target {
    pub image: vk::Image,
    allocation: Option<Allocation>,
    pub extent: [u32; 3],
    pub texel: Texel,
    pub path: WritePath,
}

#[allow(dead_code, reason = "as above")]
impl HeadlessHost {
    /// With the validation layers, if they are installed. `None` without a Vulkan driver. Where `NEUVOL_REQUIRE_VULKAN` is set
    /// both must be there.
    pub fn new() -> Option<Self> {
        Self::with_layers(true)
    }

    /// Without layers times mean something.
    pub fn without_layers() -> Option<Self> {
        Self::with_layers(false)
    }

    fn with_layers(wanted: bool) -> Option<Self> {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        // A test that failed may have left some.
        messages();
        // SAFETY: the library is Vulkan's loader.
        let entry = match unsafe { Entry::load() } {
            Ok(entry) => entry,
            Err(error) => return missing(&error.to_string()),
        };
        // SAFETY: the entry is alive.
        let loader = unsafe { entry.try_enumerate_instance_version() }.ok().flatten().unwrap_or(vk::API_VERSION_1_0);
        let version = if loader >= vk::API_VERSION_1_3 { vk::API_VERSION_1_3 } else { vk::API_VERSION_1_1 };
        let application = vk::ApplicationInfo::default().api_version(version);
        let layer = c"VK_LAYER_KHRONOS_validation";
        // SAFETY: the entry is alive.
        let layers = unsafe { entry.enumerate_instance_layer_properties() }.unwrap_or_default();
        let found = layers.iter().find(|found| found.layer_name_as_c_str() == Ok(layer));
        let has_layer = found.is_some();
        let required = std::env::var_os("NEUVOL_REQUIRE_VULKAN").is_some();
        if wanted && !has_layer && required {
            return missing("the layer VK_LAYER_KHRONOS_validation is not installed");
        }
        if wanted && !has_layer {
            eprintln!("without validation: the layer VK_LAYER_KHRONOS_validation is not installed");
        }
        let wanted = wanted && has_layer;
        let layer_version = found.filter(|_| wanted).map(|layer| layer.spec_version);
        let names = if wanted { vec![layer.as_ptr()] } else { Vec::new() };
        let extensions = [ash::ext::debug_utils::NAME.as_ptr()];
        let features = [vk::ValidationFeatureEnableEXT::SYNCHRONIZATION_VALIDATION];
        let mut validation = vk::ValidationFeaturesEXT::default().enabled_validation_features(&features);
        let mut info = vk::InstanceCreateInfo::default()
            .application_info(&application)
            .enabled_layer_names(&names)
            .enabled_extension_names(&extensions);
        if wanted {
            info = info.push_next(&mut validation);
        }
        // SAFETY: all that is named lives until the call returns.
        let instance = match unsafe { entry.create_instance(&info, None) } {
            Ok(instance) => instance,
            Err(error) => return missing(&error.to_string()),
        };
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
        let physical_device = unsafe { instance.enumerate_physical_devices() }.unwrap_or_default().first().copied();
        let Some(physical_device) = physical_device else { return missing("there is no device") };
        // SAFETY: as above.
        let families = unsafe { instance.get_physical_device_queue_family_properties(physical_device) };
        let family = families.iter().position(|f| f.queue_flags.contains(vk::QueueFlags::COMPUTE)).expect("compute");
        let queues = [vk::DeviceQueueCreateInfo::default().queue_family_index(family as u32).queue_priorities(&[1.0])];
        let (device, features) = device(&instance, physical_device, version, layer_version, &queues);
        // SAFETY: the device has that queue.
        let queue = unsafe { device.get_device_queue(family as u32, 0) };
        let info = vk::CommandPoolCreateInfo::default().queue_family_index(family as u32);
        // SAFETY: as above.
        let pool = unsafe { device.create_command_pool(&info, None) }.expect("a pool");
        let allocator = Allocator::new(&AllocatorCreateDesc {
            instance: instance.clone(),
            device: device.clone(),
            physical_device,
            debug_settings: Default::default(),
            buffer_device_address: false,
            allocation_sizes: Default::default(),
        });
        let handle = Host {
            instance: instance.handle(),
            physical_device,
            device: device.handle(),
            get_instance_proc_addr: entry.static_fn().get_instance_proc_addr,
            queue_family: family as u32,
            features,
        };
        let allocator = Some(allocator.expect("an allocator"));
        let messenger = (debug, messenger);
        Some(Self {
            has_layers: wanted,
            _alone: alone,
            _entry: entry,
            instance,
            messenger,
            physical_device,
            device,
            queue,
            pool,
            allocator,
            handle,
            drawn: None,
        })
    }

    pub fn gpu(&self, limits: Limits) -> Gpu {
        // SAFETY: tests drop it before the host.
        unsafe { Gpu::new(self.handle, limits) }.expect("a Gpu")
    }

    /// The same host as if only these features were enabled.
    pub fn gpu_with(&self, features: Features, limits: Limits) -> Gpu {
        // SAFETY: as above.
        unsafe { Gpu::new(Host { features, ..self.handle }, limits) }.expect("a Gpu")
    }

    /// What is enabled.
    pub fn features(&self) -> Features {
        self.handle.features
    }

    /// Tests the faster kernels; the names of those that are in use then.
    pub fn self_test(&self, gpu: &Gpu) -> Vec<&'static str> {
        let Some(test) = gpu.self_test_prepare(0).expect("room for the test") else { return Vec::new() };
        // SAFETY: the command buffer is being recorded, and finished when `submit` returns.
        unsafe {
            self.submit(|_, commands| gpu.self_test_record(commands, &test));
            gpu.self_test_check(test).expect("a result")
        }
    }

    /// Brings a new texture to the layout that its path writes in.
    pub fn enter(&self, target: &Target) {
        let (layout, stage, access) = target.path.target();
        self.submit(|device, commands| {
            let layouts = (vk::ImageLayout::UNDEFINED, layout);
            let none = (vk::PipelineStageFlags::TOP_OF_PIPE, vk::AccessFlags::empty());
            // SAFETY: `commands` is being recorded; nothing uses the image.
            unsafe { transition(device, commands, target.image, layouts, none, (stage, access)) };
        });
    }

    /// Name of the device, and version of its driver.
    pub fn name(&self) -> String {
        // SAFETY: the instance is alive.
        let properties = unsafe { self.instance.get_physical_device_properties(self.physical_device) };
        let name = properties.device_name_as_c_str().unwrap_or(c"?").to_string_lossy().into_owned();
        format!("{name}, driver {:#x}", properties.driver_version)
    }

    pub fn target(&mut self, extent: [u32; 3], texel: Texel, path: WritePath) -> Target {
        let usage = vk::ImageUsageFlags::TRANSFER_SRC
            | vk::ImageUsageFlags::TRANSFER_DST
            | match path {
                WritePath::Store => vk::ImageUsageFlags::STORAGE,
                WritePath::Copy => vk::ImageUsageFlags::SAMPLED,
            };
        let info = vk::ImageCreateInfo::default()
            .image_type(vk::ImageType::TYPE_3D)
            .format(neuvol_vulkan::format(texel))
            .extent(vk::Extent3D { width: extent[2], height: extent[1], depth: extent[0] })
            .mip_levels(1)
            .array_layers(1)
            .samples(vk::SampleCountFlags::TYPE_1)
            .usage(usage);
        // SAFETY: the device is alive; the image is bound before it is used.
        let image = unsafe { self.device.create_image(&info, None) }.expect("an image");
        // SAFETY: as above.
        let requirements = unsafe { self.device.get_image_memory_requirements(image) };
        let allocation = self.allocate(requirements, MemoryLocation::GpuOnly, false);
        // SAFETY: the memory fits.
        unsafe { self.device.bind_image_memory(image, allocation.memory(), allocation.offset()) }.expect("bound");
        Target { image, allocation: Some(allocation), extent, texel, path }
    }

    fn allocate(&mut self, requirements: vk::MemoryRequirements, location: MemoryLocation, linear: bool) -> Allocation {
        let scheme = AllocationScheme::GpuAllocatorManaged;
        let wanted = AllocationCreateDesc { name: "test", requirements, location, linear, allocation_scheme: scheme };
        self.allocator.as_mut().expect("it lives as long as the host").allocate(&wanted).expect("memory")
    }

    pub fn register(&self, gpu: &Gpu, target: &Target) -> Texture {
        // SAFETY: the image is as described, and destroyed after it was unregistered.
        unsafe { gpu.register(target.image, target.extent, target.texel, target.path, None) }.expect("a texture")
    }

    /// Memory for [`HeadlessHost::draw`].
    pub fn prepare_drawing(&mut self) {
        let drawn = self.buffer(vk::BufferUsageFlags::TRANSFER_DST, 64 << 20, MemoryLocation::GpuOnly);
        self.drawn = Some(drawn);
    }

    /// Gives the device something to do, as drawing would: 64 MiB are filled this many times.
    pub fn draw(&self, commands: vk::CommandBuffer, times: usize) {
        let Some((buffer, _)) = &self.drawn else { return };
        for _ in 0..times {
            let barrier = vk::MemoryBarrier::default()
                .src_access_mask(vk::AccessFlags::TRANSFER_WRITE)
                .dst_access_mask(vk::AccessFlags::TRANSFER_WRITE);
            let (stage, flags) = (vk::PipelineStageFlags::TRANSFER, vk::DependencyFlags::empty());
            // SAFETY: `commands` is being recorded; nothing else uses the buffer.
            unsafe {
                self.device.cmd_pipeline_barrier(commands, stage, stage, flags, &[barrier], &[], &[]);
                self.device.cmd_fill_buffer(commands, *buffer, 0, vk::WHOLE_SIZE, 1);
            }
        }
    }

    fn buffer(
        &mut self,
        usage: vk::BufferUsageFlags,
        bytes: u64,
        location: MemoryLocation,
    ) -> (vk::Buffer, Allocation) {
        let info = vk::BufferCreateInfo::default().size(bytes).usage(usage);
        // SAFETY: the device is alive; it is destroyed after the queue is idle.
        let buffer = unsafe { self.device.create_buffer(&info, None) }.expect("a buffer");
        // SAFETY: as above.
        let requirements = unsafe { self.device.get_buffer_memory_requirements(buffer) };
        let allocation = self.allocate(requirements, location, true);
        // SAFETY: as above.
        unsafe { self.device.bind_buffer_memory(buffer, allocation.memory(), allocation.offset()) }.expect("bound");
        (buffer, allocation)
    }

    /// What a `Gpu` or a context is made with.
    pub fn handle(&self) -> Host {
        self.handle
    }

    /// Fills the texture with `byte`, lets `record` write to it, and gives what is in it then.
    pub fn run(&mut self, target: &Target, byte: u8, record: impl FnOnce(vk::CommandBuffer)) -> Vec<u8> {
        let bytes = target.extent.iter().map(|&n| n as usize).product::<usize>() * target.texel.bytes() as usize;
        self.run_over(target, &vec![byte; bytes], record)
    }

    /// The same with a texture that holds `before`.
    pub fn run_over(&mut self, target: &Target, before: &[u8], record: impl FnOnce(vk::CommandBuffer)) -> Vec<u8> {
        let bytes = before.len();
        let usage = vk::BufferUsageFlags::TRANSFER_DST | vk::BufferUsageFlags::TRANSFER_SRC;
        let (buffer, mut allocation) = self.buffer(usage, bytes as u64, MemoryLocation::GpuToCpu);
        allocation.mapped_slice_mut().expect("mapped memory")[..bytes].copy_from_slice(before);
        let layout = match target.path {
            WritePath::Store => vk::ImageLayout::GENERAL,
            WritePath::Copy => vk::ImageLayout::TRANSFER_DST_OPTIMAL,
        };
        let (stage, access) = match target.path {
            WritePath::Store => (vk::PipelineStageFlags::COMPUTE_SHADER, vk::AccessFlags::SHADER_WRITE),
            WritePath::Copy => (vk::PipelineStageFlags::TRANSFER, vk::AccessFlags::TRANSFER_WRITE),
        };
        let (transfer, write, read) =
            (vk::PipelineStageFlags::TRANSFER, vk::AccessFlags::TRANSFER_WRITE, vk::AccessFlags::TRANSFER_READ);
        let (to, from) = (vk::ImageLayout::TRANSFER_DST_OPTIMAL, vk::ImageLayout::TRANSFER_SRC_OPTIMAL);
        self.submit(|device, commands| {
            let image = target.image;
            // SAFETY: `commands` is being recorded; the layouts are those that the image has.
            unsafe {
                let none = (vk::PipelineStageFlags::TOP_OF_PIPE, vk::AccessFlags::empty());
                transition(device, commands, image, (vk::ImageLayout::UNDEFINED, to), none, (transfer, write));
                device.cmd_copy_buffer_to_image(commands, buffer, image, to, &[region(target.extent)]);
                transition(device, commands, image, (to, layout), (transfer, write), (stage, access));
                record(commands);
                transition(device, commands, image, (layout, from), (stage, access), (transfer, read));
                let barrier = vk::MemoryBarrier::default().src_access_mask(read).dst_access_mask(write);
                let flags = vk::DependencyFlags::empty();
                device.cmd_pipeline_barrier(commands, transfer, transfer, flags, &[barrier], &[], &[]);
                device.cmd_copy_image_to_buffer(commands, image, from, buffer, &[region(target.extent)]);
                let host =
                    vk::MemoryBarrier::default().src_access_mask(write).dst_access_mask(vk::AccessFlags::HOST_READ);
                let stage = vk::PipelineStageFlags::HOST;
                device.cmd_pipeline_barrier(commands, transfer, stage, flags, &[host], &[], &[]);
            }
        });
        let out = allocation.mapped_slice().expect("mapped memory")[..bytes].to_vec();
        // SAFETY: the queue is idle.
        unsafe { self.device.destroy_buffer(buffer, None) };
        self.allocator.as_mut().expect("it lives as long as the host").free(allocation).expect("it was allocated");
        out
    }

    /// Lets jobs write to the texture; as [`HeadlessHost::run`] otherwise.
    pub fn run_jobs(&mut self, gpu: &Gpu, target: &Target, byte: u8, jobs: &[Job<'_>]) -> Vec<u8> {
        let packet = gpu.prepare(0, jobs, &[]).expect("room for all jobs");
        // SAFETY: the command buffer is being recorded; the host waits for it.
        let bytes = self.run(target, byte, |commands| unsafe { gpu.record(commands, &packet) });
        // SAFETY: the queue is idle.
        let time = unsafe { gpu.retire(packet) }.expect("a living device");
        assert!(time.is_some_and(|time| time > 0.0), "{time:?}");
        bytes
    }

    /// What the device takes for the commands of `record`, in seconds; the texture's content is lost.
    pub fn time(&self, target: &Target, record: impl FnOnce(vk::CommandBuffer)) -> f64 {
        let parts = self.profile(target, |commands, after| {
            record(commands);
            after("all");
        });
        parts.iter().map(|(_, seconds)| seconds).sum()
    }

    /// What the device takes for the commands between two marks, in seconds; the texture's content is lost.
    pub fn profile(
        &self,
        target: &Target,
        record: impl FnOnce(vk::CommandBuffer, &mut dyn FnMut(&'static str)),
    ) -> Vec<(&'static str, f64)> {
        const MOST: u32 = 4096;
        // SAFETY: the instance is alive.
        let properties = unsafe { self.instance.get_physical_device_properties(self.physical_device) };
        let info = vk::QueryPoolCreateInfo::default().query_type(vk::QueryType::TIMESTAMP).query_count(MOST);
        // SAFETY: the device is alive.
        let pool = unsafe { self.device.create_query_pool(&info, None) }.expect("queries");
        let mut names = Vec::new();
        self.submit(|device, commands| {
            let bottom = vk::PipelineStageFlags::BOTTOM_OF_PIPE;
            let (layout, stage, access) = match target.path {
                WritePath::Store => {
                    (vk::ImageLayout::GENERAL, vk::PipelineStageFlags::COMPUTE_SHADER, vk::AccessFlags::SHADER_WRITE)
                }
                WritePath::Copy => (
                    vk::ImageLayout::TRANSFER_DST_OPTIMAL,
                    vk::PipelineStageFlags::TRANSFER,
                    vk::AccessFlags::TRANSFER_WRITE,
                ),
            };
            let none = (vk::PipelineStageFlags::TOP_OF_PIPE, vk::AccessFlags::empty());
            // SAFETY: `commands` is being recorded; nothing else uses the image.
            unsafe {
                let layouts = (vk::ImageLayout::UNDEFINED, layout);
                transition(device, commands, target.image, layouts, none, (stage, access));
                device.cmd_reset_query_pool(commands, pool, 0, MOST);
                device.cmd_write_timestamp(commands, bottom, pool, 0);
            }
            record(commands, &mut |name| {
                names.push(name);
                assert!(names.len() < MOST as usize, "a timestamp each");
                // SAFETY: as above.
                unsafe { device.cmd_write_timestamp(commands, bottom, pool, names.len() as u32) };
            });
        });
        let mut ticks = vec![0u64; names.len() + 1];
        // SAFETY: the queue is idle, so all were written.
        unsafe {
            self.device.get_query_pool_results(pool, 0, &mut ticks, vk::QueryResultFlags::TYPE_64).expect("timestamps");
            self.device.destroy_query_pool(pool, None);
        }
        let seconds =
            |pair: &[u64]| pair[1].wrapping_sub(pair[0]) as f64 * f64::from(properties.limits.timestamp_period) * 1e-9;
        names.into_iter().zip(ticks.windows(2).map(seconds)).collect()
    }

    /// Records commands, submits them and waits.
    pub fn submit(&self, record: impl FnOnce(&ash::Device, vk::CommandBuffer)) {
        let info = vk::CommandBufferAllocateInfo::default().command_pool(self.pool).command_buffer_count(1);
        // SAFETY: the device is alive and used by this thread only.
        unsafe {
            let commands = self.device.allocate_command_buffers(&info).expect("a command buffer");
            let begin = vk::CommandBufferBeginInfo::default().flags(vk::CommandBufferUsageFlags::ONE_TIME_SUBMIT);
            self.device.begin_command_buffer(commands[0], &begin).expect("it begins");
            record(&self.device, commands[0]);
            self.device.end_command_buffer(commands[0]).expect("it ends");
            let submit = [vk::SubmitInfo::default().command_buffers(&commands)];
            self.device.queue_submit(self.queue, &submit, vk::Fence::null()).expect("it is submitted");
            self.device.queue_wait_idle(self.queue).expect("it is done");
            self.device.free_command_buffers(self.pool, &commands);
        }
    }

    pub fn destroy(&mut self, mut target: Target) {
        // SAFETY: the queue is idle.
        unsafe { self.device.destroy_image(target.image, None) };
        let allocation = target.allocation.take().expect("it has memory");
        self.allocator.as_mut().expect("it lives as long as the host").free(allocation).expect("it was allocated");
    }
}

impl Drop for HeadlessHost {
    fn drop(&mut self) {
        if let (Some((buffer, memory)), Some(allocator)) = (self.drawn.take(), &mut self.allocator) {
            // SAFETY: the queue is idle.
            unsafe { self.device.destroy_buffer(buffer, None) };
            allocator.free(memory).expect("it was allocated");
        }
        drop(self.allocator.take());
        // SAFETY: the queue is idle, and what was made of the device is gone.
        unsafe {
            self.device.destroy_command_pool(self.pool, None);
            self.device.destroy_device(None);
            self.messenger.0.destroy_debug_utils_messenger(self.messenger.1, None);
            self.instance.destroy_instance(None);
        }
    }
}

/// A device with all features that this crate can use, as far as there are any; and which these are.
fn device(
    instance: &ash::Instance,
    physical_device: vk::PhysicalDevice,
    version: u32,
    layer_version: Option<u32>,
    queues: &[vk::DeviceQueueCreateInfo<'_>],
) -> (ash::Device, Features) {
    // SAFETY: the instance is alive.
    let (properties, extensions) = unsafe {
        let extensions = instance.enumerate_device_extension_properties(physical_device).unwrap_or_default();
        (instance.get_physical_device_properties(physical_device), extensions)
    };
    let version = version.min(properties.api_version);
    let has = |name: &CStr| extensions.iter().any(|found| found.extension_name_as_c_str() == Ok(name));
    let wanted = [
        (ash::khr::shader_float16_int8::NAME, vk::API_VERSION_1_2),
        (ash::khr::shader_integer_dot_product::NAME, vk::API_VERSION_1_3),
        (ash::khr::vulkan_memory_model::NAME, vk::API_VERSION_1_2),
        // In no version; it needs SPIR-V 1.6, which is that of Vulkan 1.3.
        (ash::khr::cooperative_matrix::NAME, u32::MAX),
        (ash::khr::timeline_semaphore::NAME, vk::API_VERSION_1_2),
        (EXTERNAL_MEMORY, u32::MAX),
        (EXTERNAL_SEMAPHORE, u32::MAX),
    ];
    let [float16, dot, memory_model, matrix, timeline, external_memory, external_semaphore] =
        wanted.map(|(name, since)| version >= since || has(name));
    let external_memory = external_memory && version >= vk::API_VERSION_1_1;
    let external_semaphore = external_semaphore && version >= vk::API_VERSION_1_1;
    // Older layers take for errors what they do not know.
    let is_known = layer_version.is_none_or(|version| version >= KNOWS_MATRICES);
    let matrix = matrix && memory_model && version >= vk::API_VERSION_1_3 && is_known;
    let mut float16_features = vk::PhysicalDeviceShaderFloat16Int8Features::default();
    let mut dot_features = vk::PhysicalDeviceShaderIntegerDotProductFeatures::default();
    let mut memory_features = vk::PhysicalDeviceVulkanMemoryModelFeatures::default();
    let mut matrix_features = vk::PhysicalDeviceCooperativeMatrixFeaturesKHR::default();
    let mut timeline_features = vk::PhysicalDeviceTimelineSemaphoreFeatures::default();
    let mut found = vk::PhysicalDeviceFeatures2::default();
    if timeline {
        found = found.push_next(&mut timeline_features);
    }
    if float16 {
        found = found.push_next(&mut float16_features);
    }
    if dot {
        found = found.push_next(&mut dot_features);
    }
    if matrix {
        found = found.push_next(&mut memory_features).push_next(&mut matrix_features);
    }
    // SAFETY: all structures belong to what the device has.
    unsafe { instance.get_physical_device_features2(physical_device, &mut found) };
    let extended_formats = found.features.shader_storage_image_extended_formats == vk::TRUE;
    let is = |feature: vk::Bool32| feature == vk::TRUE;
    let memory_model = is(memory_features.vulkan_memory_model) && is(memory_features.vulkan_memory_model_device_scope);
    let features = Features {
        extended_formats,
        float16: is(float16_features.shader_float16),
        integer_dot_product: is(dot_features.shader_integer_dot_product),
        cooperative_matrix: is(matrix_features.cooperative_matrix)
            && memory_model
            && is(float16_features.shader_float16),
        external_memory,
        external_semaphore: external_semaphore && is(timeline_features.timeline_semaphore),
    };
    let timeline = is(timeline_features.timeline_semaphore);
    let names: Vec<_> = wanted
        .into_iter()
        .zip([
            features.float16,
            features.integer_dot_product,
            matrix,
            features.cooperative_matrix,
            timeline,
            external_memory,
            features.external_semaphore,
        ])
        .filter(|&((_, since), wanted)| wanted && version < since)
        .map(|((name, _), _)| name.as_ptr())
        .collect();
    let basic = vk::PhysicalDeviceFeatures::default().shader_storage_image_extended_formats(extended_formats);
    let mut float16_features = vk::PhysicalDeviceShaderFloat16Int8Features::default().shader_float16(features.float16);
    let mut dot_features = vk::PhysicalDeviceShaderIntegerDotProductFeatures::default()
        .shader_integer_dot_product(features.integer_dot_product);
    let mut memory_features = vk::PhysicalDeviceVulkanMemoryModelFeatures::default()
        .vulkan_memory_model(true)
        .vulkan_memory_model_device_scope(true);
    let mut matrix_features = vk::PhysicalDeviceCooperativeMatrixFeaturesKHR::default().cooperative_matrix(true);
    let mut timeline_features = vk::PhysicalDeviceTimelineSemaphoreFeatures::default().timeline_semaphore(true);
    let mut info = vk::DeviceCreateInfo::default()
        .queue_create_infos(queues)
        .enabled_features(&basic)
        .enabled_extension_names(&names);
    if features.float16 {
        info = info.push_next(&mut float16_features);
    }
    if features.integer_dot_product {
        info = info.push_next(&mut dot_features);
    }
    if timeline {
        info = info.push_next(&mut timeline_features);
    }
    if features.cooperative_matrix {
        info = info.push_next(&mut memory_features).push_next(&mut matrix_features);
    }
    // SAFETY: as above.
    (unsafe { instance.create_device(physical_device, &info, None) }.expect("a device"), features)
}

fn missing<T>(why: &str) -> Option<T> {
    assert!(std::env::var_os("NEUVOL_REQUIRE_VULKAN").is_none(), "Vulkan is required here: {why}");
    eprintln!("skipped: no Vulkan here ({why}); `cargo xtask test` installs a driver and the layers");
    None
}

fn region(extent: [u32; 3]) -> vk::BufferImageCopy {
    vk::BufferImageCopy::default()
        .image_subresource(vk::ImageSubresourceLayers {
            aspect_mask: vk::ImageAspectFlags::COLOR,
            mip_level: 0,
            base_array_layer: 0,
            layer_count: 1,
        })
        .image_extent(vk::Extent3D { width: extent[2], height: extent[1], depth: extent[0] })
}

type Use = (vk::PipelineStageFlags, vk::AccessFlags);

/// # Safety
/// `commands` must be in the recording state, and the image in the first layout.
unsafe fn transition(
    device: &ash::Device,
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
        .subresource_range(vk::ImageSubresourceRange {
            aspect_mask: vk::ImageAspectFlags::COLOR,
            base_mip_level: 0,
            level_count: 1,
            base_array_layer: 0,
            layer_count: 1,
        });
    // SAFETY: promised by the caller.
    unsafe {
        device.cmd_pipeline_barrier(commands, before.0, after.0, vk::DependencyFlags::empty(), &[], &[], &[barrier]);
    }
}
