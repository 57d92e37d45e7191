//! The Neuvol container format: a checked reader and an atomic writer of `.neuvol` files.
//!
//! The format itself is described in `SPEC.md` beside this crate; section numbers in the comments are its.
//!
//! - [`Reader`] opens bytes (a memory map, a `Vec`) and gives out what they hold. Every number is checked before it is
//!   used: no bytes, however hostile, make it panic or allocate more than their length and the limits justify.
//! - [`Plan`] describes a file to be written; [`write_file`] writes it so that a reader sees the whole file or none.
//!
//! Axes stand in the order `[z, y, x]`, arrays have x fastest.
//!
//! ```
//! use neuvol_format::{
//!     BlockKey, EntryPlan, MaskRef, Meta, Plan, Reader, Segment, VariableMeta, VariablePlan, codec, write_to,
//! };
//!
//! // One block that is 2.5 everywhere.
//! let entry = EntryPlan {
//!     codec: codec::CONSTANT,
//!     output: 0,
//!     blob: None,
//!     prefix: None,
//!     min: 2.5,
//!     max: 2.5,
//!     max_abs_error: 0.0,
//!     rmse: 0.0,
//!     network: None,
//!     mask: MaskRef::AllValid,
//! };
//! let variable = VariablePlan {
//!     dims: [1, 5, 7],
//!     block_dims: [8, 8, 8],
//!     steps: 1,
//!     n_levels: 1,
//!     n_stored_levels: 1,
//!     n_qualities: 1,
//!     has_time: false,
//!     segments: vec![Segment { first: 0, steps: 1 }],
//!     min: 2.5,
//!     max: 2.5,
//!     valid: 35,
//!     max_abs_error: 0.0,
//!     rmse: 0.0,
//!     entries: vec![entry],
//! };
//! let description = VariableMeta { name: "t".to_owned(), ..VariableMeta::default() };
//! let meta = Meta { variables: vec![description], ..Meta::default() };
//! let plan = Plan { meta, variables: vec![variable], ..Plan::default() };
//!
//! let mut file = std::io::Cursor::new(Vec::new());
//! write_to(&mut file, &plan, &mut |_, _| unreachable!("the plan has no payloads"))?;
//!
//! let reader = Reader::new(file.into_inner())?;
//! let entry = reader.entry(BlockKey { variable: 0, quality: 0, level: 0, segment: 0, block: 0 })?;
//! assert_eq!((reader.meta().variables[0].name.as_str(), entry.min), ("t", 2.5));
//! # Ok::<(), neuvol_format::Error>(())
//! ```

#![forbid(unsafe_code)]

mod attribute;
mod block_grid;
mod check;
mod compress;
mod coordinate;
mod entry;
mod error;
mod front;
mod header;
mod image;
mod layout;
pub mod limits;
mod mask;
mod meta;
mod network;
mod payload_area;
mod plan;
mod reader;
mod record;
mod variable;
mod writer;

pub use attribute::{Attribute, AttributeValue};
pub use block_grid::BlockGrid;
pub use check::Check;
pub use coordinate::Coordinate;
pub use entry::{BlockKey, Entry, MaskRef};
pub use error::Error;
pub use header::{Header, Section};
pub use mask::{BlockMask, Mask};
pub use meta::{Meta, VariableMeta};
pub use network::Network;
pub use plan::{Blob, EntryPlan, MaskPlan, NetworkPlan, Plan, VariablePlan};
pub use reader::Reader;
pub use variable::{Segment, Variable};
pub use writer::{Written, write_file, write_to};

/// The major version this crate reads and writes. Files of another major are rejected.
pub const MAJOR: u16 = 1;

/// The minor version this crate writes. Files of every minor of [`MAJOR`] are read.
pub const MINOR: u16 = 3;

/// Numbers of the codecs (SPEC section 11), as in [`Entry::codec`].
pub mod codec {
    /// Every value is the entry's `min`; no payload.
    pub const CONSTANT: u16 = 1;
    /// The values themselves, perhaps quantised and compressed.
    pub const RAW: u16 = 2;
    /// Multi-resolution grid and MLP.
    pub const GRID: u16 = 3;
    /// Wavelet latents and a convolutional head.
    pub const WAVELET: u16 = 4;
    /// A core and a matrix per axis.
    pub const MATRICES: u16 = 5;

    /// The name of a codec, or `None` for a number this version does not know.
    ///
    /// ```
    /// assert_eq!(neuvol_format::codec::name(neuvol_format::codec::GRID), Some("grid"));
    /// ```
    #[must_use]
    pub fn name(id: u16) -> Option<&'static str> {
        match id {
            CONSTANT => Some("constant"),
            RAW => Some("raw"),
            GRID => Some("grid"),
            WAVELET => Some("wavelet"),
            MATRICES => Some("matrices"),
            _ => None,
        }
    }
}

/// Numbers of the kinds of shared networks (SPEC section 10), as in [`Network::kind`].
pub mod network_kind {
    /// The MLP part of a grid network (codec 3).
    pub const MLP: u16 = 1;
    /// The convolutional head of wavelet latents (codec 4).
    pub const HEAD: u16 = 2;
}

/// The CRC-32C (Castagnoli) of some bytes, as the format uses it everywhere.
///
/// ```
/// assert_eq!(neuvol_format::crc(b"123456789"), 0xE306_9283);
/// ```
#[must_use]
pub fn crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}
