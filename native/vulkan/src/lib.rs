//! Decodes block models on a host's Vulkan device, straight into the host's 3D textures.
//!
//! The host (a game engine) owns instance, device, queue, command buffers and textures; this crate loads nothing itself:
//! all functions come through the host's `vkGetInstanceProcAddr`. A [`Gpu`] makes its pipelines and memory once; then
//! [`Gpu::upload`] puts blocks into device memory and [`Gpu::prepare`] puts the decoding of some of them together, both on any
//! thread, and [`Gpu::record`] writes that into a command buffer of the host: it waits for nothing, allocates nothing and
//! submits nothing.
//!
//! Where another API on the same GPU decodes, [`Gpu::ring`] is how its texels come here, and [`Gpu::prepare_copies`] brings
//! them into the textures.
//!
//! Kernels ask for no optional feature of a device. The oracle `neuvol_model::decode_block_reference` decides what is
//! right. Faster ones for jobs that allow less precision are chosen at run time, from the [`Features`] that the host has
//! enabled, and used once a [`SelfTest`] has found them right.
//!
//! Axes stand in the order z, y, x; arrays have x fastest.

mod buffer;
mod error;
mod external;
mod gpu;
mod job;
mod kernels;
mod memories;
mod packet;
mod pipelines;
mod self_test;
mod texture;
mod timing;
mod variants;

pub use ash::vk;
pub use error::Error;
pub use external::{Exported, ExternalHandle, Identity, Ring, Slot, Timeline, Transfer};
pub use gpu::{Gpu, Host, Limits, Uploaded};
pub use job::{Job, Later};
pub use neuvol_plan::{Texel, Texels, Validity};
pub use packet::Packet;
pub use self_test::SelfTest;
pub use texture::{Texture, WritePath, format};
pub use variants::Features;
