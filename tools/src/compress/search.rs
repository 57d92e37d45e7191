//! The search of a model that reaches a target.
//!
//! The blocks of a sample are compressed until what was *measured on their bytes* reaches the target: predict a step, train,
//! encode, decode, measure, correct the step. Nothing is assumed to be monotonic: the smallest result that passed is kept.

use super::{
    CompressError, Event, Unit,
    block::{EncodeError, Encoded},
    foresight::Foresight,
    latents::Job,
    plan::{SLACK, SLOPE, check_last_resort},
    planner::{Planner, Sample},
    scan::Scan,
    target::{Measured, Part, Target},
};
use crate::{
    train::TrainError,
    wavelet::{self, Effort, Latents, Model, Piece},
};
use neuvol_model::Head;
use rayon::prelude::*;
use std::sync::atomic::Ordering;

/// Trainings per quality, the last ones with a fixed head.
const ATTEMPTS: u32 = 9;
/// Attempts that train the head.
const TRAININGS: u32 = 2;
/// dB by which a result may be better than its target after the first attempts under one head.
const COARSE_SLACK: f64 = 0.1;
/// Bytes of a variable above which the widest head is always worth its own.
const SMALL: f64 = 15_000.0;
/// dB that latents without a head may lack of a target, as a head brings about as much; how near to that is near enough to
/// compare widths, and how often the step is corrected for it.
const PLAIN_LACK: f64 = 0.5;
const PLAIN_NEAR: f64 = 0.5;
const PLAIN_ATTEMPTS: u32 = 5;
/// Widths of heads, in channels.
const WIDTHS: [u8; 7] = [0, 4, 8, 12, 16, 24, 32];
/// Worth of lost peaks that is tried first, and how often it is corrected.
const PEAK_WEIGHT: f64 = 1.0;
const PEAK_ATTEMPTS: u32 = 12;
/// dB that latents lack whose peaks cannot be kept.
const PEAK_LACK: f64 = 2.0;
/// Peaks may be kept this much better than wanted before bytes are worth another attempt.
const PEAK_SLACK: f64 = 0.93;

/// One variable, one target, and the blocks to search with.
pub(super) struct Search<'a> {
    planner: &'a Planner<'a>,
    sample: &'a Sample,
    group: u32,
    /// Number of the variable in its group, and in the run.
    output: usize,
    variable: usize,
    target: Target,
    scan: &'a Scan,
    pieces: Vec<&'a Piece>,
}

impl<'a> Search<'a> {
    pub(super) fn new(planner: &'a Planner<'a>, sample: &'a Sample, group: u32, output: usize, target: Target) -> Self {
        let variable = planner.layout.groups[group as usize][output];
        let pieces = sample.jobs.iter().filter_map(|job| job.pieces[output].as_ref()).collect();
        Self { planner, sample, group, output, variable, target, scan: &planner.scans[variable], pieces }
    }

    /// The model, and the blocks of the sample under it. `start` is the model of a better quality.
    pub(super) fn run(
        &self,
        start: Option<&Model>,
        tell: &mut (dyn FnMut(Event) + Send),
    ) -> Result<(Model, Vec<Encoded>), CompressError> {
        let Self { planner, scan, target, ref pieces, .. } = *self;
        let keep_peaks = planner.goals.keep_peaks;
        if pieces.is_empty() {
            // Constants and holes, whatever the model.
            let model = Model::lossless();
            let encoded = self.encode(&model, &[])?;
            return Ok((model, encoded));
        }
        let foresight = Foresight::new(planner.options, pieces, scan, self.sample.share);
        let mut peak_weight = start.map_or(0.0, |model| model.peak_weight);
        let mut step = foresight.step(target, scan, planner.effort);
        let mut head = start.and_then(|model| model.head.clone());
        let mut tried: Option<(f64, f64)> = None;
        let mut best: Option<(Measured, Model, Vec<Encoded>)> = None;
        let mut effort = planner.effort.clone();
        if head.is_none() {
            let (near, plain) = self.without_head(&foresight, step)?;
            effort.n_channels = self.width(&foresight, near, plain)?;
            // A head makes up for a coarser step, none for a finer one.
            step = near;
        }
        for attempt in 0..ATTEMPTS {
            let (mut model, latents) = if attempt < TRAININGS {
                let seed = planner.options.train.seed ^ u64::from(attempt) << 32;
                self.train(step, head.as_deref(), &effort, seed)?
            } else {
                let model = Model { step, head: head.clone(), peak_weight };
                let latents = pieces
                    .par_iter()
                    .map(|piece| wavelet::fit(piece, &model, planner.effort, &|| self.is_stopped()))
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(|error| self.failed(error))?;
                (model, latents)
            };
            model.peak_weight = peak_weight;
            let encoded = self.keep_peaks(&mut model, &latents)?;
            peak_weight = model.peak_weight;
            let measured = measured(&encoded, &model, self.sample.share);
            let margin = measured.margin(target, scan);
            let passed = margin >= 0.0 && measured.keeps(keep_peaks);
            if attempt < TRAININGS && peak_weight == 0.0 {
                self.log(&foresight, &model, &effort, &measured);
            }
            log::debug!(
                "step {step:.5}: {:.3} dB, {:.0} bytes, margin {margin:.3}",
                measured.psnr(scan),
                measured.bytes
            );
            tell(Event::Attempt { step, psnr: measured.psnr(scan), bytes: measured.bytes as u64, reached: passed });
            head.clone_from(&model.head);
            if passed && best.as_ref().is_none_or(|(best, ..)| target.prefers(&measured, best)) {
                best = Some((measured, model, encoded));
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
                    ((its_margin - margin) / (step.log2() - other)).abs().clamp(0.25 * SLOPE, 2.0 * SLOPE)
                }
                _ => SLOPE,
            };
            tried = (attempt + 1 >= TRAININGS).then(|| (step.log2(), margin));
            // A result that misses gets closer from the side that passes.
            let aim = match margin {
                // Peaks that no worth keeps need finer latents.
                _ if !measured.keeps(keep_peaks) => margin.min(-PEAK_LACK),
                _ if margin < 0.0 => margin - 0.3 * SLACK,
                _ => margin - 0.5 * SLACK,
            };
            step *= target.correction(aim, slope);
            if attempt > TRAININGS && (0.0..COARSE_SLACK).contains(&margin) {
                break;
            }
        }
        if let Some((_, model, encoded)) = best {
            return Ok((model, encoded));
        }
        check_last_resort(target, self.name())?;
        let model = Model::lossless();
        let latents: Vec<Latents> = pieces.iter().map(|_| Latents::new()).collect();
        let encoded = self.encode(&model, &latents)?;
        Ok((model, encoded))
    }

    /// Encodes the sample under a model whose worth of peaks is changed until they are kept, for few bytes.
    fn keep_peaks(&self, model: &mut Model, latents: &[Latents]) -> Result<Vec<Encoded>, CompressError> {
        let mut encoded = self.encode(model, latents)?;
        let Some(share) = self.planner.goals.keep_peaks else { return Ok(encoded) };
        // The largest worth that was not enough, and the smallest that was, with its result.
        let (mut low, mut high): (Option<f64>, Option<(f64, Vec<Encoded>)>) = (None, None);
        for attempt in 0.. {
            let sum = measured(&encoded, model, self.sample.share);
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
            encoded = self.encode(model, latents)?;
        }
        match high {
            Some((weight, encoded)) => {
                model.peak_weight = weight;
                Ok(encoded)
            }
            // The caller sees that it misses, and takes a finer step.
            None => self.encode(model, latents),
        }
    }

    /// A step at which latents without a head nearly reach the target, from a predicted one, and what they give. It takes no
    /// training, so that widths of heads are compared at the right quality whatever was predicted.
    fn without_head(&self, foresight: &Foresight<'_>, mut step: f64) -> Result<(f64, Measured), CompressError> {
        let effort = Effort { n_channels: 0, ..self.planner.effort.clone() };
        let mut attempt = 1;
        loop {
            let (model, latents) = self.train(step, None, &effort, 0)?;
            let measured = measured(&self.encode(&model, &latents)?, &model, self.sample.share);
            self.log(foresight, &model, &effort, &measured);
            let margin = measured.margin(self.target, self.scan) + PLAIN_LACK;
            log::debug!("  plain, step {step:.5}: {:.3} dB, {:.0} bytes", measured.psnr(self.scan), measured.bytes);
            let near = margin.abs() < PLAIN_NEAR || !margin.is_finite() || matches!(self.target, Target::MaxError(_));
            if near || attempt >= PLAIN_ATTEMPTS {
                return Ok((step, measured));
            }
            step *= self.target.correction(margin, SLOPE);
            attempt += 1;
        }
    }

    /// Channels of the head: fewer, or none, where its own bytes are a good part of all. Goes from the predicted width to
    /// better ones; `plain` is what no head gives.
    fn width(&self, foresight: &Foresight<'_>, step: f64, plain: Measured) -> Result<u8, CompressError> {
        let most = self.planner.effort.n_channels;
        let widths: Vec<u8> = WIDTHS.into_iter().filter(|&n| n <= most).collect();
        // At the rates of small files four dB are about a factor of two in bytes.
        let cost = |bytes: f64, psnr: f64| bytes * (-psnr / 4.0).exp2();
        if plain.bytes > SMALL {
            return Ok(most);
        }
        let mut costs: Vec<Option<f64>> = vec![None; widths.len()];
        costs[0] = Some(cost(plain.bytes, plain.psnr(self.scan)));
        let mut at = foresight.width(&widths[1..], step, self.planner.effort, cost) + 1;
        while at < widths.len() {
            let effort = Effort {
                n_channels: widths[at],
                rounds: self.planner.effort.rounds.div_ceil(2),
                ..self.planner.effort.clone()
            };
            let (model, latents) = self.train(step, None, &effort, self.planner.options.train.seed)?;
            let measured = measured(&self.encode(&model, &latents)?, &model, self.sample.share);
            self.log(foresight, &model, &effort, &measured);
            let psnr = measured.psnr(self.scan);
            log::debug!("{} channels: {psnr:.3} dB, {:.0} bytes", widths[at], measured.bytes);
            costs[at] = Some(cost(measured.bytes, psnr));
            let known = costs.iter().enumerate().filter_map(|(at, cost)| Some((at, (*cost)?)));
            let (best, _) = known.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
            let beside = [best + 1, best.wrapping_sub(1)].into_iter().find(|&n| costs.get(n) == Some(&None));
            let Some(next) = beside else { return Ok(widths[best]) };
            at = next;
        }
        Ok(most)
    }

    fn train(
        &self,
        step: f64,
        head: Option<&Head>,
        effort: &Effort,
        seed: u64,
    ) -> Result<(Model, Vec<Latents>), CompressError> {
        let train = || wavelet::train(&self.pieces, step, head, effort, seed, &|| self.is_stopped());
        self.planner.clock.training.time(train).map_err(|error| self.failed(error))
    }

    fn is_stopped(&self) -> bool {
        self.planner.stop.load(Ordering::Relaxed)
    }

    fn name(&self) -> &str {
        &self.planner.layout.variables[self.variable].name
    }

    /// Adds a try to the log of probes, if there is one.
    fn log(&self, foresight: &Foresight<'_>, model: &Model, effort: &Effort, measured: &Measured) {
        let Some(log) = &self.planner.options.probe_log else { return };
        let source = self.planner.input.with_source(|source| {
            source.path().file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        });
        let name = format!("{source}/{}", self.name());
        let n_channels = model.head.as_ref().map_or(0, |head| head.n_channels);
        let effort = Effort { n_channels, ..effort.clone() };
        let head = model.head.as_ref().map_or(0, |head| head.to_bytes().len()) as f64;
        log.add(&foresight.probe(&name, model.step, &effort, measured, head, self.scan));
    }

    /// Encodes one output of all blocks of the sample.
    fn encode(&self, model: &Model, latents: &[Latents]) -> Result<Vec<Encoded>, CompressError> {
        let (planner, output) = (self.planner, self.output);
        let mut latents = latents.iter();
        let jobs = &self.sample.jobs;
        let work: Vec<(&Job, Option<&Latents>)> =
            jobs.iter().map(|job| (job, job.pieces[output].as_ref().and_then(|_| latents.next()))).collect();
        let bound = self.target.bound(self.scan);
        let encode = || {
            let blocks = work.into_par_iter().zip(&self.sample.units);
            let encode = |((job, latents), &unit): ((&Job, Option<&Latents>), &Unit)| {
                planner.check_stop()?;
                job.encode(output, model, bound, latents, planner.effort)
                    .map_err(|error| super::unit_error(planner.layout, unit, error))
            };
            blocks.map(encode).collect()
        };
        planner.clock.coding.time(encode)
    }

    fn failed(&self, error: TrainError) -> CompressError {
        let unit = Unit { group: self.group, segment: 0, block: 0 };
        super::unit_error(self.planner.layout, unit, EncodeError::Train(error))
    }
}

/// Sums over blocks, as if all were like those of the sample.
pub(super) fn measured(encoded: &[Encoded], model: &Model, share: f64) -> Measured {
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
