//! The limits of the format (SPEC section 12) and the sizes of its records.

/// First bytes of every file; like PNG's they show damage by text-mode transfers.
pub const MAGIC: [u8; 8] = [0x89, b'N', b'V', b'O', b'L', 0x0D, 0x0A, 0x1A];
/// Alignment of sections, payloads and networks in bytes.
pub const ALIGNMENT: u64 = 64;
/// Length of the header in bytes.
pub const HEADER_LEN: usize = 128;
/// Length of the header of a packed file in bytes.
pub const PACKED_HEADER_LEN: usize = 64;
/// Most bytes of a packed front after unpacking, without the header.
pub const MAX_PACKED_FRONT: usize = 1 << 16;
/// Length of a directory entry in bytes.
pub const SECTION_LEN: usize = 64;
/// Length of a variable's record in `VARS` in bytes.
pub const VARIABLE_LEN: usize = 128;
/// Length of a segment's record in `SEGS` in bytes.
pub const SEGMENT_LEN: usize = 8;
/// Length of an entry in `INDX` in bytes.
pub const ENTRY_LEN: usize = 64;
/// Length of a mask's record in `MASK` in bytes.
pub const MASK_LEN: usize = 64;
/// Length of a network's record in `NETS` in bytes.
pub const NETWORK_LEN: usize = 32;

/// Most sections of a file.
pub const MAX_SECTIONS: u64 = 254;
/// Most bytes of `META` after decompression. JSON in memory may take some thirty times its text.
pub const MAX_META_BYTES: u64 = 16 << 20;
/// Most bytes of `COOR` after decompression.
pub const MAX_COORDINATE_BYTES: u64 = 1 << 30;
/// Most bytes of a mask after decompression.
pub const MAX_MASK_BYTES: u64 = 1 << 28;
/// A compressed section may unfold to this many times its stored length, and [`EXPANSION_SLACK`] more.
pub const MAX_EXPANSION: u64 = 1000;
/// See [`MAX_EXPANSION`]; bytes.
pub const EXPANSION_SLACK: u64 = 64 << 10;
/// Most bytes that one stored byte of a mask can stand for: zstd's blocks unfold to at most 128 KiB and take 4 bytes, and
/// masks coded by context are padded up to it.
pub const MAX_MASK_EXPANSION: u64 = 1 << 15;
/// Most variables of a file.
pub const MAX_VARIABLES: u64 = 1 << 16;
/// Most shared networks of a file.
pub const MAX_NETWORKS: u64 = 1 << 20;
/// Most voxels on an axis.
pub const MAX_AXIS: u32 = 1 << 20;
/// Most voxels of a grid.
pub const MAX_VOXELS: u64 = 1 << 40;
/// Block dims are multiples of this.
pub const BLOCK_AXIS_STEP: u32 = 8;
/// Most voxels of a block on an axis.
pub const MAX_BLOCK_AXIS: u32 = 256;
/// Most voxels of a block.
pub const MAX_BLOCK_VOXELS: u64 = 1 << 21;
/// Most blocks of a variable.
pub const MAX_BLOCKS: u64 = 1 << 31;
/// Most time steps of a variable.
pub const MAX_STEPS: u32 = 1 << 24;
/// Most levels of detail.
pub const MAX_LEVELS: u8 = 4;
/// Most quality layers.
pub const MAX_QUALITIES: u8 = 8;

/// The next multiple of [`ALIGNMENT`] at or after `offset`; `None` beyond `u64`.
pub(crate) fn aligned(offset: u64) -> Option<u64> {
    offset.checked_next_multiple_of(ALIGNMENT)
}
