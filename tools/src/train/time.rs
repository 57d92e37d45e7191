//! What a network knows of the time while it is trained: codes (biases of layer 1) and gains (factors of the encoding).

use super::adam::{Adam, Rates};
use half::f16;
use rand::Rng;

/// Half width of the uniform distribution of the first codes.
const INITIAL_CODE: f32 = 1e-2;

pub(super) struct Time {
    codes: Rows,
    gains: Option<Rows>,
    /// Whether the gains are fitted; those of a 4-D grid are its interpolation in time and stay.
    fit_gains: bool,
}

/// One row of parameters per step.
struct Rows {
    width: usize,
    values: Vec<f32>,
    gradient: Vec<f32>,
    adam: Adam,
}

impl Rows {
    fn new(width: usize, values: Vec<f32>) -> Self {
        Self { width, gradient: vec![0.0; values.len()], adam: Adam::new(values.len()), values }
    }

    fn row(&self, step: u32) -> &[f32] {
        &self.values[step as usize * self.width..][..self.width]
    }

    fn update(&mut self, rates: &Rates) {
        self.adam.step(&mut self.values, &self.gradient, rates.mlp, rates);
        self.gradient.fill(0.0);
    }
}

impl Time {
    /// `gains`: `[step][input]`.
    pub(super) fn new(
        n_steps: usize,
        n_neurons: usize,
        gains: Option<Vec<f32>>,
        fit_gains: bool,
        rng: &mut impl Rng,
    ) -> Self {
        let codes = (0..n_steps * n_neurons).map(|_| rng.random_range(-INITIAL_CODE..INITIAL_CODE)).collect();
        let gains = gains.map(|gains| Rows::new(gains.len() / n_steps, gains));
        Self { codes: Rows::new(n_neurons, codes), gains, fit_gains }
    }

    /// `inputs` = `encoded` times the gains of each sample's step; `biases` = its code.
    pub(super) fn forward(&self, steps: &[u32], encoded: &[f32], inputs: &mut Vec<f32>, biases: &mut Vec<f32>) {
        inputs.clear();
        match &self.gains {
            None => inputs.extend_from_slice(encoded),
            Some(gains) => {
                for (&step, encoded) in steps.iter().zip(encoded.chunks_exact(gains.width)) {
                    inputs.extend(encoded.iter().zip(gains.row(step)).map(|(e, g)| e * g));
                }
            }
        }
        biases.clear();
        for &step in steps {
            biases.extend_from_slice(self.codes.row(step));
        }
    }

    /// Turns the gradient of the inputs into that of the encoding, in place, and takes one Adam step.
    pub(super) fn backward(
        &mut self,
        steps: &[u32],
        encoded: &[f32],
        inputs: &mut [f32],
        biases: &[f32],
        rates: &Rates,
    ) {
        let width = self.codes.width;
        for (&step, bias) in steps.iter().zip(biases.chunks_exact(width)) {
            let sums = &mut self.codes.gradient[step as usize * width..][..width];
            sums.iter_mut().zip(bias).for_each(|(sum, b)| *sum += b);
        }
        self.codes.update(rates);
        if let Some(gains) = &mut self.gains {
            let width = gains.width;
            for ((&step, input), encoded) in
                steps.iter().zip(inputs.chunks_exact_mut(width)).zip(encoded.chunks_exact(width))
            {
                let at = step as usize * width;
                let sums = &mut gains.gradient[at..at + width];
                for (((input, e), gain), sum) in input.iter_mut().zip(encoded).zip(&gains.values[at..]).zip(sums) {
                    *sum += *input * e;
                    *input *= gain;
                }
            }
            if self.fit_gains {
                gains.update(rates);
            }
        }
    }

    /// Codes and gains as they are stored.
    pub(super) fn stored(&self) -> (Vec<f16>, Vec<f16>) {
        let half = |values: &[f32]| values.iter().map(|&v| f16::from_f32(v)).collect();
        (half(&self.codes.values), self.gains.as_ref().map_or(Vec::new(), |gains| half(&gains.values)))
    }
}
