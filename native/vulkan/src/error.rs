//! What can go wrong.

use ash::vk;

/// An error of the Vulkan backend. The host's device stays as it is; the decoder of the processor can always take over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A call of Vulkan failed: out of memory, device lost, ...
    #[error("{call} failed: {result}")]
    Vulkan {
        /// The function.
        call: &'static str,
        /// Its result.
        result: vk::Result,
    },
    /// The device lacks something, or the host has not enabled it.
    #[error("{what}: {reason}")]
    Unsupported {
        /// What would be needed.
        what: &'static str,
        /// Why it cannot be had, and what to do.
        reason: String,
    },
    /// One of the fixed memories is full. Raise it in [`Limits`](crate::Limits), or let go of models.
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
    /// Memory could not be allocated.
    #[error("device memory: {0}")]
    Memory(#[from] gpu_allocator::AllocationError),
    /// A model that breaks its own rules.
    #[error(transparent)]
    Model(#[from] neuvol_model::Error),
}

impl Error {
    pub(crate) fn argument(name: &'static str, message: impl Into<String>) -> Self {
        Self::Argument { name, message: message.into() }
    }

    /// Whether the device is lost: nothing on it can be used again.
    #[must_use]
    pub fn is_device_lost(&self) -> bool {
        matches!(self, Self::Vulkan { result: vk::Result::ERROR_DEVICE_LOST, .. })
    }
}

impl From<neuvol_plan::Error> for Error {
    fn from(error: neuvol_plan::Error) -> Self {
        match error {
            neuvol_plan::Error::Full { what, needed, free } => Self::Full { what, needed, free },
            neuvol_plan::Error::Model(error) => Self::Model(error),
            neuvol_plan::Error::Argument { name, message } => Self::Argument { name, message },
            // New kinds are arguments that cannot be right, until they have one of their own here.
            other => Self::Argument { name: "plan", message: other.to_string() },
        }
    }
}

/// Names the call behind a result of Vulkan.
pub(crate) trait Named<T> {
    fn named(self, call: &'static str) -> Result<T, Error>;
}

impl<T> Named<T> for Result<T, vk::Result> {
    fn named(self, call: &'static str) -> Result<T, Error> {
        self.map_err(|result| Error::Vulkan { call, result })
    }
}
