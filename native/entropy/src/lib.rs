//! The entropy coder of Neuvol: integers (wavelet coefficients, residuals, entries of tables) to bytes and back.
//!
//! The stream format is described in `STREAM.md` beside this crate. Integers only, so that every machine writes and reads
//! the same bits.
//!
//! - A **group** is what is coded together: one array, or the components of a temporal transform, 1..=[`MAX_COMPONENTS`]
//!   arrays `[z][y][x]` (x fastest) of one [`Layout`]. Later components take what is known about the ones before as
//!   context.
//! - A group becomes one byte stream per **resolution level**, coarse to fine: stream 0 is the lowest band, stream k the
//!   bands of the k-th finer level, each with the part of all components. A prefix of the streams decodes a lower
//!   resolution.
//! - Two [`Coder`]s: one is quick, the other takes fewer bytes.
//! - [`residual`] codes sparse corrections of voxels, which guarantee a bound of the error.
//! - [`entries`] codes the quantised tables of grid networks.
//!
//! Streams are hostile: whatever the bytes, decoding ends in coefficients or an [`Error`] and takes a time bounded by the
//! number of coefficients. Besides the result, memory is 1 MB for what was learnt, about 10 bytes per coefficient of one
//! component and 2 bytes per coefficient of the coarser levels of all (more if an axis is very short). There are no
//! checksums: the container has them.
//!
//! A [`BrickDecoder`] hands out the bricks that are not empty instead of filling arrays: where nearly all coefficients are 0,
//! it is two to three times as quick, and it can be used again for the next group.
//!
//! ```
//! use neuvol_entropy::{Coder, Decoder, Layout, decode, encode};
//!
//! let layout = Layout::new([8, 8, 8], 1)?;
//! let mut values = vec![0; layout.len()];
//! (values[0], values[300]) = (12, -3);
//!
//! let streams = encode(Coder::Dense, &layout, &[&values])?;
//! assert_eq!(decode(Coder::Dense, &layout, 1, &streams)?, [values]);
//!
//! // The coarse part alone.
//! let mut decoder = Decoder::new(Coder::Dense, &layout, 1)?;
//! decoder.push(&streams[0])?;
//! assert_eq!((decoder.components()[0][0], layout.region(0)), (12, [4, 4, 4]));
//! # Ok::<(), neuvol_entropy::Error>(())
//! ```

#![forbid(unsafe_code)]

mod around;
mod brick;
mod bricks;
mod codec;
mod coder;
mod dense;
pub mod entries;
mod error;
mod escape;
mod fast;
mod group;
mod layout;
mod lowest;
mod near;
mod parents;
mod plane;
mod range;
pub mod residual;
mod signs;
mod slab;
mod slot;
mod steps;
mod tables;

pub use brick::Brick;
pub use codec::{BrickDecoder, Decoder, decode, encode};
pub use coder::Coder;
pub use error::Error;
pub use layout::{Layout, MAX_AXIS, MAX_LEVELS};

/// Largest magnitude of a coefficient.
pub const MAX_MAGNITUDE: u32 = 1 << 20;

/// Most components of a group.
pub const MAX_COMPONENTS: usize = 32;
