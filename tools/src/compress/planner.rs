//! Makes the models of a variable.
//!
//! Some blocks, all if there are few, are compressed until what was *measured on their bytes* reaches the target: predict a
//! step, train, encode, decode, measure, correct the step. Nothing is assumed to be monotonic: the smallest result that
//! passed is kept.

use super::{
    CompressError, CompressOptions, Event, Goals, Layout, Unit,
    block::{About, EncodeError, Encoded, Wanted},
    input::Input,
    latents::Job,
    layout::PlannedUnit,
    plan::{SLACK, SLOPE, check_last_resort, merge},
    scan::Scan,
    target::{Measured, Part, Target, ssim_margin},
};
use crate::{
    train::TrainError,
    wavelet::{self, Effort, Latents, Model, Piece},
};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Trainings per quality, the last ones with a fixed head.
const ATTEMPTS: u32 = 9;
/// Attempts that train the head.
const TRAININGS: u32 = 2;
/// dB by which a result may be better than its target after the first attempts under one head.
const COARSE_SLACK: f64 = 0.1;
/// What a head is expected to bring, in dB.
const GAIN: f64 = 1.0;
/// Bytes of a variable above which the widest head is always worth its own.
const SMALL: f64 = 15_000.0;
/// Base step of blocks with an error bound, in bounds.
const BOUND_STEP: f64 = 2.75;
/// Worth of lost peaks that is tried first, and how often it is corrected.
const PEAK_WEIGHT: f64 = 1.0;
const PEAK_ATTEMPTS: u32 = 12;
/// Peaks may be kept this much better than wanted before bytes are worth another attempt.
const PEAK_SLACK: f64 = 0.93;

/// Everything that planning needs.
pub(super) struct Planner<'a> {
    pub(super) input: &'a Input,
    pub(super) layout: &'a Layout,
    pub(super) scans: &'a [Scan],
    pub(super) options: &'a CompressOptions,
    pub(super) effort: &'a Effort,
    pub(super) goals: &'a Goals,
    pub(super) stop: &'a AtomicBool,
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
struct Sample {
    units: Vec<Unit>,
    jobs: Vec<Job>,
    /// All values of the variable over those of the sample.
    share: f64,
}

impl Planner<'_> {
    /// Makes the models of a group of variables, and encodes the blocks of its sample if these are all blocks.
    pub(super) fn group(
        &self,
        group: u32,
        plan: &[PlannedUnit],
        tell: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Made, CompressError> {
        let sample = self.sample(group, plan)?;
        let variables = &self.layout.groups[group as usize];
        let mut models: Vec<Vec<Model>> = vec![Vec::new(); variables.len()];
        let mut bytes = 0.0;
        let mut parts: Vec<Vec<Encoded>> = sample.units.iter().map(|_| Vec::new()).collect();
        for &target in &self.goals.targets {
            for (output, &variable) in variables.iter().enumerate() {
                let start = models[output].last().cloned();
                let (model, encoded) = self.variable(&sample, output, variable, target, start.as_ref(), tell)?;
                bytes += measured(&encoded, &model, sample.share).bytes;
                models[output].push(model);
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

    fn check_stop(&self) -> Result<(), CompressError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(CompressError::Interrupted { kept: 0, journal: Default::default() });
        }
        Ok(())
    }

    /// One variable at one quality: the model, and the blocks of the sample under it.
    fn variable(
        &self,
        sample: &Sample,
        output: usize,
        variable: usize,
        target: Target,
        start: Option<&Model>,
        tell: &mut (dyn FnMut(Event) + Send),
    ) -> Result<(Model, Vec<Encoded>), CompressError> {
        let scan = &self.scans[variable];
        let pieces: Vec<&Piece> = sample.jobs.iter().filter_map(|job| job.pieces[output].as_ref()).collect();
        if pieces.is_empty() {
            // Constants and holes, whatever the model.
            let model = Model::lossless();
            let encoded = self.encode(sample, output, variable, target, &model, &[])?;
            return Ok((model, encoded));
        }
        let mut peak_weight = start.map_or(0.0, |model| model.peak_weight);
        let mut step = self.first_step(&pieces, target, scan);
        let mut head = start.and_then(|model| model.head.clone());
        let mut tried: Option<(f64, f64)> = None;
        let mut best: Option<(f64, Model, Vec<Encoded>)> = None;
        let mut effort = self.effort.clone();
        if head.is_none() {
            effort.n_channels = self.width(sample, output, variable, target, step)?;
        }
        for attempt in 0..ATTEMPTS {
            let (mut model, latents) = if attempt < TRAININGS {
                let seed = self.options.train.seed ^ u64::from(attempt) << 32;
                wavelet::train(&pieces, step, head.as_deref(), &effort, seed, &|| self.stop.load(Ordering::Relaxed))
                    .map_err(|error| self.failed(error, variable))?
            } else {
                let model = Model { step, head: head.clone(), peak_weight };
                let latents = pieces
                    .par_iter()
                    .map(|piece| wavelet::fit(piece, &model, self.effort, &|| self.stop.load(Ordering::Relaxed)))
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(|error| self.failed(error, variable))?;
                (model, latents)
            };
            model.peak_weight = peak_weight;
            let encoded = self.keep_peaks(sample, output, variable, target, &mut model, &latents)?;
            peak_weight = model.peak_weight;
            let measured = measured(&encoded, &model, sample.share);
            let margin = measured.margin(target, scan);
            log::debug!(
                "step {step:.5}: {:.3} dB, {:.0} bytes, margin {margin:.3}",
                measured.psnr(scan),
                measured.bytes
            );
            tell(Event::Attempt {
                step,
                psnr: measured.psnr(scan),
                bytes: measured.bytes as u64,
                reached: margin >= 0.0 && measured.keeps(self.goals.keep_peaks),
            });
            head.clone_from(&model.head);
            let passed = margin >= 0.0 && measured.keeps(self.goals.keep_peaks);
            if passed && best.as_ref().is_none_or(|(bytes, ..)| measured.bytes < *bytes) {
                best = Some((measured.bytes, model, encoded));
            }
            // A bound holds whatever the step; the first one is kept.
            let enough =
                (0.0..SLACK).contains(&margin) || matches!(target, Target::MaxError(_)) || margin.is_infinite();
            if enough && best.is_some() {
                break;
            }
            // Two trainings differ by more than their steps; under one head the error follows the step.
            let slope = match tried {
                Some((other, its_margin)) if attempt >= TRAININGS && (other - step.log2()).abs() > 1e-3 => {
                    ((its_margin - margin) / (step.log2() - other)).clamp(0.25 * SLOPE, 2.0 * SLOPE)
                }
                _ => SLOPE,
            };
            tried = (attempt + 1 >= TRAININGS).then(|| (step.log2(), margin));
            // A result that misses gets closer from the side that passes.
            let aim = if margin < 0.0 { margin - 0.3 * SLACK } else { margin - 0.5 * SLACK };
            step *= (aim / slope).clamp(-3.0, 3.0).exp2();
            if attempt > TRAININGS && (0.0..COARSE_SLACK).contains(&margin) {
                break;
            }
        }
        if let Some((_, model, encoded)) = best {
            return Ok((model, encoded));
        }
        check_last_resort(target, &self.layout.variables[variable].name)?;
        let model = Model::lossless();
        let latents: Vec<Latents> = pieces.iter().map(|_| Latents::new()).collect();
        let encoded = self.encode(sample, output, variable, target, &model, &latents)?;
        Ok((model, encoded))
    }

    /// Encodes the sample under a model whose worth of peaks is changed until they are kept, for few bytes.
    fn keep_peaks(
        &self,
        sample: &Sample,
        output: usize,
        variable: usize,
        target: Target,
        model: &mut Model,
        latents: &[Latents],
    ) -> Result<Vec<Encoded>, CompressError> {
        let mut encoded = self.encode(sample, output, variable, target, model, latents)?;
        let Some(share) = self.goals.keep_peaks else { return Ok(encoded) };
        // The largest worth that was not enough, and the smallest that was, with its result.
        let (mut low, mut high): (Option<f64>, Option<(f64, Vec<Encoded>)>) = (None, None);
        for attempt in 0.. {
            let sum = measured(&encoded, model, sample.share);
            let weight = model.peak_weight;
            log::debug!("  peaks worth {weight:.3}: {:.2} % lost, {:.0} bytes", 100.0 * sum.lost(), sum.bytes);
            if sum.keeps(Some(share)) {
                let enough = weight == 0.0 || !sum.keeps(Some(PEAK_SLACK * share)) || attempt >= PEAK_ATTEMPTS;
                high = Some((weight, encoded));
                if enough {
                    break;
                }
            } else {
                low = Some(weight);
            }
            if low.zip(high.as_ref()).is_some_and(|(low, (high, _))| *high < 1.1 * low) || attempt > 3 * PEAK_ATTEMPTS {
                break;
            }
            model.peak_weight = match (low, &high) {
                (None, Some((high, _))) if *high < 0.1 => 0.0,
                (None, Some((high, _))) => high / 3.0,
                (Some(0.0) | None, None) => PEAK_WEIGHT,
                (Some(low), None) => 3.0 * low,
                (Some(0.0), Some((high, _))) if *high < 0.1 => break,
                (Some(low), Some((high, _))) => (low.max(0.02) * high).sqrt(),
            };
            encoded = self.encode(sample, output, variable, target, model, latents)?;
        }
        match high {
            Some((weight, encoded)) => {
                model.peak_weight = weight;
                Ok(encoded)
            }
            // The caller sees that it misses, and takes a finer step.
            None => self.encode(sample, output, variable, target, model, latents),
        }
    }

    /// Channels of the head: fewer, or none, where its own bytes are a good part of all.
    fn width(
        &self,
        sample: &Sample,
        output: usize,
        variable: usize,
        target: Target,
        step: f64,
    ) -> Result<u8, CompressError> {
        let pieces: Vec<&Piece> = sample.jobs.iter().filter_map(|job| job.pieces[output].as_ref()).collect();
        let mut cheapest: Option<(f64, u8)> = None;
        for n_channels in [0, 4, 8, 12, 16, 24, 32].into_iter().filter(|&n| n <= self.effort.n_channels) {
            let effort = Effort { n_channels, rounds: self.effort.rounds.div_ceil(2), ..self.effort.clone() };
            let seed = self.options.train.seed;
            let (model, latents) =
                wavelet::train(&pieces, step, None, &effort, seed, &|| self.stop.load(Ordering::Relaxed))
                    .map_err(|error| self.failed(error, variable))?;
            let encoded = self.encode(sample, output, variable, target, &model, &latents)?;
            let measured = measured(&encoded, &model, sample.share);
            if n_channels == 0 && measured.bytes > SMALL {
                return Ok(self.effort.n_channels);
            }
            // At the rates of small files four dB are about a factor of two in bytes.
            let cost = measured.bytes * (-measured.psnr(&self.scans[variable]) / 4.0).exp2();
            log::debug!(
                "{n_channels} channels: {:.3} dB, {:.0} bytes",
                measured.psnr(&self.scans[variable]),
                measured.bytes
            );
            if cheapest.is_none_or(|(cheapest, _)| cost < cheapest) {
                cheapest = Some((cost, n_channels));
            }
        }
        Ok(cheapest.map_or(0, |(_, n_channels)| n_channels))
    }

    /// Where the search starts.
    fn first_step(&self, pieces: &[&Piece], target: Target, scan: &Scan) -> f64 {
        let range = f64::from(scan.max) - f64::from(scan.min);
        let by_psnr = |psnr: f64| {
            let gain = if self.effort.n_channels > 0 { GAIN } else { 0.0 };
            let error = range / 10f64.powf((psnr - gain) / 20.0);
            wavelet::step_for(pieces, error * error, self.effort.kappa)
        };
        match target {
            Target::Psnr(psnr) => by_psnr(psnr),
            Target::MaxError(bound) => BOUND_STEP * bound.of(scan),
            // Where many volumes are in the middle of what one wants of them; the search corrects it.
            Target::Ssim(ssim) => by_psnr(40.0 + ssim_margin(ssim, 0.98)),
            Target::Bytes(_) => by_psnr(40.0),
        }
    }

    /// Encodes one output of all blocks of a sample.
    fn encode(
        &self,
        sample: &Sample,
        output: usize,
        variable: usize,
        target: Target,
        model: &Model,
        latents: &[Latents],
    ) -> Result<Vec<Encoded>, CompressError> {
        let mut latents = latents.iter();
        let work: Vec<(&Job, Option<&Latents>)> =
            sample.jobs.iter().map(|job| (job, job.pieces[output].as_ref().and_then(|_| latents.next()))).collect();
        let bound = target.bound(&self.scans[variable]);
        work.into_par_iter()
            .zip(&sample.units)
            .map(|((job, latents), &unit)| {
                self.check_stop()?;
                job.encode(output, model, bound, latents, self.effort)
                    .map_err(|error| super::unit_error(self.layout, unit, error))
            })
            .collect()
    }

    fn failed(&self, error: TrainError, variable: usize) -> CompressError {
        let unit = Unit { group: self.layout.place(variable).0, segment: 0, block: 0 };
        super::unit_error(self.layout, unit, EncodeError::Train(error))
    }
}

/// Sums over blocks, as if all were like those of the sample.
fn measured(encoded: &[Encoded], model: &Model, share: f64) -> Measured {
    let mut sum = Measured::default();
    for block in encoded {
        let bytes: usize = block.payloads.iter().map(Vec::len).sum();
        for output in &block.outputs {
            sum.add(&Part {
                squares: output.sum_squares,
                valid: output.valid,
                largest: output.max_abs_error,
                peaks: output.peaks,
                ssim: output.ssim,
            });
        }
        sum.bytes += bytes as f64;
    }
    sum.bytes = sum.bytes * share + model.head.as_ref().map_or(0, |head| head.to_bytes().len()) as f64;
    sum
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
