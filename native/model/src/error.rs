use thiserror::Error;

/// Why a payload could not be read or a model could not be used.
#[derive(Clone, Debug, Error)]
pub enum Error {
    /// The container is damaged or could not be read.
    #[error(transparent)]
    Format(#[from] neuvol_format::Error),
    /// A payload breaks a rule of the format. `offset` counts bytes from the start of the payload.
    #[error("invalid {what} at byte {offset} of the payload: {reason}")]
    Payload {
        /// The field or part that is wrong.
        what: &'static str,
        /// Where it stands in the payload.
        offset: usize,
        /// The rule that it breaks.
        reason: String,
    },
    /// The payload has another length than its header says.
    #[error("{what} has {found} bytes, but its header needs exactly {expected}: the file is damaged")]
    Length {
        /// The payload or network.
        what: &'static str,
        /// Bytes needed.
        expected: u64,
        /// Bytes there.
        found: u64,
    },
    /// The file is valid, but uses something that this version cannot decode.
    #[error("unsupported {what} {id}: a newer version of Neuvol is needed to decode this block")]
    Unsupported {
        /// Kind of the thing, for example "codec".
        what: &'static str,
        /// Its number in the file.
        id: u64,
    },
    /// A size is above a limit of the format.
    #[error("{what} is {value}, above the limit of {limit}")]
    Limit {
        /// What was counted.
        what: &'static str,
        /// Its value.
        value: u64,
        /// The largest one allowed.
        limit: u64,
    },
    /// A caller's argument does not fit the model.
    #[error("argument `{name}`: {message}")]
    Argument {
        /// Name of the argument or field.
        name: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
}

impl Error {
    pub(crate) fn payload(what: &'static str, offset: usize, reason: impl Into<String>) -> Self {
        Error::Payload { what, offset, reason: reason.into() }
    }

    pub(crate) fn argument(name: &'static str, message: impl Into<String>) -> Self {
        Error::Argument { name, message: message.into() }
    }
}
