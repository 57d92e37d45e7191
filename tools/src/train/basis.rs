//! Temporal bases: how the features of a vertex share the steps of a segment.

use super::TrainError;
use serde::{Deserialize, Serialize};
use tch::Tensor;

/// How one network stands for several steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Student {
    /// Codes or gains, whichever is better after a short training of the block.
    Auto,
    /// A code per step, added in layer 1: all steps share the decoder's folded lattice. Best where little changes.
    Codes,
    /// Codes, and gains per step and feature that start as the temporal KLT of the block. Best where much moves.
    Gains,
    /// A 4-D grid: codes, and features at some vertices in time with linear interpolation between them.
    Grid4d,
}

/// Rows of a basis, `[row][step]`.
pub(super) type Basis = Vec<Vec<f32>>;

/// The Karhunen-Loève basis of rows that change over time: the eigenvectors of the Gram matrix M·Mᵀ with the largest
/// eigenvalues, where M is `steps` × vertices without its mean removed (codec of temporal groups; Loève 1978). Each
/// vector is scaled to a root mean square of 1.
pub(super) fn karhunen_loeve(rows: &[Vec<f32>], n: usize) -> Result<Basis, TrainError> {
    let n_steps = rows.len();
    let mut gram = vec![0f64; n_steps * n_steps];
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate().skip(i) {
            let sum = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            (gram[i * n_steps + j], gram[j * n_steps + i]) = (sum, sum);
        }
    }
    let gram = Tensor::f_from_slice(&gram)?.f_view([n_steps as i64, n_steps as i64])?;
    let (_, vectors) = gram.f_linalg_eigh("L")?;
    // Columns in rising order of their eigenvalues.
    let vectors = Vec::<f64>::try_from(&vectors.f_contiguous()?.f_view([-1])?)?;
    let scale = (n_steps as f64).sqrt();
    Ok((0..n.min(n_steps))
        .map(|k| {
            let column = |step: usize| vectors[step * n_steps + n_steps - 1 - k];
            // The sign of an eigenvector is free: the largest component is positive.
            let largest = (0..n_steps).map(column).fold(0.0, |m: f64, v| if v.abs() > m.abs() { v } else { m });
            (0..n_steps).map(|step| (column(step) * scale * largest.signum()) as f32).collect()
        })
        .collect())
}

/// `n` vertices in time, evenly spaced from the first to the last step, with linear interpolation between them.
pub(super) fn hats(n_steps: usize, n: usize) -> Basis {
    let n = n.min(n_steps);
    let scale = if n_steps > 1 { (n - 1) as f32 / (n_steps - 1) as f32 } else { 0.0 };
    (0..n).map(|k| (0..n_steps).map(|step| (1.0 - (step as f32 * scale - k as f32).abs()).max(0.0)).collect()).collect()
}

/// Cosine `k` of the discrete cosine transform (Ahmed, Natarajan & Rao 1974), root mean square 1.
pub(super) fn cosine(n_steps: usize, k: usize) -> Vec<f32> {
    if k == 0 {
        return vec![1.0; n_steps];
    }
    let angle = std::f32::consts::PI * k as f32 / n_steps as f32;
    (0..n_steps).map(|step| std::f32::consts::SQRT_2 * (angle * (step as f32 + 0.5)).cos()).collect()
}

/// Coefficients of the rows in a basis by least squares, `[basis row][vertex]`.
pub(super) fn project(rows: &[Vec<f32>], basis: &Basis) -> Result<Vec<Vec<f32>>, TrainError> {
    let (n, n_steps) = (basis.len() as i64, rows.len() as i64);
    let b: Vec<f64> = basis.iter().flatten().map(|&v| f64::from(v)).collect();
    let b = Tensor::f_from_slice(&b)?.f_view([n, n_steps])?;
    // (B·Bᵀ)⁻¹·B; a tiny diagonal keeps a basis with a vanishing row harmless.
    let gram = b.f_matmul(&b.f_tr()?)? + Tensor::f_eye(n, (tch::Kind::Double, tch::Device::Cpu))? * 1e-9;
    let weights = gram.f_inverse()?.f_matmul(&b)?;
    let weights = Vec::<f64>::try_from(&weights.f_contiguous()?.f_view([-1])?)?;
    Ok(weights
        .chunks_exact(rows.len())
        .map(|weights| {
            let mut sum = vec![0f32; rows.first().map_or(0, Vec::len)];
            for (row, &weight) in rows.iter().zip(weights) {
                sum.iter_mut().zip(row).for_each(|(sum, v)| *sum += weight as f32 * v);
            }
            sum
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_components_hold_two_moving_patterns() {
        let rows: Vec<Vec<f32>> = (0..6)
            .map(|t| {
                (0..50).map(|i| 0.3 * t as f32 * (i as f32 * 0.2).sin() + (5 - t) as f32 * i as f32 * 0.01).collect()
            })
            .collect();
        let basis = karhunen_loeve(&rows, 2).unwrap();
        for row in &basis {
            assert!((row.iter().map(|v| v * v).sum::<f32>() / 6.0 - 1.0).abs() < 1e-5);
        }
        let coefficients = project(&rows, &basis).unwrap();
        for (t, row) in rows.iter().enumerate() {
            for (i, &v) in row.iter().enumerate() {
                let back: f32 = (0..2).map(|k| basis[k][t] * coefficients[k][i]).sum();
                assert!((back - v).abs() < 1e-4, "{back} {v}");
            }
        }
    }

    #[test]
    fn hats_sum_to_one_and_cosines_have_power_one() {
        for (n_steps, n) in [(8, 4), (24, 8), (3, 5), (1, 1)] {
            let basis = hats(n_steps, n);
            for step in 0..n_steps {
                assert!((basis.iter().map(|row| row[step]).sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }
        for k in 0..4 {
            assert!((cosine(8, k).iter().map(|v| v * v).sum::<f32>() / 8.0 - 1.0).abs() < 1e-5);
        }
    }
}
