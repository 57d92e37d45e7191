//! Encoder of codec 5: a core and a matrix per axis (SPEC section 11.5).
//!
//! The matrices are the eigenvectors of the Gram matrices of all axes, the core the products with them (higher-order singular
//! value decomposition; De Lathauwer et al. 2000). Each axis is cut to what has enough energy before the next one is looked
//! at (Vannieuwenhoven et al. 2012).

mod columns;
mod eigen;
mod tensor;
#[cfg(test)]
mod tests;

use crate::wavelet::{Rdoq, block_layout};
use neuvol_entropy::{Coder, Layout, MAX_COMPONENTS};
use neuvol_model::{MAX_MATRIX_STEPS, Matrices, TimeInterpolation};
use tensor::Tensor;

/// Slices of the core with less energy than this, in squared steps, hold no number that is not 0.
const LEAST_ENERGY: f64 = 0.25;
/// Worth of a bit when the core is quantised, see [`Rdoq::new`].
const KAPPA: f32 = 0.7;
/// Step of the matrices in relation to that of the core: where a bit of either is worth the same.
const FINENESS: f64 = 1.0;
/// About the least magnitude that does not become 0.
const LEAST: f32 = 0.6;
/// Blocks of more values get a look first, at one of so many chunks.
const LARGE: usize = 1 << 17;
const SAMPLED: usize = 4;
/// Estimates in a hurry that are so many times the limit are believed.
const FAR: f64 = 1.5;
/// About what a number that is not 0 costs, in bits: its place, its sign, and its length twice.
const PLACE_BITS: f64 = 5.0;

/// A decomposition whose core is quantised.
#[derive(Debug)]
pub(crate) struct Fitted {
    extent: [usize; 3],
    n_steps: usize,
    step: f64,
    /// Ranks of time, z, y, x.
    ranks: [usize; 4],
    /// `[time][z][y][x]`.
    core: Vec<i32>,
    /// Columns of the matrices, `[column][row]`.
    columns: [Vec<f32>; 4],
}

/// Decomposes a block, `[step][voxel]` without holes and minus their mean, and quantises the core. None for a segment of too
/// many steps, or if it will take many more bits than `limit`.
pub(crate) fn fit(values: &[Vec<f32>], extent: [usize; 3], step: f64, limit: f64) -> Option<Fitted> {
    let n_steps = values.len();
    if n_steps > MAX_MATRIX_STEPS as usize {
        return None;
    }
    let [nz, ny, nx] = extent;
    let factor = (1.0 / step) as f32;
    let values: Vec<f32> = values.iter().flatten().map(|v| v * factor).collect();
    let tensor = Tensor { shape: [n_steps, nz, ny, nx], values };
    // Most blocks are nothing for matrices: a look is cheap.
    if tensor.values.len() > LARGE && decompose(tensor.clone(), SAMPLED).rough_bits() > FAR * limit {
        return None;
    }
    let decomposed = decompose(tensor, 1);
    if decomposed.rough_bits() > FAR * limit {
        return None;
    }
    let Decomposed { core: tensor, columns, .. } = decomposed;
    let ranks = tensor.shape;
    let layout = core_layout(ranks);
    let mut core = vec![0; tensor.values.len()];
    let mut rdoq = Rdoq::new(KAPPA);
    for (array, values) in core.chunks_exact_mut(layout.len()).zip(tensor.values.chunks_exact(layout.len())) {
        rdoq.quantise(values, &layout, array);
    }
    let mut fitted = Fitted { extent, n_steps, step, ranks, core, columns };
    fitted.drop_columns(&tensor.values);
    Some(fitted)
}

/// A core before it is quantised, in units of the step, and its matrices.
struct Decomposed {
    core: Tensor,
    columns: [Vec<f32>; 4],
}

/// Decomposes an array; the matrices come from one of `every` chunks of its numbers.
fn decompose(mut tensor: Tensor, every: usize) -> Decomposed {
    let mut columns = [const { Vec::new() }; 4];
    for (axis, columns) in columns.iter_mut().enumerate() {
        let n = tensor.shape[axis];
        let (energies, vectors) = eigen::eigen(&tensor.gram(axis, every), n);
        let most = if axis == 0 { MAX_COMPONENTS.min(n) } else { n };
        let rank = energies.iter().take(most).take_while(|&&energy| energy >= LEAST_ENERGY).count().max(1);
        let matrix: Vec<f32> = (0..n * rank).map(|i| vectors[i / rank * n + i % rank] as f32).collect();
        tensor = tensor.project(axis, &matrix, rank);
        *columns = (0..rank * n).map(|i| vectors[i % n * n + i / n] as f32).collect();
    }
    Decomposed { core: tensor, columns }
}

impl Decomposed {
    /// About the bits that it will take, in a hurry.
    fn rough_bits(&self) -> f64 {
        let Tensor { shape, values } = &self.core;
        let [_, nz, ny, nx] = *shape;
        let mut energies = shape.map(|n| vec![0.0; n]);
        let mut bits = 0.0;
        for (number, row) in values.chunks_exact(nx).enumerate() {
            let mut sum = 0.0;
            for (energy, c) in energies[3].iter_mut().zip(row) {
                let square = if c.abs() > LEAST { c * c } else { 0.0 };
                *energy += f64::from(square);
                sum += square;
            }
            energies[2][number % ny] += f64::from(sum);
            energies[1][number / ny % nz] += f64::from(sum);
            energies[0][number / ny / nz] += f64::from(sum);
            if sum > 0.0 {
                // As `bits` counts them, without further doublings.
                let larger = |than: f32| row.iter().filter(|c| c.abs() > than).count() as f64;
                bits += PLACE_BITS * larger(LEAST) + 2.0 * (larger(1.0 + LEAST) + larger(3.0 + LEAST));
            }
        }
        for (energies, columns) in energies.iter().zip(&self.columns) {
            let n = columns.len() / energies.len();
            bits += energies.iter().map(|&energy| bits_of_column(n, energy)).sum::<f64>();
        }
        bits
    }
}

/// About the bits of a column of a matrix whose part of the core has an energy: the entropy of a normal distribution.
fn bits_of_column(n: usize, energy: f64) -> f64 {
    if n == 1 { 0.0 } else { 0.5 * n as f64 * (1.0 + 4.0 * energy / n as f64).log2() }
}

/// Where the bands lie in the arrays of a core.
fn core_layout([_, z, y, x]: [usize; 4]) -> Layout {
    block_layout([z, y, x], neuvol_entropy::MAX_LEVELS)
}

/// About the bits that integers take.
pub(crate) fn bits<'a>(integers: impl IntoIterator<Item = &'a i32>) -> f64 {
    let of = |q: u32| if q == 0 { 0.0 } else { PLACE_BITS + 2.0 * f64::from(q.ilog2()) };
    integers.into_iter().map(|q| of(q.unsigned_abs())).sum()
}

impl Fitted {
    /// About the bits that it takes, without an entropy coder.
    pub(crate) fn estimate(&self) -> f64 {
        let columns = self.quantised_columns(self.fineness() as f32);
        bits(&self.core) + columns.iter().map(bits).sum::<f64>()
    }

    /// The block of level 0.
    pub(crate) fn into_block(self, offset: f32, coder: Coder) -> Matrices {
        let [_, z, y, x] = self.ranks;
        let layout = core_layout(self.ranks);
        let most = |of: [usize; 4]| of.into_iter().max().unwrap_or(1);
        let lengths = self.lengths();
        let fineness = self.fineness() as f32;
        Matrices {
            extent: self.extent.map(|n| n as u32),
            level: 0,
            steps: self.n_steps as u32,
            step: self.step as f32,
            offset,
            fineness,
            core_levels: layout.n_levels() as u8,
            matrix_levels: block_layout([1, most(self.ranks), most(lengths)], neuvol_entropy::MAX_LEVELS).n_levels()
                as u8,
            coder,
            precise: false,
            interpolation: TimeInterpolation::Codes,
            ranks: [z, y, x].map(|n| n as u32),
            core: self.core.chunks_exact(layout.len()).map(<[i32]>::to_vec).collect(),
            columns: self.quantised_columns(fineness),
        }
    }

    fn lengths(&self) -> [usize; 4] {
        let [z, y, x] = self.extent;
        [self.n_steps, z, y, x]
    }

    /// Sum of a number per number of the core, for each column of an axis.
    fn by_column(&self, axis: usize, number: impl Fn(usize) -> f64) -> Vec<f64> {
        let (rank, inner) = (self.ranks[axis], self.ranks[axis + 1..].iter().product::<usize>());
        let mut sums = vec![0.0; rank];
        for first in (0..self.core.len()).step_by(rank * inner) {
            for (column, sum) in sums.iter_mut().enumerate() {
                let first = first + column * inner;
                *sum += (first..first + inner).map(&number).sum::<f64>();
            }
        }
        sums
    }

    /// Sums of squares of the core's numbers that meet each column of an axis.
    fn energies(&self, axis: usize) -> Vec<f64> {
        self.by_column(axis, |at| f64::from(self.core[at]).powi(2))
    }
}
