//! Arrays of four axes (time, z, y, x), and products along one of them.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

/// Numbers that are looked at together when squares are summed up in f64.
const CHUNK: usize = 1 << 16;

/// An array of four axes, x fastest.
#[derive(Debug, Clone)]
pub(super) struct Tensor {
    pub(super) shape: [usize; 4],
    pub(super) values: Vec<f32>,
}

impl Tensor {
    /// The array seen from an axis: how many parts there are before it, its length, how many numbers one of it has.
    fn around(&self, axis: usize) -> [usize; 3] {
        [self.shape[..axis].iter().product(), self.shape[axis], self.shape[axis + 1..].iter().product()]
    }

    /// Scalar products of all pairs of slices across an axis, `[slice][slice]`: of all numbers, or estimated by one of
    /// `every` chunks. In f64: slices without much energy count, too.
    pub(super) fn gram(&self, axis: usize, every: usize) -> Vec<f64> {
        let [outer, n, inner] = self.around(axis);
        let mut gram = Array2::<f64>::zeros((n, n));
        let (mut number, mut seen) = (0, 0);
        let mut is_chosen = |len: usize| {
            let chosen = number % every == 0;
            number += 1;
            seen += if chosen { len } else { 0 };
            chosen
        };
        let mut add = |m: ArrayView2<'_, f64>| general_mat_mul(1.0, &m, &m.t(), 1.0, &mut gram);
        let mut wide = Vec::new();
        if inner == 1 {
            // Rows are the parts: the transposed matrix is wanted.
            for rows in self.values.chunks((CHUNK / n).max(1) * n) {
                if !is_chosen(rows.len()) {
                    continue;
                }
                wide.clear();
                wide.extend(rows.iter().map(|&v| f64::from(v)));
                add(view(&wide, rows.len() / n, n).t());
            }
        } else {
            let width = (CHUNK / n).clamp(1, inner);
            for part in self.values.chunks_exact(n * inner).take(outer) {
                for first in (0..inner).step_by(width) {
                    let width = width.min(inner - first);
                    if !is_chosen(n * width) {
                        continue;
                    }
                    wide.clear();
                    for row in part.chunks_exact(inner) {
                        wide.extend(row[first..first + width].iter().map(|&v| f64::from(v)));
                    }
                    add(view(&wide, n, width));
                }
            }
        }
        gram *= self.values.len() as f64 / seen as f64;
        gram.into_raw_vec_and_offset().0
    }

    /// Replaces an axis by the products with the columns of a matrix `[row][column]` of as many rows as the axis is long.
    pub(super) fn project(&self, axis: usize, matrix: &[f32], columns: usize) -> Self {
        let [outer, n, inner] = self.around(axis);
        let mut shape = self.shape;
        shape[axis] = columns;
        let mut values = vec![0.0; outer * columns * inner];
        let matrix = view(matrix, n, columns);
        if inner == 1 {
            let mut out = view_mut(&mut values, outer, columns);
            general_mat_mul(1.0, &view(&self.values, outer, n), &matrix, 0.0, &mut out);
        } else {
            let parts = self.values.chunks_exact(n * inner).zip(values.chunks_exact_mut(columns * inner));
            for (part, out) in parts {
                let mut out = view_mut(out, columns, inner);
                general_mat_mul(1.0, &matrix.t(), &view(part, n, inner), 0.0, &mut out);
            }
        }
        Self { shape, values }
    }
}

fn view<T>(values: &[T], rows: usize, columns: usize) -> ArrayView2<'_, T> {
    ArrayView2::from_shape((rows, columns), values).expect("as many values as the shape says")
}

fn view_mut<T>(values: &mut [T], rows: usize, columns: usize) -> ArrayViewMut2<'_, T> {
    ArrayViewMut2::from_shape((rows, columns), values).expect("as many values as the shape says")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_the_definition() {
        let shape = [3, 2, 5, 4];
        let tensor = Tensor { shape, values: (0..120).map(|i| (i as f32 * 0.7).sin()).collect() };
        let slice = |axis: usize, number: usize| -> Vec<f64> {
            let [_, n, inner] = tensor.around(axis);
            let of = tensor.values.iter().enumerate().filter(|(at, _)| at / inner % n == number);
            of.map(|(_, &v)| f64::from(v)).collect()
        };
        for (axis, n) in shape.into_iter().enumerate() {
            for (at, got) in tensor.gram(axis, 1).into_iter().enumerate() {
                let want: f64 = slice(axis, at / n).iter().zip(slice(axis, at % n)).map(|(a, b)| a * b).sum();
                assert!((got - want).abs() < 1e-12);
            }
            let matrix: Vec<f32> = (0..2 * n).map(|i| i as f32 - 1.5).collect();
            let product = tensor.project(axis, &matrix, 2);
            assert_eq!(product.shape[axis], 2);
            let [_, _, inner] = product.around(axis);
            for column in 0..2 {
                let got = product.values.iter().enumerate().filter(|(at, _)| at / inner % 2 == column);
                for (number, (_, &got)) in got.enumerate() {
                    let want: f64 = (0..n).map(|i| slice(axis, i)[number] * f64::from(matrix[2 * i + column])).sum();
                    assert!((f64::from(got) - want).abs() < 1e-4);
                }
            }
        }
    }
}
