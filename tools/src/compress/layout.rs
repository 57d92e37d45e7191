//! Which variables, cut into which blocks, trained with how many steps.

use super::{Codec, CompressError, CompressOptions, Unit, scan::Scan};
use crate::{
    source::{Source, SourceVariable},
    train::{ENTROPY_SHARE, Sampling, TrainOptions},
};
use neuvol_format::{BlockGrid, Segment};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Usual block edge in voxels.
const BLOCK: u32 = 64;
/// Most voxels of a block of wavelet latents: some milliseconds to decode.
const LARGE_BLOCK: u64 = 1 << 20;
/// Ways to cut an axis that are looked at: 256 voxels or fewer down to an eighth of that.
const MOST_PARTS: usize = 24;
/// A network of n steps is trained with n^this times the optimiser steps of a network of one.
const STEPS_EXPONENT: f64 = 0.5;

/// The variables of a run and their blocks.
pub struct Layout {
    /// In the order of the output file.
    pub variables: Vec<LayoutVariable>,
    /// Variables (numbers in `variables`) that are outputs of one network; every variable is in one group.
    pub groups: Vec<Vec<usize>>,
}

/// One variable and its blocks.
#[derive(Clone)]
pub struct LayoutVariable {
    /// Name.
    pub name: String,
    /// Number in the source.
    pub source_index: usize,
    /// Grid and blocks.
    pub grid: BlockGrid,
    /// Time steps, at least 1.
    pub steps: u32,
    /// Whether the source has a time axis.
    pub has_time: bool,
    /// Steps that share a network; they follow each other and cover all steps.
    pub segments: Vec<Segment>,
}

impl LayoutVariable {
    /// Levels of detail: until the longest axis is a few voxels.
    pub(super) fn n_levels(&self) -> u8 {
        let longest = self.grid.dims.iter().copied().max().unwrap_or(1);
        (longest.max(1).ilog2() + 1).min(4) as u8
    }

    /// Blocks times segments.
    pub(super) fn units(&self) -> u64 {
        u64::from(self.grid.n_blocks()) * self.segments.len() as u64
    }
}

/// A unit and the optimiser steps that it gets.
pub(super) struct PlannedUnit {
    /// Which block and step.
    pub unit: Unit,
    /// Optimiser steps.
    pub steps: u32,
}

impl Layout {
    /// Chooses the variables and their blocks. `segments` cuts the steps of a variable of the source.
    pub fn new(
        source: &dyn Source,
        options: &CompressOptions,
        segments: &dyn Fn(usize, &SourceVariable) -> Vec<Segment>,
    ) -> Result<Self, CompressError> {
        let all = source.variables();
        let mut layout = Self { variables: Vec::new(), groups: Vec::new() };
        let alone: Vec<Vec<String>> = if options.variables.is_empty() && options.joint.is_empty() {
            match all {
                [only] => vec![vec![only.name.clone()]],
                _ => {
                    return Err(CompressError::Argument(format!(
                        "--var: {} has {} variables, choose among: {}",
                        source.path().display(),
                        all.len(),
                        list(all)
                    )));
                }
            }
        } else {
            options.variables.iter().map(|name| vec![name.clone()]).collect()
        };
        for names in alone.iter().chain(&options.joint) {
            let mut group = Vec::new();
            for name in names {
                let index = find(source, name)?;
                if layout.variables.iter().any(|known| known.source_index == index) {
                    return Err(CompressError::Argument(format!("--var: {name} is named twice")));
                }
                let variable = &all[index];
                let block = options.block.unwrap_or_else(|| match options.codec {
                    Codec::Grid => variable.dims.map(|n| BLOCK.min(n.next_multiple_of(8))),
                    Codec::Wavelet { .. } => large_blocks(variable.dims),
                });
                group.push(layout.variables.len());
                layout.variables.push(LayoutVariable {
                    name: variable.name.clone(),
                    source_index: index,
                    grid: BlockGrid { dims: variable.dims, block_dims: block },
                    steps: variable.steps,
                    has_time: variable.has_time,
                    segments: segments(index, variable),
                });
            }
            layout.check_group(&group)?;
            layout.groups.push(group);
        }
        Ok(layout)
    }

    /// The same with other segments; `segments` gets the number of a variable in the source.
    pub(super) fn with_segments(&self, segments: &dyn Fn(usize) -> Vec<Segment>) -> Self {
        let variable = |v: &LayoutVariable| LayoutVariable { segments: segments(v.source_index), ..v.clone() };
        Self { variables: self.variables.iter().map(variable).collect(), groups: self.groups.clone() }
    }

    fn check_group(&self, group: &[usize]) -> Result<(), CompressError> {
        let most = usize::from(neuvol_model::MAX_OUTPUTS);
        if group.len() > most {
            return Err(CompressError::Argument(format!(
                "--vars: {} names, at most {most} fit one model",
                group.len()
            )));
        }
        let first = &self.variables[group[0]];
        for other in group.iter().map(|&variable| &self.variables[variable]) {
            if (other.grid, other.steps) != (first.grid, first.steps) {
                return Err(CompressError::Argument(format!(
                    "--vars: {} has {:?} voxels and {} steps, {} has {:?} and {}; only variables on the same grid and steps \
                     can share a model (use --var for the others)",
                    other.name, other.grid.dims, other.steps, first.name, first.grid.dims, first.steps
                )));
            }
        }
        Ok(())
    }

    /// The steps of a unit.
    pub fn segment(&self, unit: Unit) -> Segment {
        let variable = self.groups[unit.group as usize][0];
        self.variables[variable].segments[unit.segment as usize]
    }

    /// Group of a variable, and its place in it.
    pub fn place(&self, variable: usize) -> (u32, usize) {
        let mut places = self.groups.iter().enumerate().filter_map(|(group, variables)| {
            variables.iter().position(|&other| other == variable).map(|at| (group as u32, at))
        });
        places.next().unwrap_or_default()
    }

    /// Everything that the result depends on, for the journal: another value means another run. `inputs` name the files.
    pub fn identity(&self, inputs: &serde_json::Value, options: &CompressOptions) -> String {
        #[derive(Serialize)]
        struct Identity<'a> {
            tool: &'static str,
            inputs: &'a serde_json::Value,
            variables: Vec<serde_json::Value>,
            groups: &'a [Vec<usize>],
            train: &'a TrainOptions,
            codec: &'a Codec,
            levels: Option<u8>,
        }
        let steps = |v: &LayoutVariable| v.segments.iter().map(|segment| segment.steps).collect::<Vec<_>>();
        let variable = |v: &LayoutVariable| serde_json::json!([v.name, v.grid.dims, v.grid.block_dims, steps(v)]);
        let identity = Identity {
            tool: env!("CARGO_PKG_VERSION"),
            inputs,
            variables: self.variables.iter().map(variable).collect(),
            groups: &self.groups,
            train: &options.train,
            codec: &options.codec,
            levels: options.levels,
        };
        serde_json::json!(identity).to_string()
    }

    /// All units, segment by segment, with their share of the optimiser steps: in proportion to the entropy of the block
    /// (`Sampling::Entropy`) or the same for all, and to a root of the number of steps that share a network.
    pub(super) fn units(&self, scans: &[Scan], train: &TrainOptions) -> Vec<PlannedUnit> {
        let mut units = Vec::new();
        for (group, variables) in self.groups.iter().enumerate() {
            let first = &self.variables[variables[0]];
            let entropies = || variables.iter().flat_map(|&variable| &scans[variable].entropies);
            let mean = entropies().map(|&e| f64::from(e)).sum::<f64>() / entropies().count().max(1) as f64;
            for (segment, range) in first.segments.iter().enumerate() {
                for block in 0..first.grid.n_blocks() {
                    let mut entropy = 0.0;
                    for &variable in variables {
                        for step in range.first..range.first + range.steps {
                            entropy +=
                                f64::from(scans[variable].entropies[(step * first.grid.n_blocks() + block) as usize]);
                        }
                    }
                    entropy /= variables.len() as f64 * f64::from(range.steps);
                    let share = match train.sampling {
                        Sampling::Entropy if mean > 0.0 => (entropy / mean).clamp(ENTROPY_SHARE.0, ENTROPY_SHARE.1),
                        _ => 1.0,
                    };
                    let together = f64::from(range.steps).powf(STEPS_EXPONENT);
                    let steps = ((f64::from(train.steps) * share * together).round() as u32).max(1);
                    let unit = Unit { group: group as u32, segment: segment as u32, block };
                    units.push(PlannedUnit { unit, steps });
                }
            }
        }
        units
    }

    /// The seed of a unit: unrelated for neighbouring units, the same on every machine.
    pub(super) fn seed(&self, unit: Unit, seed: u64) -> u64 {
        let name = &self.variables[self.groups[unit.group as usize][0]].name;
        let digest = Sha256::digest(format!("{seed}/{name}/{}/{}", self.segment(unit).first, unit.block));
        digest.iter().take(8).fold(0, |n, &byte| n << 8 | u64::from(byte))
    }
}

/// Blocks for wavelet latents: the fewest (borders cost bytes) of at most [`LARGE_BLOCK`] voxels, and of these the most
/// cubic.
fn large_blocks(dims: [u32; 3]) -> [u32; 3] {
    let options =
        |n: u32| (1..=n.div_ceil(8)).map(move |parts| n.div_ceil(parts).next_multiple_of(8)).filter(|&b| b <= 256);
    // Fewer than this many parts of an axis are always enough once the others are single voxels.
    let mut best = ([8; 3], (u64::MAX, u64::MAX));
    for z in options(dims[0]).take(MOST_PARTS) {
        for y in options(dims[1]).take(MOST_PARTS) {
            for x in options(dims[2]).take(MOST_PARTS) {
                let block = [z, y, x];
                let voxels: u64 = block.iter().map(|&n| u64::from(n)).product();
                let count: u64 = dims.iter().zip(block).map(|(&n, b)| u64::from(n.div_ceil(b))).product();
                let surface: u64 = (0..3).map(|a| voxels / u64::from(block[a])).sum();
                if voxels <= LARGE_BLOCK && (count, surface) < best.1 {
                    best = (block, (count, surface));
                }
            }
        }
    }
    best.0
}

/// Segments of `gop` steps; the last may be shorter.
pub(super) fn cut(first: u32, steps: u32, gop: u32) -> impl Iterator<Item = Segment> {
    (0..steps.div_ceil(gop)).map(move |n| Segment { first: first + n * gop, steps: gop.min(steps - n * gop) })
}

fn list(variables: &[SourceVariable]) -> String {
    let list = variables.iter().map(|v| format!("{} {:?}", v.name, v.dims)).collect::<Vec<_>>().join(", ");
    if list.is_empty() { "none".to_owned() } else { list }
}

fn find(source: &dyn Source, name: &str) -> Result<usize, CompressError> {
    let all = source.variables();
    all.iter().position(|v| v.name == *name).ok_or_else(|| {
        let reason = source.skipped().iter().find(|(n, _)| n == name).map_or_else(
            || format!("is not in {}; it has: {}", source.path().display(), list(all)),
            |(_, reason)| format!("cannot be compressed: {reason}"),
        );
        CompressError::Argument(format!("--var: {name} {reason}"))
    })
}
