//! Which columns are worth their bytes, and their integers.

use super::{FINENESS, Fitted, bits_of_column};
use crate::wavelet::lambda;
use neuvol_entropy::MAX_MAGNITUDE;
use std::f64::consts::PI;

/// What the fraction of a column's number must exceed to be rounded up.
const THRESHOLD: f64 = 0.6;

impl Fitted {
    /// Leaves out columns whose part of the core does not lessen the error by as much as it costs. `wanted` is the core
    /// before it was quantised.
    pub(super) fn drop_columns(&mut self, wanted: &[f32]) {
        let mut wanted = wanted.to_vec();
        for axis in 0..4 {
            let (n, ranks) = (self.lengths()[axis], self.ranks);
            let gains = self.by_column(axis, |at| {
                let (c, q) = (f64::from(wanted[at]), f64::from(self.core[at]));
                c * c - (c - q) * (c - q)
            });
            let costs = self.by_column(axis, |at| super::bits([&self.core[at]]));
            let energies = self.energies(axis);
            let kept: Vec<bool> = (0..ranks[axis])
                .map(|column| {
                    let column_bits = bits_of_column(n, energies[column]);
                    energies[column] > 0.0 && gains[column] > lambda(1.0) * (costs[column] + column_bits)
                })
                .collect();
            // Something has to be left.
            let is_kept = |column: usize| kept[column] || (column == 0 && !kept.contains(&true));
            if (0..ranks[axis]).all(is_kept) {
                continue;
            }
            let inner: usize = ranks[axis + 1..].iter().product();
            self.core = without(&self.core, ranks[axis], inner, is_kept);
            wanted = without(&wanted, ranks[axis], inner, is_kept);
            let columns = self.columns[axis].chunks_exact(n).enumerate().filter(|(column, _)| is_kept(*column));
            let columns: Vec<f32> = columns.flat_map(|(_, column)| column.iter().copied()).collect();
            self.ranks[axis] = columns.len() / n;
            self.columns[axis] = columns;
        }
    }

    /// Step of the matrices in relation to that of the core: larger than wanted if their integers would become too large.
    pub(super) fn fineness(&self) -> f64 {
        let largest = (0..4).flat_map(|axis| self.energies(axis)).fold(1.0, f64::max).sqrt();
        // No number of a unit vector or of its cosine transform is above 1; rounding may add a little.
        FINENESS.max(1.001 * largest / f64::from(MAX_MAGNITUDE))
    }

    /// The integers of the matrices, `[column][frequency]`; none for an axis of length 1.
    pub(super) fn quantised_columns(&self, fineness: f32) -> [Vec<i32>; 4] {
        let lengths = self.lengths();
        [0, 1, 2, 3].map(|axis| {
            let n = lengths[axis];
            if n == 1 {
                return Vec::new();
            }
            let cosines: Vec<f64> = (0..4 * n).map(|m| (PI * m as f64 / (2 * n) as f64).cos()).collect();
            let mut out = Vec::with_capacity(self.columns[axis].len());
            for (column, energy) in self.columns[axis].chunks_exact(n).zip(self.energies(axis)) {
                let scale = energy.max(1.0).sqrt() / f64::from(fineness);
                for frequency in 0..n {
                    let sum: f64 = column
                        .iter()
                        .enumerate()
                        .map(|(row, &u)| f64::from(u) * cosines[(2 * row + 1) * frequency % (4 * n)])
                        .sum();
                    let value = sum * (if frequency == 0 { 1.0 } else { 2.0 } / n as f64).sqrt() * scale;
                    let magnitude = (value.abs() + 1.0 - THRESHOLD).floor().min(f64::from(MAX_MAGNITUDE));
                    out.push(magnitude.copysign(value) as i32);
                }
            }
            out
        })
    }
}

/// The kept columns of an array, each of `inner` numbers in every part of `rank` columns.
fn without<T: Copy>(array: &[T], rank: usize, inner: usize, is_kept: impl Fn(usize) -> bool) -> Vec<T> {
    let mut out = Vec::with_capacity(array.len());
    for part in array.chunks_exact(rank * inner) {
        for (column, numbers) in part.chunks_exact(inner).enumerate() {
            if is_kept(column) {
                out.extend_from_slice(numbers);
            }
        }
    }
    out
}
