//! Result numbers and how errors of the engine become one.

#![allow(non_camel_case_types, reason = "names are those of the header")]

use neuvol_engine::{Error, ErrorKind};
use std::ffi::{CStr, c_char};

/// What a function says about its success: 0 or more is success, less is an error. Numbers are never used again for
/// anything else. A host must take negative numbers that it does not know as errors.
pub type neuvol_result = i32;

/// Success.
pub const NEUVOL_OK: neuvol_result = 0;
/// Since 0.2: nothing is wrong, but it is not finished, or there is nothing to do.
pub const NEUVOL_NOT_READY: neuvol_result = 1;
/// Since 0.2: it was cancelled.
pub const NEUVOL_CANCELLED: neuvol_result = 2;
/// An argument is out of range, contradicts another one, or a reserved field or unknown flag is not 0.
pub const NEUVOL_ERROR_INVALID_ARGUMENT: neuvol_result = -1;
/// A pointer that must not be null is null.
pub const NEUVOL_ERROR_NULL_POINTER: neuvol_result = -2;
/// The struct_size of a structure is not one that any version had.
pub const NEUVOL_ERROR_STRUCT_SIZE: neuvol_result = -3;
/// The host was compiled against a header of another major version.
pub const NEUVOL_ERROR_ABI_MISMATCH: neuvol_result = -4;
/// A bug in the library was caught before it could reach the host. The library can be used on.
pub const NEUVOL_ERROR_PANIC: neuvol_result = -5;
/// The handle names nothing (any more).
pub const NEUVOL_ERROR_INVALID_HANDLE: neuvol_result = -8;
/// The caller's buffer is too small.
pub const NEUVOL_ERROR_BUFFER_TOO_SMALL: neuvol_result = -9;
/// The operating system refused to open or read the file.
pub const NEUVOL_ERROR_IO: neuvol_result = -20;
/// The file is damaged, or no Neuvol file.
pub const NEUVOL_ERROR_FORMAT: neuvol_result = -21;
/// The file has a major version that this library does not read.
pub const NEUVOL_ERROR_FORMAT_VERSION: neuvol_result = -22;
/// A checksum is wrong: the file is damaged.
pub const NEUVOL_ERROR_CHECKSUM: neuvol_result = -23;
/// The file ends too early.
pub const NEUVOL_ERROR_TRUNCATED: neuvol_result = -24;
/// The file uses something that needs a newer library.
pub const NEUVOL_ERROR_UNSUPPORTED: neuvol_result = -30;
/// Since 0.2: the graphics device cannot do it, or the host has not enabled what it takes; the text says what.
pub const NEUVOL_ERROR_NO_VULKAN: neuvol_result = -32;
/// Since 0.2: the graphics device is lost. Destroy the context and make one on the new device.
pub const NEUVOL_ERROR_DEVICE_LOST: neuvol_result = -33;
/// Since 0.2: the memory on the graphics device that the context may use is full.
pub const NEUVOL_ERROR_OUT_OF_MEMORY: neuvol_result = -34;
/// The system could not give what is needed, for example threads.
pub const NEUVOL_ERROR_RESOURCES: neuvol_result = -35;

/// The name of a result, for example "NEUVOL_ERROR_IO"; "NEUVOL_ERROR_UNKNOWN" for a number without a name.
///
/// Any thread. The text is static, NUL-terminated, and must not be freed.
#[unsafe(no_mangle)]
pub extern "C" fn neuvol_result_name(result: neuvol_result) -> *const c_char {
    name(result).as_ptr()
}

fn name(result: neuvol_result) -> &'static CStr {
    match result {
        NEUVOL_OK => c"NEUVOL_OK",
        NEUVOL_NOT_READY => c"NEUVOL_NOT_READY",
        NEUVOL_CANCELLED => c"NEUVOL_CANCELLED",
        NEUVOL_ERROR_NO_VULKAN => c"NEUVOL_ERROR_NO_VULKAN",
        NEUVOL_ERROR_DEVICE_LOST => c"NEUVOL_ERROR_DEVICE_LOST",
        NEUVOL_ERROR_OUT_OF_MEMORY => c"NEUVOL_ERROR_OUT_OF_MEMORY",
        NEUVOL_ERROR_INVALID_ARGUMENT => c"NEUVOL_ERROR_INVALID_ARGUMENT",
        NEUVOL_ERROR_NULL_POINTER => c"NEUVOL_ERROR_NULL_POINTER",
        NEUVOL_ERROR_STRUCT_SIZE => c"NEUVOL_ERROR_STRUCT_SIZE",
        NEUVOL_ERROR_ABI_MISMATCH => c"NEUVOL_ERROR_ABI_MISMATCH",
        NEUVOL_ERROR_PANIC => c"NEUVOL_ERROR_PANIC",
        NEUVOL_ERROR_INVALID_HANDLE => c"NEUVOL_ERROR_INVALID_HANDLE",
        NEUVOL_ERROR_BUFFER_TOO_SMALL => c"NEUVOL_ERROR_BUFFER_TOO_SMALL",
        NEUVOL_ERROR_IO => c"NEUVOL_ERROR_IO",
        NEUVOL_ERROR_FORMAT => c"NEUVOL_ERROR_FORMAT",
        NEUVOL_ERROR_FORMAT_VERSION => c"NEUVOL_ERROR_FORMAT_VERSION",
        NEUVOL_ERROR_CHECKSUM => c"NEUVOL_ERROR_CHECKSUM",
        NEUVOL_ERROR_TRUNCATED => c"NEUVOL_ERROR_TRUNCATED",
        NEUVOL_ERROR_UNSUPPORTED => c"NEUVOL_ERROR_UNSUPPORTED",
        NEUVOL_ERROR_RESOURCES => c"NEUVOL_ERROR_RESOURCES",
        _ => c"NEUVOL_ERROR_UNKNOWN",
    }
}

/// An error on its way to the caller: its number and its text.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: neuvol_result,
    pub(crate) message: String,
}

/// What the body of a function gives.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(code: neuvol_result, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn argument(name: &str, message: impl std::fmt::Display) -> Self {
        Self::new(NEUVOL_ERROR_INVALID_ARGUMENT, format!("{name}: {message}"))
    }

    pub(crate) fn null(name: &str) -> Self {
        Self::new(NEUVOL_ERROR_NULL_POINTER, format!("{name}: is null"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let code = match error.kind() {
            ErrorKind::Io => NEUVOL_ERROR_IO,
            ErrorKind::Format => NEUVOL_ERROR_FORMAT,
            ErrorKind::Version => NEUVOL_ERROR_FORMAT_VERSION,
            ErrorKind::Truncated => NEUVOL_ERROR_TRUNCATED,
            ErrorKind::Checksum => NEUVOL_ERROR_CHECKSUM,
            ErrorKind::Unsupported => NEUVOL_ERROR_UNSUPPORTED,
            ErrorKind::Argument => NEUVOL_ERROR_INVALID_ARGUMENT,
            ErrorKind::TooSmall => NEUVOL_ERROR_BUFFER_TOO_SMALL,
            ErrorKind::Threads => NEUVOL_ERROR_RESOURCES,
            ErrorKind::Vulkan => NEUVOL_ERROR_NO_VULKAN,
            ErrorKind::DeviceMemory => NEUVOL_ERROR_OUT_OF_MEMORY,
            ErrorKind::DeviceLost => NEUVOL_ERROR_DEVICE_LOST,
            ErrorKind::Bug => NEUVOL_ERROR_PANIC,
        };
        Self::new(code, error.to_string())
    }
}
