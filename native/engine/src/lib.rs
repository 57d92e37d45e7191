//! Opens `.neuvol` files and decodes boxes of them into host memory, or with a [`Context`] into textures of a graphics device.
//!
//! A [`Volume`] is one open file. It is `Send + Sync`: any number of threads may ask it for data at once. Nothing of the
//! file is read before it is needed; a decode touches only the payloads of the blocks that it overlaps, and its memory
//! is bounded by the block (and the number of threads), not by the volume. On top of that, blocks that were decoded stay
//! prepared for the next call within a budget (see [`OpenOptions`]).
//!
//! Axes stand in the order z, y, x; arrays have x fastest.

mod budget;
mod bytes;
mod cache;
mod context;
mod decode;
mod describe;
mod error;
mod handles;
mod level;
mod request;
mod target;
mod volume;

pub use budget::{FramePlan, FrameStats, Planner, Waiting};
pub use bytes::Bytes;
pub use context::{
    Backend, BackendKind, Budget, Context, ContextOptions, ContextStats, Frame, TextureDesc, TextureRequest,
    TicketStatus, Written,
};
pub use describe::{Axis, units};
pub use error::{Error, ErrorKind, Result};
pub use handles::{Handles, Lease};
pub use level::halve;
pub use neuvol_decode::{Kernel, Precision};
pub use neuvol_vulkan as vulkan;
pub use request::{Request, Stats};
pub use target::{Target, TargetData};
pub use volume::{DEFAULT_CACHE_BYTES, OpenOptions, Volume, VolumeStats};
