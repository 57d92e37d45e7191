//! Makes the models of the variables of a run: reads a sample of blocks and searches a model for each target ([`Search`]).

use super::{
    CompressError, CompressOptions, Event, Goals, Layout, Unit,
    block::{About, Encoded, Wanted},
    clock::Clock,
    input::Input,
    latents::Job,
    layout::PlannedUnit,
    plan::merge,
    scan::Scan,
    search::{Search, measured},
    target::Target,
};
use crate::wavelet::{Effort, Model};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Everything that planning needs.
pub(super) struct Planner<'a> {
    pub(super) input: &'a Input,
    pub(super) layout: &'a Layout,
    pub(super) scans: &'a [Scan],
    pub(super) options: &'a CompressOptions,
    pub(super) effort: &'a Effort,
    pub(super) goals: &'a Goals,
    pub(super) stop: &'a AtomicBool,
    pub(super) clock: &'a Clock,
}

/// What planning a group of variables gives.
pub(super) struct Made {
    /// `[variable of the group][quality]`
    pub(super) models: Vec<Vec<Model>>,
    /// The blocks of the sample as they were coded under the models, if they are all blocks.
    pub(super) finished: Vec<(Unit, Wanted, Encoded)>,
    /// Bytes of all payloads and heads, as if all blocks were like those of the sample.
    pub(super) bytes: f64,
}

/// Blocks that models are made with.
pub(super) struct Sample {
    pub(super) units: Vec<Unit>,
    pub(super) jobs: Vec<Job>,
    /// All values of the variable over those of the sample.
    pub(super) share: f64,
}

impl Planner<'_> {
    /// Makes the models of a group of variables, and encodes the blocks of its sample if these are all blocks.
    pub(super) fn group(
        &self,
        group: u32,
        plan: &[PlannedUnit],
        tell: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Made, CompressError> {
        let sample = self.clock.transform.time(|| self.sample(group, plan))?;
        let variables = &self.layout.groups[group as usize];
        let mut models: Vec<Vec<Model>> = vec![Vec::new(); variables.len()];
        let mut bytes = 0.0;
        let mut parts: Vec<Vec<Encoded>> = sample.units.iter().map(|_| Vec::new()).collect();
        for &target in &self.goals.targets {
            for (output, models) in models.iter_mut().enumerate() {
                let start = models.last().cloned();
                let search = Search::new(self, &sample, group, output, target);
                let (model, encoded) = search.run(start.as_ref(), tell)?;
                bytes += measured(&encoded, &model, sample.share).bytes;
                models.push(model);
                parts.iter_mut().zip(encoded).for_each(|(parts, encoded)| parts.push(encoded));
            }
        }
        let finished = if sample.share > 1.0 {
            Vec::new()
        } else {
            let wanted = sample.jobs.into_iter().map(|job| job.wanted);
            let made = wanted.zip(parts.into_iter().map(merge));
            sample.units.into_iter().zip(made).map(|(unit, (wanted, encoded))| (unit, wanted, encoded)).collect()
        };
        Ok(Made { models, finished, bytes })
    }

    /// Reads blocks spread over the entropies until there are enough voxels.
    fn sample(&self, group: u32, plan: &[PlannedUnit]) -> Result<Sample, CompressError> {
        let mut units: Vec<(Unit, u32)> =
            plan.iter().filter(|planned| planned.unit.group == group).map(|p| (p.unit, p.steps)).collect();
        let variable = &self.layout.variables[self.layout.groups[group as usize][0]];
        let size = |unit: Unit| {
            neuvol_model::voxels(variable.grid.extent(unit.block, 0)) * self.layout.segment(unit).steps as usize
        };
        let total: usize = units.iter().map(|&(unit, _)| size(unit)).sum();
        let mut taken = total;
        if total > self.effort.sample {
            // Optimiser steps are shared out by entropy, so their order is that of the entropies.
            units.sort_by_key(|&(unit, steps)| (steps, unit.segment, unit.block));
            let every = (total as f64 / self.effort.sample as f64).max(1.0);
            let mut next = every / 2.0;
            let mut chosen = Vec::new();
            taken = 0;
            for (number, &unit) in units.iter().enumerate() {
                if number as f64 >= next.floor() {
                    next += every;
                    taken += size(unit.0);
                    chosen.push(unit);
                }
            }
            if chosen.is_empty() {
                chosen.push(units[units.len() / 2]);
                taken = size(chosen[0].0);
            }
            units = chosen;
        }
        let jobs = units
            .par_iter()
            .map(|&(unit, _)| {
                self.check_stop()?;
                let seed = self.layout.seed(unit, self.options.train.seed);
                let mut wanted = self.input.wanted(self.layout, unit, seed)?;
                wanted.about = about(self.layout, group, self.scans, self.goals);
                Ok(Job::new(wanted, self.effort.n_levels))
            })
            .collect::<Result<Vec<_>, CompressError>>()?;
        let units = units.into_iter().map(|(unit, _)| unit).collect();
        Ok(Sample { units, jobs, share: total as f64 / taken.max(1) as f64 })
    }

    pub(super) fn check_stop(&self) -> Result<(), CompressError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(CompressError::Interrupted { kept: 0, journal: Default::default() });
        }
        Ok(())
    }
}

/// What the measures of a block need to know of the variables of a group; nothing if no goal asks for them.
pub(super) fn about(layout: &Layout, group: u32, scans: &[Scan], goals: &Goals) -> Vec<About> {
    let ssim = goals.targets.iter().any(|target| matches!(target, Target::Ssim(_)));
    if !ssim && goals.keep_peaks.is_none() {
        return Vec::new();
    }
    let of = |&variable: &usize| {
        let Scan { min, max, top, .. } = scans[variable];
        About { range: (min, max), top: if goals.keep_peaks.is_some() { top } else { f32::NAN }, ssim }
    };
    layout.groups[group as usize].iter().map(of).collect()
}
