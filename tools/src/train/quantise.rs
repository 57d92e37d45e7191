//! Quantisation-aware, rate-aware training of the tables (after Ladune et al. 2023 and Kim et al. 2024, who train latent
//! grids so): they are rounded where they are used, gradients pass the rounding as if it were not there (straight-through,
//! Bengio et al. 2013), and what the integers cost is part of the loss.
//!
//! loss = MSE + λ·bits/N over N values, the bits being those of a Laplace distribution per feature: its scale follows the
//! integers, the step of each level is learned (Esser et al. 2020).

use super::{
    adam::{Adam, Rates},
    encoding::Level,
};
use neuvol_model::QuantisedNetwork;
use std::f32::consts::LN_2;

/// Share of the optimiser steps before tables and layers are rounded.
pub(super) const FLOAT_SHARE: f32 = 0.25;
/// The logarithms of steps learn at this share of the rate of the tables: all entries of a level move with one.
const STEP_RATE: f32 = 0.5;
/// Largest integer: far below what the format takes.
const MOST: f32 = 32767.0;
/// Smallest mean magnitude that a feature is expected to have: even one that is all 0 may need a 1.
const LEAST_MEAN: f32 = 1e-3;

/// The quantiser of a level's table.
pub(super) struct Quantiser {
    log_step: f32,
    adam: Adam,
    /// The table rounded, `[entry][feature]`.
    pub(super) rounded: Vec<f32>,
    /// Its integers.
    values: Vec<f32>,
    /// λ/N times the bits that one more costs, per feature.
    prices: Vec<f32>,
    /// λ/N per bit.
    bit: f32,
}

/// What training has to know of the rate: λ in squared errors of values in 0..1 per bit and value, and the number of values
/// of the block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub(super) lambda: f32,
    pub(super) n_values: usize,
    /// Steps that an entry has a share in.
    pub(super) n_steps: usize,
}

impl Quantiser {
    /// Begins with the step that is best at high rates, D = w·step²/12 and λ = 2·ln 2·w·step²/12, w being what a unit of an
    /// entry weighs in squared errors: the sum of its squared trilinear weights, if the layers pass it on.
    pub(super) fn new(level: &Level, rate: Rate) -> Self {
        let cell = (1u32 << level.log2_cell) as f32;
        // On an axis: Σ (1 − |i|/c)² over |i| < c.
        let weight = ((2.0 * cell * cell + 1.0) / (3.0 * cell)).powi(3) * rate.n_steps as f32;
        let step = (rate.lambda / (LN_2 / 6.0 * weight)).sqrt();
        let len = level.table.len();
        let mut quantiser = Self {
            log_step: step.ln(),
            adam: Adam::new(1),
            rounded: vec![0.0; len],
            values: vec![0.0; len],
            prices: vec![0.0; level.n_features],
            bit: rate.lambda / rate.n_values as f32,
        };
        quantiser.round(&level.table);
        quantiser
    }

    /// What is stored: the step.
    pub(super) fn step(&self) -> f32 {
        self.log_step.exp()
    }

    /// What is stored: the integers.
    pub(super) fn integers(&self) -> Vec<i32> {
        self.values.iter().map(|&value| value as i32).collect()
    }

    /// Rounds the table and sees what its integers cost.
    fn round(&mut self, table: &[f32]) {
        let (step, n) = (self.step(), self.prices.len());
        let mut sums = vec![0f32; n];
        let rows = self.values.chunks_exact_mut(n).zip(self.rounded.chunks_exact_mut(n));
        for (entry, (values, rounded)) in table.chunks_exact(n).zip(rows) {
            for (((parameter, value), rounded), sum) in entry.iter().zip(values).zip(rounded).zip(&mut sums) {
                *value = (parameter / step).round_ties_even().clamp(-MOST, MOST);
                *rounded = QuantisedNetwork::parameter(*value as i32, step).to_f32();
                *sum += value.abs();
            }
        }
        let entries = (table.len() / n).max(1) as f32;
        for (price, sum) in self.prices.iter_mut().zip(sums) {
            // A rounded Laplace distribution of scale b has the mean magnitude r/(1 − r²), r = exp(−1/2b); each unit of
            // magnitude costs 1/(b·ln 2) bits.
            let mean = (sum / entries).max(LEAST_MEAN);
            let r = ((1.0 + 4.0 * mean * mean).sqrt() - 1.0) / (2.0 * mean);
            *price = self.bit * -2.0 * r.ln() / LN_2;
        }
    }

    /// Adds the gradient of the rate to that of the error, and takes a step of the table and of its own step.
    pub(super) fn update(&mut self, table: &mut [f32], gradient: &mut [f32], adam: &mut Adam, rates: &Rates) {
        let (step, n) = (self.step(), self.prices.len());
        let mut of_step = 0.0;
        let rows = gradient.chunks_exact_mut(n).zip(self.values.chunks_exact(n));
        for (entry, (gradient, values)) in table.chunks_exact(n).zip(rows) {
            for (((parameter, gradient), value), price) in entry.iter().zip(gradient).zip(values).zip(&self.prices) {
                // Below half a step the price grows evenly, so that an entry that is not worth its 1 comes to rest at 0
                // instead of stepping over the threshold and back.
                let parts = parameter / step;
                let price = price * (2.0 * parts).clamp(-1.0, 1.0);
                of_step += *gradient * (value * step - parameter) - price * parts;
                *gradient += price / step;
            }
        }
        adam.step(table, gradient, rates.grid, rates);
        self.adam.step(std::slice::from_mut(&mut self.log_step), &[of_step], STEP_RATE * rates.grid, rates);
        self.round(table);
    }
}
