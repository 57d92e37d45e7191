//! The network and its file.

use super::{N_INPUTS, N_OUTPUTS, Outcome, Query, Traits, inputs};
use serde::{Deserialize, Serialize};
use std::{path::Path, sync::OnceLock};

/// Neurons of each of the two hidden layers.
pub(super) const WIDTH: usize = 16;
/// Largest gain or SSIM difference believed, in dB.
const MOST_DB: f32 = 12.0;
/// Largest bits per value believed, as a logarithm.
const MOST_LOG_BITS: f32 = 6.0;

/// What was wrong with a file of a predictor.
#[derive(Debug, thiserror::Error)]
pub enum PredictorError {
    /// It cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Reason.
        source: std::io::Error,
    },
    /// It holds something else.
    #[error("{path} is not a predictor of this version of Neuvol: {reason}; make one with neuvol train-predictor")]
    Invalid {
        /// The file.
        path: String,
        /// Reason.
        reason: String,
    },
}

/// Inputs → 16 → 16 → outputs, leaky ReLU between, everything in f32.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predictor {
    /// Where it comes from, in words.
    pub about: String,
    /// Mean and standard deviation of every input in training.
    pub(super) input_scales: Vec<[f32; 2]>,
    /// The same for every output.
    pub(super) output_scales: Vec<[f32; 2]>,
    pub(super) layers: Vec<Layer>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Layer {
    /// `[output][input]`
    pub(super) weights: Vec<f32>,
    pub(super) biases: Vec<f32>,
}

impl Predictor {
    /// The one that is built into the program.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: OnceLock<Predictor> = OnceLock::new();
        BUILT_IN.get_or_init(|| {
            Self::from_json(include_str!("predictor.json"), "predictor.json").expect("checked by a test")
        })
    }

    /// Reads the file of a predictor.
    ///
    /// # Errors
    /// It cannot be read, or holds something else.
    pub fn open(path: &Path) -> Result<Self, PredictorError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| PredictorError::Io { path: name.clone(), source })?;
        Self::from_json(&text, &name)
    }

    /// Reads a predictor from the text of its file; `path` is for messages.
    ///
    /// # Errors
    /// The text holds something else.
    pub fn from_json(text: &str, path: &str) -> Result<Self, PredictorError> {
        let invalid = |reason: String| PredictorError::Invalid { path: path.to_owned(), reason };
        let this: Self = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let shapes = [(N_INPUTS, WIDTH), (WIDTH, WIDTH), (WIDTH, N_OUTPUTS)];
        let fits = |(layer, (n_in, n_out)): (&Layer, (usize, usize))| {
            layer.weights.len() == n_in * n_out && layer.biases.len() == n_out
        };
        if this.layers.len() != shapes.len()
            || !this.layers.iter().zip(shapes).all(fits)
            || (this.input_scales.len(), this.output_scales.len()) != (N_INPUTS, N_OUTPUTS)
        {
            return Err(invalid(format!("its layers are not {N_INPUTS} × {WIDTH} × {WIDTH} × {N_OUTPUTS}")));
        }
        let numbers = this.layers.iter().flat_map(|layer| layer.weights.iter().chain(&layer.biases));
        let scales = this.input_scales.iter().chain(&this.output_scales);
        if !numbers.chain(scales.flatten()).all(|n| n.is_finite()) {
            return Err(invalid("a number is not finite".to_owned()));
        }
        Ok(this)
    }

    /// What a step would give. Always finite and within some limits, whatever the network.
    pub fn predict(&self, traits: &Traits, query: &Query) -> Outcome {
        let mut values: Vec<f32> = inputs(traits, query)
            .iter()
            .zip(&self.input_scales)
            // Far outside of what it was trained on a network only guesses.
            .map(|(x, [mean, deviation])| ((x - mean) / deviation).clamp(-4.0, 4.0))
            .collect();
        for (number, layer) in self.layers.iter().enumerate() {
            values = layer.apply(&values);
            if number + 1 < self.layers.len() {
                values.iter_mut().for_each(|v| *v = v.max(0.1 * *v));
            }
        }
        let at = |i: usize, (low, high): (f32, f32)| {
            let [mean, deviation] = self.output_scales[i];
            let value = values[i] * deviation + mean;
            if value.is_nan() { 0.0 } else { value.clamp(low, high) }
        };
        Outcome {
            gain: at(0, (-MOST_DB, MOST_DB)),
            log_bits: at(1, (-4.0 * MOST_LOG_BITS, MOST_LOG_BITS)),
            ssim: at(2, (-2.0 * MOST_DB, 2.0 * MOST_DB)),
        }
    }
}

impl Layer {
    pub(super) fn apply(&self, inputs: &[f32]) -> Vec<f32> {
        let rows = self.weights.chunks_exact(inputs.len()).zip(&self.biases);
        rows.map(|(row, bias)| bias + row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f32>()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_one_is_whole_and_sensible() {
        let predictor = Predictor::built_in();
        let traits = Traits([3.0, 3.0, 0.3, -9.0, -7.0, -5.0, -4.0, -6.0, 3.0, 20.0, 1.0, 17.0]);
        let query = |log_step, plain_psnr, n_channels| Query {
            log_step,
            plain_psnr,
            log_significant: -5.0,
            n_channels,
            rounds: 10,
            dense: true,
        };
        let (fine, coarse) = (query(-1.0, 45.0, 16), query(2.0, 30.0, 16));
        let [fine, coarse] = [fine, coarse].map(|query| predictor.predict(&traits, &query));
        assert!(fine.log_bits > coarse.log_bits, "{fine:?} {coarse:?}");
        assert!(fine.gain.abs() < 6.0 && coarse.gain.abs() < 6.0);
    }

    #[test]
    fn other_shapes_and_numbers_are_refused() {
        let good = include_str!("predictor.json");
        for (from, to) in [("\"layers\"", "\"layer\""), ("[", "[[], "), ("\"biases\":[", "\"biases\":[1,")] {
            assert!(Predictor::from_json(&good.replacen(from, to, 1), "p.json").is_err(), "{from}");
        }
    }
}
