//! What can go wrong.

use cudarc::driver::sys::CUresult;

/// Why CUDA cannot be used. Another backend can always take over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// The driver's library is not there.
    #[error("no NVIDIA driver: libcuda.so.1 (nvcuda.dll on Windows) was not found")]
    NoLibrary,
    /// The library lacks a function.
    #[error(
        "the NVIDIA driver has no function {symbol}: it is older than release 525 (CUDA 12.0), or not NVIDIA's; update it"
    )]
    NoSymbol {
        /// The function.
        symbol: &'static str,
    },
    /// The driver is too old for the kernels.
    #[error("the NVIDIA driver is of CUDA {}.{}, at least 12.0 (release 525) is needed: update it", version / 1000, version % 1000 / 10)]
    DriverTooOld {
        /// As `cuDriverGetVersion` has it: 1000 major + 10 minor.
        version: i32,
    },
    /// The driver does not start.
    #[error("the NVIDIA driver does not start: {call} gave {code}")]
    NotStarted {
        /// The function.
        call: &'static str,
        /// Its result.
        code: String,
    },
    /// There is a driver, but no device.
    #[error("the NVIDIA driver finds no device")]
    NoDevice,
    /// None of the devices is the one that the host draws on.
    #[error("no CUDA device is the graphics device of the host (UUID {uuid}): {found} others were found")]
    NoMatch {
        /// Of the host's device, in hexadecimal digits.
        uuid: String,
        /// CUDA devices.
        found: usize,
    },
    /// The device is older than any kernel.
    #[error("{name} has compute capability {}.{}, at least {}.{} is needed", capability.0, capability.1,
        crate::MINIMUM_CAPABILITY.0, crate::MINIMUM_CAPABILITY.1)]
    DeviceTooOld {
        /// Of the device.
        name: String,
        /// Of the device.
        capability: (u32, u32),
    },
    /// The driver refuses the kernels.
    #[error("the driver refuses the kernels for {name}: {code}")]
    NoKernels {
        /// Of the device.
        name: String,
        /// What the driver said.
        code: String,
    },
}

/// An error of the CUDA backend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// CUDA cannot be used at all.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A call of the driver failed.
    #[error("{call} failed: {}", crate::driver::name(*result))]
    Cuda {
        /// The function.
        call: &'static str,
        /// Its result.
        result: CUresult,
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
    /// A model that breaks its own rules.
    #[error(transparent)]
    Model(#[from] neuvol_model::Error),
}

impl Error {
    pub(crate) fn argument(name: &'static str, message: impl Into<String>) -> Self {
        Self::Argument { name, message: message.into() }
    }

    /// Whether the context is of no use any more: everything in it is lost, and a new [`Gpu`](crate::Gpu) may help.
    #[must_use]
    pub fn is_device_lost(&self) -> bool {
        use CUresult::{
            CUDA_ERROR_CONTEXT_IS_DESTROYED, CUDA_ERROR_DEINITIALIZED, CUDA_ERROR_ECC_UNCORRECTABLE,
            CUDA_ERROR_HARDWARE_STACK_ERROR, CUDA_ERROR_ILLEGAL_ADDRESS, CUDA_ERROR_ILLEGAL_INSTRUCTION,
            CUDA_ERROR_INVALID_PC, CUDA_ERROR_LAUNCH_FAILED, CUDA_ERROR_LAUNCH_TIMEOUT, CUDA_ERROR_MISALIGNED_ADDRESS,
            CUDA_ERROR_UNKNOWN,
        };
        let lost = [
            CUDA_ERROR_CONTEXT_IS_DESTROYED,
            CUDA_ERROR_DEINITIALIZED,
            CUDA_ERROR_ECC_UNCORRECTABLE,
            CUDA_ERROR_HARDWARE_STACK_ERROR,
            CUDA_ERROR_ILLEGAL_ADDRESS,
            CUDA_ERROR_ILLEGAL_INSTRUCTION,
            CUDA_ERROR_INVALID_PC,
            CUDA_ERROR_LAUNCH_FAILED,
            CUDA_ERROR_LAUNCH_TIMEOUT,
            CUDA_ERROR_MISALIGNED_ADDRESS,
            CUDA_ERROR_UNKNOWN,
        ];
        matches!(self, Self::Cuda { result, .. } if lost.contains(result))
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
