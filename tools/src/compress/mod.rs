//! From a source to a `.neuvol` file: scan, train every block and segment of steps, measure what was written, assemble.
//!
//! [`compress`] fits networks to data, one per step (teachers) or per group of steps; [`distill`] merges teachers into
//! students. Memory is bounded by the block, its steps and the number of threads: blocks are read by hyperslab, trained,
//! measured from their serialised bytes, and appended to a journal beside the output. An interrupted run continues from
//! the journal; its result is the same as that of an uninterrupted one.

mod assemble;
mod block;
mod check;
mod clock;
mod distill;
mod error;
mod event;
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
mod progress;
mod residual;
mod run;
mod scan;
mod search;
mod summary;
mod target;

pub use distill::{DistillOptions, distill};
pub use error::CompressError;
pub use event::Event;
pub use gop::Probe;
pub use journal::JournalError;
pub use layout::Layout;
pub use summary::{Stages, Summary, VariableSummary};
pub use target::{Bound, Goals, Target};

use crate::{
    predict::{Log, Predictor},
    source::{Source, Steps, some_steps},
    train::TrainOptions,
    wavelet::Preset,
};
use error::unit_error;
use input::Input;
use run::{Shared, run};
use serde::{Deserialize, Serialize};
use std::{
    path::Path,
    sync::{Arc, Mutex, atomic::AtomicBool},
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
