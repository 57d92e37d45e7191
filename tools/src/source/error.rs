//! The one error type of all readers.

use std::io;
use std::path::{Path, PathBuf};

/// The formats that [`crate::source::open`] reads, as shown to people.
pub(crate) const FORMATS: &str = "NetCDF (3 and 4), NIfTI-1 (.nii, .nii.gz), NRRD, TIFF stacks, \
     legacy VTK structured points, raw files named NAME_XxYxZ_TYPE.raw, its own models";

/// Why a source file could not be opened or read. Every message names the file and, where there is one, the cure.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file.
    #[error("{}: no such file", path.display())]
    NotFound {
        /// The path asked for.
        path: PathBuf,
    },
    /// The operating system reports an error.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Neither content nor name tell a format that is read here.
    #[error("{}: {reason}; neuvol reads {FORMATS}", path.display())]
    Unrecognised {
        /// The file.
        path: PathBuf,
        /// What was seen instead.
        reason: String,
    },
    /// The file ends before the data it declares.
    #[error("{}: truncated: {what} needs {expected} bytes, only {actual} are there; copy or download it again", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// What is cut off.
        what: String,
        /// Bytes needed.
        expected: u64,
        /// Bytes found.
        actual: u64,
    },
    /// The file contradicts its own format.
    #[error("{}: invalid {format}: {reason}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The format's name.
        format: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
    /// A valid file of a kind that is not read.
    #[error("{}: unsupported {format}: {what}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The format's name.
        format: &'static str,
        /// What is not supported, and what to do about it.
        what: String,
    },
    /// The caller asked for something that the source does not have.
    #[error("{}: argument `{name}`: {message}", path.display())]
    Argument {
        /// The file.
        path: PathBuf,
        /// The argument's name.
        name: &'static str,
        /// What is wrong with it.
        message: String,
    },
}

impl SourceError {
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path: path.to_owned() },
            _ => Self::Io { path: path.to_owned(), error },
        }
    }

    pub(crate) fn unrecognised(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unrecognised { path: path.to_owned(), reason: reason.into() }
    }

    pub(crate) fn truncated(path: &Path, what: impl Into<String>, expected: u64, actual: u64) -> Self {
        Self::Truncated { path: path.to_owned(), what: what.into(), expected, actual }
    }

    pub(crate) fn invalid(path: &Path, format: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { path: path.to_owned(), format, reason: reason.into() }
    }

    pub(crate) fn unsupported(path: &Path, format: &'static str, what: impl Into<String>) -> Self {
        Self::Unsupported { path: path.to_owned(), format, what: what.into() }
    }

    pub(crate) fn argument(path: &Path, name: &'static str, message: impl Into<String>) -> Self {
        Self::Argument { path: path.to_owned(), name, message: message.into() }
    }
}
