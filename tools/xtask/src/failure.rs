//! Why a command did not succeed, and the exit code that says so.

use std::fmt;
use std::path::Path;

/// A failed command. The message names the thing that failed, the cause and the cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Something ran and failed (exit code 1).
    Failed(String),
    /// The command line was not understood (exit code 2).
    Usage(String),
    /// The machine lacks something that could not be installed (exit code 3).
    Missing(String),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Failure::Failed(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Missing(_) => 3,
        }
    }

    /// `action` on `path` failed with `error`.
    pub(crate) fn io(action: &str, path: &Path, error: &std::io::Error) -> Self {
        Failure::Failed(format!("cannot {action} {}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Failed(message) | Failure::Usage(message) | Failure::Missing(message) => f.write_str(message),
        }
    }
}
