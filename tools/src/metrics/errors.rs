//! Point-wise errors of one or many planes: sums, extremes, percentiles and mask differences.

use serde::Serialize;

use super::ValueRange;
use super::histogram::{LogHistogram, PeakHistogram};

/// Share of the voxels that `p999_abs_error` covers and that `peak_top` leaves out: 99.9 %.
const HIGH_SHARE: f64 = 0.999;
/// Share of the voxels that count as peaks.
const PEAK_SHARE: f64 = 0.001;

/// Point-wise figures over the voxels that are valid in both fields. Errors are decoded minus original, in the
/// variable's units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorFigures {
    /// Voxels valid in both fields.
    pub valid: u64,
    /// Voxels valid in the original but not in the decoded field; 0 when the mask is exact.
    pub lost: u64,
    /// Voxels valid in the decoded field but not in the original; 0 when the mask is exact.
    pub invented: u64,
    /// `20 log10(range / rmse)` in dB; range is that of the whole variable. Infinite (null in JSON) without error,
    /// NaN (null) without valid voxels.
    pub psnr_db: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Largest absolute error.
    pub max_abs_error: f64,
    /// Mean signed error (bias).
    pub mean_error: f64,
    /// 99.9th percentile of the absolute error, at most 0.2 % too high and never too low.
    pub p999_abs_error: f64,
    /// Mean signed error over the 0.1 % largest originals, divided by (their mean - range minimum): negative = peaks
    /// lost where they were. `None` when nothing rises above the minimum.
    pub peak_top: Option<f64>,
}

/// Accumulates [`ErrorFigures`].
pub(super) struct Errors {
    range: ValueRange,
    valid: u64,
    lost: u64,
    invented: u64,
    sum: f64,
    sum_of_squares: f64,
    largest: f64,
    magnitudes: LogHistogram,
    peaks: PeakHistogram,
}

impl Errors {
    pub(super) fn new(range: ValueRange) -> Self {
        Self {
            range,
            valid: 0,
            lost: 0,
            invented: 0,
            sum: 0.0,
            sum_of_squares: 0.0,
            largest: 0.0,
            magnitudes: LogHistogram::new(),
            peaks: PeakHistogram::new(range.min, range.max),
        }
    }

    pub(super) fn add_plane(&mut self, original: &[f32], decoded: &[f32]) {
        for (&a, &b) in original.iter().zip(decoded) {
            match (a.is_finite(), b.is_finite()) {
                (true, true) => {
                    let error = f64::from(b) - f64::from(a);
                    self.valid += 1;
                    self.sum += error;
                    self.sum_of_squares += error * error;
                    self.largest = self.largest.max(error.abs());
                    self.magnitudes.add(error as f32);
                    self.peaks.add(f64::from(a), error);
                }
                (true, false) => self.lost += 1,
                (false, true) => self.invented += 1,
                (false, false) => {}
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.valid += other.valid;
        self.lost += other.lost;
        self.invented += other.invented;
        self.sum += other.sum;
        self.sum_of_squares += other.sum_of_squares;
        self.largest = self.largest.max(other.largest);
        self.magnitudes.merge(&other.magnitudes);
        self.peaks.merge(&other.peaks);
    }

    pub(super) fn figures(&self) -> ErrorFigures {
        let n = self.valid as f64; // 0 / 0 = NaN below is the documented answer without valid voxels
        let mean_square = self.sum_of_squares / n;
        ErrorFigures {
            valid: self.valid,
            lost: self.lost,
            invented: self.invented,
            psnr_db: psnr(self.range.length(), mean_square),
            rmse: mean_square.sqrt(),
            max_abs_error: if self.valid == 0 { f64::NAN } else { self.largest },
            mean_error: self.sum / n,
            p999_abs_error: self.magnitudes.quantile(HIGH_SHARE).unwrap_or(f64::NAN).min(self.largest),
            peak_top: self.peaks.relative_error(PEAK_SHARE),
        }
    }
}

/// Peak signal-to-noise ratio in dB from the value range and the mean squared error.
fn psnr(range: f64, mean_square: f64) -> f64 {
    if mean_square == 0.0 { f64::INFINITY } else { 20.0 * range.log10() - 10.0 * mean_square.log10() }
}
