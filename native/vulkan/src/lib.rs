//! Decodes block models on a host's Vulkan device, straight into the host's 3D textures.
//!
//! The host (a game engine) owns instance, device, queue, command buffers and textures; this crate loads nothing itself:
//! all functions come through the host's `vkGetInstanceProcAddr`. A [`Gpu`] makes its pipelines and memory once; then
//! [`Gpu::upload`] puts blocks into device memory, on any thread, and [`Gpu::record`] writes the decoding of some of them
//! into a command buffer of the host, without waiting for anything and without submitting anything.
//!
//! Kernels ask for no optional feature of a device. The oracle `neuvol_model::decode_block_reference` decides what is
//! right. Faster ones for jobs that allow less precision are chosen at run time, from the [`Features`] that the host has
//! enabled, and used once [`Gpu::self_test_record`] and [`Gpu::self_test_check`] have found them right.
//!
//! Axes stand in the order z, y, x; arrays have x fastest.

mod error;
mod gpu;
mod job;
mod kernels;
mod memory;
mod model;
mod pass;
mod pipelines;
mod profile;
mod self_test;
mod texture;
mod variants;

pub use error::Error;
pub use gpu::{Gpu, Host, Limits, Uploaded, Validity};
pub use job::Job;
pub use texture::{Texel, Texture, WritePath};
pub use variants::Features;
