//! A head in 8-bit integers.
//!
//! Inputs are u8 around 128, of the largest magnitude in `Ranges`; activations u8 between the smallest and the largest
//! one of their channel. Weights are s8 with a unit per output, which takes the units of the inputs in. Between two
//! layers 32-bit sums are shifted to 16 bits, where both branches of the leaky ReLU are a product each and the larger
//! one is taken.
use super::features::{Features, MARGIN};
use super::layer::{Layer, block};
use super::parameters::{Matrix, Parameters, TAPS};
use crate::kernel::Kernel;
use crate::simd::{self, Simd, Task};

/// Inputs of the convolution per word of weights: both inputs of two neighbours.
pub(super) const WORDS: usize = 14;
/// Words of four channels for which a block of inputs has space; the blocks have 16 channels or fewer.
pub(super) const QUADS: usize = 4;
/// Zero of the u8 inputs.
const ZERO: i32 = 128;
/// Voxels of a row of which three are samples to find ranges with.
const SAMPLED: usize = 64;

/// Neighbours (y and x in a row of nine, z · 9) whose inputs make a word: two of a row, and the third ones of two rows.
const NEIGHBOURS: [[Option<usize>; 2]; WORDS] = {
    let mut words = [[None; 2]; WORDS];
    let mut pair = 0;
    while pair < 4 {
        let first = 6 * pair;
        words[3 * pair] = [Some(first), Some(first + 1)];
        words[3 * pair + 1] = [Some(first + 3), Some(first + 4)];
        words[3 * pair + 2] = [Some(first + 2), Some(first + 5)];
        pair += 1;
    }
    words[12] = [Some(24), Some(25)];
    words[13] = [Some(26), None];
    words
};

/// Within what the numbers of a block lie.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges {
    /// Largest magnitude of both inputs.
    pub(super) inputs: [f32; 2],
    /// Smallest and largest activation before each hidden layer and for each channel.
    hidden: Vec<Vec<[f32; 2]>>,
}

/// A head as the kernel reads it, channels in blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Quantised {
    pub(super) block: usize,
    pub(super) width: usize,
    /// u8 input = 128 + factor · input.
    pub(super) inputs: [f32; 2],
    /// Four s8 in a weight: `[block][word][channel]`
    pub(super) convolution: Layer<i32, i32>,
    /// What comes before each hidden layer, and the layer: `[block][block of inputs][QUADS][channel]`.
    pub(super) hidden: Vec<(Activation, Layer<i32, i32>)>,
    /// 16-bit numbers before the output are sums shifted by this.
    pub(super) last_shift: u32,
    /// Pairs of 16-bit weights; that of the channels 2n and 2n + 1 stands at 2n.
    pub(super) last: Vec<i32>,
    /// What an output of 1 stands for.
    pub(super) unit: f32,
    pub(super) last_bias: f32,
}

/// From 32-bit sums to u8, of channels with four lanes each, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Activation {
    pub(super) shift: u32,
    /// By channel; the pair of channels 2n and 2n + 1 stands at 2n.
    pub(super) pairs: Vec<Pair>,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct Pair {
    pub(super) zero: [i16; 8],
    /// Factors in 2^-15 for numbers above and below 0.
    pub(super) above: [i16; 8],
    pub(super) below: [i16; 8],
}

impl Ranges {
    /// Nothing yet, for a head with this many channels.
    pub(super) fn new(parameters: &Parameters) -> Self {
        Ranges { inputs: [0.0; 2], hidden: vec![vec![[0.0; 2]; parameters.width]; parameters.hidden.len()] }
    }

    pub(super) fn clone_from(&mut self, other: &Ranges) {
        self.inputs = other.inputs;
        self.hidden.clone_from(&other.hidden);
    }

    /// Afterwards the ranges hold the inputs of plane `z`, whose neighbours must be there, and samples of its activations.
    pub(super) fn widen(
        &mut self,
        parameters: &Parameters,
        features: &Features,
        z: usize,
        extent: [usize; 3],
        kernel: Kernel,
    ) {
        for (range, largest) in self.inputs.iter_mut().zip(features.largest(z)) {
            *range = range.max(largest);
        }
        simd::call(kernel, Widen { ranges: self, parameters, features, z, extent });
    }

    /// Adds a share of them: to the ranges of inputs, and at each end to those of activations.
    pub(super) fn add(&mut self, [inputs, activations]: [f32; 2]) {
        self.inputs.iter_mut().for_each(|range| *range *= 1.0 + inputs);
        for range in self.hidden.iter_mut().flatten() {
            let more = activations * (range[1] - range[0]);
            *range = [range[0] - more, range[1] + more];
        }
    }
}

struct Widen<'a> {
    ranges: &'a mut Ranges,
    parameters: &'a Parameters,
    features: &'a Features,
    z: usize,
    extent: [usize; 3],
}

impl<S: Simd> Task<S> for Widen<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, _: S) {
        let Widen { ranges, parameters, features, z, extent: [_, ny, nx] } = self;
        let planes = [-1, 0, 1].map(|shift| features.plane(z as isize + shift));
        let (mut taps, mut h, mut next) = ([0f32; TAPS], Vec::new(), Vec::new());
        for at in (0..ny).flat_map(|y| (0..nx).step_by(SAMPLED).map(move |x| [y, x])).flat_map(|[y, x]| {
            // Activations are largest about where the first input is.
            let row = &planes[1][0][(y + 1) * features.pitch() + MARGIN..][x..nx.min(x + SAMPLED)];
            let largest = row
                .iter()
                .enumerate()
                .fold((0, 0f32), |largest, (x, v)| if v.abs() > largest.1 { (x, v.abs()) } else { largest });
            let x = x + largest.0;
            [x.saturating_sub(1), x, (x + 1).min(nx - 1)].map(|x| y * features.pitch() + MARGIN - 1 + x)
        }) {
            for (n, row) in taps.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                let (input, z, y) = (n / 9, n / 3 % 3, n % 3);
                row.copy_from_slice(&planes[z][input][at + y * features.pitch()..][..3]);
            }
            parameters.convolution.leaky(&taps, &mut h);
            for (ranges, layer) in ranges.hidden.iter_mut().zip(&parameters.hidden) {
                for (range, value) in ranges.iter_mut().zip(&h) {
                    *range = [range[0].min(*value), range[1].max(*value)];
                }
                layer.leaky(&h, &mut next);
                std::mem::swap(&mut h, &mut next);
            }
        }
    }
}

/// Rounded to i32, 0 if it is no number. (`f32::round` is a call where the target has no instruction for it.)
fn round(value: f32) -> i32 {
    (value + 0.5f32.copysign(value)) as i32
}

/// A matrix whose rows were divided by units of their own, so that they fit 8 bits.
struct Rows {
    weights: Vec<i8>,
    units: Vec<f32>,
    biases: Vec<i32>,
}

impl Rows {
    /// `factors`: what an integer input of 1 stands for, by input; `zeros`: the integers that stand for 0.
    fn new(matrix: &Matrix, factors: &[f32], zeros: &[i32]) -> Self {
        let n = factors.len();
        let mut rows =
            Rows { weights: Vec::with_capacity(matrix.weights.len()), units: Vec::new(), biases: Vec::new() };
        for (row, bias) in matrix.weights.chunks_exact(n).zip(&matrix.biases) {
            let largest = row.iter().zip(factors).fold(0f32, |largest, (w, f)| largest.max((w * f).abs()));
            let unit = (largest / 127.0).max(bias.abs() / (1 << 24) as f32).max(1e-30);
            let first = rows.weights.len();
            rows.weights.extend(row.iter().zip(factors).map(|(w, f)| round(w * f / unit).clamp(-127, 127) as i8));
            let shift: i32 = rows.weights[first..].iter().zip(zeros).map(|(w, zero)| i32::from(*w) * zero).sum();
            rows.biases.push(round(bias / unit) - shift);
            rows.units.push(unit);
        }
        rows
    }

    /// Largest magnitude of a sum, for inputs from 0 to 255 with these zeros.
    fn bound(&self, zeros: &[i32]) -> i32 {
        let rows = self.weights.chunks_exact(zeros.len()).zip(&self.biases);
        let bound = |(row, bias): (&[i8], &i32)| {
            let weights = || row.iter().map(|w| i32::from(*w));
            let high: i32 = weights().map(|w| 255 * w.max(0)).sum();
            let low: i32 = weights().map(|w| 255 * w.min(0)).sum();
            (high + bias).abs().max((low + bias).abs())
        };
        rows.map(bound).max().unwrap_or(0)
    }

    /// Adds a half of what is shifted away, so that the shift rounds.
    fn round_for(&mut self, shift: u32) {
        self.biases.iter_mut().for_each(|bias| *bias += (1 << shift) >> 1);
    }

    /// Words of weights, `[block][word][channel]`.
    fn layer(&self, block: usize, n_words: usize, word: impl Fn(&[i8], usize) -> [i8; 4]) -> Layer<i32, i32> {
        let n = self.weights.len() / self.units.len();
        let mut weights = Vec::with_capacity(self.units.len() * n_words);
        for rows in self.weights.chunks_exact(block * n) {
            for number in 0..n_words {
                weights.extend(
                    rows.chunks_exact(n).map(|row| i32::from_le_bytes(word(row, number).map(i8::cast_unsigned))),
                );
            }
        }
        Layer { weights, biases: self.biases.clone() }
    }
}

impl Quantised {
    pub(super) fn new(parameters: &Parameters, ranges: &Ranges) -> Self {
        let width = parameters.width;
        let block = block(width);
        let inputs = ranges.inputs.map(|largest| 127.0 / largest.max(1e-20));
        let mut factors: Vec<f32> = (0..TAPS).map(|n| 1.0 / inputs[n / 27]).collect();
        let mut zeros = vec![ZERO; TAPS];
        let mut rows = Rows::new(&parameters.convolution, &factors, &zeros);
        let tap = |row: &[i8], n: Option<usize>| n.map_or([0; 2], |n| [row[n], row[27 + n]]);
        let convolution_words = |row: &[i8], word: usize| {
            let [[a, b], [c, d]] = NEIGHBOURS[word].map(|n| tap(row, n));
            [a, b, c, d]
        };
        let four = |row: &[i8], word: usize| {
            let (b, n) = (word / QUADS, word % QUADS);
            if 4 * n < block { std::array::from_fn(|i| row[b * block + 4 * n + i]) } else { [0; 4] }
        };
        let mut convolution = None;
        let mut hidden: Vec<(Activation, Layer<i32, i32>)> = Vec::new();
        let mut waiting: Option<Activation> = None;
        for (matrix, ranges) in parameters.hidden.iter().zip(&ranges.hidden) {
            let (activation, steps, offsets) = Activation::new(&rows.units, ranges);
            rows.round_for(activation.shift);
            match waiting.replace(activation) {
                None => convolution = Some(rows.layer(block, WORDS, convolution_words)),
                Some(before) => hidden.push((before, rows.layer(block, width / block * QUADS, four))),
            }
            (factors, zeros) = (steps, offsets);
            rows = Rows::new(matrix, &factors, &zeros);
        }
        let bound = rows.bound(&zeros);
        let last_shift = (1..31).find(|shift| bound >> shift < i32::from(i16::MAX)).unwrap_or(31);
        rows.round_for(last_shift);
        match waiting {
            None => convolution = Some(rows.layer(block, WORDS, convolution_words)),
            Some(before) => hidden.push((before, rows.layer(block, width / block * QUADS, four))),
        }
        let last = parameters.last.iter().zip(&rows.units);
        let last: Vec<f32> = last.map(|(w, unit)| w * unit * (1u32 << last_shift) as f32).collect();
        // The sum of all products must fit 32 bits.
        let most = (65535 / width - 1).min(2047) as f32;
        let unit = last.iter().fold(1e-30, |largest: f32, w| largest.max(w.abs())) / most;
        let word = |pair: &[f32]| {
            let [low, high] = [pair[0], pair[1]].map(|w| round(w / unit));
            low & 0xffff | high << 16
        };
        Quantised {
            block,
            width,
            inputs,
            convolution: convolution.unwrap_or_default(),
            hidden,
            last_shift,
            last: last.chunks_exact(2).flat_map(|pair| [word(pair), 0]).collect(),
            unit,
            last_bias: parameters.last_bias,
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let hidden = self.hidden.iter().map(|(a, l)| size_of_val(&a.pairs[..]) + l.memory_bytes()).sum::<usize>();
        self.convolution.memory_bytes() + hidden + size_of_val(&self.last[..])
    }
}

impl Activation {
    /// For sums of these units that become activations in these ranges; also what an activation of 1 stands for, and
    /// which one stands for 0.
    fn new(units: &[f32], ranges: &[[f32; 2]]) -> (Self, Vec<f32>, Vec<i32>) {
        let mut activation = Activation { shift: 0, pairs: vec![Pair::default(); units.len()] };
        let (mut steps, mut zeros) = (Vec::new(), Vec::new());
        let step = |[low, high]: [f32; 2]| (high.max(0.0) - low.min(0.0)) / 255.0;
        // 16-bit numbers have up to 12 units to a step: room for ten times the range below 0, which is divided by ten.
        let most = units.iter().zip(ranges).map(|(unit, range)| step(*range) / unit).fold(0.0, f32::max);
        while activation.shift < 15 && most > (12 << activation.shift) as f32 {
            activation.shift += 1;
        }
        let shifted = (1 << activation.shift) as f32;
        for (c, (unit, range)) in units.iter().zip(ranges).enumerate() {
            // No finer than the sums are.
            let step = step(*range).max(unit * shifted * 1.01);
            let zero = round(-range[0].min(0.0) / step).clamp(0, 255);
            let factor = unit / step * shifted * 32768.0;
            let pair = &mut activation.pairs[c / 2 * 2];
            let lanes = c % 2 * 4..c % 2 * 4 + 4;
            pair.zero[lanes.clone()].fill(zero as i16);
            pair.above[lanes.clone()].fill(round(factor).min(i16::MAX.into()) as i16);
            pair.below[lanes].fill(round(0.1 * factor).min(i16::MAX.into()) as i16);
            steps.push(step);
            zeros.push(zero);
        }
        (activation, steps, zeros)
    }
}
