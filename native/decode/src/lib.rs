//! Fast CPU decoder of Neuvol block models.
//!
//! A grid network is evaluated lattice-coherently: encoding and first layer, both linear, are *folded* into one grid of
//! pre-activations with cells of 2 voxels ([`Folded`]). What remains per voxel is the mean of 1, 2, 4 or 8 neighbours and
//! the rest of the MLP, on vectors of voxels along x. The cost does not depend on levels, features or hashing, and all
//! times of a segment share the folded grid. Only time gains, which change the first layer's weights, need the grid
//! folded again for each time, from features that were looked up once.
//!
//! Wavelet latents ([`Latents`]) are kept packed, mixed and put together by [`lifting`] plane by plane, and run through
//! their convolutional head while the planes are in cache. A core and its matrices ([`Products`]) are multiplied axis by
//! axis, the last two plane by plane.
//!
//! [`Kernel`] names the instruction sets; [`Kernel::best`] picks one. f32 kernels agree with the reference decoder
//! ([`neuvol_model::decode_block_reference`]) up to rounding. [`Kernel::Bf16`] and [`Kernel::Vnni`] are for networks with
//! two hidden layers or heads, and blocks of at least 4096 voxels; for others, and where samples of the network show less
//! than 60 dB (bf16) or 55 dB (VNNI) against f32, a more exact kernel takes their place: [`Folded::kernel`] and
//! [`Latents::kernel`] tell which.
// Parts of the x86 kernels are portable (their error is judged in plain Rust) and unused elsewhere.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code, unused_assignments, unused_imports, unused_variables))]

mod aligned;
mod bf16_chunk;
mod block;
mod encoding;
mod f32_chunk;
mod folded;
mod kernel;
mod lattice;
pub mod lifting;
mod matrices;
mod mlp;
mod output;
mod packed;
mod rows;
mod scratch;
mod simd;
mod survey;
mod upsample;
mod vnni;
mod wavelet;

pub use block::{Prepared, decode_block};
pub use folded::Folded;
pub use kernel::{Kernel, Precision};
pub use matrices::Products;
pub use scratch::Scratch;
pub use wavelet::Latents;
