//! Decodes block models on NVIDIA devices, through the CUDA driver alone: no toolkit is needed, and no compiler at run time.
//!
//! [`devices`] looks for the driver and says why there is none; nothing here panics where a library, a symbol or a device is
//! missing. A [`Gpu`] has a context, a stream of low priority and fixed memories of its own; [`Gpu::upload`] puts blocks into
//! device memory and [`Gpu::submit`] decodes boxes of them into linear texels, as `neuvol_plan` has planned it. All of it may
//! be called from any thread, and nothing waits but what says so.
//!
//! Kernels stand in `kernels/`; compiled ones are embedded for each architecture, with PTX for those to come. The oracle
//! `neuvol_model::decode_block_reference` decides what is right.
//!
//! Axes stand in the order z, y, x; arrays have x fastest.

mod binaries;
mod device;
mod driver;
mod error;
mod external;
mod gpu;
mod kernels;
mod memory;
mod submit;

pub use device::{Device, MINIMUM_CAPABILITY, MINIMUM_DRIVER, devices, matching};
pub use error::{Error, Unavailable};
pub use external::{External, Handle};
pub use gpu::{Gpu, Limits, Uploaded};
pub use neuvol_plan::{Later, Mask, Source, Task, Texel, Texels, Validity};
pub use submit::{Destination, Job, Submitted};
