//! From a source to a `.neuvol` file: scan, train every block and step, measure what was written, assemble.
//!
//! Memory is bounded by the block and the number of threads: blocks are read by hyperslab, trained, measured from their
//! serialised bytes, and appended to a journal beside the output. An interrupted run continues from the journal; its
//! result is the same as that of an uninterrupted one.

mod assemble;
mod block;
mod journal;
mod layout;
mod scan;

pub use journal::JournalError;
pub use layout::Layout;

use crate::{
    source::{Source, SourceError},
    train::{TrainError, TrainOptions},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// What to compress and how.
#[derive(Debug, Clone)]
pub struct CompressOptions {
    /// Names of the variables; empty = the only one of the source.
    pub variables: Vec<String>,
    /// Block extent z, y, x; multiples of 8. `None` = 64 each, less where the grid is smaller.
    pub block: Option<[u32; 3]>,
    /// Network and training.
    pub train: TrainOptions,
    /// Blocks trained at once; 0 = all cores.
    pub threads: usize,
    /// Throw an unfinished run away instead of continuing it.
    pub restart: bool,
}

/// Something to tell the user while a run goes on.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// The source is being read for ranges and entropies.
    Scan {
        /// Blocks read.
        done: u64,
        /// Blocks in all.
        total: u64,
    },
    /// Training begins.
    Start {
        /// Units (blocks × steps) in all.
        total: u64,
        /// Units found finished in the journal.
        resumed: u64,
    },
    /// A unit is finished.
    Progress {
        /// Units finished.
        done: u64,
        /// Units in all.
        total: u64,
        /// Last loss of this unit (mean squared error of normalised values), if it was trained.
        loss: Option<f32>,
        /// PSNR in dB over the variable's range of all units finished so far.
        psnr: f64,
        /// Payload bytes so far.
        bytes: u64,
    },
    /// The file is being written.
    Write,
}

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The file written.
    pub output: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// Bytes of the same values as 32-bit floats, invalid ones included.
    pub raw_bytes: u64,
    /// raw_bytes / bytes.
    pub ratio: f64,
    /// Per variable.
    pub variables: Vec<VariableSummary>,
    /// SHA-256 of the content, hexadecimal.
    pub content_hash: String,
}

/// What came out for one variable; measured on the serialised blocks with the f32 decoder.
#[derive(Debug, Clone, Serialize)]
pub struct VariableSummary {
    /// Name.
    pub name: String,
    /// PSNR in dB over the range of the valid values; infinite for a lossless result.
    pub psnr: f64,
    /// Root mean square error in the variable's units.
    pub rmse: f64,
    /// Largest absolute error in the variable's units.
    pub max_abs_error: f64,
    /// Blocks by codec: constant, raw, grid.
    pub blocks: [u64; 3],
    /// Valid values.
    pub valid: u64,
    /// Median loss (normalised mean squared error) of the trained blocks along training.
    pub losses: Vec<f32>,
}

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
    #[error("{variable}, step {step}, block {block}: {source}")]
    Train {
        /// Variable.
        variable: String,
        /// Time step.
        step: u32,
        /// Block number.
        block: u32,
        /// Reason.
        source: TrainError,
    },
    /// A block that was just written cannot be read back: a bug.
    #[error("{variable}, step {step}, block {block}: the encoded block does not decode: {source}")]
    ReadBack {
        /// Variable.
        variable: String,
        /// Time step.
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
    /// The threads could not be started.
    #[error("cannot start the training threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// One block at one time step of one variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Unit {
    /// Index into the run's variables.
    pub variable: u32,
    /// Time step.
    pub step: u32,
    /// Block number.
    pub block: u32,
}

/// Compresses `source` into `output`. `stop` turning true ends the run at the next chance with
/// [`CompressError::Interrupted`]; `tell` is called from the training threads, one call at a time.
pub fn compress(
    source: Box<dyn Source>,
    output: &Path,
    options: &CompressOptions,
    stop: &AtomicBool,
    tell: &mut (dyn FnMut(Event) + Send),
) -> Result<Summary, CompressError> {
    let layout = Layout::new(source.as_ref(), options)?;
    let mut journal = journal::Journal::open(output, &layout.identity(source.as_ref(), options), options.restart)?;
    let journal_path = journal.path().to_owned();
    let source = Mutex::new(source);
    let interrupted = |kept| CompressError::Interrupted { kept, journal: journal_path.clone() };

    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
    let scans = scan::scan(&source, &layout, stop, tell)?.ok_or_else(|| interrupted(journal.len()))?;
    let plan = layout.units(&scans, &options.train);
    let todo: Vec<_> = plan.iter().filter(|planned| !journal.contains(planned.unit)).collect();
    let total = plan.len() as u64;
    tell(Event::Start { total, resumed: total - todo.len() as u64 });

    let mut progress = Progress::new(&layout, &scans, total);
    for record in journal.records() {
        progress.add(record);
    }
    let shared = Mutex::new((&mut journal, &mut progress, tell));
    let result = pool.install(|| {
        todo.par_iter().with_max_len(1).try_for_each_init(Vec::new, |values, planned| {
            if stop.load(Ordering::Relaxed) {
                return Err(interrupted(0));
            }
            let unit = planned.unit;
            let variable = &layout.variables[unit.variable as usize];
            let (origin, extent) = (variable.origin(unit.block), variable.extent(unit.block));
            let end = std::array::from_fn(|a| origin[a] + extent[a]);
            source.lock().unwrap_or_else(PoisonError::into_inner).read(
                variable.source_index,
                unit.step,
                origin,
                end,
                values,
            )?;
            let scan = &scans[unit.variable as usize];
            let encoded = block::encode(
                values,
                extent,
                (scan.min, scan.max),
                &options.train,
                planned.steps,
                layout.seed(unit, options.train.seed),
                &|| stop.load(Ordering::Relaxed),
            )
            .map_err(|error| match error {
                block::EncodeError::Train(TrainError::Interrupted) => interrupted(0),
                block::EncodeError::Train(source) => {
                    CompressError::Train { variable: variable.name.clone(), step: unit.step, block: unit.block, source }
                }
                block::EncodeError::ReadBack(source) => CompressError::ReadBack {
                    variable: variable.name.clone(),
                    step: unit.step,
                    block: unit.block,
                    source,
                },
            })?;
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let (journal, progress, tell) = &mut *shared;
            let record = journal.append(unit, encoded)?;
            progress.add(record);
            tell(progress.event(record));
            Ok(())
        })
    });
    let (journal, _, tell) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    match result {
        Err(CompressError::Interrupted { .. }) => return Err(interrupted(journal.len())),
        other => other?,
    }
    tell(Event::Write);
    let source = source.into_inner().unwrap_or_else(PoisonError::into_inner);
    let summary = assemble::assemble(source.as_ref(), output, &layout, &scans, options, journal)?;
    journal.remove();
    Ok(summary)
}

/// Running totals for the progress display.
struct Progress {
    done: u64,
    total: u64,
    bytes: u64,
    /// Sum of squared errors relative to the range, and number of values.
    squares: f64,
    values: f64,
    ranges: Vec<f64>,
}

impl Progress {
    fn new(layout: &Layout, scans: &[scan::Scan], total: u64) -> Self {
        let ranges = scans.iter().map(|scan| f64::from(scan.max) - f64::from(scan.min)).collect();
        debug_assert_eq!(layout.variables.len(), scans.len());
        Self { done: 0, total, bytes: 0, squares: 0.0, values: 0.0, ranges }
    }

    fn add(&mut self, record: &journal::Record) {
        self.done += 1;
        self.bytes += u64::from(record.payload_len);
        let range = self.ranges[record.unit.variable as usize];
        if range > 0.0 {
            self.squares += record.sum_squares / (range * range);
        }
        self.values += record.valid as f64;
    }

    fn event(&self, record: &journal::Record) -> Event {
        Event::Progress {
            done: self.done,
            total: self.total,
            loss: record.losses.last().copied(),
            psnr: -10.0 * (self.squares / self.values.max(1.0)).log10(),
            bytes: self.bytes,
        }
    }
}
