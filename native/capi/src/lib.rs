//! The C ABI of Neuvol, version 0.2: every function that hosts (C, C++, C#) call.
//!
//! This crate only converts: C arguments to the engine's types, results to numbers and caller's memory. The header
//! `bindings/include/neuvol.h` is generated from its source. Rules that every function keeps:
//!
//! - Functions give a [`neuvol_result`]; the text of an error is in [`neuvol_last_error`], per thread.
//! - Structures begin with their size; fields are only ever added at the end; reserved fields must be 0.
//! - Handles are numbers: a stale one is an error, never a use after free.
//! - No panic crosses the border: it becomes [`NEUVOL_ERROR_PANIC`].
//! - Axes stand in the order x, y, z (the engine's Rust side uses z, y, x).
//!
//! Each function is written out: the header generator does not see functions that macros make.

mod boundary;
mod memory;

// The modules with parts of the interface, one by one so that they keep the order that the header has.
mod version;

mod result;

mod last_error;

mod log_ring;

mod types;

mod volume;

mod variable;

mod coordinate;

mod decode;

mod gpu_types;

mod context;

mod texture;

mod unity;

#[cfg(feature = "test-hooks")]
mod test_hooks;

pub use context::*;
pub use coordinate::*;
pub use decode::*;
pub use gpu_types::*;
pub use last_error::neuvol_last_error;
pub use log_ring::neuvol_log_drain;
pub use result::*;
#[cfg(feature = "test-hooks")]
pub use test_hooks::*;
pub use texture::*;
pub use types::*;
pub use unity::*;
pub use variable::*;
pub use version::*;
pub use volume::*;
