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
    let n: usize = pieces.iter().map(|piece| piece.n_steps() * piece.voxels()).sum();
    let error = |step: f64| {
        // Summed in order: threads must not show.
        let squares: Vec<f64> = pieces.par_iter().map(|piece| squared_error(piece, step, kappa)).collect();
        squares.iter().sum::<f64>() / n.max(1) as f64
    };
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

/// Sum over all coefficients.
fn squared_error(piece: &Piece, step: f64, kappa: f32) -> f64 {
    let coefficients = in_steps(piece, step);
    let latents = quantise(piece, &coefficients, kappa);
    let mut sum = 0.0;
    for (coefficients, latents) in coefficients.iter().zip(&latents) {
        for (c, q) in coefficients.chunks(4096).zip(latents.chunks(4096)) {
            sum += f64::from(c.iter().zip(q).map(|(c, &q)| (c - q as f32).powi(2)).sum::<f32>());
        }
    }
    sum * step * step
}
