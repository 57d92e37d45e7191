//! Two hidden layers with bf16 products: pairs of channels per 32-bit lane, f32 sums.
use crate::f32_chunk::{Outputs, first_layer};
use crate::mlp::Mlp;
use half::bf16;

/// Two bf16 numbers in one word, the first one in the low half.
pub(crate) fn pair(values: &[f32]) -> u32 {
    let bits = |v: f32| u32::from(bf16::from_f32(v).to_bits());
    bits(values[0]) | bits(values[1]) << 16
}

/// The layer between the two ReLUs, `[output / 8][input / 2][8]`.
#[derive(Debug)]
pub(crate) struct PackedBf16 {
    weights: Vec<u32>,
    biases: Vec<f32>,
    last: Vec<f32>,
    last_bias: f32,
}

const BLOCK: usize = 8;

impl PackedBf16 {
    /// For a network with two hidden layers.
    pub(crate) fn new(mlp: &Mlp) -> Self {
        let matrix = &mlp.hidden[0];
        PackedBf16 {
            weights: matrix.pack(mlp.width, BLOCK, 2, pair),
            biases: matrix.biases.clone(),
            last: mlp.last.clone(),
            last_bias: mlp.last_bias,
        }
    }
}

/// The network with the weights that the kernel really uses, to judge its error.
pub(crate) fn rounded(mlp: &Mlp) -> Mlp {
    let mut rounded = mlp.clone();
    rounded.hidden.iter_mut().flat_map(|matrix| &mut matrix.weights).for_each(|w| *w = round(*w));
    rounded
}

/// The nearest bf16 number.
pub(crate) fn round(value: f32) -> f32 {
    bf16::from_f32(value).to_f32()
}

#[cfg(target_arch = "x86_64")]
pub(crate) use kernel::Bf16Chunk;

#[cfg(target_arch = "x86_64")]
mod kernel {
    use super::{BLOCK, Outputs, PackedBf16, first_layer};
    use crate::rows::{Chunk, Input};
    use crate::simd::{Avx512Bf16, Simd};
    use std::arch::x86_64::__m512;

    const LANES: usize = Avx512Bf16::LANES;

    pub(crate) struct Bf16Chunk<'a, const WIDTH: usize> {
        pub(crate) mlp: &'a PackedBf16,
        /// 2·LANES words per pair of channels.
        pub(crate) activations: &'a mut [f32],
    }

    impl<const WIDTH: usize> Chunk<Avx512Bf16> for Bf16Chunk<'_, WIDTH> {
        #[inline(always)]
        fn chunk(&mut self, s: Avx512Bf16, input: Input<'_>) -> (__m512, __m512) {
            let width = if WIDTH == 0 { input.code.len() } else { WIDTH };
            let activations = &mut self.activations[..width * LANES];
            let rows = input.row.chunks_exact(2 * input.pitch).zip(input.code[..width].chunks_exact(2));
            for ((rows, code), target) in rows.zip(activations.chunks_exact_mut(2 * LANES)) {
                let (first, second) = rows.split_at(input.pitch);
                let first = first_layer(s, input, first, code[0]);
                let second = first_layer(s, input, second, code[1]);
                s.store(target, s.pair(first[0], second[0]));
                s.store(&mut target[LANES..], s.pair(first[1], second[1]));
            }
            let mut outputs = Outputs::new(s, self.mlp.last_bias);
            let blocks = self.mlp.weights[..width * width / 2].chunks_exact(width / 2 * BLOCK);
            let biases = self.mlp.biases.chunks_exact(BLOCK);
            for ((weights, biases), last) in blocks.zip(biases).zip(self.mlp.last.chunks_exact(BLOCK)) {
                let mut sums = [[s.splat(0.0); 2]; BLOCK];
                for (sum, bias) in sums.iter_mut().zip(biases) {
                    *sum = [s.splat(*bias); 2];
                }
                for (input, weights) in activations.chunks_exact(2 * LANES).zip(weights.chunks_exact(BLOCK)) {
                    let (even, odd) = (s.load(input), s.load(&input[LANES..]));
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum = [s.dot(sum[0], even, *weight), s.dot(sum[1], odd, *weight)];
                    }
                }
                for ([even, odd], weight) in sums.iter().zip(last) {
                    outputs.add(s, [s.max(*even, s.splat(0.0)), s.max(*odd, s.splat(0.0))], *weight);
                }
            }
            outputs.sum(s)
        }
    }
}
