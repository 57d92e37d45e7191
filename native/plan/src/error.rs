//! What can go wrong before a device is asked.

/// An error of a plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// One of the fixed memories is too small.
    #[error("{what} is full: {needed} bytes are needed, {free} are free; raise the limit or release models")]
    Full {
        /// Which memory.
        what: &'static str,
        /// Bytes that were asked for.
        needed: u64,
        /// Bytes that are left.
        free: u64,
    },
    /// An argument that cannot be right.
    #[error("{name} {message}")]
    Argument {
        /// The argument.
        name: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// A model that breaks its own rules.
    #[error(transparent)]
    Model(#[from] neuvol_model::Error),
}

impl Error {
    pub(crate) fn argument(name: &'static str, message: impl Into<String>) -> Self {
        Self::Argument { name, message: message.into() }
    }
}
