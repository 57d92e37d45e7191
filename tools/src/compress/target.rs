//! What the result has to reach.

use super::{
    block::{Peaks, Similarity},
    scan::Scan,
};
use serde::{Deserialize, Serialize};

/// What a quality level of a variable has to reach, measured on the bytes that were written.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Peak signal-to-noise ratio in dB over the range of the variable's valid values, at least.
    Psnr(f64),
    /// Mean structural similarity over all windows of all steps, as `neuvol verify` defines it, at least.
    Ssim(f64),
    /// Largest absolute error, at most.
    MaxError(Bound),
    /// Length of all payloads and heads of the variable in bytes, at most.
    Bytes(u64),
}

/// What a run has to reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goals {
    /// What each quality level has to reach, the best one first; 1..=8 of them.
    pub targets: Vec<Target>,
    /// Share of their height (over the variable's smallest value) that the highest 0.1 % of the values may lose on average;
    /// not for bounds of the error. `None` = not looked at.
    pub keep_peaks: Option<f64>,
}

/// A bound of an error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// In the unit of the values.
    Absolute(f64),
    /// As a share of the range of the variable's valid values.
    Relative(f64),
}

impl Bound {
    /// In the unit of the values.
    pub(super) fn of(self, scan: &Scan) -> f64 {
        match self {
            Self::Absolute(bound) => bound,
            Self::Relative(share) => share * (f64::from(scan.max) - f64::from(scan.min)),
        }
    }
}

impl Target {
    /// By what the quantiser's step has to be multiplied for a margin to become 0, at `slope` dB per octave: what is too
    /// good for a quality takes a coarser step, what is too small for a number of bytes a finer one.
    pub(super) fn correction(self, margin: f64, slope: f64) -> f64 {
        let octaves = (margin / slope).clamp(-3.0, 3.0);
        if matches!(self, Self::Bytes(_)) { (-octaves).exp2() } else { octaves.exp2() }
    }

    /// Whether one result that reaches the target is to be preferred to another one.
    pub(super) fn prefers(self, one: &Measured, other: &Measured) -> bool {
        if matches!(self, Self::Bytes(_)) { one.squares < other.squares } else { one.bytes < other.bytes }
    }

    /// The bound that every value has to keep, if there is one.
    pub(super) fn bound(self, scan: &Scan) -> Option<f64> {
        match self {
            Self::MaxError(bound) => Some(bound.of(scan)),
            Self::Psnr(_) | Self::Ssim(_) | Self::Bytes(_) => None,
        }
    }
}

/// Aimed at by so much: other definitions of the highest thousandth differ a little.
const PEAK_AIM: f64 = 0.98;

/// How far an SSIM is above another one, in dB: 1 − SSIM falls about as the squared error.
pub(super) fn ssim_margin(ssim: f64, wanted: f64) -> f64 {
    10.0 * ((1.0 - wanted) / (1.0 - ssim).max(1e-12)).log10()
}

/// What was measured on all blocks of a variable at one quality.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Measured {
    /// Bytes of payloads and head.
    pub(super) bytes: f64,
    /// Sum of squared errors over valid values.
    pub(super) squares: f64,
    /// Valid values.
    pub(super) valid: u64,
    /// Largest absolute error.
    pub(super) largest: f64,
    /// How the highest values are met.
    pub(super) peaks: Peaks,
    /// SSIM inside blocks.
    pub(super) ssim: Similarity,
}

/// What one output of a block adds to the sums.
pub(super) struct Part {
    pub(super) squares: f64,
    pub(super) valid: u64,
    pub(super) largest: f64,
    pub(super) peaks: Peaks,
    pub(super) ssim: Similarity,
}

impl Measured {
    pub(super) fn add(&mut self, part: &Part) {
        self.squares += part.squares;
        self.valid += part.valid;
        self.largest = if part.largest > self.largest || part.largest.is_nan() { part.largest } else { self.largest };
        self.peaks.lost += part.peaks.lost;
        self.peaks.height += part.peaks.height;
        self.ssim.sum += part.ssim.sum;
        self.ssim.windows += part.ssim.windows;
    }

    /// Mean SSIM of the windows inside blocks; 1 if there is none.
    pub(super) fn ssim(&self) -> f64 {
        if self.ssim.windows == 0 { 1.0 } else { self.ssim.sum / self.ssim.windows as f64 }
    }

    /// Share of their height that the highest values lost; negative = they rose.
    pub(super) fn lost(&self) -> f64 {
        if self.peaks.height > 0.0 { self.peaks.lost / self.peaks.height } else { 0.0 }
    }

    /// Whether the highest values lost no more than a share.
    pub(super) fn keeps(&self, peaks: Option<f64>) -> bool {
        peaks.is_none_or(|share| self.lost() <= PEAK_AIM * share)
    }

    /// PSNR over the range of the variable; infinite without errors.
    pub(super) fn psnr(&self, scan: &Scan) -> f64 {
        let range = f64::from(scan.max) - f64::from(scan.min);
        20.0 * (range / (self.squares / self.valid.max(1) as f64).sqrt()).log10()
    }

    /// How far above the target this is, in dB or (for bytes) in a unit that is about as long; negative = not reached.
    pub(super) fn margin(&self, target: Target, scan: &Scan) -> f64 {
        match target {
            Target::Psnr(wanted) => self.psnr(scan) - wanted,
            Target::Ssim(wanted) => ssim_margin(self.ssim(), wanted),
            Target::MaxError(bound) => 20.0 * (bound.of(scan) / self.largest).log10(),
            // Six dB cost about one bit per significant coefficient, a little less than twice the bytes.
            Target::Bytes(wanted) => 6.0 * (wanted as f64 / self.bytes.max(1.0)).log2(),
        }
    }
}
