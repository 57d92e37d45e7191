//! What can go wrong when a file is read or written.

use std::io;
use std::path::Path;
use std::sync::Arc;

/// Why a file could not be read or written. Offsets are bytes from the start of the file.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to read or write.
    #[error("{what}: {source}")]
    Io {
        /// What was tried, with the file's name where there is one.
        what: String,
        /// The system's answer.
        source: Arc<io::Error>,
    },
    /// The bytes end too early.
    #[error("truncated: {expected} bytes are needed and {actual} are there; copy or download the file again")]
    Truncated {
        /// Bytes that are needed.
        expected: u64,
        /// Bytes that are there.
        actual: u64,
    },
    /// The bytes break a rule of the format.
    #[error("invalid at byte {offset}: {what}")]
    Invalid {
        /// The broken rule and what stands there instead.
        what: String,
        /// Where it is.
        offset: u64,
    },
    /// The file has another major version.
    #[error(
        "the file has format version {major}.{minor} and this library reads version {supported}: use a library of the \
         file's major version, or write the file again"
    )]
    Version {
        /// Major version of the file.
        major: u16,
        /// Minor version of the file.
        minor: u16,
        /// Major version this library reads.
        supported: u16,
    },
    /// The file uses something that this version does not know.
    #[error("unsupported {what} {id}: the file needs a newer version of this library")]
    Unsupported {
        /// What kind of thing: "codec", "section", "compression", "mask coding", ...
        what: &'static str,
        /// Its number (of a section: its four letters as a little-endian number).
        id: u32,
    },
    /// Bytes differ from those that were written.
    #[error("wrong checksum of {what} at byte {offset}: the file is damaged; copy or download it again")]
    Checksum {
        /// Which part of the file.
        what: &'static str,
        /// Where it begins.
        offset: u64,
    },
    /// A number is beyond the limits of the format.
    #[error("{what}: {value} is more than the limit {limit}")]
    Limit {
        /// What is limited.
        what: &'static str,
        /// What the file says.
        value: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// An argument of a call lies outside what the file has.
    #[error("{what} {value} does not exist: the file has {limit}")]
    OutOfRange {
        /// Name of the argument.
        what: &'static str,
        /// Its value.
        value: u64,
        /// How many there are.
        limit: u64,
    },
    /// A [`Plan`](crate::Plan) contradicts itself or the payloads that were given for it.
    #[error("plan: {what}")]
    Plan {
        /// The contradiction.
        what: String,
    },
}

impl Error {
    pub(crate) fn invalid(offset: u64, what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into(), offset }
    }

    pub(crate) fn plan(what: impl Into<String>) -> Self {
        Self::Plan { what: what.into() }
    }

    pub(crate) fn io(what: impl Into<String>, source: io::Error) -> Self {
        Self::Io { what: what.into(), source: Arc::new(source) }
    }

    pub(crate) fn file(action: &str, path: &Path, source: io::Error) -> Self {
        Self::io(format!("cannot {action} \"{}\"", path.display()), source)
    }
}

/// `Ok` if `value` is at most `limit`.
pub(crate) fn limit(what: &'static str, value: u64, limit: u64) -> Result<(), Error> {
    if value > limit { Err(Error::Limit { what, value, limit }) } else { Ok(()) }
}

/// `Ok` if `value` is below `limit`, the number of things there are.
pub(crate) fn in_range(what: &'static str, value: u64, limit: u64) -> Result<(), Error> {
    if value >= limit { Err(Error::OutOfRange { what, value, limit }) } else { Ok(()) }
}
