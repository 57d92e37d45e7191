//! What a graphics device does to decode block models, before any device is asked: which kernels run over which records, in
//! which order, in what memory. The Vulkan and the CUDA backend carry the same plans out, each with its own kernels.
//!
//! A [`Model`] is a block as kernels read it: words in device memory. A [`Task`] is a box of a block at one time, and what its
//! texels are; [`Batch::new`] makes dispatches of many. All numbers that stand in records are 32-bit words; places are counted
//! in words from the begin of a memory.
//!
//! Axes stand in the order z, y, x; arrays have x fastest.
#![forbid(unsafe_code)]

mod batch;
mod error;
mod kernels;
mod model;
mod pass;
mod task;
mod texel;
mod validity;
mod variants;

pub use batch::{Batch, Dispatch, Limits, Round};
pub use error::Error;
pub use kernels::{GridShape, HeadShape, Kernel};
pub use model::Model;
pub use task::{Later, Source, Task};
pub use texel::{Texel, Texels};
pub use validity::{Mask, Validity};
pub use variants::{Variant, Variants};
