//! Structures and constants of the ABI. Only ever add fields at the end of a structure, and never padding.

#![allow(non_camel_case_types, reason = "names are those of the header")]

use crate::memory::Versioned;

/// An open volume. A number, not an address: after neuvol_volume_close() it names nothing for ever, and using it is
/// NEUVOL_ERROR_INVALID_HANDLE. Handles may be copied freely. An id of 0 names nothing.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct neuvol_volume {
    /// The number.
    pub id: u64,
}

/// As cache_bytes of the open description: keep nothing between two decodes.
pub const NEUVOL_CACHE_NONE: u64 = u64::MAX;

/// How a volume is opened. 0 in an option is the usual choice, as is null instead of the description.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_open_desc {
    /// sizeof(neuvol_open_desc).
    pub struct_size: u32,
    /// NEUVOL_ABI_VERSION of the header that the host was compiled with.
    pub abi_version: u32,
    /// Threads that share the blocks of one decode; 0 = one per core, 1 = the calling thread only, at most 1024.
    pub threads: u32,
    /// Must be 0.
    pub reserved0: u32,
    /// Since 0.2: bytes of memory for blocks that stay prepared from one decode to the next, so that another time step of
    /// a block that was decoded is much cheaper than the first. 0 = 256 MiB, NEUVOL_CACHE_NONE = none. The least recently
    /// used blocks go first, and a block larger than all this is not kept.
    pub cache_bytes: u64,
}

/// What an open file is.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_volume_info {
    /// sizeof(neuvol_volume_info), set by the caller.
    pub struct_size: u32,
    /// Major version of the file's format.
    pub format_major: u32,
    /// Minor version of the file's format.
    pub format_minor: u32,
    /// Number of variables.
    pub variable_count: u32,
    /// Number of coordinates.
    pub coordinate_count: u32,
    /// 0.
    pub reserved0: u32,
    /// Length of the file in bytes.
    pub file_bytes: u64,
    /// SHA-256 of the content as the file states it: names the model, for caches. Not checked at opening.
    pub content_hash: [u8; 32],
}

/// The variable has a time axis.
pub const NEUVOL_VARIABLE_HAS_TIME: u32 = 1;

/// The grid of a variable and what is known of its values.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_variable_info {
    /// sizeof(neuvol_variable_info), set by the caller.
    pub struct_size: u32,
    /// NEUVOL_VARIABLE_HAS_TIME or 0.
    pub flags: u32,
    /// Voxels x, y, z on level 0; level k has dims / 2^k, rounded up.
    pub dims: [u32; 3],
    /// Voxels x, y, z of a block on level 0.
    pub block_dims: [u32; 3],
    /// Blocks x, y, z. Block (bx, by, bz) has the number bx + blocks.x * (by + blocks.y * bz).
    pub block_counts: [u32; 3],
    /// Levels of detail, 1 to 4; level 0 is the finest.
    pub level_count: u32,
    /// Quality layers, 1 to 8; layer 0 is the best.
    pub quality_count: u32,
    /// Time steps, at least 1.
    pub step_count: u32,
    /// Smallest valid value of the source; NaN if it has none.
    pub value_min: f32,
    /// Largest valid value of the source; NaN if it has none.
    pub value_max: f32,
    /// Valid values in the source, all steps together.
    pub valid_count: u64,
    /// Largest absolute error at quality 0, in units of the variable; NaN if it was not measured.
    pub max_abs_error: f32,
    /// Root mean square error at quality 0, in units of the variable; NaN if it was not measured.
    pub rmse: f32,
}

/// Most axes of a coordinate that this interface shows.
pub const NEUVOL_MAX_RANK: usize = 8;

/// The shape of a coordinate.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_coordinate_info {
    /// sizeof(neuvol_coordinate_info), set by the caller.
    pub struct_size: u32,
    /// Number of axes, 0 for a scalar.
    pub rank: u32,
    /// Number of values: the product of the shape.
    pub value_count: u64,
    /// Length of each axis in the order of the file, slowest first; 0 beyond the rank.
    pub shape: [u64; NEUVOL_MAX_RANK],
}

/// Which axis of a variable.
pub type neuvol_axis = i32;
/// The fastest spatial axis.
pub const NEUVOL_AXIS_X: neuvol_axis = 0;
/// The second spatial axis.
pub const NEUVOL_AXIS_Y: neuvol_axis = 1;
/// The slowest spatial axis.
pub const NEUVOL_AXIS_Z: neuvol_axis = 2;
/// Time steps.
pub const NEUVOL_AXIS_TIME: neuvol_axis = 3;

/// Format of decoded voxels. Floats hold physical values, and NaN where a voxel is not valid. Integers spread a range of
/// values over 0 to their maximum (rounded, limited to it), and hold 0 where a voxel is not valid.
pub type neuvol_format = i32;
/// 32-bit floats.
pub const NEUVOL_FORMAT_F32: neuvol_format = 1;
/// 16-bit floats; values beyond +-65504 become infinite.
pub const NEUVOL_FORMAT_F16: neuvol_format = 2;
/// Unsigned 8-bit integers, 0 to 255.
pub const NEUVOL_FORMAT_U8: neuvol_format = 3;
/// Unsigned 16-bit integers, 0 to 65535.
pub const NEUVOL_FORMAT_U16: neuvol_format = 4;

/// Arithmetic of a decode.
pub type neuvol_precision = i32;
/// 32-bit floats: the file's errors are the ones that were measured.
pub const NEUVOL_PRECISION_EXACT: neuvol_precision = 0;
/// The fastest that the CPU (bfloat16 or 8-bit integers) or the graphics device has (16-bit floats, 8-bit integers, matrix units),
/// at some loss of accuracy. Blocks with a guaranteed error are decoded in 32-bit floats all the same on graphics devices.
pub const NEUVOL_PRECISION_FAST: neuvol_precision = 1;

/// value_min and value_max of the decode description are used instead of the variable's range.
pub const NEUVOL_DECODE_VALUE_RANGE: u32 = 1;

/// What to decode: one box of one variable at one time, level and quality.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_decode_desc {
    /// sizeof(neuvol_decode_desc).
    pub struct_size: u32,
    /// NEUVOL_DECODE_VALUE_RANGE or 0.
    pub flags: u32,
    /// Format of the voxels in memory.
    pub format: neuvol_format,
    /// Arithmetic.
    pub precision: neuvol_precision,
    /// Number of the variable.
    pub variable: u32,
    /// Level of detail.
    pub level: u32,
    /// Quality layer.
    pub quality: u32,
    /// Must be 0.
    pub reserved0: u32,
    /// Time in steps, 0 to step_count - 1; a fraction is a time between two steps.
    pub time: f64,
    /// First voxel x, y, z of the box, counted in voxels of the level.
    pub box_min: [u32; 3],
    /// One past the last voxel x, y, z.
    pub box_max: [u32; 3],
    /// Elements from one row (run along x) to the next; 0 = rows without gaps.
    pub row_pitch: u64,
    /// Elements from one z plane to the next; 0 = planes without gaps. Gaps are not written.
    pub slice_pitch: u64,
    /// With NEUVOL_DECODE_VALUE_RANGE, for integers: the value that becomes 0. Otherwise 0.
    pub value_min: f32,
    /// With NEUVOL_DECODE_VALUE_RANGE, for integers: the value that becomes the format's maximum. Otherwise 0.
    pub value_max: f32,
}

/// What a volume has done since it was opened.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct neuvol_volume_stats {
    /// sizeof(neuvol_volume_stats), set by the caller.
    pub struct_size: u32,
    /// 0.
    pub reserved0: u32,
    /// Length of the file in bytes (mapped, not necessarily in memory).
    pub file_bytes: u64,
    /// Blocks decoded.
    pub blocks_decoded: u64,
    /// Voxels written.
    pub voxels_decoded: u64,
    /// Bytes of payloads read. Blocks that were still prepared read none.
    pub payload_bytes: u64,
    /// Wall time spent in decodes, in seconds; calls that ran at once count one by one.
    pub decode_seconds: f64,
    /// Since 0.2: times that a block was found prepared. Blocks of one value and empty ones do not count.
    pub cache_hits: u64,
    /// Since 0.2: times that a block had to be read and prepared.
    pub cache_misses: u64,
    /// Since 0.2: bytes of memory that prepared blocks and masks hold now.
    pub cache_bytes: u64,
}

macro_rules! versioned {
    ($($name:ident $first_size:literal),* $(,)?) => {$(
        // SAFETY: repr(C), begins with struct_size, has only numbers, and has no padding: C compilers say so (-Wpadded)
        // when the tests compile the header.
        unsafe impl Versioned for $name {
            const FIRST_SIZE: usize = $first_size;
        }
        const _: () = assert!(size_of::<$name>() >= $first_size);
    )*};
}
pub(crate) use versioned;

// Sizes in version 0.1, when each of them was new. They never change.
versioned! {
    neuvol_volume_info 64,
    neuvol_variable_info 80,
    neuvol_coordinate_info 80,
    neuvol_decode_desc 88,
    neuvol_volume_stats 48,
    neuvol_open_desc 16,
}
