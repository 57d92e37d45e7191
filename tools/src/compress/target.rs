//! What the result has to reach.

use super::scan::Scan;
use serde::{Deserialize, Serialize};

/// What a quality level of a variable has to reach, measured on the bytes that were written.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Peak signal-to-noise ratio in dB over the range of the variable's valid values, at least.
    Psnr(f64),
    /// Largest absolute error, at most.
    MaxError(Bound),
    /// Length of all payloads and heads of the variable in bytes, at most.
    Bytes(u64),
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
    /// The bound that every value has to keep, if there is one.
    pub(super) fn bound(self, scan: &Scan) -> Option<f64> {
        match self {
            Self::MaxError(bound) => Some(bound.of(scan)),
            Self::Psnr(_) | Self::Bytes(_) => None,
        }
    }
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
}

impl Measured {
    pub(super) fn add(&mut self, bytes: f64, squares: f64, valid: u64, largest: f64) {
        self.bytes += bytes;
        self.squares += squares;
        self.valid += valid;
        self.largest = if largest > self.largest || largest.is_nan() { largest } else { self.largest };
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
            Target::MaxError(bound) => 20.0 * (bound.of(scan) / self.largest).log10(),
            // Six dB cost about one bit per significant coefficient, a little less than twice the bytes.
            Target::Bytes(wanted) => 6.0 * (wanted as f64 / self.bytes.max(1.0)).log2(),
        }
    }
}
