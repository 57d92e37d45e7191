//! A small network that foresees what a quantiser's step will give, so that the search for a target starts near it.
//!
//! It only chooses where to begin: what counts is measured on written bytes, and a bad prediction costs time. Runs log their
//! probes ([`Log`]), and [`fit`] makes a [`Predictor`] of such logs; one is built in ([`Predictor::built_in`]).

mod fit;
mod log;
mod network;

pub use fit::{FitOptions, Fitted, fit};
pub use log::{Log, Probe, read};
pub use network::{Predictor, PredictorError};

use serde::{Deserialize, Serialize};

/// Numbers that describe the values of a variable, see [`Traits::NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Traits(pub [f32; Traits::NAMES.len()]);

impl Traits {
    /// What they are: logarithms are of base 2; shares are of the sum of squares after the mean of each block was taken
    /// off.
    pub const NAMES: [&'static str; 12] = [
        "log range / standard deviation",
        "mean entropy of blocks and steps in bits",
        "gradient direction change: mean of 1 - cos between the gradients of neighbours, weighted by their lengths",
        "log share of the finest detail bands",
        "log share of the second finest",
        "log share of the third finest",
        "log share of the fourth finest",
        "log share of all temporal components but the first",
        "log steps that share a basis",
        "log values",
        "share of valid values",
        "log voxels of a block",
    ];
}

/// What is asked: how a step of the quantiser would do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// Log (base 2) of the step over the standard deviation.
    pub log_step: f32,
    /// PSNR in dB that the quantised coefficients have without a head.
    pub plain_psnr: f32,
    /// Log (base 2) of the share of coefficients that are not 0.
    pub log_significant: f32,
    /// Channels of the head; 0 = none.
    pub n_channels: u8,
    /// Rounds of joint training.
    pub rounds: u32,
    /// Whether the dense entropy coder is used.
    pub dense: bool,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// PSNR of the result minus that of the query, in dB.
    pub gain: f32,
    /// Log (base 2) of the bits of the payloads per value, without head.
    pub log_bits: f32,
    /// 10 log10(.02 / (1 − SSIM)) − (PSNR − 40): how much better the SSIM is than usual at its PSNR, in dB; NaN = not known.
    #[serde(default = "unknown", deserialize_with = "number_or_nan")]
    pub ssim: f32,
}

fn unknown() -> f32 {
    f32::NAN
}

/// JSON has no NaN and writes null.
fn number_or_nan<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f32::NAN))
}

/// Inputs of the network.
const N_INPUTS: usize = Traits::NAMES.len() + 6;
/// Its outputs, in the order of [`Outcome`].
const N_OUTPUTS: usize = 3;

fn inputs(traits: &Traits, query: &Query) -> [f32; N_INPUTS] {
    let mut inputs = [0.0; N_INPUTS];
    let (front, rest) = inputs.split_at_mut(traits.0.len());
    front.copy_from_slice(&traits.0);
    rest.copy_from_slice(&[
        query.log_step,
        query.plain_psnr / 10.0,
        query.log_significant,
        f32::from(query.n_channels).sqrt(),
        (query.rounds as f32 + 1.0).log2(),
        f32::from(u8::from(query.dense)),
    ]);
    inputs
}
