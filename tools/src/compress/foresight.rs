//! Where a search begins: what the predictor says about steps and widths of heads, before anything is trained.

use super::{
    CompressOptions,
    scan::Scan,
    target::{Measured, Target, ssim_margin},
};
use crate::{
    predict::{Outcome, Predictor, Probe, Query, Traits},
    wavelet::{self, Effort, Piece},
};
use neuvol_entropy::Coder;

/// Base step of blocks with an error bound, in bounds.
const BOUND_STEP: f64 = 2.75;
/// dB per halving of the step.
const SLOPE: f64 = 3.5;
/// Times that a step is corrected by what is predicted for it.
const CORRECTIONS: u32 = 3;

/// The traits of a variable's values, and the predictor.
pub(super) struct Foresight<'a> {
    predictor: &'a Predictor,
    pieces: &'a [&'a Piece],
    traits: Traits,
    range: f64,
    deviation: f64,
    /// Values of the variable.
    values: f64,
}

impl<'a> Foresight<'a> {
    pub(super) fn new(options: &'a CompressOptions, pieces: &'a [&'a Piece], scan: &Scan, share: f64) -> Self {
        let range = f64::from(scan.max) - f64::from(scan.min);
        let entropies = scan.entropies.iter().map(|&e| f64::from(e)).sum::<f64>();
        let entropy = entropies / scan.entropies.len().max(1) as f64;
        let values = pieces.iter().map(|piece| piece.n_steps() * piece.voxels()).sum::<usize>() as f64 * share;
        Self {
            predictor: options.predictor.as_deref().unwrap_or_else(|| Predictor::built_in()),
            pieces,
            traits: wavelet::traits(pieces, range, entropy, share),
            range,
            deviation: wavelet::deviation(pieces),
            values,
        }
    }

    fn query(&self, step: f64, effort: &Effort) -> Query {
        let quantised = wavelet::quantised(self.pieces, step, effort.kappa);
        Query {
            log_step: (step / self.deviation).log2() as f32,
            plain_psnr: (20.0 * (self.range / quantised.mean_square.sqrt()).log10()).clamp(0.0, 300.0) as f32,
            log_significant: quantised.significant.max(1e-7).log2() as f32,
            n_channels: effort.n_channels,
            rounds: effort.rounds,
            dense: effort.coder == Coder::Dense,
        }
    }

    fn predict(&self, step: f64, effort: &Effort) -> (Query, Outcome) {
        let query = self.query(step, effort);
        (query, self.predictor.predict(&self.traits, &query))
    }

    /// A step that should reach a target.
    pub(super) fn step(&self, target: Target, scan: &Scan, effort: &Effort) -> f64 {
        let by_psnr = |psnr: f64| {
            let error = self.range / 10f64.powf(psnr / 20.0);
            wavelet::step_for(self.pieces, error * error, effort.kappa)
        };
        if let Target::MaxError(bound) = target {
            return BOUND_STEP * bound.of(scan);
        }
        let wanted_psnr = match target {
            Target::Psnr(psnr) => psnr,
            Target::Ssim(ssim) => 40.0 + ssim_margin(ssim, 0.98),
            Target::Bytes(_) | Target::MaxError(_) => 40.0,
        };
        let mut step = by_psnr(wanted_psnr);
        for _ in 0..CORRECTIONS {
            let (query, outcome) = self.predict(step, effort);
            let psnr = f64::from(query.plain_psnr + outcome.gain);
            let excess = match target {
                Target::Psnr(wanted) => psnr - wanted,
                Target::Ssim(_) => psnr + f64::from(outcome.ssim) - wanted_psnr,
                // Six dB cost a little less than twice the bytes.
                Target::Bytes(wanted) => 6.0 * (wanted as f64 / self.bytes(&outcome, effort)).log2(),
                Target::MaxError(_) => 0.0,
            };
            step *= target.correction(excess, SLOPE);
        }
        step
    }

    /// Bytes of payloads and head.
    fn bytes(&self, outcome: &Outcome, effort: &Effort) -> f64 {
        f64::from(outcome.log_bits).exp2() * self.values / 8.0 + head_bytes(effort)
    }

    /// Which of some widths of the head should give the least bytes at equal quality; `cost` weighs bytes and PSNR.
    pub(super) fn width(&self, widths: &[u8], step: f64, effort: &Effort, cost: fn(f64, f64) -> f64) -> usize {
        let costs = widths.iter().map(|&n_channels| {
            let effort = Effort { n_channels, ..effort.clone() };
            let (query, outcome) = self.predict(step, &effort);
            cost(self.bytes(&outcome, &effort), f64::from(query.plain_psnr + outcome.gain))
        });
        let least = costs.enumerate().min_by(|(_, a), (_, b)| a.total_cmp(b));
        least.map_or(0, |(at, _)| at)
    }

    /// What was tried and measured, as the log wants it; `head` are the bytes of the head.
    pub(super) fn probe(
        &self,
        name: &str,
        step: f64,
        effort: &Effort,
        measured: &Measured,
        head: f64,
        scan: &Scan,
    ) -> Probe {
        let query = self.query(step, effort);
        let psnr = measured.psnr(scan);
        let outcome = Outcome {
            gain: (psnr - f64::from(query.plain_psnr)) as f32,
            log_bits: (8.0 * (measured.bytes - head).max(1.0) / self.values).log2() as f32,
            ssim: if measured.ssim.windows == 0 {
                f32::NAN
            } else {
                (ssim_margin(measured.ssim(), 0.98) - (psnr - 40.0)) as f32
            },
        };
        Probe { name: name.to_owned(), traits: self.traits, query, outcome }
    }
}

/// Bytes of a head: SPEC section 10, kind 2.
fn head_bytes(effort: &Effort) -> f64 {
    let (c, hidden) = (f64::from(effort.n_channels), f64::from(effort.n_hidden));
    if c == 0.0 { 0.0 } else { 12.0 + 4.0 * (4.0 + 2.0 * hidden) + 55.0 * c + hidden * (c * c + c) + c + 1.0 }
}
