//! Training of block networks: voxels sampled by entropy, multi-resolution grid in Rust, MLP in libtorch.
//!
//! One call of [`train`] fits one network to one block: one step of one variable (a teacher), or several steps and
//! variables together (a student). It is deterministic: the result depends on the values, the configuration and the seed
//! only, never on the number of threads (every block is trained by one thread with a random generator of its own).

mod adam;
mod basis;
mod between;
mod encoding;
mod fields;
mod fill;
mod mlp;
mod pyramid;
mod quantise;
mod sampling;
#[cfg(test)]
mod tests;
mod time;

pub(crate) use adam::{Adam, Rates, Schedule};
pub use basis::Student;
pub use fields::{Fields, Points};
pub(crate) use fill::fill_invalid;
pub(crate) use sampling::ENTROPY_SHARE;
pub use sampling::{Sampling, block_entropy};

use encoding::Encoding;
use fields::Targets;
use mlp::Mlp;
use neuvol_model::{GridConfig, GridLevel, GridNetwork, QuantisedNetwork, TimeConfig, TimeInterpolation};
use quantise::{FLOAT_SHARE, Rate};
use rand::{Rng, SeedableRng};
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
    /// How one network stands for several steps.
    pub student: Student,
    /// λ: parameters become integers that are entropy-coded, and training minimises MSE + λ·bits/N over the N values of a
    /// block, errors being shares of the variable's range. `None` = parameters are stored as f16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f32>,
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
            student: Student::Auto,
            rate: None,
            seed: 0,
        }
    }
}

impl TrainOptions {
    /// The model configuration for `n_outputs` variables at `n_steps` steps of a block of `extent`: levels coarser than
    /// the block needs are left out.
    pub fn grid_config(&self, extent: [u32; 3], n_outputs: usize, n_steps: usize) -> GridConfig {
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
        let time = match n_steps {
            1 => TimeConfig::default(),
            n => TimeConfig {
                n_codes: n as u16,
                gains: self.student != Student::Codes,
                interpolation: TimeInterpolation::Codes,
            },
        };
        GridConfig {
            levels,
            n_neurons: self.n_neurons,
            n_hidden_layers: self.n_hidden_layers,
            n_outputs: n_outputs as u8,
            time,
        }
    }
}

/// A trained block.
pub struct Trained {
    /// The network with its parameters rounded to f16.
    pub network: GridNetwork,
    /// The same with parameters as integers, if they were trained to be.
    quantised: Option<QuantisedNetwork>,
    /// Mean squared error of the normalised batch, every [`LOSS_EVERY`] steps.
    pub losses: Vec<f32>,
}

impl Trained {
    /// The payload of codec 3.
    pub fn to_bytes(&self) -> Result<Vec<u8>, neuvol_model::Error> {
        match &self.quantised {
            None => Ok(self.network.to_bytes()),
            Some(quantised) => quantised.to_bytes(),
        }
    }
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
    /// The trained parameters cannot be stored: a bug.
    #[error("the trained parameters cannot be stored: {0}")]
    Store(#[from] neuvol_model::Error),
    /// The user interrupted the run.
    #[error("interrupted")]
    Interrupted,
}

/// What to fit.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The values; every output has at least two different valid ones.
    pub fields: &'a Fields,
    /// Smallest and largest valid value of each output, all steps together.
    pub ranges: &'a [(f32, f32)],
    /// Further points between the voxels, with the share of samples that they get; none are needed.
    pub points: Option<(&'a Points, f32)>,
    /// λ, as in [`TrainOptions::rate`], but for errors as shares of [`ranges`](Self::ranges). `None` = f16.
    pub rate: Option<f32>,
    /// Optimiser steps.
    pub steps: u32,
    /// Seed of everything random.
    pub seed: u64,
}

/// One batch of samples.
struct Batch {
    steps: Vec<u32>,
    voxels: Vec<u32>,
    positions: Vec<[f32; 3]>,
    /// `[sample][output]`, NaN = nothing is wanted.
    wanted: Vec<f32>,
}

impl Batch {
    fn new(len: usize, n_outputs: usize) -> Self {
        Self {
            steps: vec![0; len],
            voxels: vec![0; len],
            positions: vec![[0.0; 3]; len],
            wanted: vec![0.0; len * n_outputs],
        }
    }

    fn draw(&mut self, job: &Job<'_>, targets: &Targets, sampler: &sampling::Sampler, rng: &mut ChaCha8Rng) {
        let len = self.steps.len();
        let off_lattice = match job.points {
            Some((points, share)) if !points.steps.is_empty() => ((len as f32 * share) as usize).min(len),
            _ => 0,
        };
        let on_lattice = len - off_lattice;
        sampler.draw(rng, &mut self.steps[..on_lattice], &mut self.voxels[..on_lattice]);
        let [_, ny, nx] = targets.extent;
        let mut wanted = self.wanted.chunks_exact_mut(targets.n_outputs);
        for ((&step, &voxel), position) in self.steps.iter().zip(&self.voxels).zip(&mut self.positions).take(on_lattice)
        {
            *position = [voxel / nx / ny, voxel / nx % ny, voxel % nx].map(|n| n as f32);
            if let Some(wanted) = wanted.next() {
                targets.get(step, voxel, wanted);
            }
        }
        for ((step, position), wanted) in
            self.steps[on_lattice..].iter_mut().zip(&mut self.positions[on_lattice..]).zip(wanted)
        {
            if let Some((points, _)) = job.points {
                let at = rng.random_range(0..points.steps.len());
                (*step, *position) = (points.steps[at], points.positions[at]);
                let values = &points.values[at * targets.n_outputs..][..targets.n_outputs];
                for (output, (wanted, &value)) in wanted.iter_mut().zip(values).enumerate() {
                    *wanted = targets.normalise(output, value);
                }
            }
        }
    }
}

/// Share of the optimiser steps that a kind of student gets when kinds are compared.
const TRIAL: u32 = 5;
/// Samples that they are compared on.
const TRIAL_SAMPLES: usize = 1 << 13;

/// Fits a network to one block. `stop` is asked now and then.
pub fn train(job: &Job<'_>, options: &TrainOptions, stop: &dyn Fn() -> bool) -> Result<Trained, TrainError> {
    // OpenMP's thread count belongs to the calling thread: blocks are the unit of parallel work, not matrix rows.
    tch::set_num_threads(1);
    let targets = Targets::new(job.fields, job.ranges);
    let sampler = sampling::Sampler::new(&targets, options.sampling)?;
    let block = Block { job, options, targets: &targets, sampler: &sampler, stop };
    let mut rng = ChaCha8Rng::seed_from_u64(job.seed);
    let student = match options.student {
        _ if targets.n_steps == 1 => None,
        Student::Auto => Some(block.better([Student::Gains, Student::Codes])?),
        student => Some(student),
    };
    let mut trained = block.fit(student, job.steps, &mut rng)?;
    if student.is_some() {
        let interpolation = between::choose(&trained.network, &targets, &mut rng);
        trained.network.config.time.interpolation = interpolation;
        if let Some(quantised) = &mut trained.quantised {
            quantised.config.time.interpolation = interpolation;
        }
    }
    Ok(trained)
}

/// Everything that the training of one block needs.
struct Block<'a> {
    job: &'a Job<'a>,
    options: &'a TrainOptions,
    targets: &'a Targets,
    sampler: &'a sampling::Sampler,
    stop: &'a dyn Fn() -> bool,
}

impl Block<'_> {
    /// The kind of student with the smaller error after a short training.
    fn better(&self, kinds: [Student; 2]) -> Result<Student, TrainError> {
        let mut errors = [0f64; 2];
        for (kind, error) in kinds.into_iter().zip(&mut errors) {
            let mut rng = ChaCha8Rng::seed_from_u64(self.job.seed);
            let network = self.fit(Some(kind), self.job.steps.div_ceil(TRIAL), &mut rng)?.network;
            // The same samples for both.
            let mut rng = ChaCha8Rng::seed_from_u64(!self.job.seed);
            let [_, ny, nx] = self.targets.extent;
            let mut wanted = vec![0f32; self.targets.n_outputs];
            let mut got = wanted.clone();
            for _ in 0..TRIAL_SAMPLES {
                let step = rng.random_range(0..self.targets.n_steps as u32);
                let voxel = rng.random_range(0..self.targets.voxels() as u32);
                self.targets.get(step, voxel, &mut wanted);
                network.evaluate(voxel / nx / ny, voxel / nx % ny, voxel % nx, step.into(), &mut got);
                for (wanted, got) in wanted.iter().zip(&got).filter(|(wanted, _)| !wanted.is_nan()) {
                    *error += f64::from(wanted - got.clamp(0.0, 1.0)).powi(2);
                }
            }
        }
        log::debug!("squared errors of {kinds:?} after a short training: {errors:.4?}");
        Ok(if errors[1] < errors[0] { kinds[1] } else { kinds[0] })
    }

    /// Trains one network from its start; between two steps it gives the network at interpolated codes.
    fn fit(&self, student: Option<Student>, steps: u32, rng: &mut ChaCha8Rng) -> Result<Trained, TrainError> {
        let (job, options, targets) = (self.job, self.options, self.targets);
        let extent = targets.extent;
        let kind = student.unwrap_or(options.student);
        let config =
            TrainOptions { student: kind, ..options.clone() }.grid_config(extent, targets.n_outputs, targets.n_steps);
        let mut encoding = Encoding::new(&config, extent, rng);
        let start = pyramid::initialise(targets, student, &mut encoding)?;
        let mut mlp = Mlp::new(&config, &start.paths, rng);
        let n_neurons = usize::from(config.n_neurons);
        let fit_gains = student == Some(Student::Gains);
        let mut time = student.map(|_| time::Time::new(targets.n_steps, n_neurons, start.gains, fit_gains, rng));

        let n = (options.batch as usize).min((targets.voxels() * targets.n_steps).next_power_of_two()).max(64);
        let mut batch = Batch::new(n, targets.n_outputs);
        let mut schedule = Schedule::new(options.learning_rate, steps);
        let mut encoded = vec![0f32; n * config.n_inputs()];
        let (mut inputs, mut biases) = (Vec::new(), Vec::new());
        let mut losses = Vec::with_capacity((steps / LOSS_EVERY) as usize + 1);
        let float_steps = (steps as f32 * FLOAT_SHARE) as u32;
        for step in 0..steps {
            if let Some(lambda) = job.rate
                && step == float_steps
            {
                let n_values = targets.voxels() * targets.n_steps * targets.n_outputs;
                encoding.quantise(Rate { lambda, n_values, n_steps: targets.n_steps });
                mlp.quantise();
            }
            batch.draw(job, targets, self.sampler, rng);
            encoding.forward(&batch.positions, &mut encoded);
            let mut gradients = match &time {
                None => mlp.backward(&encoded, &[], &batch.wanted)?,
                Some(time) => {
                    time.forward(&batch.steps, &encoded, &mut inputs, &mut biases);
                    mlp.backward(&inputs, &biases, &batch.wanted)?
                }
            };
            if !gradients.loss.is_finite() {
                return Err(TrainError::Diverged { loss: gradients.loss, step });
            }
            let rates = schedule.next_step();
            mlp.update(&rates)?;
            if let Some(time) = &mut time {
                time.backward(&batch.steps, &encoded, &mut gradients.inputs, &gradients.biases, &rates);
            }
            encoding.backward(&batch.positions, &gradients.inputs, &rates);
            if step % LOSS_EVERY == 0 {
                losses.push(gradients.loss);
                if (self.stop)() {
                    return Err(TrainError::Interrupted);
                }
            }
        }
        let (time_codes, time_gains) = time.map(|time| time.stored()).unwrap_or_default();
        if job.rate.is_none() {
            let (tables, layers) = (encoding.into_tables(), mlp.layers());
            let network = GridNetwork { tables, layers, time_codes, time_gains, config, extent };
            return Ok(Trained { network, quantised: None, losses });
        }
        let (tables, tensors) = (encoding.quantised_tables(), mlp.tensors());
        let quantised = QuantisedNetwork { config, extent, tables, tensors, time_codes, time_gains };
        Ok(Trained { network: quantised.dequantised()?, quantised: Some(quantised), losses })
    }
}
