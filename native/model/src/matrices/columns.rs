//! From stored integers to the matrices.

use super::Matrices;
use std::f64::consts::PI;

impl Matrices {
    /// The matrices of time, z, y and x, `[row][column]`. Rows are the steps of the segment, and the voxels of the entry's
    /// level along the axis.
    ///
    /// # Panics
    /// If parts have other lengths than [`validate`](Self::validate) demands.
    pub fn matrices(&self) -> [Vec<f64>; 4] {
        let energies = self.energies();
        [0, 1, 2, 3].map(|axis| self.matrix(axis, &energies[axis]))
    }

    fn matrix(&self, axis: usize, energies: &[f64]) -> Vec<f64> {
        let (n, columns) = (self.lengths()[axis], self.n_columns()[axis]);
        if n == 1 {
            return vec![1.0];
        }
        let cosines = cosines(n);
        let mut matrix = vec![0.0; n * columns];
        for (column, (stored, energy)) in self.columns[axis].chunks_exact(n).zip(energies).enumerate() {
            let step = f64::from(self.fineness) / energy.max(1.0).sqrt();
            for (frequency, &stored) in stored.iter().enumerate().filter(|(_, stored)| **stored != 0) {
                let scale = step * f64::from(stored) * (if frequency == 0 { 1.0 } else { 2.0 } / n as f64).sqrt();
                for row in 0..n {
                    matrix[row * columns + column] += scale * cosines[(2 * row + 1) * frequency % (4 * n)];
                }
            }
        }
        if axis > 0 {
            for _ in 0..self.level {
                matrix = halve(&matrix, columns);
            }
        }
        matrix
    }

    /// Sums of the squares of the core's numbers that meet each column of the matrices.
    fn energies(&self) -> [Vec<f64>; 4] {
        let [_, _, ny, nx] = self.n_columns();
        let mut energies = self.n_columns().map(|n| vec![0.0; n]);
        for (c, array) in self.core.iter().enumerate() {
            for (number, row) in array.chunks_exact(nx).enumerate() {
                let mut sum = 0.0;
                for (energy, &q) in energies[3].iter_mut().zip(row) {
                    let square = f64::from(q) * f64::from(q);
                    *energy += square;
                    sum += square;
                }
                energies[0][c] += sum;
                energies[1][number / ny] += sum;
                energies[2][number % ny] += sum;
            }
        }
        energies
    }
}

/// cos(π·m/2n) for m in 0..4n, all that there are.
fn cosines(n: usize) -> Vec<f64> {
    (0..4 * n).map(|m| (PI * m as f64 / (2 * n) as f64).cos()).collect()
}

/// Means of 2 rows; of 1 at an odd end.
fn halve(matrix: &[f64], columns: usize) -> Vec<f64> {
    let mut out = Vec::with_capacity(matrix.len().div_ceil(2));
    for pair in matrix.chunks(2 * columns) {
        let (first, second) = pair.split_at(columns);
        // An odd end has no second one.
        let second = if second.is_empty() { first } else { second };
        out.extend(first.iter().zip(second).map(|(a, b)| (a + b) / 2.0));
    }
    out
}
