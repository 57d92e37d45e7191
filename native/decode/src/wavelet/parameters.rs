//! A head in floats, padded, as all kernels begin with it.
use super::features::Inputs;
use neuvol_model::{HEAD_INPUTS, HEAD_KERNEL, Head};

/// Weights of one channel of the convolution.
pub(super) const TAPS: usize = HEAD_INPUTS * HEAD_KERNEL;

/// Numbers of channels that kernels know. Others are padded to them.
const WIDTHS: [usize; 8] = [4, 8, 12, 16, 24, 32, 48, 64];

/// Parameters of a head. Channels that it does not have are 0 throughout.
#[derive(Clone, Debug)]
pub(super) struct Parameters {
    /// Channels, padded.
    pub(super) width: usize,
    /// `[channel][input][z][y][x]`
    pub(super) convolution: Matrix,
    /// `[output][input]`
    pub(super) hidden: Vec<Matrix>,
    pub(super) last: Vec<f32>,
    pub(super) last_bias: f32,
    pub(super) inputs: Inputs,
}

#[derive(Clone, Debug)]
pub(super) struct Matrix {
    pub(super) weights: Vec<f32>,
    pub(super) biases: Vec<f32>,
}

impl Matrix {
    /// leaky(W·x + b)
    #[inline(always)]
    pub(super) fn leaky(&self, x: &[f32], out: &mut Vec<f32>) {
        out.clear();
        for (row, bias) in self.weights.chunks_exact(x.len()).zip(&self.biases) {
            let sum = dot(row, x) + bias;
            out.push(sum.max(0.1 * sum));
        }
    }
}

/// a·b, in independent lanes so that it can be vectorised.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0f32; 8];
    for (a, b) in a.iter().zip(b) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

impl Parameters {
    /// Of a checked head, for a block with this step and offset.
    pub(super) fn new(head: &Head, step: f32, offset: f32) -> Self {
        let n = usize::from(head.n_channels);
        let width = WIDTHS.into_iter().find(|&width| width >= n).unwrap_or(n);
        let matrix = |tensor: usize, n_in: usize, width_in: usize| {
            let mut weights = vec![0.0; width * width_in];
            for (row, values) in weights.chunks_exact_mut(width_in).zip(head.parameters(tensor).chunks_exact(n_in)) {
                row[..n_in].copy_from_slice(values);
            }
            let mut biases = head.parameters(tensor + 1);
            biases.resize(width, 0.0);
            Matrix { weights, biases }
        };
        let n_hidden = usize::from(head.n_hidden);
        let mut last = head.parameters(2 * n_hidden + 2);
        last.resize(width, 0.0);
        let of_mean = step / head.deviation / 125.0;
        let shift = (offset - head.mean) / head.deviation;
        Parameters {
            width,
            convolution: matrix(0, TAPS, TAPS),
            hidden: (1..=n_hidden).map(|layer| matrix(2 * layer, n, width)).collect(),
            last,
            last_bias: head.parameters(2 * n_hidden + 3)[0],
            inputs: Inputs { r: 2.0, mean: [-2.0 / 125.0, of_mean], shift },
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let matrix = |m: &Matrix| m.weights.len() + m.biases.len();
        let n = matrix(&self.convolution) + self.hidden.iter().map(matrix).sum::<usize>() + self.last.len();
        n * size_of::<f32>()
    }
}
