//! From a source to a `.neuvol` file: scan, train every block and segment of steps, measure what was written, assemble.
//!
//! [`compress`] fits networks to data, one per step (teachers) or per group of steps; [`distill`] merges teachers into
//! students. Memory is bounded by the block, its steps and the number of threads: blocks are read by hyperslab, trained,
//! measured from their serialised bytes, and appended to a journal beside the output. An interrupted run continues from
//! the journal; its result is the same as that of an uninterrupted one.

mod assemble;
mod block;
mod check;
mod distill;
mod foresight;
mod gop;
mod input;
mod journal;
mod latents;
mod layout;
mod levels;
mod plan;
mod planner;
mod points;
mod residual;
mod scan;
mod search;
mod target;

pub use distill::{DistillOptions, distill};
pub use gop::Probe;
pub use journal::JournalError;
pub use layout::Layout;
pub use target::{Bound, Goals, Target};

use crate::{
    predict::{Log, Predictor},
    source::{Source, SourceError, Steps, some_steps},
    train::{TrainError, TrainOptions},
    wavelet::{self, Effort, Preset},
};
use input::Input;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// What to compress and how.
#[derive(Debug, Clone)]
pub struct CompressOptions {
    /// Names of the variables that get models of their own; empty here and in `joint` = the only one of the source.
    pub variables: Vec<String>,
    /// Names of variables that are outputs of one model each: shared encoding, shared layers.
    pub joint: Vec<Vec<String>>,
    /// Block extent z, y, x; multiples of 8. `None` = 64 each, less where the grid is smaller.
    pub block: Option<[u32; 3]>,
    /// How blocks are coded.
    pub codec: Codec,
    /// Levels of detail that can be read by themselves, 1..=4; `None` = those whose index entries are few bytes beside the
    /// payloads. Grid networks have one.
    pub levels: Option<u8>,
    /// Network and training of grid networks; the seed is for all.
    pub train: TrainOptions,
    /// Steps that share a network (group of steps), at least 1; `None` = chosen by measured rate and distortion.
    pub gop: Option<u32>,
    /// Which steps of the source are taken; for [`compress`] only.
    pub steps: Steps,
    /// Blocks trained at once; 0 = all cores.
    pub threads: usize,
    /// Throw an unfinished run away instead of continuing it.
    pub restart: bool,
    /// Where the search of wavelet models begins; `None` = as the built-in predictor says. Another one takes other ways to
    /// the same targets.
    pub predictor: Option<Arc<Predictor>>,
    /// Where to log what was tried.
    pub probe_log: Option<Arc<Log>>,
}

/// How blocks are coded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// Wavelet latents with a jointly trained head (codec 4).
    Wavelet {
        /// Work that is done.
        preset: Preset,
        /// What it has to reach.
        #[serde(flatten)]
        goals: Goals,
    },
    /// A multi-resolution grid with an MLP per block (codec 3).
    Grid,
}

impl Codec {
    /// Quality levels.
    pub(crate) fn n_qualities(&self) -> usize {
        match self {
            Self::Wavelet { goals, .. } => goals.targets.len(),
            Self::Grid => 1,
        }
    }
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
    /// Groups of steps are being tried.
    Probing {
        /// Trainings finished.
        done: u64,
        /// Trainings in all.
        total: u64,
    },
    /// What a group of steps gave.
    Probe(Probe),
    /// Latents and a head were made for a target, and measured.
    Attempt {
        /// The quantiser's step in the unit of the values.
        step: f64,
        /// PSNR in dB over the variable's range (of the blocks that were tried).
        psnr: f64,
        /// Bytes of payloads and head, as if all blocks were like those.
        bytes: u64,
        /// Whether the target is reached.
        reached: bool,
    },
    /// Training begins.
    Start {
        /// Units (blocks × segments of steps × groups of variables) in all.
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
        /// PSNR in dB over the variable's range of all units finished so far, against what they were fitted to.
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
    /// Where the time went.
    pub stages: Stages,
}

/// Elapsed seconds of the stages of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Stages {
    /// Reading the source for ranges and entropies, and choosing a group of steps.
    pub scan: f64,
    /// Making the models that blocks share, and the blocks that this takes: all, if there are few.
    pub models: f64,
    /// Making the blocks (the other blocks).
    pub blocks: f64,
    /// Measuring whether all blocks together reach the targets.
    pub check: f64,
    /// Writing the file.
    pub write: f64,
}

/// What came out for one variable; measured on the serialised blocks with the f32 decoder.
#[derive(Debug, Clone, Serialize)]
pub struct VariableSummary {
    /// Name.
    pub name: String,
    /// Steps that share a network.
    pub gop: u32,
    /// Whether the errors were measured against the source. If not (models merged without their data) the errors are upper
    /// bounds and the PSNR is a lower one.
    pub measured: bool,
    /// PSNR in dB over the range of the valid values; infinite for a lossless result.
    pub psnr: f64,
    /// Root mean square error in the variable's units.
    pub rmse: f64,
    /// Largest absolute error in the variable's units.
    pub max_abs_error: f64,
    /// PSNR in dB against what the networks were fitted to: the data, the teachers, or a mixture of both.
    pub fitted_psnr: f64,
    /// PSNR in dB of the steps of older students against what these gave before they were merged again; infinite if
    /// nothing was forgotten, none without such steps.
    pub forgetting_psnr: Option<f64>,
    /// Blocks by codec: constant, raw, grid or wavelet.
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
    Check(#[from] crate::metrics::CompareError),
    /// The threads could not be started.
    #[error("cannot start the training threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// One block in one segment of steps of one group of variables: one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Unit {
    /// Index into the run's groups.
    pub group: u32,
    /// Segment of the group's variables.
    pub segment: u32,
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
    let inputs = serde_json::json!({ "file": distill::file_identity(source.path()), "steps": options.steps });
    let source = some_steps(source, options.steps)?;
    let variables = source.variables().to_vec();
    let plain = Layout::new(source.as_ref(), options, &|_, v| layout::cut(0, v.steps, 1).collect())?;
    let layout = |gop: u32| plain.with_segments(&|index| layout::cut(0, variables[index].steps, gop.max(1)).collect());
    run(&Input::Data(Mutex::new(source)), &layout, &inputs, output, options, stop, tell)
}

/// Trains all units that the journal does not have, and writes the file. `layout(gop)` cuts the steps into groups.
fn run(
    input: &Input,
    layout: &(dyn Fn(u32) -> Layout + Sync),
    inputs: &serde_json::Value,
    output: &Path,
    options: &CompressOptions,
    stop: &AtomicBool,
    tell: &mut (dyn FnMut(Event) + Send),
) -> Result<Summary, CompressError> {
    let identity = |gop: u32| layout(gop).identity(inputs, options);
    // A run that has chosen its group of steps goes on with it.
    let steps = layout(1).variables.iter().map(|v| v.steps).max().unwrap_or(1);
    let mut gop = options.gop;
    if gop.is_none() && !options.restart {
        for candidate in gop::candidates(steps) {
            if journal::Journal::belongs(output, &identity(candidate)) {
                gop = Some(candidate);
            }
        }
    }
    let mut journal = match gop {
        Some(gop) => Some(journal::Journal::open(output, &identity(gop), options.restart)?),
        None => None,
    };
    let journal_path = journal::path(output);
    let interrupted = |kept| CompressError::Interrupted { kept, journal: journal_path.clone() };
    let kept = journal.as_ref().map_or(0, journal::Journal::len);

    let mut stages = Stages::default();
    let mut since = Instant::now();
    let mut lap = |stage: &mut f64| {
        let now = Instant::now();
        *stage += (now - since).as_secs_f64();
        since = now;
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build()?;
    let scans = scan::scan(input, &layout(1), stop, tell)?.ok_or_else(|| interrupted(kept))?;
    let gop = match gop {
        Some(gop) => gop,
        None => {
            pool.install(|| gop::choose(input, layout, &scans, options, stop, tell))?.ok_or_else(|| interrupted(0))?
        }
    };
    let layout = &layout(gop);
    let journal = match &mut journal {
        Some(journal) => journal,
        none => none.insert(journal::Journal::open(output, &layout.identity(inputs, options), options.restart)?),
    };
    let plan = layout.units(&scans, &options.train);
    let shared = Shared { input, layout, scans: &scans, options, stop };
    lap(&mut stages.scan);
    loop {
        let result = pool.install(|| {
            shared.prepare(journal, &plan, tell)?;
            lap(&mut stages.models);
            shared.units(journal, &plan, tell)
        });
        lap(&mut stages.blocks);
        match result {
            Err(CompressError::Interrupted { .. }) => return Err(interrupted(journal.len())),
            other => other?,
        }
        let hold = shared.targets_hold(journal, output, gop);
        lap(&mut stages.check);
        match hold {
            Err(CompressError::Interrupted { .. }) => return Err(interrupted(journal.len())),
            Ok(true) => break,
            other => other?,
        };
    }
    tell(Event::Write);
    let mut summary = input.with_source(|source| {
        assemble::assemble(source, output, layout, &scans, options, (gop, input.is_measured()), journal)
    })?;
    journal.remove();
    lap(&mut stages.write);
    summary.stages = stages;
    Ok(summary)
}

/// What all units of a run share.
struct Shared<'a> {
    input: &'a Input,
    layout: &'a Layout,
    scans: &'a [scan::Scan],
    options: &'a CompressOptions,
    stop: &'a AtomicBool,
}

impl Shared<'_> {
    /// Makes the models that blocks share, unless the journal has them.
    fn prepare(
        &self,
        journal: &mut journal::Journal,
        plan: &[layout::PlannedUnit],
        tell: &mut (dyn FnMut(Event) + Send),
    ) -> Result<(), CompressError> {
        let Codec::Wavelet { preset, goals } = &self.options.codec else { return Ok(()) };
        if journal.plan().is_some() {
            return Ok(());
        }
        let Self { input, layout, scans, options, stop } = *self;
        let effort = &preset.effort();
        let planner = planner::Planner { input, layout, scans, options, effort, goals, stop };
        let n = layout.variables.len();
        let mut made = plan::Plan { models: vec![Vec::new(); n], n_stored_levels: vec![1; n], attempt: 0 };
        let mut finished = Vec::new();
        let targets = goals.targets.len() as u64;
        for (group, variables) in layout.groups.iter().enumerate() {
            let group = planner.group(group as u32, plan, tell)?;
            for (models, &variable) in group.models.iter().zip(variables) {
                made.models[variable] = models.iter().map(plan::StoredModel::new).collect();
                let most = layout.variables[variable].n_levels();
                let entries = targets * layout.variables[variable].units();
                let chosen = options.levels.unwrap_or_else(|| levels::worthwhile(most, group.bytes, entries));
                made.n_stored_levels[variable] = chosen.min(most);
            }
            finished.extend(group.finished);
        }
        if finished.len() == plan.len() {
            // All blocks took part in the search: there is nothing to gain from encoding them again.
            made.attempt = plan::ADJUSTMENTS;
        }
        let n_stored = made.n_stored_levels.clone();
        journal.set_plan(made)?;
        for (unit, wanted, mut encoded) in finished {
            let n_stored = n_stored[layout.groups[unit.group as usize][0]];
            levels::add(&wanted, &mut encoded, n_stored).map_err(|error| unit_error(layout, unit, error))?;
            journal.append(unit, encoded)?;
        }
        Ok(())
    }

    /// Makes all units that the journal does not have.
    fn units(
        &self,
        journal: &mut journal::Journal,
        plan: &[layout::PlannedUnit],
        tell: &mut (dyn FnMut(Event) + Send),
    ) -> Result<(), CompressError> {
        let todo: Vec<_> = plan.iter().filter(|planned| !journal.contains(planned.unit)).collect();
        let total = plan.len() as u64;
        tell(Event::Start { total, resumed: total - todo.len() as u64 });
        let mut progress = Progress::new(self.layout, self.scans, total);
        for record in journal.records() {
            progress.add(record);
        }
        let shared_models = match (&self.options.codec, journal.plan()) {
            (Codec::Wavelet { preset, goals }, Some(plan)) => {
                Some((preset.effort(), goals, plan.load(), plan.n_stored_levels.clone()))
            }
            _ => None,
        };
        let shared = Mutex::new((journal, &mut progress, tell));
        todo.par_iter().with_max_len(1).try_for_each(|planned| {
            if self.stop.load(Ordering::Relaxed) {
                return Err(CompressError::stopped());
            }
            let encoded = match (self.input.copy(self.layout, planned.unit)?, &shared_models) {
                (Some(copied), _) => copied,
                (None, Some((effort, goals, models, n_stored))) => {
                    self.latents(planned.unit, effort, goals, models, n_stored)?
                }
                (None, None) => encode(self.input, self.layout, self.scans, planned, self.options, self.stop)?,
            };
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let (journal, progress, tell) = &mut *shared;
            let record = journal.append(planned.unit, encoded)?;
            progress.add(record);
            tell(progress.event(record));
            Ok(())
        })
    }

    /// One unit as wavelet latents, all qualities.
    fn latents(
        &self,
        unit: Unit,
        effort: &Effort,
        goals: &Goals,
        models: &[Vec<wavelet::Model>],
        n_stored: &[u8],
    ) -> Result<block::Encoded, CompressError> {
        let mut wanted = self.input.wanted(self.layout, unit, self.layout.seed(unit, self.options.train.seed))?;
        wanted.about = planner::about(self.layout, unit.group, self.scans, goals);
        let job = latents::Job::new(wanted, effort.n_levels);
        let mut parts = Vec::new();
        for (quality, target) in goals.targets.iter().enumerate() {
            for (output, &variable) in self.layout.groups[unit.group as usize].iter().enumerate() {
                let model = &models[variable][quality];
                let bound = target.bound(&self.scans[variable]);
                let stop = || self.stop.load(Ordering::Relaxed);
                let encode = || {
                    let fit = |piece| wavelet::fit(piece, model, effort, &stop);
                    let latents =
                        job.pieces[output].as_ref().map(fit).transpose().map_err(block::EncodeError::Train)?;
                    job.encode(output, model, bound, latents.as_ref(), effort)
                };
                parts.push(encode().map_err(|error| unit_error(self.layout, unit, error))?);
            }
        }
        let mut encoded = plan::merge(parts);
        let n_stored = n_stored[self.layout.groups[unit.group as usize][0]];
        levels::add(&job.wanted, &mut encoded, n_stored).map_err(|error| unit_error(self.layout, unit, error))?;
        Ok(encoded)
    }

    /// Whether all blocks together reach the targets. If not, the journal has a better plan and no blocks afterwards.
    fn targets_hold(&self, journal: &mut journal::Journal, output: &Path, gop: u32) -> Result<bool, CompressError> {
        let (Codec::Wavelet { goals, .. }, Some(plan)) = (&self.options.codec, journal.plan()) else {
            return Ok(true);
        };
        let ssim = if goals.targets.iter().any(|target| matches!(target, Target::Ssim(_))) {
            check::whole_ssim(self, gop, journal, output)?
        } else {
            Vec::new()
        };
        match plan.improved(goals, self.layout, self.scans, journal, &ssim)? {
            None => Ok(true),
            Some(better) => {
                journal.set_plan(better)?;
                Ok(false)
            }
        }
    }
}

/// Makes one unit of grid networks.
fn encode(
    input: &Input,
    layout: &Layout,
    scans: &[scan::Scan],
    planned: &layout::PlannedUnit,
    options: &CompressOptions,
    stop: &AtomicBool,
) -> Result<block::Encoded, CompressError> {
    let unit = planned.unit;
    let seed = layout.seed(unit, options.train.seed);
    let wanted = input.wanted(layout, unit, seed)?;
    let variables = &layout.groups[unit.group as usize];
    let ranges: Vec<(f32, f32)> = variables.iter().map(|&v| (scans[v].min, scans[v].max)).collect();
    block::encode(&wanted, &ranges, &options.train, planned.steps, seed, &|| stop.load(Ordering::Relaxed))
        .map_err(|error| unit_error(layout, unit, error))
}

/// Says which unit failed.
fn unit_error(layout: &Layout, unit: Unit, error: block::EncodeError) -> CompressError {
    let variables = &layout.groups[unit.group as usize];
    let name = |&v: &usize| layout.variables[v].name.as_str();
    let variable = variables.iter().map(name).collect::<Vec<_>>().join(", ");
    let (step, block) = (layout.segment(unit).first, unit.block);
    match error {
        block::EncodeError::Train(TrainError::Interrupted) => CompressError::stopped(),
        block::EncodeError::Train(source) => CompressError::Train { variable, step, block, source },
        block::EncodeError::ReadBack(source) => CompressError::ReadBack { variable, step, block, source },
    }
}

impl CompressError {
    /// Interrupted; the caller knows what is kept.
    fn stopped() -> Self {
        Self::Interrupted { kept: 0, journal: PathBuf::new() }
    }
}

/// Running totals for the progress display.
struct Progress {
    done: u64,
    total: u64,
    bytes: u64,
    /// Sum of squared errors relative to the range, and number of values.
    squares: f64,
    values: f64,
    /// Range of every variable, by group.
    ranges: Vec<Vec<f64>>,
}

impl Progress {
    fn new(layout: &Layout, scans: &[scan::Scan], total: u64) -> Self {
        let range = |&v: &usize| f64::from(scans[v].max) - f64::from(scans[v].min);
        let ranges = layout.groups.iter().map(|group| group.iter().map(range).collect()).collect();
        Self { done: 0, total, bytes: 0, squares: 0.0, values: 0.0, ranges }
    }

    fn add(&mut self, record: &journal::Record) {
        self.done += 1;
        self.bytes += record.bytes();
        for (output, range) in record.outputs.iter().zip(&self.ranges[record.unit.group as usize]) {
            if *range > 0.0 {
                self.squares += output.fitted_squares / (range * range);
            }
            self.values += output.valid as f64;
        }
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
