//! What the values of a variable are like, in a few numbers: for predictions (see [`crate::predict`]).

use super::piece::Piece;
use crate::predict::Traits;
use rayon::prelude::*;

/// Below this share nothing is told apart.
const LEAST: f64 = 1e-6;
/// Finest levels of the transform that are looked at one by one.
const LEVELS: usize = 4;

/// Sums over the values of one piece.
#[derive(Default)]
struct Sums {
    values: f64,
    valid: f64,
    squares: f64,
    /// Of the detail bands, finest first.
    details: [f64; LEVELS],
    /// Of all temporal components but the first.
    later: f64,
    /// Lengths of the gradients of neighbours multiplied, and the same times 1 − cos of the angle between them.
    gradients: [f64; 2],
}

/// The traits of pieces of one variable. `range` is that of the variable, `entropy` the mean of its blocks and steps in bits;
/// all values of the variable are `share` times those of the pieces.
pub(crate) fn traits(pieces: &[&Piece], range: f64, entropy: f64, share: f64) -> Traits {
    let sums: Vec<Sums> = pieces.par_iter().map(|piece| Sums::of(piece)).collect();
    // In order, so that threads do not show.
    let total = |of: fn(&Sums) -> f64| sums.iter().map(of).sum::<f64>();
    let (values, squares) = (total(|s| s.values).max(1.0), total(|s| s.squares).max(f64::MIN_POSITIVE));
    let log_share = |part: f64| (part / squares).max(LEAST).log2() as f32;
    let details: [f64; LEVELS] = std::array::from_fn(|i| sums.iter().map(|s| s.details[i]).sum());
    let [lengths, turned] = [0, 1].map(|i| sums.iter().map(|s| s.gradients[i]).sum::<f64>());
    let first = pieces.first();
    Traits([
        (range / (squares / values).sqrt()).max(1e-3).log2() as f32,
        entropy as f32,
        if lengths > 0.0 { (turned / lengths) as f32 } else { 0.0 },
        log_share(details[0]),
        log_share(details[1]),
        log_share(details[2]),
        log_share(details[3]),
        log_share(total(|s| s.later)),
        first.map_or(0.0, |piece| (piece.n_steps() as f32).log2()),
        (values * share).log2() as f32,
        (total(|s| s.valid) / values) as f32,
        first.map_or(0.0, |piece| (piece.voxels() as f32).log2()),
    ])
}

/// Standard deviation of the values of pieces around the mean of each.
pub(crate) fn deviation(pieces: &[&Piece]) -> f64 {
    let sums: Vec<(f64, f64)> = pieces.par_iter().map(|piece| (squares(&piece.values), count(piece))).collect();
    let (squares, n) = sums.iter().fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
    (squares / f64::max(n, 1.0)).sqrt().max(f64::MIN_POSITIVE)
}

fn count(piece: &Piece) -> f64 {
    (piece.n_steps() * piece.voxels()) as f64
}

fn squares(arrays: &[Vec<f32>]) -> f64 {
    arrays.iter().flatten().map(|&v| f64::from(v).powi(2)).sum()
}

impl Sums {
    fn of(piece: &Piece) -> Self {
        let valid = piece.valid.as_ref();
        let n_valid = valid.map_or(count(piece), |steps| steps.iter().flatten().filter(|&&v| v).count() as f64);
        let mut sums = Self {
            values: count(piece),
            valid: n_valid,
            squares: squares(&piece.values),
            later: squares(&piece.coefficients[1..]),
            ..Self::default()
        };
        let layout = &piece.layout;
        let [_, ny, nx] = layout.extent();
        for level in 0..LEVELS.min(layout.n_levels()) {
            let (low, all) = (layout.region(layout.n_levels() - level - 1), layout.region(layout.n_levels() - level));
            for component in &piece.coefficients {
                for z in 0..all[0] {
                    for y in 0..all[1] {
                        let row = &component[(z * ny + y) * nx..][..all[2]];
                        let inside = z < low[0] && y < low[1];
                        let part = if inside { &row[low[2]..] } else { row };
                        sums.details[level] += part.iter().map(|&c| f64::from(c).powi(2)).sum::<f64>();
                    }
                }
            }
        }
        sums.gradients = direction_change(&piece.values[0], layout.extent());
        sums
    }
}

/// Σ |g||g'| and Σ |g||g'|(1 − cos) over voxels and their neighbours in x; g are forward differences.
fn direction_change(values: &[f32], [nz, ny, nx]: [usize; 3]) -> [f64; 2] {
    let mut sums = [0.0; 2];
    let gradient = |z: usize, y: usize, x: usize| {
        let at = |z: usize, y: usize, x: usize| f64::from(values[(z * ny + y) * nx + x]);
        let here = at(z, y, x);
        let next = |n: usize, i: usize| (i + 1).min(n - 1);
        [at(next(nz, z), y, x) - here, at(z, next(ny, y), x) - here, at(z, y, next(nx, x)) - here]
    };
    let dot = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for z in 0..nz {
        for y in 0..ny {
            let mut before = gradient(z, y, 0);
            for x in 1..nx {
                let here = gradient(z, y, x);
                let lengths = (dot(before, before) * dot(here, here)).sqrt();
                sums[0] += lengths;
                sums[1] += lengths - dot(before, here);
                before = here;
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Fields;
    use crate::wavelet::lifting;

    fn of(field: impl Fn(usize) -> f32) -> Traits {
        let extent = [12, 16, 20];
        let values: Vec<f32> = (0..12 * 16 * 20).map(field).collect();
        let fields = Fields { extent, n_outputs: 1, n_steps: 1, values };
        let piece = Piece::new(&fields, 0, 3, &mut lifting());
        traits(&[&piece], 2.0, 1.5, 4.0)
    }

    #[test]
    fn noise_is_told_from_what_is_smooth() {
        let smooth = of(|i| ((i % 20) as f32 * 0.2).sin() + (i / 320) as f32 * 0.05).0;
        let noise = of(|i| (i as u32).wrapping_mul(2_654_435_761) as f32 / u32::MAX as f32).0;
        assert!(smooth[2] < 0.2 && noise[2] > 0.3, "{} {}", smooth[2], noise[2]);
        assert!(smooth[3] < -6.0 && noise[3] > -1.0, "{} {}", smooth[3], noise[3]);
        assert_eq!(smooth[9], (12.0f32 * 16.0 * 20.0 * 4.0).log2());
        assert_eq!((smooth[8], smooth[10], smooth[7]), (0.0, 1.0, LEAST.log2() as f32));
    }
}
