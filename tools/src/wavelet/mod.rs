//! Encoder of codec 4: wavelet latents with a jointly trained head (SPEC section 11.4).
//!
//! A `Piece` is one variable in one block and segment. A `Model` is what all blocks of a variable share on a quality
//! level: the quantiser's step and the head. `train` makes a model from some pieces, `fit` the latents of one piece
//! under a model, `assemble` the block to be written.

mod bands;
mod effort;
mod features;
mod joint;
mod klt;
mod network;
mod piece;
mod rate;
mod rdoq;
mod traits;

pub use effort::{Effort, Preset};
pub(crate) use joint::Latents;
pub(crate) use piece::{Piece, layout as block_layout};
pub(crate) use rate::{quantised, step_for};
pub(crate) use rdoq::Rdoq;
pub(crate) use traits::{deviation, traits};

use crate::train::TrainError;
use features::Level;
use joint::Rounds;
use network::Network;
use neuvol_decode::{Kernel, Precision, lifting::Lifting};
use neuvol_model::{Head, TimeInterpolation, Wavelet};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// Worth of a squared error in bits: λ = 2·ln 2·step²/12 (see [`rdoq`]).
pub(crate) fn lambda(step: f64) -> f64 {
    2.0 * std::f64::consts::LN_2 * step * step / 12.0
}

/// What the blocks of a variable share on one quality level.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    /// The quantiser's step, in the unit of the values; 0 = blocks are stored as they are.
    pub(crate) step: f64,
    /// The head; none if it was not worth its bytes.
    pub(crate) head: Option<Arc<Head>>,
    /// What a lost unit of the highest values is worth, in squared errors per quantiser's step; 0 = nothing of its own.
    pub(crate) peak_weight: f64,
}

impl Model {
    /// The last resort of every target.
    pub(crate) fn lossless() -> Self {
        Self { step: 0.0, head: None, peak_weight: 0.0 }
    }

    pub(crate) fn is_lossless(&self) -> bool {
        self.step == 0.0
    }
}

/// Buffers for the transform in f32.
pub(crate) fn lifting() -> Lifting {
    Lifting::new(Kernel::best(Precision::Exact))
}

/// Trains the latents of some pieces and a head together at a quantiser step, from `start` if there is one.
pub(crate) fn train(
    pieces: &[&Piece],
    step: f64,
    start: Option<&Head>,
    effort: &Effort,
    seed: u64,
    stop: &dyn Fn() -> bool,
) -> Result<(Model, Vec<Latents>), TrainError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    if effort.n_channels == 0 || pieces.is_empty() {
        let latents = pieces.iter().map(|piece| fit_plain(piece, step, effort)).collect();
        return Ok((Model { step, head: None, peak_weight: 0.0 }, latents));
    }
    let device = tch::Device::cuda_if_available();
    // Pieces, steps and crops are the units of parallel work, not matrix rows: OpenMP's threads would wait for each other.
    tch::set_num_threads(1);
    let (mut network, rounds) = match start {
        Some(head) => (Network::from_head(head, device), effort.rounds.div_ceil(2)),
        None => {
            let moments = moments(pieces);
            let (channels, hidden) = (usize::from(effort.n_channels), usize::from(effort.n_hidden));
            (Network::new(channels, hidden, moments, device, &mut rng), effort.rounds)
        }
    };
    let rounds = Rounds { rounds, iterations: effort.iterations, kappa: effort.kappa };
    let (head, latents) = joint::train(pieces, step, &rounds, &mut network, &mut rng, stop)?;
    Ok((Model { step, head: Some(Arc::new(head)), peak_weight: 0.0 }, latents))
}

/// Fits the latents of a piece to a model.
pub(crate) fn fit(
    piece: &Piece,
    model: &Model,
    effort: &Effort,
    stop: &dyn Fn() -> bool,
) -> Result<Latents, TrainError> {
    if model.is_lossless() {
        return Ok(Latents::new());
    }
    let Some(head) = &model.head else {
        return Ok(fit_plain(piece, model.step, effort));
    };
    // Blocks are the unit of parallel work here.
    tch::set_num_threads(1);
    let network = Network::from_head(head, tch::Device::cuda_if_available());
    joint::fit_latents(piece, model.step, effort.block_rounds, effort.kappa, &network, stop)
}

fn fit_plain(piece: &Piece, step: f64, effort: &Effort) -> Latents {
    joint::quantise(piece, &joint::in_steps(piece, step), effort.kappa)
}

/// Mean and standard deviation of all values, for the head's second input.
fn moments(pieces: &[&Piece]) -> Level {
    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for piece in pieces {
        for values in &piece.values {
            let offset = f64::from(piece.offset);
            n += values.len() as f64;
            for &value in values {
                let value = f64::from(value) + offset;
                sum += value;
                squares += value * value;
            }
        }
    }
    let mean = sum / n;
    let deviation = (squares / n - mean * mean).max(0.0).sqrt();
    Level { mean, deviation: if deviation > 1e-30 { deviation } else { 1.0 } }
}

/// The block model of a piece and its latents. Components at the end that are all zero are left out.
pub(crate) fn assemble(piece: &Piece, latents: Latents, model: &Model, effort: &Effort, precise: bool) -> Wavelet {
    let n_steps = piece.n_steps();
    let used = latents.iter().rposition(|component| component.iter().any(|&q| q != 0)).map_or(1, |last| last + 1);
    let mut components = latents;
    components.truncate(used);
    let weights = if n_steps == 1 { Vec::new() } else { piece.klt.synthesis[..used * n_steps].to_vec() };
    Wavelet {
        extent: piece.layout.extent().map(|n| n as u32),
        level: 0,
        steps: n_steps as u32,
        step: model.step as f32,
        offset: piece.offset,
        n_levels: piece.layout.n_levels() as u8,
        coder: effort.coder,
        precise,
        interpolation: TimeInterpolation::Codes,
        weights,
        components,
        residual: None,
        head: model.head.clone(),
    }
}
