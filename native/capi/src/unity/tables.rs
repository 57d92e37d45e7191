//! What Unity hands to native plugins: tables of functions and the structures that these take, with the layout that Unity
//! gives them. Only what is used has a type; other entries of a table keep their place.

use neuvol_engine::vulkan::vk;
use std::ffi::{c_char, c_void};
use std::mem::offset_of;

/// An entry of a table that is not used.
type Unused = usize;

/// Names one table: the halves of its GUID.
pub(super) struct Guid(pub(super) u64, pub(super) u64);

pub(super) const GRAPHICS: Guid = Guid(0x7CBA_0A9C_A4DD_B544, 0x8C5A_D492_6EB1_7B11);
pub(super) const GRAPHICS_VULKAN: Guid = Guid(0x9535_5348_D4EF_4E11, 0x9789_313D_FCFF_CC87);
pub(super) const GRAPHICS_VULKAN_V2: Guid = Guid(0x3293_34C0_9DCA_4787, 0xB347_DD92_A009_7FFC);

/// Gives tables by their names; null for a name that this Unity does not know.
#[repr(C)]
pub(super) struct Interfaces {
    get: Unused,
    register: Unused,
    pub(super) get_split: unsafe extern "system" fn(high: u64, low: u64) -> *const c_void,
    register_split: Unused,
}

/// The graphics device, whatever its API is.
#[repr(C)]
pub(super) struct Graphics {
    /// Any thread.
    pub(super) renderer: unsafe extern "system" fn() -> Renderer,
    pub(super) register_device_event_callback: unsafe extern "system" fn(DeviceEventCallback),
    pub(super) unregister_device_event_callback: unsafe extern "system" fn(DeviceEventCallback),
    /// Gives the first of so many numbers that no other plugin gets.
    pub(super) reserve_event_id_range: unsafe extern "system" fn(count: i32) -> i32,
}

pub(super) type DeviceEventCallback = unsafe extern "system" fn(DeviceEvent);

/// API of the graphics device. A number, as Unity may add others.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Renderer(pub(super) i32);

impl Renderer {
    /// None: before the device is there, and where nothing is drawn.
    pub(super) const NULL: Self = Self(4);
    pub(super) const VULKAN: Self = Self(21);

    /// Its name, for messages.
    pub(super) fn name(self) -> &'static str {
        match self.0 {
            2 => "Direct3D 11",
            4 => "no graphics",
            11 => "OpenGL ES",
            16 => "Metal",
            17 => "OpenGL",
            18 => "Direct3D 12",
            21 => "Vulkan",
            _ => "another graphics API",
        }
    }
}

/// What happens to the graphics device.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DeviceEvent(pub(super) i32);

impl DeviceEvent {
    pub(super) const INITIALIZE: Self = Self(0);
    pub(super) const SHUTDOWN: Self = Self(1);
}

/// The Vulkan device, first version.
#[repr(C)]
pub(super) struct GraphicsVulkan {
    /// Before the device is made; later it gives false.
    pub(super) intercept_initialization: unsafe extern "system" fn(InitCallback, user: *mut c_void) -> bool,
    intercept_vulkan_api: Unused,
    pub(super) configure_event: unsafe extern "system" fn(event: i32, config: *const PluginEventConfig),
    pub(super) instance: unsafe extern "system" fn() -> Instance,
    /// In a render event only, and valid until the next access to a resource.
    pub(super) command_recording_state: unsafe extern "system" fn(*mut RecordingState, QueueAccess) -> bool,
    /// In a render event only. A null subresource is the whole image.
    pub(super) access_texture: unsafe extern "system" fn(
        texture: *mut c_void,
        subresource: *const vk::ImageSubresource,
        layout: vk::ImageLayout,
        stages: vk::PipelineStageFlags,
        access: vk::AccessFlags,
        mode: AccessMode,
        out: *mut Image,
    ) -> bool,
    access_render_buffer_texture: Unused,
    access_render_buffer_resolve_texture: Unused,
    access_buffer: Unused,
    pub(super) ensure_outside_render_pass: unsafe extern "system" fn(),
    ensure_inside_render_pass: Unused,
    access_queue: Unused,
    configure_swapchain: Unused,
}

/// The Vulkan device, second version.
#[repr(C)]
pub(super) struct GraphicsVulkanV2 {
    pub(super) first: GraphicsVulkan,
    access_texture_by_id: Unused,
    pub(super) add_intercept_initialization:
        unsafe extern "system" fn(InitCallback, user: *mut c_void, priority: i32) -> bool,
    remove_intercept_initialization: Unused,
}

/// Gets the loader's function and gives the one that Unity is to use instead.
pub(super) type InitCallback =
    unsafe extern "system" fn(next: vk::PFN_vkGetInstanceProcAddr, user: *mut c_void) -> vk::PFN_vkGetInstanceProcAddr;

/// What an access is for.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct AccessMode(i32);

impl AccessMode {
    /// Only tells what the resource is.
    pub(super) const OBSERVE_ONLY: Self = Self(0);
    /// Brings it into the layout that is asked for, behind what was done with it.
    pub(super) const PIPELINE_BARRIER: Self = Self(1);
}

/// Whether a plugin uses Unity's queue itself.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct QueueAccess(i32);

impl QueueAccess {
    pub(super) const DONT_CARE: Self = Self(0);
}

/// What a render event needs.
#[repr(C)]
pub(super) struct PluginEventConfig {
    render_pass: i32,
    queue_access: QueueAccess,
    flags: u32,
}

impl PluginEventConfig {
    /// Commands outside of render passes in Unity's own command buffer, whose state they change; the frame before is
    /// submitted.
    pub(super) const COMPUTE: Self =
        Self { render_pass: Self::ENSURE_OUTSIDE, queue_access: QueueAccess::DONT_CARE, flags: 1 | 8 };
    const ENSURE_OUTSIDE: i32 = 2;
}

/// The handles of Unity's device.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Instance {
    pipeline_cache: vk::PipelineCache,
    pub(super) instance: vk::Instance,
    pub(super) physical_device: vk::PhysicalDevice,
    pub(super) device: vk::Device,
    graphics_queue: vk::Queue,
    pub(super) get_instance_proc_addr: Option<vk::PFN_vkGetInstanceProcAddr>,
    pub(super) queue_family: u32,
    reserved: [*mut c_void; 8],
}

/// Memory of a resource.
#[repr(C)]
struct Memory {
    memory: vk::DeviceMemory,
    offset: vk::DeviceSize,
    size: vk::DeviceSize,
    mapped: *mut c_void,
    flags: vk::MemoryPropertyFlags,
    memory_type: u32,
    reserved: [*mut c_void; 4],
}

/// A texture of Unity.
#[repr(C)]
pub(super) struct Image {
    memory: Memory,
    pub(super) image: vk::Image,
    /// Not filled in by Unity.
    layout: vk::ImageLayout,
    aspect: vk::ImageAspectFlags,
    pub(super) usage: vk::ImageUsageFlags,
    pub(super) format: vk::Format,
    pub(super) extent: vk::Extent3D,
    tiling: vk::ImageTiling,
    pub(super) ty: vk::ImageType,
    samples: vk::SampleCountFlags,
    layers: i32,
    mip_count: i32,
    reserved: [*mut c_void; 4],
}

impl Image {
    /// One that Unity is to fill in.
    pub(super) fn empty() -> Self {
        // SAFETY: numbers, handles and pointers, which may all be 0.
        unsafe { std::mem::zeroed() }
    }
}

/// Where commands go now.
#[repr(C)]
pub(super) struct RecordingState {
    pub(super) command_buffer: vk::CommandBuffer,
    level: vk::CommandBufferLevel,
    render_pass: vk::RenderPass,
    framebuffer: vk::Framebuffer,
    /// -1 outside of render passes.
    pub(super) subpass: i32,
    pub(super) frame: u64,
    /// All frames up to this one are finished.
    pub(super) safe_frame: u64,
    reserved: [*mut c_void; 4],
}

impl RecordingState {
    /// One that Unity is to fill in.
    pub(super) fn empty() -> Self {
        // SAFETY: as for images.
        unsafe { std::mem::zeroed() }
    }
}

/// How Unity calls a render event.
pub(super) type RenderEvent = unsafe extern "system" fn(event: i32);

/// The name of a function of Vulkan, as the loader takes it.
pub(super) type FunctionName = *const c_char;

const _: () = {
    assert!(size_of::<bool>() == 1);
    assert!(size_of::<Interfaces>() == 32);
    assert!(size_of::<Graphics>() == 32);
    assert!(size_of::<GraphicsVulkan>() == 104);
    assert!(offset_of!(GraphicsVulkan, access_texture) == 40);
    assert!(offset_of!(GraphicsVulkan, access_queue) == 88);
    assert!(size_of::<GraphicsVulkanV2>() == 128);
    assert!(offset_of!(GraphicsVulkanV2, access_texture_by_id) == 104);
    assert!(offset_of!(GraphicsVulkanV2, add_intercept_initialization) == 112);
    assert!(offset_of!(GraphicsVulkanV2, remove_intercept_initialization) == 120);
    assert!(size_of::<PluginEventConfig>() == 12);

    assert!(size_of::<Instance>() == 120);
    assert!(offset_of!(Instance, instance) == 8);
    assert!(offset_of!(Instance, physical_device) == 16);
    assert!(offset_of!(Instance, device) == 24);
    assert!(offset_of!(Instance, graphics_queue) == 32);
    assert!(offset_of!(Instance, get_instance_proc_addr) == 40);
    assert!(offset_of!(Instance, queue_family) == 48);
    assert!(offset_of!(Instance, reserved) == 56);

    assert!(size_of::<Memory>() == 72);
    assert!(offset_of!(Memory, mapped) == 24);
    assert!(offset_of!(Memory, flags) == 32);
    assert!(offset_of!(Memory, memory_type) == 36);

    assert!(size_of::<Image>() == 160);
    assert!(offset_of!(Image, image) == 72);
    assert!(offset_of!(Image, layout) == 80);
    assert!(offset_of!(Image, aspect) == 84);
    assert!(offset_of!(Image, usage) == 88);
    assert!(offset_of!(Image, format) == 92);
    assert!(offset_of!(Image, extent) == 96);
    assert!(offset_of!(Image, tiling) == 108);
    assert!(offset_of!(Image, ty) == 112);
    assert!(offset_of!(Image, samples) == 116);
    assert!(offset_of!(Image, layers) == 120);
    assert!(offset_of!(Image, mip_count) == 124);

    assert!(size_of::<RecordingState>() == 88);
    assert!(offset_of!(RecordingState, level) == 8);
    assert!(offset_of!(RecordingState, render_pass) == 16);
    assert!(offset_of!(RecordingState, framebuffer) == 24);
    assert!(offset_of!(RecordingState, subpass) == 32);
    assert!(offset_of!(RecordingState, frame) == 40);
    assert!(offset_of!(RecordingState, safe_frame) == 48);
};
