//! Unity's native plugin interface, the side of Unity. Written for itself, not shared with the plugin, so that a wrong layout
//! on one side shows.

use ash::vk;
use std::ffi::c_void;

/// `IUnityInterfaces`
#[repr(C)]
pub struct Interfaces {
    /// By GUID as a structure; nobody uses it from Rust.
    pub get: unsafe extern "system" fn(Guid) -> *const c_void,
    /// For plugins that are interfaces themselves.
    pub register: unsafe extern "system" fn(Guid, *const c_void),
    /// By the halves of the GUID.
    pub get_split: unsafe extern "system" fn(u64, u64) -> *const c_void,
    /// As `register`.
    pub register_split: unsafe extern "system" fn(u64, u64, *const c_void),
}

/// Names an interface.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Guid(pub u64, pub u64);

/// `IUnityGraphics`
pub const GRAPHICS: Guid = Guid(0x7CBA0A9CA4DDB544, 0x8C5AD4926EB17B11);
/// `IUnityGraphicsVulkan`
pub const VULKAN: Guid = Guid(0x95355348D4EF4E11, 0x9789313DFCFFCC87);
/// `IUnityGraphicsVulkanV2`
pub const VULKAN_V2: Guid = Guid(0x329334C09DCA4787, 0xB347DD92A0097FFC);

/// `IUnityGraphics`
#[repr(C)]
pub struct Graphics {
    /// The graphics API.
    pub renderer: unsafe extern "system" fn() -> i32,
    /// Asks for device events.
    pub register: unsafe extern "system" fn(Option<DeviceEventCallback>),
    /// No more of them.
    pub unregister: unsafe extern "system" fn(Option<DeviceEventCallback>),
    /// Numbers for render events.
    pub reserve: unsafe extern "system" fn(i32) -> i32,
}

/// What device events call.
pub type DeviceEventCallback = unsafe extern "system" fn(i32);
/// What render events call.
pub type RenderEvent = unsafe extern "system" fn(i32);
/// What the intercept calls.
pub type InitCallback =
    unsafe extern "system" fn(vk::PFN_vkGetInstanceProcAddr, *mut c_void) -> vk::PFN_vkGetInstanceProcAddr;

/// The device is there.
pub const INITIALIZE: i32 = 0;
/// The device goes.
pub const SHUTDOWN: i32 = 1;

/// Graphics APIs.
pub mod renderer {
    /// Direct3D 11.
    pub const D3D11: i32 = 2;
    /// None.
    pub const NULL: i32 = 4;
    /// Vulkan.
    pub const VULKAN: i32 = 21;
}

/// `IUnityGraphicsVulkanV2`, whose first 13 entries are `IUnityGraphicsVulkan`.
#[repr(C)]
#[allow(missing_docs, reason = "the names are Unity's")]
pub struct Vulkan {
    pub intercept_initialization: unsafe extern "system" fn(Option<InitCallback>, *mut c_void) -> bool,
    pub intercept_vulkan_api: unsafe extern "system" fn(),
    pub configure_event: unsafe extern "system" fn(i32, *const EventConfig),
    pub instance: unsafe extern "system" fn() -> Instance,
    pub command_recording_state: unsafe extern "system" fn(*mut RecordingState, i32) -> bool,
    pub access_texture: unsafe extern "system" fn(
        *mut c_void,
        *const vk::ImageSubresource,
        vk::ImageLayout,
        vk::PipelineStageFlags,
        vk::AccessFlags,
        i32,
        *mut Image,
    ) -> bool,
    pub access_render_buffer_texture: unsafe extern "system" fn(),
    pub access_render_buffer_resolve_texture: unsafe extern "system" fn(),
    pub access_buffer: unsafe extern "system" fn(),
    pub ensure_outside_render_pass: unsafe extern "system" fn(),
    pub ensure_inside_render_pass: unsafe extern "system" fn(),
    pub access_queue: unsafe extern "system" fn(),
    pub configure_swapchain: unsafe extern "system" fn(),
    pub access_texture_by_id: unsafe extern "system" fn(),
    pub add_intercept_initialization: unsafe extern "system" fn(Option<InitCallback>, *mut c_void, i32) -> bool,
    pub remove_intercept_initialization: unsafe extern "system" fn(),
}

/// Only looks.
pub const OBSERVE_ONLY: i32 = 0;
/// With a barrier.
pub const PIPELINE_BARRIER: i32 = 1;

/// `UnityVulkanPluginEventConfig`
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventConfig {
    /// 2: outside.
    pub render_pass: i32,
    /// 0: don't care.
    pub queue_access: i32,
    /// 1: the frame before is submitted, 8: the state of command buffers changes.
    pub flags: u32,
}

/// `UnityVulkanInstance`
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "as above")]
pub struct Instance {
    pub pipeline_cache: u64,
    pub instance: vk::Instance,
    pub physical_device: vk::PhysicalDevice,
    pub device: vk::Device,
    pub graphics_queue: vk::Queue,
    pub get_instance_proc_addr: Option<vk::PFN_vkGetInstanceProcAddr>,
    pub queue_family_index: u32,
    pub reserved: [usize; 8],
}

/// `UnityVulkanImage`
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "as above")]
pub struct Image {
    pub memory: [u64; 9],
    pub image: vk::Image,
    pub layout: vk::ImageLayout,
    pub aspect: vk::ImageAspectFlags,
    pub usage: vk::ImageUsageFlags,
    pub format: vk::Format,
    pub extent: vk::Extent3D,
    pub tiling: vk::ImageTiling,
    pub ty: vk::ImageType,
    pub samples: vk::SampleCountFlags,
    pub layers: i32,
    pub mip_count: i32,
    pub reserved: [usize; 4],
}

/// `UnityVulkanRecordingState`
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "as above")]
pub struct RecordingState {
    pub command_buffer: vk::CommandBuffer,
    pub level: i32,
    pub render_pass: u64,
    pub framebuffer: u64,
    pub subpass_index: i32,
    pub current_frame_number: u64,
    pub safe_frame_number: u64,
    pub reserved: [usize; 4],
}

const _: () = {
    assert!(size_of::<Interfaces>() == 32 && size_of::<Graphics>() == 32 && size_of::<Vulkan>() == 128);
    assert!(size_of::<Instance>() == 120 && size_of::<Image>() == 160 && size_of::<RecordingState>() == 88);
    assert!(size_of::<EventConfig>() == 12);
};
