//! Why a run ended without a result.

use super::{JournalError, Layout, Unit, block::EncodeError};
use crate::{metrics::CompareError, source::SourceError, train::TrainError};
use std::path::PathBuf;

/// Why nothing was written. The output file is untouched then; finished blocks stay in the journal.
#[derive(Debug, thiserror::Error)]
pub enum CompressError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An option does not fit the source.
    #[error("{0}")]
    Argument(String),
    /// Training failed.
    #[error("{variable}, steps from {step}, block {block}: {source}")]
    Train {
        /// Variable.
        variable: String,
        /// First time step of the segment.
        step: u32,
        /// Block number.
        block: u32,
        /// Reason.
        source: TrainError,
    },
    /// A block that was just written cannot be read back: a bug.
    #[error("{variable}, steps from {step}, block {block}: the encoded block does not decode: {source}")]
    ReadBack {
        /// Variable.
        variable: String,
        /// First time step of the segment.
        step: u32,
        /// Block number.
        block: u32,
        /// Reason.
        source: neuvol_model::Error,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The output cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// Reason.
        source: neuvol_format::Error,
    },
    /// The user interrupted the run; it can be continued.
    #[error("interrupted; run the same command again to continue ({} blocks are kept in {})", kept, journal.display())]
    Interrupted {
        /// Units kept.
        kept: u64,
        /// Where.
        journal: PathBuf,
    },
    /// The file that was written to be measured cannot be compared with the source.
    #[error("cannot measure what was written: {0}")]
    Check(#[from] CompareError),
    /// The threads could not be started.
    #[error("cannot start the training threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl CompressError {
    /// Interrupted; the caller knows what is kept.
    pub(super) fn stopped() -> Self {
        Self::Interrupted { kept: 0, journal: PathBuf::new() }
    }
}

/// Says which unit failed.
pub(super) fn unit_error(layout: &Layout, unit: Unit, error: EncodeError) -> CompressError {
    let variables = &layout.groups[unit.group as usize];
    let name = |&v: &usize| layout.variables[v].name.as_str();
    let variable = variables.iter().map(name).collect::<Vec<_>>().join(", ");
    let (step, block) = (layout.segment(unit).first, unit.block);
    match error {
        EncodeError::Train(TrainError::Interrupted) => CompressError::stopped(),
        EncodeError::Train(source) => CompressError::Train { variable, step, block, source },
        EncodeError::ReadBack(source) => CompressError::ReadBack { variable, step, block, source },
    }
}
