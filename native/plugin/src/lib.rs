//! The shared library `neuvol` that hosts load: the C interface of `neuvol-capi` and nothing else.

pub use neuvol_capi::*;
