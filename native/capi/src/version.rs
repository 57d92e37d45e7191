//! Versions.

use crate::result::{Failure, NEUVOL_ERROR_ABI_MISMATCH, Outcome};
use std::ffi::{CStr, c_char};

/// Major version of this interface: changes with every incompatible change.
pub const NEUVOL_ABI_MAJOR: u32 = 0;
/// Minor version of this interface: changes with additions.
pub const NEUVOL_ABI_MINOR: u32 = 2;
/// Both in one number.
pub const NEUVOL_ABI_VERSION: u32 = (NEUVOL_ABI_MAJOR << 16) | NEUVOL_ABI_MINOR;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("the version contains a NUL"),
};

/// The version of the interface that the loaded library has: major in the upper 16 bits, minor in the lower.
///
/// Any thread. A host compares the major number with NEUVOL_ABI_MAJOR before it calls anything else.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_abi_version() -> u32 {
    NEUVOL_ABI_VERSION
}

/// The version of the library, for example "0.1.0".
///
/// Any thread. The text is static, NUL-terminated, and must not be freed.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_version_string() -> *const c_char {
    VERSION.as_ptr()
}

/// Checks the version that a host says it was compiled for.
pub(crate) fn check_abi_version(version: u32) -> Outcome {
    // Version 0.0 never existed: a 0 is a field that was not filled in.
    if version >> 16 != NEUVOL_ABI_MAJOR || version == 0 {
        let message = format!(
            "desc.abi_version: the host was compiled for version {}.{} of the interface, this library has \
             {NEUVOL_ABI_MAJOR}.{NEUVOL_ABI_MINOR}; set it to NEUVOL_ABI_VERSION and use the library of that header",
            version >> 16,
            version & 0xffff
        );
        return Err(Failure::new(NEUVOL_ERROR_ABI_MISMATCH, message));
    }
    Ok(())
}
