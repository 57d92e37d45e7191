//! The MLP in f32, for every shape and every vector width.
use crate::mlp::Mlp;
use crate::rows::{Chunk, Input};
use crate::simd::Simd;

/// Layers in the order in which the kernel reads them.
#[derive(Debug)]
pub(crate) struct PackedF32 {
    /// Per hidden layer after the first: `[output / block][input][block]` and biases.
    hidden: Vec<(Vec<f32>, Vec<f32>)>,
    last: Vec<f32>,
    last_bias: f32,
}

impl PackedF32 {
    pub(crate) fn new(mlp: &Mlp, block: usize) -> Self {
        let pack = |m: &crate::mlp::Matrix| (m.pack(mlp.width, block, 1, |w| w[0]), m.biases.clone());
        PackedF32 { hidden: mlp.hidden.iter().map(pack).collect(), last: mlp.last.clone(), last_bias: mlp.last_bias }
    }
}

/// `WIDTH` channels, or the length of the code if it is 0.
pub(crate) struct F32Chunk<'a, const WIDTH: usize> {
    pub(crate) mlp: &'a PackedF32,
    /// Twice 2·LANES per channel.
    pub(crate) activations: [&'a mut [f32]; 2],
}

impl<S: Simd, const WIDTH: usize> Chunk<S> for F32Chunk<'_, WIDTH> {
    #[inline(always)]
    fn chunk(&mut self, s: S, input: Input<'_>) -> (S::V, S::V) {
        match S::BLOCK {
            2 => self.blocks::<S, 2>(s, input),
            4 => self.blocks::<S, 4>(s, input),
            _ => self.blocks::<S, 8>(s, input),
        }
    }
}

impl<const WIDTH: usize> F32Chunk<'_, WIDTH> {
    #[inline(always)]
    fn blocks<S: Simd, const BLOCK: usize>(&mut self, s: S, input: Input<'_>) -> (S::V, S::V) {
        let width = if WIDTH == 0 { input.code.len() } else { WIDTH };
        let mut outputs = Outputs::new(s, self.mlp.last_bias);
        let Some((last_hidden, inner)) = self.mlp.hidden.split_last() else {
            for ((row, code), weight) in
                input.row.chunks_exact(input.pitch).zip(&input.code[..width]).zip(&self.mlp.last[..width])
            {
                outputs.add(s, first_layer(s, input, row, *code), *weight);
            }
            return outputs.sum(s);
        };
        let [from, to] = &mut self.activations;
        let (mut from, mut to) = (&mut from[..width * 2 * S::LANES], &mut to[..width * 2 * S::LANES]);
        for ((row, code), target) in
            input.row.chunks_exact(input.pitch).zip(&input.code[..width]).zip(from.chunks_exact_mut(2 * S::LANES))
        {
            let [even, odd] = first_layer(s, input, row, *code);
            s.store(target, even);
            s.store(&mut target[S::LANES..], odd);
        }
        for (weights, biases) in inner {
            let blocks = weights[..width * width].chunks_exact(width * BLOCK).zip(biases.chunks_exact(BLOCK));
            for ((weights, biases), target) in blocks.zip(to.chunks_exact_mut(BLOCK * 2 * S::LANES)) {
                let sums = dense::<S, BLOCK>(s, from, weights, biases);
                for ([even, odd], target) in sums.iter().zip(target.chunks_exact_mut(2 * S::LANES)) {
                    s.store(target, *even);
                    s.store(&mut target[S::LANES..], *odd);
                }
            }
            (from, to) = (to, from);
        }
        let (weights, biases) = last_hidden;
        let blocks = weights[..width * width].chunks_exact(width * BLOCK).zip(biases.chunks_exact(BLOCK));
        for ((weights, biases), last) in blocks.zip(self.mlp.last.chunks_exact(BLOCK)) {
            let sums = dense::<S, BLOCK>(s, from, weights, biases);
            for (sum, weight) in sums.iter().zip(last) {
                outputs.add(s, *sum, *weight);
            }
        }
        outputs.sum(s)
    }
}

/// Activations of one channel behind the first layer: [even, odd] voxels.
#[inline(always)]
pub(crate) fn first_layer<S: Simd>(s: S, input: Input<'_>, row: &[f32], code: f32) -> [S::V; 2] {
    let values = &row[input.x..][..S::LANES + 1];
    let (here, next) = (s.load(values), s.load(&values[1..]));
    let (code, zero) = (s.splat(code), s.splat(0.0));
    let even = s.fma(here, s.splat(input.scale), code);
    let odd = s.fma(s.add(here, next), s.splat(0.5 * input.scale), code);
    [s.max(even, zero), s.max(odd, zero)]
}

/// ReLU(W·x + b) for BLOCK outputs and [even, odd] voxels.
#[inline(always)]
fn dense<S: Simd, const BLOCK: usize>(s: S, input: &[f32], weights: &[f32], biases: &[f32]) -> [[S::V; 2]; BLOCK] {
    let mut sums = [[s.splat(0.0); 2]; BLOCK];
    for (sum, bias) in sums.iter_mut().zip(biases) {
        *sum = [s.splat(*bias); 2];
    }
    for (input, weights) in input.chunks_exact(2 * S::LANES).zip(weights.chunks_exact(BLOCK)) {
        let (even, odd) = (s.load(input), s.load(&input[S::LANES..]));
        for (sum, weight) in sums.iter_mut().zip(weights) {
            let weight = s.splat(*weight);
            *sum = [s.fma(even, weight, sum[0]), s.fma(odd, weight, sum[1])];
        }
    }
    // No `array::map`: it is not always inlined, and outside of this function the instructions are switched off.
    for sum in &mut sums {
        *sum = [s.max(sum[0], s.splat(0.0)), s.max(sum[1], s.splat(0.0))];
    }
    sums
}

/// The last layer, added up channel by channel in two independent sums.
pub(crate) struct Outputs<V> {
    sums: [[V; 2]; 2],
}

impl<V: Copy> Outputs<V> {
    #[inline(always)]
    pub(crate) fn new<S: Simd<V = V>>(s: S, bias: f32) -> Self {
        Outputs { sums: [[s.splat(bias); 2], [s.splat(0.0); 2]] }
    }

    #[inline(always)]
    pub(crate) fn add<S: Simd<V = V>>(&mut self, s: S, activations: [V; 2], weight: f32) {
        let weight = s.splat(weight);
        let [first, second] = self.sums;
        let added = [s.fma(activations[0], weight, first[0]), s.fma(activations[1], weight, first[1])];
        self.sums = [second, added];
    }

    #[inline(always)]
    pub(crate) fn sum<S: Simd<V = V>>(self, s: S) -> (V, V) {
        let [first, second] = self.sums;
        (s.add(first[0], second[0]), s.add(first[1], second[1]))
    }
}
