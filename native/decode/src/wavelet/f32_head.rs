//! Heads in f32: vectors of voxels along x, weights broadcast, the sums of a block of channels in registers.
use super::features::{Features, MARGIN};
use super::layer::{Layer, block, by_block};
use super::parameters::{Matrix, Parameters, TAPS};
use crate::lifting::columns::store;
use crate::output::Output;
use crate::simd::{Simd, Task};

/// A head as the kernel reads it: channels in blocks.
#[derive(Debug)]
pub(super) struct F32Head {
    /// Channels of a block.
    block: usize,
    width: usize,
    /// `[block][z][input][y][x][channel]`
    convolution: Layer<f32, f32>,
    /// `[block][input][channel]`
    hidden: Vec<Layer<f32, f32>>,
    last: Vec<f32>,
    last_bias: f32,
}

impl F32Head {
    /// `lanes`: those of the vectors that it will run with.
    pub(super) fn new(parameters: &Parameters, lanes: usize) -> Self {
        let width = parameters.width;
        // With 16 registers four channels of two vectors fit, with 32 up to 16 of one.
        let block = if lanes < 16 { 4 } else { block(width) };
        let order: Vec<usize> = (0..TAPS).map(|at| (at / 9 % 2) * 27 + at / 18 * 9 + at % 9).collect();
        let inputs: Vec<usize> = (0..width).collect();
        F32Head {
            block,
            width,
            convolution: layer(&parameters.convolution, TAPS, block, &order),
            hidden: parameters.hidden.iter().map(|matrix| layer(matrix, width, block, &inputs)).collect(),
            last: parameters.last.clone(),
            last_bias: parameters.last_bias,
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let hidden = self.hidden.iter().map(Layer::memory_bytes).sum::<usize>();
        self.convolution.memory_bytes() + hidden + size_of_val(&self.last[..])
    }
}

fn layer(matrix: &Matrix, n_in: usize, block: usize, order: &[usize]) -> Layer<f32, f32> {
    let mut weights = Vec::with_capacity(matrix.weights.len());
    for rows in matrix.weights.chunks_exact(block * n_in) {
        for input in order {
            weights.extend(rows.chunks_exact(n_in).map(|row| row[*input]));
        }
    }
    Layer { weights, biases: matrix.biases.clone() }
}

/// One plane of values.
pub(super) struct F32Plane<'a> {
    pub(super) head: &'a F32Head,
    pub(super) features: &'a Features,
    pub(super) z: usize,
    pub(super) extent: [usize; 2],
    pub(super) r: &'a [f32],
    pub(super) pitch_of_r: usize,
    pub(super) output: Output,
    pub(super) out: &'a mut [f32],
}

impl<S: Simd> Task<S> for F32Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let head = self.head;
        if S::LANES < 16 {
            return match head.width {
                4 => self.rows::<S, 4, 1, 2>(s),
                8 => self.rows::<S, 4, 2, 2>(s),
                12 => self.rows::<S, 4, 3, 2>(s),
                16 => self.rows::<S, 4, 4, 2>(s),
                24 => self.rows::<S, 4, 6, 2>(s),
                32 => self.rows::<S, 4, 8, 2>(s),
                48 => self.rows::<S, 4, 12, 2>(s),
                _ => self.rows::<S, 4, 16, 2>(s),
            };
        }
        match (head.block, head.width / head.block) {
            (4, _) => self.rows::<S, 4, 1, 4>(s),
            (8, _) => self.rows::<S, 8, 1, 2>(s),
            (12, 1) => self.rows::<S, 12, 1, 2>(s),
            (12, _) => self.rows::<S, 12, 2, 2>(s),
            (_, 1) => self.rows::<S, 16, 1, 1>(s),
            (_, 2) => self.rows::<S, 16, 2, 1>(s),
            (_, 3) => self.rows::<S, 16, 3, 1>(s),
            _ => self.rows::<S, 16, 4, 1>(s),
        }
    }
}

impl F32Plane<'_> {
    /// `BLOCKS` blocks of `BLOCK` channels, `GROUP` vectors of voxels at a time.
    #[inline(always)]
    fn rows<S: Simd, const BLOCK: usize, const BLOCKS: usize, const GROUP: usize>(self, s: S) {
        let ([_, nx], pitch, z) = (self.extent, self.features.pitch(), self.z as isize);
        let planes = [self.features.plane(z - 1), self.features.plane(z), self.features.plane(z + 1)];
        for (y, out) in self.out.chunks_exact_mut(nx).enumerate() {
            let mut rows = [&[][..]; 18];
            for (at, row) in rows.iter_mut().enumerate() {
                // By z, input and y.
                let plane = planes[at / 6][at / 3 % 2];
                *row = &plane[(y + at % 3) * pitch + MARGIN - 1..][..pitch - MARGIN + 1];
            }
            let r = &self.r[y * self.pitch_of_r..][..self.pitch_of_r];
            let mut x = 0;
            while x + GROUP * S::LANES <= nx {
                let y = chunk::<S, BLOCK, BLOCKS, GROUP>(s, self.head, &rows, r, x);
                for (g, y) in y.iter().enumerate() {
                    s.store(&mut out[x + g * S::LANES..], self.output.value(s, *y));
                }
                x += GROUP * S::LANES;
            }
            while x < nx {
                let [y] = chunk::<S, BLOCK, BLOCKS, 1>(s, self.head, &rows, r, x);
                store(s, out, x, self.output.value(s, y));
                x += S::LANES;
            }
        }
    }
}

/// r + what the head adds, of GROUP vectors of voxels. `rows`: by z, input and y, from the voxel before the row's first.
#[inline(always)]
fn chunk<S: Simd, const BLOCK: usize, const BLOCKS: usize, const GROUP: usize>(
    s: S,
    head: &F32Head,
    rows: &[&[f32]; 18],
    r: &[f32],
    x: usize,
) -> [S::V; GROUP] {
    let mut h = [[[s.splat(0.0); GROUP]; BLOCK]; BLOCKS];
    let layer = &head.convolution;
    let blocks = layer.weights::<BLOCK, TAPS, BLOCKS>().iter().zip(layer.biases::<BLOCK, BLOCKS>());
    for (h, (taps, biases)) in h.iter_mut().zip(blocks) {
        let mut sums = [[s.splat(0.0); GROUP]; BLOCK];
        begin(s, biases, &mut sums);
        for (row, taps) in rows.iter().zip(taps.as_chunks::<3>().0) {
            let row = &row[x..x + GROUP * S::LANES + 2];
            for (dx, weights) in taps.iter().enumerate() {
                let mut values = [s.splat(0.0); GROUP];
                for (g, value) in values.iter_mut().enumerate() {
                    *value = s.load(&row[dx + g * S::LANES..]);
                }
                add(s, &mut sums, weights, &values);
            }
        }
        leaky(s, &sums, h);
    }
    for layer in &head.hidden {
        let mut before = [[[s.splat(0.0); GROUP]; BLOCK]; BLOCKS];
        for (before, h) in before.iter_mut().zip(&h) {
            copy(h, before);
        }
        let blocks = layer.square::<BLOCK, BLOCK, BLOCKS>().iter().zip(layer.biases::<BLOCK, BLOCKS>());
        for (h, (weights, biases)) in h.iter_mut().zip(blocks) {
            let mut sums = [[s.splat(0.0); GROUP]; BLOCK];
            begin(s, biases, &mut sums);
            for (before, weights) in before.iter().zip(weights) {
                for (values, weights) in before.iter().zip(weights) {
                    add(s, &mut sums, weights, values);
                }
            }
            leaky(s, &sums, h);
        }
    }
    let mut sums = [[s.splat(head.last_bias); GROUP], [s.splat(0.0); GROUP]];
    for (h, weights) in h.iter().zip(by_block::<f32, BLOCK, BLOCKS>(&head.last)) {
        for (c, (values, weight)) in h.iter().zip(weights).enumerate() {
            let weight = s.splat(*weight);
            for (sum, value) in sums[c % 2].iter_mut().zip(values) {
                *sum = s.fma(*value, weight, *sum);
            }
        }
    }
    let [mut total, more] = sums;
    for (g, (total, more)) in total.iter_mut().zip(more).enumerate() {
        *total = s.add(s.load(&r[x + g * S::LANES..]), s.add(*total, more));
    }
    total
}

// Loops over arrays, one in the other, are unrolled; `flatten`, or arrays as results, end in memory.

#[inline(always)]
pub(super) fn begin<S: Simd, const BLOCK: usize, const GROUP: usize>(
    s: S,
    biases: &[f32; BLOCK],
    sums: &mut [[S::V; GROUP]; BLOCK],
) {
    for (sums, bias) in sums.iter_mut().zip(biases) {
        for sum in sums {
            *sum = s.splat(*bias);
        }
    }
}

/// One by one, which stays in registers.
#[inline(always)]
pub(super) fn copy<V: Copy, const BLOCK: usize, const GROUP: usize>(
    from: &[[V; GROUP]; BLOCK],
    to: &mut [[V; GROUP]; BLOCK],
) {
    for (to, from) in to.iter_mut().zip(from) {
        for (to, from) in to.iter_mut().zip(from) {
            *to = *from;
        }
    }
}

/// sums += weights × values
#[inline(always)]
fn add<S: Simd, const BLOCK: usize, const GROUP: usize>(
    s: S,
    sums: &mut [[S::V; GROUP]; BLOCK],
    weights: &[f32; BLOCK],
    values: &[S::V; GROUP],
) {
    for (sums, weight) in sums.iter_mut().zip(weights) {
        let weight = s.splat(*weight);
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum = s.fma(*value, weight, *sum);
        }
    }
}

/// h = leaky(sums)
#[inline(always)]
pub(super) fn leaky<S: Simd, const BLOCK: usize, const GROUP: usize>(
    s: S,
    sums: &[[S::V; GROUP]; BLOCK],
    h: &mut [[S::V; GROUP]; BLOCK],
) {
    let tenth = s.splat(0.1);
    for (h, sums) in h.iter_mut().zip(sums) {
        for (h, sum) in h.iter_mut().zip(sums) {
            *h = s.max(*sum, s.mul(*sum, tenth));
        }
    }
}
