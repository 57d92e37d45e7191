//! Texels that another API on the same GPU has decoded, such as CUDA, on their way into the host's textures.
//!
//! A host's own images cannot be shared: memory must be allocated for it, and a host has not done that. So the texels go
//! through a buffer of ours on the host's device, which is a [`Ring`] of slots:
//!
//! ```text
//! CUDA kernels --write--> slot of a Ring --copied in a command buffer of the host--> 3D image of the host
//! ```
//!
//! 1. [`Gpu::identity`](crate::Gpu::identity) tells which CUDA device is the host's.
//! 2. [`Gpu::ring`](crate::Gpu::ring) makes the buffer; [`Ring::export`] gives the handle that `cuImportExternalMemory`
//!    takes. One mapping holds all slots.
//! 3. [`Ring::take`] gives a [`Slot`]. Boxes of texels are written to it as [`Texels`](crate::Texels) stand in a buffer.
//! 4. When an event of the other API, or a [`Timeline`], tells that they are written,
//!    [`Gpu::prepare_copies`](crate::Gpu::prepare_copies) makes a [`Packet`](crate::Packet) of them, which is recorded as any
//!    other: it acquires the slots from `VK_QUEUE_FAMILY_EXTERNAL`, copies, and releases them.
//! 5. A slot is free again when the packet was retired and whoever took it has let go of it.
//!
//! Nothing waits: the copies are recorded only once the texels are there, so that no semaphore must be waited for in a
//! submission, which is the host's.
//!
//! A host whose device was made without the extensions gets a [`Gpu::staging_ring`](crate::Gpu::staging_ring): the same
//! with memory of the processor, which CUDA copies to (`cuMemHostRegister`) and the device copies from.

mod copies;
mod functions;
mod handle;
mod identity;
mod ring;
mod timeline;

pub(crate) use copies::Arrivals;
pub use copies::Transfer;
pub use handle::{Exported, ExternalHandle};
pub use identity::Identity;
pub use ring::{Ring, Slot};
pub use timeline::Timeline;
