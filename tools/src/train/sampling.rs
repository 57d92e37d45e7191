//! Which voxels the optimiser sees: blocks by the entropy of their histogram, voxels by their gradient.

use super::fields::Targets;
use rand::{Rng, distr::Distribution};
use rand_distr::weighted::{Error, WeightedAliasIndex};
use serde::{Deserialize, Serialize};

/// How training voxels are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Optimiser steps of a block, and samples of a time step, in proportion to the entropy of their histogram; voxels
    /// with p ∝ ½ + ½·|∇v| / mean |∇v|.
    Entropy,
    /// The same number of optimiser steps for every block, all time steps and valid voxels alike.
    Uniform,
}

/// Bins of the histogram over the variable's range.
const BINS: usize = 256;
/// Share of the samples that ignores the gradient, so that no voxel is starved.
const UNIFORM_SHARE: f32 = 0.5;

/// Shannon entropy in bits, 0..=8, of the histogram of the valid values (256 equal bins over the range of the whole
/// variable): H = −Σ p log₂ p (Shannon 1948).
pub fn block_entropy(values: &[f32], (low, high): (f32, f32)) -> f64 {
    let scale = BINS as f64 / (f64::from(high) - f64::from(low)).max(f64::MIN_POSITIVE);
    let mut counts = [0u64; BINS];
    for &value in values.iter().filter(|v| !v.is_nan()) {
        let bin = ((f64::from(value) - f64::from(low)) * scale) as usize;
        counts[bin.min(BINS - 1)] += 1;
    }
    let total = counts.iter().sum::<u64>() as f64;
    let bits = |n: u64| if n == 0 { 0.0 } else { -(n as f64 / total) * (n as f64 / total).log2() };
    // A single full bin gives −0.
    counts.iter().map(|&n| bits(n)).sum::<f64>().max(0.0)
}

/// A step of very low or high entropy gets at least and at most this share of the samples of an average one; the same
/// holds for the optimiser steps of a block.
pub(crate) const ENTROPY_SHARE: (f64, f64) = (0.25, 2.0);

/// Draws (step, voxel) pairs of one block: the step by its entropy, the voxel by its gradient.
pub(super) struct Sampler {
    steps: Option<WeightedAliasIndex<f64>>,
    /// Steps with valid voxels, and how to draw these.
    voxels: Vec<(u32, StepSampler)>,
}

/// Draws voxel numbers of one step.
struct StepSampler {
    /// Numbers of the valid voxels.
    valid: Vec<u32>,
    weighted: Option<WeightedAliasIndex<f32>>,
}

impl Sampler {
    /// A voxel may be drawn where at least one output is valid. Fails if no voxel is.
    pub(super) fn new(targets: &Targets, sampling: Sampling) -> Result<Self, Error> {
        let mut voxels = Vec::with_capacity(targets.n_steps);
        let mut shares = Vec::with_capacity(targets.n_steps);
        for step in 0..targets.n_steps {
            let outputs = 0..targets.n_outputs;
            let valid: Vec<u32> = (0..targets.voxels() as u32)
                .filter(|&i| outputs.clone().any(|output| !targets.invalid(output, step)[i as usize]))
                .collect();
            if valid.is_empty() {
                continue;
            }
            let weighted = match sampling {
                Sampling::Uniform => None,
                Sampling::Entropy => {
                    let slope = |voxel: u32| -> f32 {
                        outputs.clone().map(|o| slope(targets.filled(o, step), targets.extent, voxel)).sum()
                    };
                    let slopes: Vec<f32> = valid.iter().map(|&voxel| slope(voxel)).collect();
                    let mean = slopes.iter().map(|&s| f64::from(s)).sum::<f64>() / slopes.len() as f64;
                    let scale = if mean > 0.0 { (1.0 - UNIFORM_SHARE) / mean as f32 } else { 0.0 };
                    Some(WeightedAliasIndex::new(slopes.iter().map(|s| UNIFORM_SHARE + scale * s).collect())?)
                }
            };
            shares.push(outputs.map(|output| block_entropy(targets.filled(output, step), (0.0, 1.0))).sum::<f64>());
            voxels.push((step as u32, StepSampler { valid, weighted }));
        }
        if voxels.is_empty() {
            return Err(Error::InsufficientNonZero);
        }
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let steps = match sampling {
            Sampling::Entropy if mean > 0.0 && voxels.len() > 1 => {
                let share = |entropy: f64| (entropy / mean).clamp(ENTROPY_SHARE.0, ENTROPY_SHARE.1);
                Some(WeightedAliasIndex::new(shares.into_iter().map(share).collect())?)
            }
            _ => None,
        };
        Ok(Self { steps, voxels })
    }

    /// Fills both slices, which are equally long.
    pub(super) fn draw(&self, rng: &mut impl Rng, steps: &mut [u32], voxels: &mut [u32]) {
        for (step, voxel) in steps.iter_mut().zip(voxels) {
            let chosen = match &self.steps {
                Some(weighted) => weighted.sample(rng),
                None if self.voxels.len() == 1 => 0,
                None => rng.random_range(0..self.voxels.len()),
            };
            let (number, sampler) = &self.voxels[chosen];
            let index = match &sampler.weighted {
                Some(weighted) => weighted.sample(rng),
                None => rng.random_range(0..sampler.valid.len()),
            };
            (*step, *voxel) = (*number, sampler.valid[index]);
        }
    }
}

/// Length of the gradient by central differences, one-sided at the faces.
fn slope(values: &[f32], extent: [u32; 3], voxel: u32) -> f32 {
    let [nz, ny, nx] = extent.map(|n| n as usize);
    let i = voxel as usize;
    let position = [i / nx / ny, i / nx % ny, i % nx];
    let mut sum = 0.0;
    for (axis, (n, stride)) in [(nz, ny * nx), (ny, nx), (nx, 1)].into_iter().enumerate() {
        let (below, above) = (position[axis].min(1), usize::from(position[axis] + 1 < n));
        if below + above > 0 {
            let d = (values[i + above * stride] - values[i - below * stride]) / (below + above) as f32;
            sum += d * d;
        }
    }
    sum.sqrt()
}

#[cfg(test)]
mod tests {
    use super::{super::fields::Fields, *};
    use rand::SeedableRng;

    #[test]
    fn entropy_of_known_histograms() {
        assert_eq!(block_entropy(&[5.0; 10], (0.0, 10.0)), 0.0);
        assert_eq!(block_entropy(&[0.0, 10.0, f32::NAN, 0.0, 10.0], (0.0, 10.0)), 1.0);
        let ramp: Vec<f32> = (0..256).map(|i| i as f32 + 0.5).collect();
        assert!((block_entropy(&ramp, (0.0, 256.0)) - 8.0).abs() < 1e-12);
    }

    #[test]
    fn steep_voxels_are_drawn_more_often_and_invalid_ones_never() {
        // A step between x = 7 and x = 8; voxel 0 is invalid.
        let mut values: Vec<f32> = (0..16 * 16).map(|i| f32::from(i % 16 >= 8)).collect();
        values[0] = f32::NAN;
        let fields = Fields { extent: [1, 16, 16], n_outputs: 1, n_steps: 1, values };
        let targets = Targets::new(&fields, &[(0.0, 1.0)]);
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let (mut steps, mut voxels) = (vec![0; 40_000], vec![0; 40_000]);
        let share = |voxels: &[u32]| {
            assert!(!voxels.contains(&0));
            voxels.iter().filter(|&&v| v % 16 == 7 || v % 16 == 8).count() as f64 / voxels.len() as f64
        };
        Sampler::new(&targets, Sampling::Entropy).unwrap().draw(&mut rng, &mut steps, &mut voxels);
        assert!((share(&voxels) - 0.5625).abs() < 0.02, "{}", share(&voxels));
        Sampler::new(&targets, Sampling::Uniform).unwrap().draw(&mut rng, &mut steps, &mut voxels);
        assert!((share(&voxels) - 0.125).abs() < 0.02, "{}", share(&voxels));
    }

    #[test]
    fn steps_are_drawn_by_their_entropy_and_empty_ones_never() {
        let mut values = vec![0.5; 3 * 256];
        values[..256].iter_mut().enumerate().for_each(|(i, v)| *v = i as f32 / 255.0);
        values[512..].fill(f32::NAN);
        let fields = Fields { extent: [1, 16, 16], n_outputs: 1, n_steps: 3, values };
        let targets = Targets::new(&fields, &[(0.0, 1.0)]);
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let (mut steps, mut voxels) = (vec![0; 40_000], vec![0; 40_000]);
        Sampler::new(&targets, Sampling::Entropy).unwrap().draw(&mut rng, &mut steps, &mut voxels);
        let share = steps.iter().filter(|&&step| step == 0).count() as f64 / 40_000.0;
        assert!((share - 2.0 / 2.25).abs() < 0.01, "{share}");
        assert!(!steps.contains(&2));
    }
}
