//! The parameters of the head of wavelet latents, for each kernel as it reads them, and which kernel a job gets.

use crate::pass::{bits, halves};
use crate::{HeadShape, Kernel};
use crate::{Variant, Variants};
use half::f16;
use neuvol_model::{HEAD_INPUTS, HEAD_KERNEL, Head};

/// No sum of numbers of 16 bits may be larger; their largest is 65504.
pub(super) const MOST_HALF: f32 = 60000.0;

/// Blocks of channels that [`Kernel::HeadFused`] is made for.
const MOST_FUSED: u8 = 8;

/// The parameters of a head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameters {
    pub(super) shape: HeadShape,
    /// Where they stand.
    pub(super) at: u32,
    /// `None` if it must not be used.
    pub(super) half: Option<Half>,
    /// Where they stand for integers of 8 bits; `None` if these must not be used, or the head has no kernel for them.
    pub(super) int8: Option<u32>,
    /// Of the second input.
    pub(super) mean: f32,
    pub(super) deviation: f32,
}

/// The parameters of a head in numbers of 16 bits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Half {
    /// Where they stand.
    pub(super) at: u32,
    /// Of inputs.
    pub(super) limit: f32,
    /// Where they stand for matrix units, if the shape of the head suits them.
    pub(super) matrix: Option<u32>,
}

impl Parameters {
    /// Appends the parameters in all the forms that may be used; `precise` models get 32-bit floats only.
    pub(super) fn put(head: &Head, precise: bool, words: &mut Vec<u32>) -> Self {
        let at = words.len() as u32;
        let shape = HeadShape { blocks: head.n_channels.div_ceil(4), hidden: head.n_hidden };
        let numbers = parameters(head);
        words.extend(bits(numbers.iter().copied()));
        let limit = limit_of_inputs(head).filter(|_| !precise);
        let half = limit.map(|limit| {
            let at = words.len() as u32;
            words.extend(halves(&numbers));
            let matrix = words.len() as u32;
            let has_matrix = shape.blocks > 1 && shape.hidden <= 1;
            if has_matrix {
                words.extend(matrix_parameters(head, shape));
            }
            Half { at, limit, matrix: has_matrix.then_some(matrix) }
        });
        let int8 = (shape.hidden <= 1 && !precise).then_some(words.len() as u32);
        if int8.is_some() {
            words.extend(int8_parameters(head, shape));
        }
        Parameters { shape, at, half, int8, mean: head.mean, deviation: head.deviation }
    }

    /// The kernel for the shape of the head. Matrix units come last: where they were measured (an NVIDIA H100), pairs of 16-bit
    /// floats were faster for all widths. 8-bit integers are for devices that have no 16-bit floats: most numbers are two of
    /// them, which is nearer to what is right, and more work.
    pub(super) fn kernel(self, variants: Variants) -> Kernel {
        let Self { shape, half, int8, .. } = self;
        match half {
            Some(Half { matrix: Some(_), .. }) if variants.contains(Variant::Fused) && shape.blocks <= MOST_FUSED => {
                Kernel::HeadFused(shape)
            }
            Some(_) if variants.contains(Variant::Half) => Kernel::HeadHalf(shape),
            _ if int8.is_some() && variants.contains(Variant::Int8) => Kernel::HeadInt8(shape),
            Some(Half { matrix: Some(_), .. }) if variants.contains(Variant::Matrix) => Kernel::HeadMatrix(shape),
            _ => Kernel::Head(shape),
        }
    }
}

/// The parameters of a head in the order of `head.slang`, channels filled up to a multiple of 4.
fn parameters(head: &Head) -> Vec<f32> {
    let n = usize::from(head.n_channels);
    let padded = n.next_multiple_of(4);
    let mut numbers = Vec::new();
    let per_channel = |numbers: &mut Vec<f32>, tensor: usize| {
        numbers.extend(head.parameters(tensor));
        numbers.resize(numbers.len() + padded - n, 0.0);
    };
    let convolution = head.parameters(0);
    for i in 0..HEAD_INPUTS * HEAD_KERNEL {
        numbers.extend((0..n).map(|o| convolution[o * HEAD_INPUTS * HEAD_KERNEL + i]));
        numbers.resize(numbers.len() + padded - n, 0.0);
    }
    per_channel(&mut numbers, 1);
    for layer in 1..=usize::from(head.n_hidden) {
        let weights = head.parameters(2 * layer);
        for block in 0..padded / 4 {
            for i in 0..padded {
                let weight = |o: usize| if i < n && o < n { weights[o * n + i] } else { 0.0 };
                numbers.extend((4 * block..4 * block + 4).map(weight));
            }
        }
        per_channel(&mut numbers, 2 * layer + 1);
    }
    let output = head.tensors.len() - 2;
    per_channel(&mut numbers, output);
    numbers.extend(head.parameters(output + 1));
    numbers
}

/// The parameters of a head of at most one hidden layer in the order of `head_matrix.slang`.
fn matrix_parameters(head: &Head, shape: HeadShape) -> Vec<u32> {
    const INPUTS: usize = HEAD_INPUTS * HEAD_KERNEL;
    let (n, padded) = (usize::from(head.n_channels), 16 * shape.tiles() as usize);
    let (weights, biases) = (head.parameters(0), head.parameters(1));
    let mut numbers = vec![0.0; 64 * padded];
    for o in 0..n {
        for (input, place) in (0..HEAD_INPUTS).flat_map(|input| (0..HEAD_KERNEL).map(move |place| (input, place))) {
            numbers[(HEAD_INPUTS * place + input) * padded + o] = weights[o * INPUTS + input * HEAD_KERNEL + place];
        }
        // Two halves have about the bits that a bias needs.
        let high = f16::from_f32(biases[o]).to_f32();
        numbers[INPUTS * padded + o] = high;
        numbers[(INPUTS + 1) * padded + o] = biases[o] - high;
    }
    let mut behind = vec![0.0; 2 * padded];
    if head.n_hidden > 0 {
        let weights = head.parameters(2);
        for i in 0..padded {
            numbers.extend((0..padded).map(|o| if i < n && o < n { weights[o * n + i] } else { 0.0 }));
        }
        for (pair, bias) in behind.chunks_exact_mut(2).zip(head.parameters(3)) {
            pair[0] = bias;
        }
    }
    let output = head.tensors.len() - 2;
    for (pair, weight) in behind.chunks_exact_mut(2).zip(head.parameters(output)) {
        pair[1] = weight;
    }
    behind.extend(head.parameters(output + 1));
    halves(&numbers).chain(bits(behind)).collect()
}

/// The parameters of a head of at most one hidden layer in the order of `head_int8.slang`.
fn int8_parameters(head: &Head, shape: HeadShape) -> Vec<u32> {
    const INPUTS: usize = HEAD_INPUTS * HEAD_KERNEL;
    let (n, padded) = (usize::from(head.n_channels), 4 * usize::from(shape.blocks));
    // Sums are of at most 64 numbers of 8 bits: floats hold them.
    let sum = |values: &[i8], scale: f32| values.iter().map(|&value| f32::from(value)).sum::<f32>() * scale;
    let word = |bytes: [i8; 4]| u32::from_le_bytes(bytes.map(i8::cast_unsigned));
    let per_channel = |words: &mut Vec<u32>, numbers: Vec<f32>| {
        words.extend(bits(numbers));
        words.resize(words.len() + padded - n, 0);
    };
    let convolution = &head.tensors[0];
    let hidden = (head.n_hidden > 0).then(|| &head.tensors[2]);
    let mut words: Vec<u32> = bits([convolution.scale, hidden.map_or(0.0, |tensor| tensor.scale)]).collect();
    let rows = || convolution.values.chunks_exact(INPUTS);
    for input in 0..HEAD_INPUTS {
        for column in (0..6).chain([8]) {
            words.extend(rows().map(|row| {
                let place = |z: usize, column: usize| row[input * HEAD_KERNEL + 9 * z + column];
                let more = if column < 6 { place(column % 3, 6 + column / 3) } else { 0 };
                word([place(0, column), place(1, column), place(2, column), more])
            }));
            words.resize(words.len() + padded - n, 0);
        }
    }
    per_channel(&mut words, head.parameters(1));
    for input in 0..HEAD_INPUTS {
        let of_input = |row: &[i8]| sum(&row[input * HEAD_KERNEL..(input + 1) * HEAD_KERNEL], convolution.scale);
        per_channel(&mut words, rows().map(of_input).collect());
    }
    if let Some(hidden) = hidden {
        for block in 0..padded / 4 {
            words.extend(
                hidden
                    .values
                    .chunks_exact(n)
                    .map(|row| word([0, 2, 1, 3].map(|i| row.get(4 * block + i).copied().unwrap_or(0)))),
            );
            words.resize(words.len() + padded - n, 0);
        }
        per_channel(&mut words, head.parameters(3));
        per_channel(&mut words, hidden.values.chunks_exact(n).map(|row| sum(row, hidden.scale)).collect());
    }
    let output = head.tensors.len() - 2;
    per_channel(&mut words, head.parameters(output));
    words.extend(bits(head.parameters(output + 1)));
    words
}

/// How large both inputs of a head may be so that no number of 16 bits overflows; `None` if that is too little to be of use.
/// Larger inputs are limited to it.
fn limit_of_inputs(head: &Head) -> Option<f32> {
    // Inputs are numbers of some standard deviations, or of the quantiser's steps.
    [4096.0f32, 1024.0, 256.0, 64.0].into_iter().find(|&limit| {
        let mut largest = limit;
        (0..head.tensors.len()).step_by(2).all(|tensor| {
            let (weights, biases) = (head.parameters(tensor), head.parameters(tensor + 1));
            let n_in = weights.len() / biases.len();
            let rows = weights.chunks_exact(n_in).zip(&biases);
            let sum = |row: &[f32]| row.iter().map(|weight| weight.abs() * largest).sum::<f32>();
            largest = rows.map(|(row, bias)| sum(row) + bias.abs()).fold(0.0, f32::max);
            largest <= MOST_HALF
        })
    })
}
