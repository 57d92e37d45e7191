//! Models of Neuvol blocks: what the payload of a block says, and a reference decoder ("the oracle") that follows the
//! text of the format (`native/format/SPEC.md`, section 11) point by point.
//!
//! - [`GridNetwork`] (codec 3): parse, serialise and evaluate a multi-resolution grid with an MLP.
//!   [`QuantisedNetwork`] is one whose parameters are integers, as they are stored in fewer bytes.
//! - [`Wavelet`] and [`Head`] (codec 4): parse, serialise and evaluate wavelet latents with a convolutional head.
//! - [`Matrices`] (codec 5): parse, serialise and evaluate a core and a matrix per axis.
//! - [`Raw`] (codec 2): plain values, optionally quantised and compressed.
//! - [`Block`] and [`parse_block`]: the payload behind an index entry, whatever its codec.
//! - [`decode_block_reference`]: every voxel of a block, slowly and obviously. Fast decoders are tested against it.
//!
//! All triples of axes are `[z, y, x]`, voxel arrays have x fastest. Payloads are untrusted: every length is checked
//! before memory is allocated for it, and nothing here panics on any bytes.
#![forbid(unsafe_code)]

mod block;
mod bytes;
mod config;
mod error;
mod head;
mod matrices;
mod network;
mod oracle;
mod raw;
mod wavelet;

pub use block::{Block, check_block_output, check_range, decode_block_reference, parse_block};
pub use config::{
    GridConfig, GridLevel, MAX_FEATURES, MAX_HIDDEN_LAYERS, MAX_LEVELS, MAX_LOG2_CELL, MAX_NEURONS, MAX_OUTPUTS,
    MAX_PARAMETERS, TimeConfig, TimeInterpolation,
};
pub use error::Error;
pub use head::{HEAD_INPUTS, HEAD_KERNEL, Head, MAX_CHANNELS, MAX_HEAD_LAYERS, Tensor};
pub use matrices::{MAX_MATRIX_STEPS, Matrices};
pub use network::{Dense, GridNetwork, QuantisedNetwork, QuantisedTable};
pub use oracle::{map_to_range, time_position};
pub use raw::{MAX_RAW_BYTES, Raw, RawCompression, RawType};
pub use wavelet::{Residual, Wavelet};

/// Number of voxels of an extent `[z, y, x]`; saturates instead of overflowing.
pub fn voxels(extent: [u32; 3]) -> usize {
    extent.iter().fold(1usize, |n, &e| n.saturating_mul(e as usize))
}
