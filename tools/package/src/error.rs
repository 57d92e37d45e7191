//! Why a package could not be written or was refused.

use std::path::Path;

/// The message names the file or rule, the cause and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {cause}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// Something given is not what it should be.
    #[error("{0}")]
    Input(String),
    /// Rules that a package breaks, one a line.
    #[error("{what} breaks {} rule{}:\n  {}", .problems.len(), if .problems.len() == 1 { "" } else { "s" }, .problems.join("\n  "))]
    Refused {
        /// The package.
        what: String,
        /// One line for each broken rule.
        problems: Vec<String>,
    },
}

impl Error {
    /// `action` on `path` failed.
    pub(crate) fn file(action: &'static str, path: &Path, cause: &std::io::Error) -> Self {
        Error::File { action, path: path.display().to_string(), cause: cause.to_string() }
    }

    /// Nothing if there are no problems.
    pub(crate) fn refused(what: &str, problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Error::Refused { what: what.into(), problems }) }
    }
}
