//! Random networks, and a bound on how far f32 arithmetic may be from the oracle.
#![allow(dead_code, unreachable_pub)] // every test and benchmark uses its own part of this

pub mod latents;
pub mod matrices;

use half::f16;
use neuvol_model::{GridConfig, GridLevel, GridNetwork, TimeInterpolation, voxels};

/// Small, fast and the same everywhere (xorshift64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// In −1..1.
    pub fn signed(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// Levels with falling cells down to 2^finest voxels.
pub fn nested(finest: u8, n_levels: u8, n_features: u8, log2_hashmap_size: u8) -> Vec<GridLevel> {
    let level = |log2_cell| GridLevel { log2_cell, n_features, log2_hashmap_size };
    (0..n_levels).map(|l| level(finest + n_levels - 1 - l)).collect()
}

/// Parameters as after a usual initialisation, coarse levels carrying more than fine ones, as in trained networks.
pub fn random_network(config: GridConfig, extent: [u32; 3], seed: u64) -> GridNetwork {
    let mut random = Random::new(seed);
    let mut network = GridNetwork::zeros(config, extent).unwrap();
    for (l, table) in network.tables.iter_mut().enumerate() {
        let amplitude = 1.0 / (1.0 + l as f32 * 0.5);
        table.iter_mut().for_each(|v| *v = f16::from_f32(random.signed() * amplitude));
    }
    for layer in &mut network.layers {
        let amplitude = (6.0 / layer.n_in as f32).sqrt();
        layer.weights.iter_mut().for_each(|v| *v = f16::from_f32(random.signed() * amplitude));
        layer.biases.iter_mut().for_each(|v| *v = f16::from_f32(random.signed() * 0.25));
    }
    network.time_codes.iter_mut().for_each(|v| *v = f16::from_f32(random.signed()));
    network.time_gains.iter_mut().for_each(|v| *v = f16::from_f32(1.0 + 0.5 * random.signed()));
    network
}

/// Scales an output so that it takes the middle `share` of 0..1 at one time, or at the step before it where values are
/// interpolated: clamping then hides no error.
pub fn normalise(network: &mut GridNetwork, output: u8, time: f64, share: f32) {
    let mut y = vec![0.0; voxels(network.extent)];
    let values = network.config.time.interpolation == TimeInterpolation::Values;
    network.evaluate_block(if values { time.floor() } else { time }, output, &mut y);
    let low = y.iter().copied().fold(f32::INFINITY, f32::min);
    let range = range_of(&y);
    let factor = if range > 1e-3 { share / range } else { 1.0 };
    let last = network.layers.last_mut().unwrap();
    let (n, output) = (last.n_in, usize::from(output));
    last.weights[output * n..][..n].iter_mut().for_each(|w| *w = f16::from_f32(w.to_f32() * factor));
    let bias = last.biases[output].to_f32();
    last.biases[output] = f16::from_f32((bias - low) * factor + 0.5 - 0.5 * range * factor);
}

pub fn range_of(values: &[f32]) -> f32 {
    let fold = |f: fn(f32, f32) -> f32| values.iter().copied().reduce(f).unwrap();
    fold(f32::max) - fold(f32::min)
}

pub fn max_error(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Peak signal-to-noise ratio over the range of the reference, in dB.
pub fn psnr(reference: &[f32], values: &[f32]) -> f64 {
    let squares: f64 = reference.iter().zip(values).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    20.0 * (f64::from(range_of(reference)) / (squares / reference.len() as f64).sqrt()).log10()
}

/// How far two f32 evaluations of y may be apart, whatever their order of operations.
///
/// Standard error analysis: a sum of products evaluated in any order has an error of at most γ·Σ|products| with
/// γ = k·u, u = 2⁻²⁴ and k the operations on the longest way from an input to the output. Layers compose when every
/// weight, bias and activation is replaced by its absolute value (ReLU does not increase errors). Both evaluations are
/// that far from the exact value, hence twice.
pub fn f32_bound(network: &GridNetwork) -> f32 {
    let config = &network.config;
    let largest = |values: &[f16]| values.iter().map(|v| v.to_f32().abs()).fold(0.0, f32::max);
    let mut inputs: Vec<f32> = Vec::new();
    for (level, table) in config.levels.iter().zip(&network.tables) {
        inputs.extend(vec![largest(table); usize::from(level.n_features)]);
    }
    // Between two steps the cubic leaves the range of the codes and gains, but not twice of it.
    if config.time.gains {
        inputs.iter_mut().for_each(|input| *input *= 2.0 * largest(&network.time_gains));
    }
    // Trilinear weights and sums: at most 2 operations per axis and level of the cascade, 8 levels.
    let mut operations = 2 * 3 * 8 + 4;
    for (number, layer) in network.layers.iter().enumerate() {
        let code = if number == 0 { 2.0 * largest(&network.time_codes) } else { 0.0 };
        let rows = layer.weights.chunks_exact(layer.n_in).zip(&layer.biases);
        let sum = |row: &[f16]| row.iter().zip(&inputs).map(|(w, x)| w.to_f32().abs() * x).sum::<f32>();
        inputs = rows.map(|(row, bias)| sum(row) + bias.to_f32().abs() + code).collect();
        operations += layer.n_in + 3;
    }
    let largest_output = inputs.iter().copied().fold(0.0, f32::max);
    2.0 * operations as f32 * f32::EPSILON / 2.0 * largest_output
}
