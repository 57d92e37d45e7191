//! The temporal transform of a group of steps: the Karhunen-Loève basis of the group's own values.

use half::f16;

/// Turns of the eigenvalue iteration; it converges in less than ten for matrices of 32 rows.
const MAX_SWEEPS: usize = 40;

/// How components become steps and steps components.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Klt {
    /// Steps, and components as well.
    pub(super) n: usize,
    /// Weight of a component at a step, `[component][step]`, as it is stored.
    pub(super) synthesis: Vec<f16>,
    /// Its inverse: share of a step in a component, `[component][step]`.
    pub(super) analysis: Vec<f32>,
}

impl Klt {
    /// The basis of `steps` arrays of equal length: the eigenvectors of their Gram matrix (no mean removed), largest
    /// eigenvalue first, rounded to what is stored; `analysis` undoes the rounded ones. One step has the basis 1.
    pub(super) fn new(steps: &[&[f32]]) -> Self {
        let n = steps.len();
        let mut gram = vec![0f64; n * n];
        for i in 0..n {
            for j in i..n {
                let sum = dot(steps[i], steps[j]);
                (gram[i * n + j], gram[j * n + i]) = (sum, sum);
            }
        }
        let vectors = eigenvectors(gram, n);
        let synthesis: Vec<f16> = vectors.iter().map(|&v| f16::from_f64(v)).collect();
        let rounded: Vec<f64> = synthesis.iter().map(|v| v.to_f64()).collect();
        // x_t = Σ_k S[k][t]·y_k, so y = (Sᵀ)⁻¹·x. A basis that rounding made singular cannot come from unit vectors.
        let inverse = inverse(&transposed(&rounded, n), n);
        Self { n, synthesis, analysis: inverse.into_iter().map(|v| v as f32).collect() }
    }

    /// Components of steps: `[component][i] = Σ_t analysis[component][t]·steps[t][i]`.
    pub(super) fn analyse(&self, steps: &[Vec<f32>]) -> Vec<Vec<f32>> {
        (0..self.n).map(|k| mix(steps, |t| self.analysis[k * self.n + t])).collect()
    }

    /// Steps of components.
    pub(super) fn synthesise(&self, components: &[Vec<f32>]) -> Vec<Vec<f32>> {
        (0..self.n).map(|t| mix(components, |k| self.synthesis[k * self.n + t].to_f32())).collect()
    }
}

/// In f64: squares of 32-bit floats are not always 32-bit floats.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0f64; 8];
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        for (sum, (&a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += f64::from(a) * f64::from(b);
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>()
}

fn mix(arrays: &[Vec<f32>], weight: impl Fn(usize) -> f32) -> Vec<f32> {
    let mut sum = vec![0f32; arrays.first().map_or(0, Vec::len)];
    for (number, array) in arrays.iter().enumerate() {
        let weight = weight(number);
        if weight != 0.0 {
            sum.iter_mut().zip(array).for_each(|(sum, v)| *sum += weight * v);
        }
    }
    sum
}

fn transposed(m: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|i| m[i % n * n + i / n]).collect()
}

/// Eigenvectors of a symmetric matrix as rows, largest eigenvalue first: cyclic Jacobi rotations (Golub & Van Loan,
/// "Matrix Computations", 8.5). The largest number of each is positive.
fn eigenvectors(mut m: Vec<f64>, n: usize) -> Vec<f64> {
    let mut rows: Vec<f64> = (0..n * n).map(|i| f64::from(i % n == i / n)).collect();
    for _ in 0..MAX_SWEEPS {
        let diagonal: f64 = (0..n).map(|i| m[i * n + i].powi(2)).sum();
        let rest: f64 = m.iter().map(|v| v * v).sum::<f64>() - diagonal;
        if rest <= 1e-24 * diagonal {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                let apq = m[p * n + q];
                if apq == 0.0 {
                    continue;
                }
                let theta = (m[q * n + q] - m[p * n + p]) / (2.0 * apq);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..n {
                    let (a, b) = (m[k * n + p], m[k * n + q]);
                    (m[k * n + p], m[k * n + q]) = (c * a - s * b, s * a + c * b);
                }
                for k in 0..n {
                    let (a, b) = (m[p * n + k], m[q * n + k]);
                    (m[p * n + k], m[q * n + k]) = (c * a - s * b, s * a + c * b);
                    let (a, b) = (rows[p * n + k], rows[q * n + k]);
                    (rows[p * n + k], rows[q * n + k]) = (c * a - s * b, s * a + c * b);
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| m[b * n + b].total_cmp(&m[a * n + a]));
    order
        .into_iter()
        .flat_map(|k| {
            let row = &rows[k * n..][..n];
            let largest = row.iter().fold(0.0f64, |largest, &v| if v.abs() > largest.abs() { v } else { largest });
            row.iter().map(move |v| v * largest.signum()).collect::<Vec<_>>()
        })
        .collect()
}

/// Inverse of a regular matrix by elimination with pivots.
fn inverse(m: &[f64], n: usize) -> Vec<f64> {
    let mut left = m.to_vec();
    let mut right: Vec<f64> = (0..n * n).map(|i| f64::from(i % n == i / n)).collect();
    for column in 0..n {
        let pivot = (column..n)
            .max_by(|&a, &b| left[a * n + column].abs().total_cmp(&left[b * n + column].abs()))
            .unwrap_or(column);
        for k in 0..n {
            left.swap(column * n + k, pivot * n + k);
            right.swap(column * n + k, pivot * n + k);
        }
        let scale = 1.0 / left[column * n + column];
        for k in 0..n {
            left[column * n + k] *= scale;
            right[column * n + k] *= scale;
        }
        for row in (0..n).filter(|&row| row != column) {
            let factor = left[row * n + column];
            for k in 0..n {
                left[row * n + k] -= factor * left[column * n + k];
                right[row * n + k] -= factor * right[column * n + k];
            }
        }
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_gathers_in_the_first_components_and_nothing_is_lost() {
        let steps: Vec<Vec<f32>> = (0..8)
            .map(|t| (0..5000).map(|i| (i as f32 * 0.01 + t as f32 * 0.1).sin() * 3.0 + 0.1 * t as f32).collect())
            .collect();
        let klt = Klt::new(&steps.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let components = klt.analyse(&steps);
        let energy = |c: &[f32]| c.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        let total: f64 = components.iter().map(|c| energy(c)).sum();
        // sin(a + b) and a constant that grows: three patterns.
        assert!(components[..3].iter().map(|c| energy(c)).sum::<f64>() > 0.9999 * total);
        let back = klt.synthesise(&components);
        for (a, b) in steps.iter().flatten().zip(back.iter().flatten()) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn one_step_and_empty_steps_have_a_basis() {
        let klt = Klt::new(&[&[1.0, 2.0]]);
        assert_eq!((klt.synthesis[0].to_f32(), klt.analysis[0]), (1.0, 1.0));
        let zeros = [0.0; 10];
        let klt = Klt::new(&[&zeros, &zeros, &zeros]);
        assert_eq!(klt.analyse(&vec![vec![2.0; 3]; 3]).len(), 3);
    }
}
