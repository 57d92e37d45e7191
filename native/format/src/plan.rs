//! What a file shall contain: everything but the payloads' bytes.

use crate::entry::MaskRef;
use crate::meta::Meta;
use crate::variable::Segment;

/// A file to be written. Payloads ("blobs") are named by their number, length and CRC; their bytes are asked for while
/// the file is written, so they need not be in memory together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// What the numbers mean. Offsets of the coordinates are into [`Plan::coordinates`].
    pub meta: Meta,
    /// The raw COOR section: the values of all coordinates.
    pub coordinates: Vec<u8>,
    /// The variables, in the order of [`Meta::variables`].
    pub variables: Vec<VariablePlan>,
    /// Networks that several blocks share.
    pub networks: Vec<NetworkPlan>,
    /// Masks; each should stand here once however many blocks use it.
    pub masks: Vec<MaskPlan>,
    /// Payloads of blocks and masks, in the order in which they are written.
    pub blobs: Vec<Blob>,
    /// Whether to pack the front (SPEC section 3.1) where that makes the file smaller: for small files. Files whose front or
    /// length is beyond the limits of packed ones are written plain.
    pub packed: bool,
}

/// One variable to be written; the fields are those of [`Variable`](crate::Variable).
#[derive(Debug, Clone, PartialEq)]
pub struct VariablePlan {
    /// Voxels z, y, x.
    pub dims: [u32; 3],
    /// Voxels z, y, x of a block; multiples of 8.
    pub block_dims: [u32; 3],
    /// Time steps.
    pub steps: u32,
    /// Levels of detail, 1..=4.
    pub n_levels: u8,
    /// Levels with entries of their own.
    pub n_stored_levels: u8,
    /// Quality layers, 1..=8.
    pub n_qualities: u8,
    /// Whether the source has a time axis.
    pub has_time: bool,
    /// Time segments: they follow each other and cover all steps.
    pub segments: Vec<Segment>,
    /// Smallest valid value of the source; NaN if there is none.
    pub min: f32,
    /// Largest valid value of the source; NaN if there is none.
    pub max: f32,
    /// Number of valid values in the source, all steps.
    pub valid: u64,
    /// Largest absolute error at quality 0; NaN if it was not measured.
    pub max_abs_error: f32,
    /// Root mean square error at quality 0; NaN if it was not measured.
    pub rmse: f32,
    /// One per (quality, stored level, segment, block), block fastest.
    pub entries: Vec<EntryPlan>,
}

/// One block to be written; the fields are those of [`Entry`](crate::Entry).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EntryPlan {
    /// How the payload is coded: see [`codec`](crate::codec).
    pub codec: u16,
    /// Which output of a model with several.
    pub output: u8,
    /// Number of the payload in [`Plan::blobs`].
    pub blob: Option<u32>,
    /// The payload is only the first bytes of that blob (a level of detail of codec 4): their length and CRC.
    pub prefix: Option<Blob>,
    /// Lower bound of the decoded valid values.
    pub min: f32,
    /// Upper bound.
    pub max: f32,
    /// Largest absolute error; NaN if it was not measured.
    pub max_abs_error: f32,
    /// Root mean square error; NaN if it was not measured.
    pub rmse: f32,
    /// Number of a network in [`Plan::networks`].
    pub network: Option<u32>,
    /// Which voxels are valid; a stored mask is one of [`Plan::masks`].
    pub mask: MaskRef,
}

/// A shared network to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkPlan {
    /// What the bytes are: see [`network_kind`](crate::network_kind).
    pub kind: u16,
    /// The network.
    pub bytes: Vec<u8>,
}

/// A mask to be written. Its blob is what [`Mask::encode`](crate::Mask::encode) gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskPlan {
    /// Number of its bytes in [`Plan::blobs`].
    pub blob: u32,
    /// Voxels z, y, x.
    pub extent: [u32; 3],
    /// 1, or the steps of the segments that use it.
    pub steps: u32,
    /// Number of valid voxels, all steps together.
    pub valid: u64,
}

/// The bytes of one payload, or the first of them; not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Blob {
    /// Length in bytes.
    pub len: u32,
    /// CRC of the bytes: see [`crc`](crate::crc()).
    pub crc: u32,
}
