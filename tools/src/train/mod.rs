//! Training of block networks: voxels sampled by entropy, multi-resolution grid in Rust, MLP in libtorch.
//!
//! One call of [`train_block`] fits one network to one block at one time step. It is deterministic: the result depends on
//! the values, the configuration and the seed only, never on the number of threads (every block is trained by one thread
//! with a random generator of its own).

mod adam;
mod encoding;
mod fill;
mod mlp;
mod pyramid;
mod sampling;
#[cfg(test)]
mod tests;

pub use sampling::{Sampling, block_entropy};

use adam::Schedule;
use encoding::Encoding;
use fill::fill_invalid;
use mlp::Mlp;
use neuvol_model::{GridConfig, GridLevel, GridNetwork, TimeConfig};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The network and how it is trained. Names follow instant-ngp (Müller et al. 2022).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainOptions {
    /// Grid levels.
    pub n_levels: u8,
    /// Features per grid vertex.
    pub n_features_per_level: u8,
    /// Levels with more vertices than 2^this are hashed; 0 = never.
    pub log2_hashmap_size: u8,
    /// log2 of the finest level's cell in voxels (1 = two voxels); each coarser level doubles it.
    pub log2_finest_cell: u8,
    /// Width of the hidden layers.
    pub n_neurons: u16,
    /// Number of hidden layers.
    pub n_hidden_layers: u8,
    /// Optimiser steps of a block of average entropy.
    pub steps: u32,
    /// Voxels per optimiser step.
    pub batch: u32,
    /// Learning rate of the grid at the start; falls to a hundredth along a cosine.
    pub learning_rate: f32,
    /// How voxels are drawn.
    pub sampling: Sampling,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            n_levels: 4,
            n_features_per_level: 4,
            log2_hashmap_size: 13,
            log2_finest_cell: 2,
            n_neurons: 16,
            n_hidden_layers: 2,
            steps: 800,
            batch: 2048,
            learning_rate: 1e-2,
            sampling: Sampling::Entropy,
            seed: 0,
        }
    }
}

impl TrainOptions {
    /// The model configuration for a block of `extent`: levels coarser than the block needs are left out.
    pub fn grid_config(&self, extent: [u32; 3]) -> GridConfig {
        let longest = extent.iter().copied().max().unwrap_or(1);
        let mut levels = Vec::new();
        for log2_cell in (self.log2_finest_cell..self.log2_finest_cell.saturating_add(self.n_levels)).rev() {
            // A cell at least as long as the block already holds one linear function; coarser ones add nothing.
            let is_finest = log2_cell == self.log2_finest_cell;
            if log2_cell <= 8 && (is_finest || (1u32 << (log2_cell - 1)) < longest) {
                levels.push(GridLevel {
                    log2_cell,
                    n_features: self.n_features_per_level,
                    log2_hashmap_size: self.log2_hashmap_size,
                });
            }
        }
        GridConfig {
            levels,
            n_neurons: self.n_neurons,
            n_hidden_layers: self.n_hidden_layers,
            n_outputs: 1,
            time: TimeConfig::default(),
        }
    }
}

/// A trained block.
pub struct Trained {
    /// The network with its parameters rounded to f16.
    pub network: GridNetwork,
    /// Mean squared error of the normalised batch, every [`LOSS_EVERY`] steps.
    pub losses: Vec<f32>,
}

/// Steps between two recorded losses.
pub const LOSS_EVERY: u32 = 20;

/// Why a block could not be trained.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// libtorch reported an error.
    #[error("libtorch: {0}")]
    Torch(#[from] tch::TchError),
    /// The voxels have no weights to draw them by: a bug.
    #[error("cannot weigh the voxels of the block: {0}")]
    Sampling(#[from] rand_distr::weighted::Error),
    /// The loss became NaN or infinite.
    #[error("training diverged (loss {loss} at step {step}); lower --learning-rate")]
    Diverged {
        /// The loss.
        loss: f32,
        /// The optimiser step.
        step: u32,
    },
    /// The user interrupted the run.
    #[error("interrupted")]
    Interrupted,
}

/// Fits a network to one block.
///
/// `values`: physical values, extent z, y, x with x fastest, NaN = invalid (never learned); at least two different valid
/// values. `range`: smallest and largest valid value. `steps`: optimiser steps of this block. `stop` is asked now and then.
pub fn train_block(
    values: &[f32],
    extent: [u32; 3],
    range: (f32, f32),
    options: &TrainOptions,
    steps: u32,
    seed: u64,
    stop: &dyn Fn() -> bool,
) -> Result<Trained, TrainError> {
    // OpenMP's thread count belongs to the calling thread: blocks are the unit of parallel work, not matrix rows.
    tch::set_num_threads(1);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (low, high) = range;
    let scale = 1.0 / (f64::from(high) - f64::from(low));
    let target: Vec<f32> = values.iter().map(|&v| ((f64::from(v) - f64::from(low)) * scale) as f32).collect();
    let filled = fill_invalid(&target, extent.map(|n| n as usize));
    let sampler = sampling::Sampler::new(&target, &filled, extent, options.sampling)?;

    let config = options.grid_config(extent);
    let mut encoding = Encoding::new(&config, extent, &mut rng);
    let mut mlp = Mlp::new(&config, &mut rng);
    pyramid::initialise(&filled, extent, &mut encoding);

    let batch = (options.batch as usize).min(values.len().next_power_of_two()).max(64);
    let mut schedule = Schedule::new(options.learning_rate, steps);
    let mut voxels = vec![0u32; batch];
    let mut wanted = vec![0f32; batch];
    let mut encoded = vec![0f32; batch * config.n_inputs()];
    let mut losses = Vec::with_capacity((steps / LOSS_EVERY) as usize + 1);
    for step in 0..steps {
        sampler.draw(&mut rng, &mut voxels);
        for (wanted, &voxel) in wanted.iter_mut().zip(&voxels) {
            *wanted = target[voxel as usize];
        }
        encoding.forward(&voxels, &mut encoded);
        let (loss, gradient) = mlp.backward(&encoded, &wanted)?;
        if !loss.is_finite() {
            return Err(TrainError::Diverged { loss, step });
        }
        let rates = schedule.next_step();
        mlp.update(&rates)?;
        encoding.backward(&voxels, &gradient, &rates);
        if step % LOSS_EVERY == 0 {
            losses.push(loss);
            if stop() {
                return Err(TrainError::Interrupted);
            }
        }
    }
    let network =
        GridNetwork { tables: encoding.into_tables(), layers: mlp.layers(), time_codes: Vec::new(), time_gains: Vec::new(), config, extent };
    Ok(Trained { network, losses })
}
