//! Which quantiser step gives which error, before anything is trained.

use super::{
    joint::{in_steps, quantise},
    piece::Piece,
};
use rayon::prelude::*;

/// Halvings of the interval of steps: to 2 % of a step.
const HALVINGS: usize = 10;
/// Steps tried lie within this many octaves of the first guess.
const OCTAVES: f64 = 10.0;

/// The quantiser step at which latents without a head have about this mean squared error (in the units of the values,
/// over filled voxels too). Errors of coefficients stand for those of voxels: the transforms are nearly orthonormal.
pub(crate) fn step_for(pieces: &[&Piece], mean_square: f64, kappa: f32) -> f64 {
    let error = |step: f64| quantised(pieces, step, kappa).mean_square;
    // A uniform quantiser has step²/12; zeros make it less.
    let guess = (12.0 * mean_square).sqrt();
    let (mut low, mut high) = (guess.log2() - 2.0, guess.log2() + OCTAVES);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if error(middle.exp2()) <= mean_square {
            low = middle;
        } else {
            high = middle;
        }
    }
    low.exp2()
}

/// What a quantiser does to coefficients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quantised {
    /// Mean squared error, in the units of the values.
    pub(crate) mean_square: f64,
    /// Share of the coefficients that are not 0.
    pub(crate) significant: f64,
}

/// Quantises all coefficients of some pieces.
pub(crate) fn quantised(pieces: &[&Piece], step: f64, kappa: f32) -> Quantised {
    let n: usize = pieces.iter().map(|piece| piece.n_steps() * piece.voxels()).sum();
    // Summed in order: threads must not show.
    let sums: Vec<(f64, u64)> = pieces.par_iter().map(|piece| sums(piece, step, kappa)).collect();
    let (squares, count) = sums.iter().fold((0.0, 0), |(squares, count), sum| (squares + sum.0, count + sum.1));
    Quantised { mean_square: squares / n.max(1) as f64, significant: count as f64 / n.max(1) as f64 }
}

/// Squared errors and numbers that are not 0, over all coefficients.
fn sums(piece: &Piece, step: f64, kappa: f32) -> (f64, u64) {
    let coefficients = in_steps(piece, step);
    let latents = quantise(piece, &coefficients, kappa);
    let (mut sum, mut count) = (0.0, 0);
    for (coefficients, latents) in coefficients.iter().zip(&latents) {
        count += latents.iter().filter(|&&q| q != 0).count() as u64;
        for (c, q) in coefficients.chunks(4096).zip(latents.chunks(4096)) {
            sum += f64::from(c.iter().zip(q).map(|(c, &q)| (c - q as f32).powi(2)).sum::<f32>());
        }
    }
    (sum * step * step, count)
}
