//! Which voxels the optimiser sees: blocks by the entropy of their histogram, voxels by their gradient.

use rand::{Rng, distr::Distribution};
use rand_distr::weighted::{Error, WeightedAliasIndex};
use serde::{Deserialize, Serialize};

/// How training voxels are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Steps of a block in proportion to its entropy, voxels with p ∝ ½ + ½·|∇v| / mean |∇v|.
    Entropy,
    /// The same number of steps for every block, all valid voxels alike.
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

/// Draws voxel numbers of one block.
pub(super) struct Sampler {
    /// Numbers of the valid voxels.
    valid: Vec<u32>,
    weighted: Option<WeightedAliasIndex<f32>>,
}

impl Sampler {
    /// `target` has NaN where a voxel is invalid, `filled` has no NaN.
    pub(super) fn new(target: &[f32], filled: &[f32], extent: [u32; 3], sampling: Sampling) -> Result<Self, Error> {
        let valid: Vec<u32> = (0..target.len() as u32).filter(|&i| !target[i as usize].is_nan()).collect();
        let weighted = match sampling {
            Sampling::Uniform => None,
            Sampling::Entropy => {
                let slopes: Vec<f32> = valid.iter().map(|&voxel| slope(filled, extent, voxel)).collect();
                let mean = slopes.iter().map(|&s| f64::from(s)).sum::<f64>() / slopes.len() as f64;
                let scale = if mean > 0.0 { (1.0 - UNIFORM_SHARE) / mean as f32 } else { 0.0 };
                Some(WeightedAliasIndex::new(slopes.iter().map(|s| UNIFORM_SHARE + scale * s).collect())?)
            }
        };
        Ok(Self { valid, weighted })
    }

    pub(super) fn draw(&self, rng: &mut impl Rng, voxels: &mut [u32]) {
        for voxel in voxels {
            let index = match &self.weighted {
                Some(weighted) => weighted.sample(rng),
                None => rng.random_range(0..self.valid.len()),
            };
            *voxel = self.valid[index];
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
    use super::*;
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
        let filled: Vec<f32> = (0..16 * 16).map(|i| f32::from(i % 16 >= 8)).collect();
        let mut target = filled.clone();
        target[0] = f32::NAN;
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let mut voxels = vec![0; 40_000];
        let share = |voxels: &[u32]| {
            assert!(!voxels.contains(&0));
            voxels.iter().filter(|&&v| v % 16 == 7 || v % 16 == 8).count() as f64 / voxels.len() as f64
        };
        Sampler::new(&target, &filled, [1, 16, 16], Sampling::Entropy).unwrap().draw(&mut rng, &mut voxels);
        assert!((share(&voxels) - 0.5625).abs() < 0.02, "{}", share(&voxels));
        Sampler::new(&target, &filled, [1, 16, 16], Sampling::Uniform).unwrap().draw(&mut rng, &mut voxels);
        assert!((share(&voxels) - 0.125).abs() < 0.02, "{}", share(&voxels));
    }
}
