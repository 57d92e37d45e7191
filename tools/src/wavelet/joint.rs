//! Latents and head trained together.
//!
//! Rounds alternate: the head learns to correct the reconstruction of the quantised latents; then the latents move along
//! the gradient through the head and are quantised again. Bytes hardly change over the rounds, the error falls. The move
//! is a proximal gradient step (Parikh & Boyd 2014, "Proximal Algorithms") of ½‖x − head(S·q)‖² + λ·bits(q), with the
//! analysis transform in the place of the adjoint of the near-orthonormal synthesis S.

use super::{
    lifting,
    network::{Inputs, Network, Scale, Window, numbers, tensor},
    piece::Piece,
    rdoq::Rdoq,
};
use crate::train::{Schedule, TrainError};
use neuvol_model::Head;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use tch::Kind;

/// Crops of one optimiser step, and the voxels of one.
const CROPS: usize = 2;
const CROP: usize = 24 * 24 * 24;
/// Longest edge of a crop, unless the block is flat.
const CROP_EDGE: usize = 24;
/// Learning rate of the head in the first round, and later.
const RATES: (f32, f32) = (6e-3, 4e-3);
/// The last round trains the head that is kept, so many times longer.
const LAST_ROUND: u32 = 4;

/// How long and with what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rounds {
    /// Rounds, at least 1.
    pub(super) rounds: u32,
    /// Optimiser steps of the head in each.
    pub(super) iterations: u32,
    /// Worth of a bit when latents are quantised, see [`Rdoq::new`].
    pub(super) kappa: f32,
}

/// Latents, `[component][coefficient]`.
pub(crate) type Latents = Vec<Vec<i32>>;

/// Quantises the coefficients of a piece.
pub(super) fn quantise(piece: &Piece, coefficients: &[Vec<f32>], kappa: f32) -> Latents {
    let mut rdoq = Rdoq::new(kappa);
    coefficients
        .iter()
        .map(|coefficients| {
            let mut latents = vec![0; coefficients.len()];
            rdoq.quantise(coefficients, &piece.layout, &mut latents);
            latents
        })
        .collect()
}

/// The coefficients of a piece in units of a step.
pub(super) fn in_steps(piece: &Piece, step: f64) -> Vec<Vec<f32>> {
    let factor = (1.0 / step) as f32;
    piece.coefficients.iter().map(|component| component.iter().map(|c| c * factor).collect()).collect()
}

/// A piece and its reconstruction in steps, `[step][voxel]`.
struct Example<'a> {
    piece: &'a Piece,
    r: Vec<Vec<f32>>,
    scale: Scale,
}

impl<'a> Example<'a> {
    fn new(piece: &'a Piece, latents: &Latents, step: f64) -> Self {
        let r = piece.reconstruct(latents, &mut lifting());
        Self { piece, r, scale: Scale { step, offset: piece.offset.into() } }
    }

    fn extent(&self) -> [usize; 3] {
        self.piece.layout.extent()
    }

    /// Where the gradient through the head moves latents to, before they are quantised again.
    fn moved(&self, latents: &Latents, network: &Network) -> Result<Vec<Vec<f32>>, TrainError> {
        let factor = (1.0 / self.scale.step) as f32;
        let gradients = (0..self.piece.n_steps())
            .into_par_iter()
            .map(|at| {
                tch::set_num_threads(1);
                let wanted: Vec<f32> = self.piece.values[at].iter().map(|v| v * factor).collect();
                let valid = self.piece.valid.as_ref().map(|valid| &valid[at][..]);
                network.gradient(&self.r[at], &wanted, valid, self.extent(), self.scale)
            })
            .collect::<Result<Vec<_>, TrainError>>()?;
        let mut moved = self.piece.transform(&gradients, &mut lifting());
        for (moved, latents) in moved.iter_mut().zip(latents) {
            moved.iter_mut().zip(latents).for_each(|(c, &q)| *c = q as f32 - *c);
        }
        Ok(moved)
    }
}

/// Trains a head and the latents of some pieces at a quantiser step; both stand at the end of the last round. `network` is
/// the head to start with and ends as the one that was trained, rounded.
pub(super) fn train(
    pieces: &[&Piece],
    step: f64,
    rounds: &Rounds,
    network: &mut Network,
    rng: &mut ChaCha8Rng,
    stop: &dyn Fn() -> bool,
) -> Result<(Head, Vec<Latents>), TrainError> {
    let mut coefficients: Vec<Vec<Vec<f32>>> = pieces.par_iter().map(|piece| in_steps(piece, step)).collect();
    let mut round = 0;
    loop {
        let latents: Vec<Latents> = pieces
            .par_iter()
            .zip(&coefficients)
            .map(|(piece, coefficients)| quantise(piece, coefficients, rounds.kappa))
            .collect();
        let examples: Vec<Example<'_>> =
            pieces.par_iter().zip(&latents).map(|(piece, latents)| Example::new(piece, latents, step)).collect();
        let is_last = round + 1 >= rounds.rounds;
        let iterations = rounds.iterations * if is_last { LAST_ROUND } else { 1 };
        train_head(network, &examples, iterations, if round == 0 { RATES.0 } else { RATES.1 }, rng, stop)?;
        if is_last {
            return Ok((network.round(), latents));
        }
        coefficients = examples
            .par_iter()
            .zip(&latents)
            .map(|(example, latents)| example.moved(latents, network))
            .collect::<Result<_, _>>()?;
        if stop() {
            return Err(TrainError::Interrupted);
        }
        round += 1;
    }
}

/// Latents of one piece under a fixed head.
pub(super) fn fit_latents(
    piece: &Piece,
    step: f64,
    rounds: u32,
    kappa: f32,
    network: &Network,
    stop: &dyn Fn() -> bool,
) -> Result<Latents, TrainError> {
    let mut latents = quantise(piece, &in_steps(piece, step), kappa);
    for _ in 1..rounds {
        if stop() {
            return Err(TrainError::Interrupted);
        }
        let example = Example::new(piece, &latents, step);
        latents = quantise(piece, &example.moved(&latents, network)?, kappa);
    }
    Ok(latents)
}

/// A crop of an example: what one optimiser step looks at.
struct Crop {
    example: usize,
    at: usize,
    window: Window,
}

/// Some steps of Adam on random crops.
fn train_head(
    network: &mut Network,
    examples: &[Example<'_>],
    iterations: u32,
    rate: f32,
    rng: &mut ChaCha8Rng,
    stop: &dyn Fn() -> bool,
) -> Result<(), TrainError> {
    let inputs = examples
        .par_iter()
        .map(|example| example.r.iter().map(|r| network.inputs(r, example.extent(), example.scale)).collect::<Vec<_>>())
        .collect::<Vec<_>>();
    let lots: Vec<usize> = examples.iter().map(|e| e.piece.voxels() * e.r.len()).collect();
    network.reset_moments();
    let mut schedule = Schedule::new(rate, iterations);
    for iteration in 0..iterations {
        let crops: [Crop; CROPS] = std::array::from_fn(|_| draw(examples, &lots, rng));
        // Each crop on a thread of its own; the sum is in their order, so threads do not show.
        let gradients = crops
            .par_iter()
            .map(|crop| crop_gradient(network, &examples[crop.example], &inputs[crop.example][crop.at], crop))
            .collect::<Result<Vec<_>, _>>()?;
        let loss = gradients.iter().map(|(loss, _)| loss).sum::<f32>() / CROPS as f32;
        if !loss.is_finite() {
            return Err(TrainError::Diverged { loss, step: iteration });
        }
        let rates = schedule.next_step();
        network.update(gradients.into_iter().map(|(_, gradient)| gradient), rates.grid, &rates);
        if stop() {
            return Err(TrainError::Interrupted);
        }
    }
    Ok(())
}

/// A random crop; every voxel of every step has the same chance.
fn draw(examples: &[Example<'_>], lots: &[usize], rng: &mut ChaCha8Rng) -> Crop {
    let mut drawn = rng.random_range(0..lots.iter().sum::<usize>());
    let mut example = 0;
    while drawn >= lots[example] {
        drawn -= lots[example];
        example += 1;
    }
    let whole = examples[example].extent();
    let extent = crop_extent(whole);
    let at = rng.random_range(0..examples[example].r.len());
    let start = std::array::from_fn(|a| rng.random_range(0..=whole[a] - extent[a]));
    Crop { example, at, window: Window { start, extent } }
}

/// Mean squared error of a crop in steps², and its gradient for every tensor of the head.
fn crop_gradient(
    network: &Network,
    example: &Example<'_>,
    inputs: &Inputs,
    crop: &Crop,
) -> Result<(f32, Vec<Vec<f32>>), TrainError> {
    tch::set_num_threads(1);
    let (whole, window, device) = (example.extent(), crop.window, network.device());
    let row = |values: Vec<f32>| tensor(&values, &[1, -1], device);
    let leaves = network.leaves(true)?;
    let columns = inputs.columns(window)?.f_to(device)?;
    let r = row(window.cut(&example.r[crop.at], whole, |v| v))?;
    let factor = (1.0 / example.scale.step) as f32;
    let wanted = row(window.cut(&example.piece.values[crop.at], whole, |v| v * factor))?;
    let mut error = r.f_add(&Network::correction(&leaves, &columns)?)?.f_sub(&wanted)?;
    if let Some(valid) = &example.piece.valid {
        error = error.f_mul(&row(window.cut(&valid[crop.at], whole, f32::from))?)?;
    }
    let loss = error.f_square()?.f_mean(Kind::Float)?;
    loss.f_backward()?;
    let gradient = leaves.iter().map(|leaf| numbers(&leaf.f_grad()?)).collect::<Result<_, TrainError>>()?;
    Ok((loss.f_double_value(&[])? as f32, gradient))
}

/// The extent of a crop: a cube where the block allows it, about [`CROP`] voxels in any case.
fn crop_extent([nz, ny, nx]: [usize; 3]) -> [usize; 3] {
    let z = nz.min(CROP_EDGE);
    let y = ny.min(((CROP / z) as f64).sqrt() as usize).max(1);
    let x = nx.min(CROP / (z * y)).max(1);
    [z, y, x]
}
