//! Versions.

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
