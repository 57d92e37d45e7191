//! Heads with bf16 products: pairs of inputs per 32-bit lane, f32 sums.
use super::f32_head::{begin, leaky};
use super::features::{Features, MARGIN};
use super::layer::{Layer, block, by_block};
use super::parameters::{Matrix, Parameters};
use crate::aligned::Aligned;
use crate::bf16_chunk::pair;
use crate::lifting::columns::store;
use crate::output::Output;
use crate::simd::{Avx512Bf16, Simd, Task};
use std::arch::x86_64::__m512;

const LANES: usize = Avx512Bf16::LANES;
/// Neighbours of the convolution, each with a pair of inputs.
const NEIGHBOURS: usize = 27;

/// Pairs of channels for which a block of inputs has space; the blocks have 16 channels or fewer.
const PAIRS: usize = 8;

/// Planes of features as pairs of bf16.
pub(super) type Pairs = [Aligned<f32>; super::features::RING];

/// A head as the kernel reads it: channels in blocks.
#[derive(Debug)]
pub(super) struct Bf16Head {
    block: usize,
    width: usize,
    /// `[block][z][y][x][channel]`
    convolution: Layer<u32, f32>,
    /// `[block][block of inputs][PAIRS][channel]`
    hidden: Vec<Layer<u32, f32>>,
    last: Vec<f32>,
    last_bias: f32,
}

impl Bf16Head {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let width = parameters.width;
        let block = block(width);
        // For each input of the kernel two of the matrix, or none.
        let layer = |matrix: &Matrix, order: &[Option<[usize; 2]>]| {
            let mut weights = Vec::with_capacity(width * order.len());
            let n_in = matrix.weights.len() / width;
            for rows in matrix.weights.chunks_exact(block * n_in) {
                for pair_of in order {
                    let word = |row: &[f32]| pair_of.map_or(0, |[first, second]| pair(&[row[first], row[second]]));
                    weights.extend(rows.chunks_exact(n_in).map(word));
                }
            }
            Layer { weights, biases: matrix.biases.clone() }
        };
        let neighbours: Vec<_> = (0..NEIGHBOURS).map(|n| Some([n, NEIGHBOURS + n])).collect();
        let inputs = (0..width / block).flat_map(|b| {
            (0..PAIRS).map(move |n| (2 * n < block).then_some([b * block + 2 * n, b * block + 2 * n + 1]))
        });
        let inputs: Vec<_> = inputs.collect();
        Bf16Head {
            block,
            width,
            convolution: layer(&parameters.convolution, &neighbours),
            hidden: parameters.hidden.iter().map(|matrix| layer(matrix, &inputs)).collect(),
            last: parameters.last.clone(),
            last_bias: parameters.last_bias,
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let hidden = self.hidden.iter().map(Layer::memory_bytes).sum::<usize>();
        self.convolution.memory_bytes() + hidden + size_of_val(&self.last[..])
    }
}

/// Turns a plane of features into pairs.
pub(super) struct MakePairs<'a> {
    pub(super) features: [&'a [f32]; 2],
    pub(super) pairs: &'a mut Aligned<f32>,
}

impl Task<Avx512Bf16> for MakePairs<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: Avx512Bf16) {
        let [first, second] = self.features;
        self.pairs.resize(first.len());
        let features = first.chunks_exact(LANES).zip(second.chunks_exact(LANES));
        for (pairs, (first, second)) in self.pairs.chunks_exact_mut(LANES).zip(features) {
            s.store(pairs, s.pair(s.load(first), s.load(second)));
        }
    }
}

/// One plane of values.
pub(super) struct Bf16Plane<'a> {
    pub(super) head: &'a Bf16Head,
    pub(super) features: &'a Features,
    /// Planes z − 1, z and z + 1, limited to the block.
    pub(super) pairs: [&'a [f32]; 3],
    pub(super) nx: usize,
    pub(super) r: &'a [f32],
    pub(super) pitch_of_r: usize,
    pub(super) output: Output,
    pub(super) out: &'a mut [f32],
}

impl Task<Avx512Bf16> for Bf16Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: Avx512Bf16) {
        match (self.head.block, self.head.width / self.head.block) {
            (4, _) => self.rows::<4, 1, 4>(s),
            (8, _) => self.rows::<8, 1, 2>(s),
            (12, 1) => self.rows::<12, 1, 2>(s),
            (12, _) => self.rows::<12, 2, 2>(s),
            (_, 1) => self.rows::<16, 1, 1>(s),
            (_, 2) => self.rows::<16, 2, 1>(s),
            (_, 3) => self.rows::<16, 3, 1>(s),
            _ => self.rows::<16, 4, 1>(s),
        }
    }
}

impl Bf16Plane<'_> {
    #[inline(always)]
    fn rows<const BLOCK: usize, const BLOCKS: usize, const GROUP: usize>(self, s: Avx512Bf16) {
        let (nx, pitch) = (self.nx, self.features.pitch());
        for (y, out) in self.out.chunks_exact_mut(nx).enumerate() {
            let mut rows = [&[][..]; 9];
            for (at, row) in rows.iter_mut().enumerate() {
                *row = &self.pairs[at / 3][(y + at % 3) * pitch + MARGIN - 1..][..pitch - MARGIN + 1];
            }
            let r = &self.r[y * self.pitch_of_r..][..self.pitch_of_r];
            let mut x = 0;
            while x + GROUP * LANES <= nx {
                let y = chunk::<BLOCK, BLOCKS, GROUP>(s, self.head, &rows, r, x);
                for (g, y) in y.iter().enumerate() {
                    s.store(&mut out[x + g * LANES..], self.output.value(s, *y));
                }
                x += GROUP * LANES;
            }
            while x < nx {
                let [y] = chunk::<BLOCK, BLOCKS, 1>(s, self.head, &rows, r, x);
                store(s, out, x, self.output.value(s, y));
                x += LANES;
            }
        }
    }
}

/// r + what the head adds, of GROUP vectors of voxels. `rows`: by z and y, from the voxel before the row's first.
#[inline(always)]
fn chunk<const BLOCK: usize, const BLOCKS: usize, const GROUP: usize>(
    s: Avx512Bf16,
    head: &Bf16Head,
    rows: &[&[f32]; 9],
    r: &[f32],
    x: usize,
) -> [__m512; GROUP] {
    let mut h = [[[s.splat(0.0); GROUP]; BLOCK]; BLOCKS];
    let layer = &head.convolution;
    let blocks = layer.weights::<BLOCK, NEIGHBOURS, BLOCKS>().iter().zip(layer.biases::<BLOCK, BLOCKS>());
    for (h, (taps, biases)) in h.iter_mut().zip(blocks) {
        let mut sums = [[s.splat(0.0); GROUP]; BLOCK];
        begin(s, biases, &mut sums);
        for (row, taps) in rows.iter().zip(taps.as_chunks::<3>().0) {
            let row = &row[x..x + GROUP * LANES + 2];
            for (dx, weights) in taps.iter().enumerate() {
                let mut values = [s.splat(0.0); GROUP];
                for (g, value) in values.iter_mut().enumerate() {
                    *value = s.load(&row[dx + g * LANES..]);
                }
                add(s, &mut sums, weights, &values);
            }
        }
        leaky(s, &sums, h);
    }
    for layer in &head.hidden {
        let mut pairs = [[[s.splat(0.0); GROUP]; PAIRS]; BLOCKS];
        for (pairs, h) in pairs.iter_mut().zip(&h) {
            for (pair, h) in pairs.iter_mut().zip(h.as_chunks::<2>().0) {
                for (pair, (first, second)) in pair.iter_mut().zip(h[0].iter().zip(&h[1])) {
                    *pair = s.pair(*first, *second);
                }
            }
        }
        let blocks = layer.square::<BLOCK, PAIRS, BLOCKS>().iter().zip(layer.biases::<BLOCK, BLOCKS>());
        for (h, (weights, biases)) in h.iter_mut().zip(blocks) {
            let mut sums = [[s.splat(0.0); GROUP]; BLOCK];
            begin(s, biases, &mut sums);
            for (pairs, weights) in pairs.iter().zip(weights) {
                for (values, weights) in pairs.iter().zip(weights).take(BLOCK / 2) {
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
        *total = s.add(s.load(&r[x + g * LANES..]), s.add(*total, more));
    }
    total
}

/// sums += weights × values
#[inline(always)]
fn add<const BLOCK: usize, const GROUP: usize>(
    s: Avx512Bf16,
    sums: &mut [[__m512; GROUP]; BLOCK],
    weights: &[u32; BLOCK],
    values: &[__m512; GROUP],
) {
    for (sums, weight) in sums.iter_mut().zip(weights) {
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum = s.dot(*sum, *value, *weight);
        }
    }
}
