//! A run: units that the journal lacks are made until all targets hold, then the file is written.

use super::{
    Codec, CompressError, CompressOptions, Event, Goals, Layout, Stages, Summary, Target, Unit, assemble, block, check,
    clock::Clock, error::unit_error, gop, input::Input, journal, latents, layout, levels, plan, planner,
    progress::Progress, scan,
};
use crate::wavelet::{self, Effort};
use rayon::prelude::*;
use std::{
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// Trains all units that the journal does not have, and writes the file. `layout(gop)` cuts the steps into groups.
pub(super) fn run(
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
    let clock = Clock::default();
    let shared = Shared { input, layout, scans: &scans, options, stop, clock: &clock };
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
    stages.transform = clock.transform.seconds();
    stages.training = clock.training.seconds();
    stages.coding = clock.coding.seconds();
    summary.stages = stages;
    Ok(summary)
}

/// What all units of a run share.
pub(super) struct Shared<'a> {
    pub(super) input: &'a Input,
    pub(super) layout: &'a Layout,
    pub(super) scans: &'a [scan::Scan],
    pub(super) options: &'a CompressOptions,
    pub(super) stop: &'a AtomicBool,
    pub(super) clock: &'a Clock,
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
        let Self { input, layout, scans, options, stop, clock } = *self;
        let effort = &preset.effort();
        let planner = planner::Planner { input, layout, scans, options, effort, goals, stop, clock };
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
pub(super) fn encode(
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
