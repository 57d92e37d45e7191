pub use neuvol_capi::*;
