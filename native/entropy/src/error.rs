use thiserror::Error;

/// Why coefficients could not be coded or a stream could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// A caller's argument breaks a rule of this crate.
    #[error("argument `{name}`: {message}")]
    Argument {
        /// Name of the argument.
        name: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A coefficient is too large to be coded.
    #[error("coefficient {index} of component {component} is {value}, beyond ±{}", crate::MAX_MAGNITUDE)]
    Magnitude {
        /// The component, from 0.
        component: usize,
        /// Where it stands in the array.
        index: usize,
        /// Its value.
        value: i32,
    },
    /// No coder has this number.
    #[error("unsupported coder {id}: a newer version of Neuvol is needed to decode this block")]
    Unsupported {
        /// The number.
        id: u8,
    },
    /// A stream ends before its coefficients do.
    #[error("stream {stream} is truncated: it has {found} bytes, but its coefficients need more")]
    Truncated {
        /// The stream, 0 being the coarsest.
        stream: usize,
        /// Bytes there.
        found: usize,
    },
    /// A stream goes on behind its last coefficient.
    #[error("stream {stream} has {found} bytes, but its coefficients end before: the stream is damaged")]
    Trailing {
        /// The stream, 0 being the coarsest.
        stream: usize,
        /// Bytes there.
        found: usize,
    },
    /// A stream holds something that no encoder writes.
    #[error("stream {stream} is damaged: {reason}")]
    Invalid {
        /// The stream, 0 being the coarsest.
        stream: usize,
        /// The rule that it breaks.
        reason: &'static str,
    },
}

impl Error {
    pub(crate) fn argument(name: &'static str, message: impl Into<String>) -> Self {
        Error::Argument { name, message: message.into() }
    }
}

/// What is wrong with a stream, before it is known which one it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    Truncated,
    Trailing,
    Invalid(&'static str),
}

impl Damage {
    /// The error about the stream of this number, `found` bytes long.
    pub(crate) fn of(self, stream: usize, found: usize) -> Error {
        match self {
            Damage::Truncated => Error::Truncated { stream, found },
            Damage::Trailing => Error::Trailing { stream, found },
            Damage::Invalid(reason) => Error::Invalid { stream, reason },
        }
    }
}
