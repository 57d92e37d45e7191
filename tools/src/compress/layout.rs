//! Which variables, cut into which blocks, trained with how many steps.

use super::{CompressError, CompressOptions, Unit, scan::Scan};
use crate::{
    source::Source,
    train::{Sampling, TrainOptions},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Usual block edge in voxels.
const BLOCK: u32 = 64;
/// A block of very low or high entropy gets at least and at most this share of the steps of an average one.
const STEPS_SHARE: (f64, f64) = (0.25, 2.0);

/// The variables of a run and their blocks.
pub struct Layout {
    /// In the order of the output file.
    pub variables: Vec<LayoutVariable>,
}

/// One variable and its blocks.
pub struct LayoutVariable {
    /// Name.
    pub name: String,
    /// Number in the source.
    pub source_index: usize,
    /// Grid z, y, x.
    pub dims: [u32; 3],
    /// Block extent z, y, x.
    pub block: [u32; 3],
    /// Time steps, at least 1.
    pub steps: u32,
    /// Whether the source has a time axis.
    pub has_time: bool,
}

/// A unit and the optimiser steps that it gets.
pub(super) struct PlannedUnit {
    /// Which block and step.
    pub unit: Unit,
    /// Optimiser steps.
    pub steps: u32,
}

impl LayoutVariable {
    fn blocks(&self) -> [u32; 3] {
        std::array::from_fn(|a| self.dims[a].div_ceil(self.block[a]))
    }

    /// Blocks of one step.
    pub fn n_blocks(&self) -> u32 {
        self.blocks().iter().product()
    }

    /// First voxel z, y, x of a block.
    pub fn origin(&self, block: u32) -> [u32; 3] {
        let [_, ny, nx] = self.blocks();
        let at = [block / (ny * nx), block / nx % ny, block % nx];
        std::array::from_fn(|a| at[a] * self.block[a])
    }

    /// Extent z, y, x of a block, cut at the edge of the grid.
    pub fn extent(&self, block: u32) -> [u32; 3] {
        let origin = self.origin(block);
        std::array::from_fn(|a| self.block[a].min(self.dims[a] - origin[a]))
    }
}

impl Layout {
    /// Chooses the variables and their blocks.
    pub fn new(source: &dyn Source, options: &CompressOptions) -> Result<Self, CompressError> {
        let all = source.variables();
        let names = || {
            let list = all.iter().map(|v| format!("{} {:?}", v.name, v.dims)).collect::<Vec<_>>().join(", ");
            if list.is_empty() { "none".to_owned() } else { list }
        };
        let chosen: Vec<usize> = if options.variables.is_empty() {
            match all.len() {
                1 => vec![0],
                _ => {
                    return Err(CompressError::Argument(format!(
                        "--var: {} has {} variables, choose among: {}",
                        source.path().display(),
                        all.len(),
                        names()
                    )));
                }
            }
        } else {
            let mut chosen = Vec::new();
            for name in &options.variables {
                let index = all.iter().position(|v| v.name == *name).ok_or_else(|| {
                    let reason = source.skipped().iter().find(|(n, _)| n == name).map_or_else(
                        || format!("is not in {}; it has: {}", source.path().display(), names()),
                        |(_, reason)| format!("cannot be compressed: {reason}"),
                    );
                    CompressError::Argument(format!("--var: {name} {reason}"))
                })?;
                if chosen.contains(&index) {
                    return Err(CompressError::Argument(format!("--var: {name} is named twice")));
                }
                chosen.push(index);
            }
            chosen
        };
        let variables = chosen
            .into_iter()
            .map(|index| {
                let variable = &all[index];
                let block = match options.block {
                    Some(block) => block,
                    None => variable.dims.map(|n| BLOCK.min(n.next_multiple_of(8))),
                };
                LayoutVariable {
                    name: variable.name.clone(),
                    source_index: index,
                    dims: variable.dims,
                    block,
                    steps: variable.steps,
                    has_time: variable.has_time,
                }
            })
            .collect();
        Ok(Self { variables })
    }

    /// Everything that the result depends on, for the journal: another value means another run.
    pub fn identity(&self, source: &dyn Source, options: &CompressOptions) -> String {
        #[derive(Serialize)]
        struct Identity<'a> {
            tool: &'static str,
            source: String,
            source_bytes: Option<u64>,
            source_modified: Option<u128>,
            variables: Vec<(&'a str, [u32; 3], [u32; 3], u32)>,
            train: &'a TrainOptions,
        }
        let metadata = std::fs::metadata(source.path()).ok();
        let identity = Identity {
            tool: env!("CARGO_PKG_VERSION"),
            source: source.path().display().to_string(),
            source_bytes: metadata.as_ref().map(std::fs::Metadata::len),
            source_modified: metadata
                .and_then(|m| m.modified().ok())
                .and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok())
                .map(|d| d.as_nanos()),
            variables: self.variables.iter().map(|v| (v.name.as_str(), v.dims, v.block, v.steps)).collect(),
            train: &options.train,
        };
        serde_json::json!(identity).to_string()
    }

    /// All units, step by step, with their share of the optimiser steps: in proportion to the block's entropy
    /// (`Sampling::Entropy`) or the same for all.
    pub(super) fn units(&self, scans: &[Scan], train: &TrainOptions) -> Vec<PlannedUnit> {
        let mut units = Vec::new();
        for (index, (variable, scan)) in self.variables.iter().zip(scans).enumerate() {
            let mean = scan.entropies.iter().map(|&e| f64::from(e)).sum::<f64>() / scan.entropies.len().max(1) as f64;
            for step in 0..variable.steps {
                for block in 0..variable.n_blocks() {
                    let entropy = f64::from(scan.entropies[(step * variable.n_blocks() + block) as usize]);
                    let share = match train.sampling {
                        Sampling::Entropy if mean > 0.0 => (entropy / mean).clamp(STEPS_SHARE.0, STEPS_SHARE.1),
                        _ => 1.0,
                    };
                    let steps = ((f64::from(train.steps) * share).round() as u32).max(1);
                    units.push(PlannedUnit { unit: Unit { variable: index as u32, step, block }, steps });
                }
            }
        }
        units
    }

    /// The seed of a unit: unrelated for neighbouring units, the same on every machine.
    pub(super) fn seed(&self, unit: Unit, seed: u64) -> u64 {
        let name = &self.variables[unit.variable as usize].name;
        let digest = Sha256::digest(format!("{seed}/{name}/{}/{}", unit.step, unit.block));
        digest.iter().take(8).fold(0, |n, &byte| n << 8 | u64::from(byte))
    }
}
