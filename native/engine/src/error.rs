//! Errors of the engine.

use std::path::PathBuf;

/// The result of every fallible function here.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong. The message names the argument or file, the cause, and where possible the cure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be opened or mapped.
    #[error("cannot open {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The file is damaged, or of a kind that this version does not read.
    #[error("{0}")]
    Format(#[from] neuvol_format::Error),
    /// The same of a file with a name.
    #[error("{source}, in {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: neuvol_format::Error,
    },
    /// A block's payload is damaged, or of a kind that this version does not decode.
    #[error("block {block} (variable {variable}, step {step}): {source}")]
    Block {
        /// Variable number.
        variable: u32,
        /// Time step.
        step: u32,
        /// Block number.
        block: u32,
        /// The reason.
        source: neuvol_model::Error,
    },
    /// An argument of the call is out of range.
    #[error("{name}: {message}")]
    Argument {
        /// The argument.
        name: &'static str,
        /// What is wrong with it and what is allowed.
        message: String,
    },
    /// The memory that a decode should fill is too small for the box.
    #[error("{name}: holds {have} values, the box needs {needed}")]
    TooSmall {
        /// The argument.
        name: &'static str,
        /// Elements there.
        have: usize,
        /// Elements needed, with the strides of the target.
        needed: usize,
    },
    /// The graphics device refused something, or lacks it.
    #[error("{0}")]
    Vulkan(neuvol_vulkan::Error),
    /// CUDA refused something, or lacks it.
    #[error("CUDA: {0}")]
    Cuda(neuvol_cuda::Error),
    /// The graphics device is lost: nothing on it can be used any more.
    #[error("the graphics device is lost: destroy the context, make one on the new device, and decode again")]
    DeviceLost,
    /// Something that cannot be.
    #[error("{0}; this is a bug in Neuvol, please report it with the file")]
    Bug(String),
    /// The threads for decoding could not be started.
    #[error("cannot start {threads} decoding threads: {message}; open the volume with fewer")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// The reason.
        message: String,
    },
}

/// Kinds of errors that a caller may want to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The operating system refused to open or read the file.
    Io,
    /// The bytes break a rule of the format.
    Format,
    /// The file has another major version.
    Version,
    /// The bytes end too early.
    Truncated,
    /// Bytes differ from those that were written.
    Checksum,
    /// The file uses something that this version does not know.
    Unsupported,
    /// An argument is out of range.
    Argument,
    /// The caller's memory is too small.
    TooSmall,
    /// Threads could not be started.
    Threads,
    /// The graphics device lacks something, or refused it.
    Vulkan,
    /// The graphics device has no memory left.
    DeviceMemory,
    /// The graphics device is lost.
    DeviceLost,
    /// A bug.
    Bug,
}

impl Error {
    /// What kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } => ErrorKind::Io,
            Self::Format(error) | Self::File { source: error, .. } => format_kind(error),
            Self::Block { source, .. } => match source {
                neuvol_model::Error::Format(error) => format_kind(error),
                neuvol_model::Error::Unsupported { .. } => ErrorKind::Unsupported,
                // The rest is what a payload says about itself: no argument of a caller reaches that far.
                _ => ErrorKind::Format,
            },
            Self::Argument { .. } => ErrorKind::Argument,
            Self::TooSmall { .. } => ErrorKind::TooSmall,
            Self::Threads { .. } => ErrorKind::Threads,
            Self::Vulkan(error) => vulkan_kind(error),
            Self::Cuda(error) => match error {
                neuvol_cuda::Error::Argument { .. } => ErrorKind::Argument,
                neuvol_cuda::Error::Full { .. } => ErrorKind::DeviceMemory,
                neuvol_cuda::Error::Model(_) => ErrorKind::Format,
                _ => ErrorKind::Vulkan,
            },
            Self::DeviceLost => ErrorKind::DeviceLost,
            Self::Bug(_) => ErrorKind::Bug,
        }
    }

    pub(crate) fn argument(name: &'static str, message: impl Into<String>) -> Self {
        Self::Argument { name, message: message.into() }
    }
}

impl Error {
    /// Of a memory of the device that is full: bytes that are needed, and those that are free.
    pub(crate) fn full(&self) -> Option<(u64, u64)> {
        match *self {
            Self::Vulkan(neuvol_vulkan::Error::Full { needed, free, .. })
            | Self::Cuda(neuvol_cuda::Error::Full { needed, free, .. }) => Some((needed, free)),
            _ => None,
        }
    }
}

impl From<neuvol_cuda::Error> for Error {
    fn from(error: neuvol_cuda::Error) -> Self {
        Self::Cuda(error)
    }
}

impl From<neuvol_vulkan::Error> for Error {
    fn from(error: neuvol_vulkan::Error) -> Self {
        if error.is_device_lost() { Self::DeviceLost } else { Self::Vulkan(error) }
    }
}

fn vulkan_kind(error: &neuvol_vulkan::Error) -> ErrorKind {
    use neuvol_vulkan::vk::Result as Vk;
    match error {
        neuvol_vulkan::Error::Argument { .. } => ErrorKind::Argument,
        neuvol_vulkan::Error::Full { .. } | neuvol_vulkan::Error::Memory(_) => ErrorKind::DeviceMemory,
        neuvol_vulkan::Error::Vulkan {
            result: Vk::ERROR_OUT_OF_DEVICE_MEMORY | Vk::ERROR_OUT_OF_HOST_MEMORY, ..
        } => ErrorKind::DeviceMemory,
        neuvol_vulkan::Error::Model(_) => ErrorKind::Format,
        _ => ErrorKind::Vulkan,
    }
}

fn format_kind(error: &neuvol_format::Error) -> ErrorKind {
    match error {
        neuvol_format::Error::Io { .. } => ErrorKind::Io,
        neuvol_format::Error::Truncated { .. } => ErrorKind::Truncated,
        neuvol_format::Error::Version { .. } => ErrorKind::Version,
        neuvol_format::Error::Unsupported { .. } => ErrorKind::Unsupported,
        neuvol_format::Error::Checksum { .. } => ErrorKind::Checksum,
        neuvol_format::Error::OutOfRange { .. } => ErrorKind::Argument,
        _ => ErrorKind::Format,
    }
}
