//! Why a host does not pass.

use std::fmt;
use std::process::ExitCode;

/// A failed run. Scripts tell the two kinds apart by the exit code: a negative check must fail by comparison, not by accident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Texels or a picture are not what they must be (exit code 1).
    Differs(String),
    /// Something else went wrong (exit code 2).
    Broken(String),
}

/// A result of the hosts.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// `action` failed with `error`.
    pub fn broken(action: impl fmt::Display, error: impl fmt::Display) -> Self {
        Self::Broken(format!("{action}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs(text) | Self::Broken(text) => f.write_str(text),
        }
    }
}

/// The last line of a host, and its exit code. To be called when the device is gone, so that what was forgotten on it counts.
pub fn exit(result: Result<()>) -> ExitCode {
    match crate::messages::check().and(result) {
        Ok(()) => {
            println!("PASS");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("FAIL: {failure}");
            ExitCode::from(if matches!(failure, Failure::Differs(_)) { 1 } else { 2 })
        }
    }
}
