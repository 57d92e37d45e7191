//! Structures and constants of decoding on a graphics device (since 0.2).

#![allow(non_camel_case_types, reason = "names are those of the header")]

use crate::memory::Versioned;
use crate::types::{neuvol_precision, neuvol_volume, versioned};
use std::ffi::c_void;

/// A graphics device of the host, and what is decoded on it. A number like neuvol_volume.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct neuvol_context {
    /// The number.
    pub id: u64,
}

/// A texture of the host that a context writes to. A number like neuvol_volume.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct neuvol_texture {
    /// The number.
    pub id: u64,
}

/// A decode that was asked for. A number like neuvol_volume; finished ones are known until 4096 younger ones exist.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct neuvol_ticket {
    /// The number.
    pub id: u64,
}

/// The host has enabled shaderStorageImageExtendedFormats: R8, R16, R16F and RG16F images can be stored to.
pub const NEUVOL_VULKAN_EXTENDED_FORMATS: u32 = 1;
/// The host has enabled shaderFloat16.
pub const NEUVOL_VULKAN_FLOAT16: u32 = 2;
/// The host has enabled shaderIntegerDotProduct. It gains nothing on devices without
/// integerDotProduct4x8BitPackedSignedAccelerated.
pub const NEUVOL_VULKAN_INTEGER_DOT_PRODUCT: u32 = 4;
/// The host has enabled VK_KHR_cooperative_matrix with cooperativeMatrix, and shaderFloat16, vulkanMemoryModel and
/// vulkanMemoryModelDeviceScope, on an instance and a device of Vulkan 1.3.
pub const NEUVOL_VULKAN_COOPERATIVE_MATRIX: u32 = 8;
/// The host has enabled VK_KHR_external_memory_fd, on Windows VK_KHR_external_memory_win32: what CUDA decodes reaches the
/// textures without a way through the processor's memory.
pub const NEUVOL_VULKAN_EXTERNAL_MEMORY: u32 = 16;
/// The host has enabled VK_KHR_external_semaphore_fd, on Windows VK_KHR_external_semaphore_win32, and timelineSemaphore.
pub const NEUVOL_VULKAN_EXTERNAL_SEMAPHORE: u32 = 32;

/// Not a feature of the device: decode with CUDA where the device is NVIDIA's and its driver is there, as
/// neuvol_context_get_backend() tells. Textures must take copies (NEUVOL_WRITE_PATH_COPY). Without NEUVOL_VULKAN_EXTERNAL_MEMORY
/// texels go by way of the processor's memory.
pub const NEUVOL_VULKAN_USE_CUDA: u32 = 0x10000;

/// What decodes.
pub type neuvol_backend = i32;
/// Kernels on the host's Vulkan device.
pub const NEUVOL_BACKEND_VULKAN: neuvol_backend = 1;
/// CUDA, into memory of the Vulkan device.
pub const NEUVOL_BACKEND_CUDA: neuvol_backend = 2;
/// CUDA, by way of the processor's memory, as the Vulkan device cannot share its own.
pub const NEUVOL_BACKEND_CUDA_STAGED: neuvol_backend = 3;

/// A Vulkan device of the host, and how a context may use it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_vulkan_desc {
    /// sizeof(neuvol_vulkan_desc).
    pub struct_size: u32,
    /// NEUVOL_ABI_VERSION of the header that the host was compiled with.
    pub abi_version: u32,
    /// NEUVOL_VULKAN_*: what the host has ENABLED on its device, not what the device could do; and NEUVOL_VULKAN_USE_CUDA.
    pub flags: u32,
    /// Queue family of the command buffers that neuvol_context_record() gets. It must have compute.
    pub queue_family: u32,
    /// VkInstance.
    pub instance: *mut c_void,
    /// VkPhysicalDevice.
    pub physical_device: *mut c_void,
    /// VkDevice. Vulkan 1.1 or later.
    pub device: *mut c_void,
    /// PFN_vkGetInstanceProcAddr of the host's loader: everything else is loaded through it.
    pub get_instance_proc_addr: *mut c_void,
    /// Threads that read models and prepare frames; 0 = one less than there are cores, 1 to 8. At most 64.
    pub threads: u32,
    /// Frames of the host that may be on their way to the device at the same time; 0 = 3. At most 16.
    pub frames: u32,
    /// Device memory for models in bytes, at most 128 MiB; 0 = 64 MiB. The least recently used go first.
    pub model_bytes: u64,
    /// Device memory to work in, in bytes, at most 128 MiB; 0 = 64 MiB. A block needs some 4 to 20 bytes per voxel.
    pub work_bytes: u64,
    /// Device memory for texels on their way to textures of NEUVOL_WRITE_PATH_COPY, at most 128 MiB; 0 = 16 MiB.
    pub texel_bytes: u64,
}

/// What a texel is, and the VkFormat that the image must have.
pub type neuvol_texel = i32;
/// VK_FORMAT_R32_SFLOAT: the value.
pub const NEUVOL_TEXEL_R32F: neuvol_texel = 1;
/// VK_FORMAT_R16_SFLOAT: the value, rounded.
pub const NEUVOL_TEXEL_R16F: neuvol_texel = 2;
/// VK_FORMAT_R8_UNORM: the value in its range.
pub const NEUVOL_TEXEL_R8: neuvol_texel = 3;
/// VK_FORMAT_R16_UNORM: the value in its range.
pub const NEUVOL_TEXEL_R16: neuvol_texel = 4;
/// VK_FORMAT_R16G16_SFLOAT: the value, and 1 where it is valid, else 0.
pub const NEUVOL_TEXEL_RG16F: neuvol_texel = 5;
/// VK_FORMAT_R16G16B16A16_SFLOAT: the value, and its slope along z, y and x per voxel, for lighting. At the faces of a block
/// the slope is that towards its inside.
pub const NEUVOL_TEXEL_RGBA16F: neuvol_texel = 6;

/// How texels reach a texture.
pub type neuvol_write_path = i32;
/// Stores from a shader: the image has VK_IMAGE_USAGE_STORAGE_BIT; written in the layout GENERAL.
pub const NEUVOL_WRITE_PATH_STORE: neuvol_write_path = 1;
/// Copies from a buffer: the image has VK_IMAGE_USAGE_TRANSFER_DST_BIT; written in the layout TRANSFER_DST_OPTIMAL.
pub const NEUVOL_WRITE_PATH_COPY: neuvol_write_path = 2;

/// A 3D texture of the host, with one mip level, owned by the queue family of the context.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_texture_desc {
    /// sizeof(neuvol_texture_desc).
    pub struct_size: u32,
    /// What a texel is.
    pub texel: neuvol_texel,
    /// How texels reach it.
    pub path: neuvol_write_path,
    /// VkImageLayout in which the host keeps the image: neuvol_context_record() brings it to the layout of the path and back,
    /// with barriers against everything before and behind. 0 = the host has it in the layout of the path at every
    /// neuvol_context_record(), and records the barriers.
    pub layout: i32,
    /// Texels x, y, z.
    pub dims: [u32; 3],
    /// Must be 0.
    pub reserved0: u32,
    /// VkImage.
    pub image: u64,
}

/// value_min and value_max are used instead of the variable's range.
pub const NEUVOL_SUBMIT_VALUE_RANGE: u32 = 1;
/// Decodes into the same texture that still wait are cancelled: for players that go on before all is there.
pub const NEUVOL_SUBMIT_REPLACE: u32 = 2;

/// What to decode into a texture: one box of one variable at one time, level and quality.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_submit_desc {
    /// sizeof(neuvol_submit_desc).
    pub struct_size: u32,
    /// NEUVOL_SUBMIT_*.
    pub flags: u32,
    /// The volume.
    pub volume: neuvol_volume,
    /// The texture; an id of 0 only brings the models to the device.
    pub texture: neuvol_texture,
    /// Number of the variable.
    pub variable: u32,
    /// Level of detail.
    pub level: u32,
    /// Quality layer.
    pub quality: u32,
    /// Arithmetic.
    pub precision: neuvol_precision,
    /// Time in steps, 0 to step_count - 1; a fraction is a time between two steps.
    pub time: f64,
    /// Steps per second in which a player moves: the models of the next second are brought to the device, too. 0 = none.
    pub time_velocity: f64,
    /// First voxel x, y, z of the box, counted in voxels of the level.
    pub box_min: [u32; 3],
    /// One past the last voxel x, y, z.
    pub box_max: [u32; 3],
    /// Texel x, y, z of the first voxel.
    pub texel_min: [u32; 3],
    /// How much it is wanted, from 0 on; larger comes first, and all the longer a block has waited.
    pub priority: f32,
    /// With NEUVOL_SUBMIT_VALUE_RANGE, for R8 and R16: the value that becomes 0. Otherwise 0.
    pub value_min: f32,
    /// With NEUVOL_SUBMIT_VALUE_RANGE, for R8 and R16: the value that becomes 1. Otherwise 0.
    pub value_max: f32,
    /// What voxels get that are not valid; in R8 and R16 textures as it is stored there, 0 to 1.
    pub invalid: f32,
    /// Must be 0.
    pub reserved0: u32,
}

/// What a frame may take.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_budget {
    /// sizeof(neuvol_budget).
    pub struct_size: u32,
    /// Time on the device in µs; 0 = decode nothing for now. 1000 before it is set. At least one block is decoded, however
    /// long it takes.
    pub gpu_us: u32,
    /// Most blocks; 0 = 256.
    pub max_blocks: u32,
    /// Must be 0.
    pub reserved0: u32,
    /// Most bytes of models that a frame copies to the device, but at least one model; 0 = 4 MiB.
    pub max_upload_bytes: u64,
}

/// What a context has done so far.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_context_stats {
    /// sizeof(neuvol_context_stats), set by the caller.
    pub struct_size: u32,
    /// Blocks that wait to be decoded.
    pub blocks_waiting: u32,
    /// Frames with work.
    pub frames: u64,
    /// Frames whose time on the device was measured.
    pub frames_measured: u64,
    /// Frames that took longer on the device than their budget.
    pub frames_overrun: u64,
    /// Frames that did without work because a worker was just handing it over.
    pub frames_missed: u64,
    /// Blocks decoded.
    pub blocks_decoded: u64,
    /// Voxels of them.
    pub voxels_decoded: u64,
    /// Bytes of models that frames copied to the device.
    pub upload_bytes: u64,
    /// Bytes of models on the device.
    pub model_bytes: u64,
    /// Models that were read and parsed.
    pub models_loaded: u64,
    /// Models on the device.
    pub models: u32,
    /// Median of the time on the device of the last 512 frames with work, in µs.
    pub gpu_us_p50: f32,
    /// 99th percentile of them, in µs.
    pub gpu_us_p99: f32,
    /// 0.
    pub reserved0: u32,
}

/// How far a decode into a texture is.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_progress {
    /// sizeof(neuvol_progress), set by the caller.
    pub struct_size: u32,
    /// Blocks that are not recorded yet.
    pub blocks_missing: u32,
    /// Blocks of the box.
    pub blocks: u32,
    /// 0.
    pub reserved0: u32,
    /// The frame in which the last block was recorded; 0 before.
    pub frame: u64,
}

// Sizes in version 0.2, when each of them was new. They never change.
versioned! {
    neuvol_vulkan_desc 80,
    neuvol_texture_desc 40,
    neuvol_submit_desc 112,
    neuvol_budget 24,
    neuvol_context_stats 96,
    neuvol_progress 24,
}
