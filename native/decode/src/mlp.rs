//! What is left of a network after folding: the layers behind the first ReLU, padded, for one output.
use neuvol_model::GridNetwork;

/// Channels are padded to a multiple of this, with weights of 0.
pub(crate) const PADDING: usize = 16;
/// Channels of the widest network.
pub(crate) const WIDEST: usize = neuvol_model::MAX_NEURONS as usize;
const _: () = assert!(WIDEST.is_multiple_of(PADDING));

#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    /// `[output][input]`, width × width.
    pub(crate) weights: Vec<f32>,
    pub(crate) biases: Vec<f32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Mlp {
    pub(crate) width: usize,
    /// Hidden layers after the first.
    pub(crate) hidden: Vec<Matrix>,
    /// Weights of the chosen output.
    pub(crate) last: Vec<f32>,
    pub(crate) last_bias: f32,
}

impl Mlp {
    pub(crate) fn new(network: &GridNetwork, output: u8) -> Self {
        let n = usize::from(network.config.n_neurons);
        let width = n.next_multiple_of(PADDING);
        let n_hidden = network.layers.len() - 1;
        let hidden = network.layers[1..n_hidden]
            .iter()
            .map(|layer| {
                let mut matrix = Matrix { weights: vec![0.0; width * width], biases: vec![0.0; width] };
                for o in 0..n {
                    for i in 0..n {
                        matrix.weights[o * width + i] = layer.weights[o * n + i].to_f32();
                    }
                    matrix.biases[o] = layer.biases[o].to_f32();
                }
                matrix
            })
            .collect();
        let layer = &network.layers[n_hidden];
        let mut last = vec![0.0; width];
        for (i, weight) in last[..n].iter_mut().enumerate() {
            *weight = layer.weights[usize::from(output) * n + i].to_f32();
        }
        Mlp { width, hidden, last, last_bias: layer.biases[usize::from(output)].to_f32() }
    }

    /// The network from its first pre-activations on, in plain f32.
    pub(crate) fn evaluate(&self, pre_activations: &[f32]) -> f32 {
        let (mut values, mut next) = ([0f32; WIDEST], [0f32; WIDEST]);
        for (value, input) in values.iter_mut().zip(pre_activations) {
            *value = input.max(0.0);
        }
        for matrix in &self.hidden {
            let rows = matrix.weights.chunks_exact(self.width).zip(&matrix.biases);
            for (next, (row, bias)) in next.iter_mut().zip(rows) {
                *next = (dot(row, &values[..self.width]) + bias).max(0.0);
            }
            (values, next) = (next, values);
        }
        dot(&self.last, &values[..self.width]) + self.last_bias
    }
}

impl Matrix {
    /// Weights as `[output / block][input / group]` runs of `block` words of `group` inputs, the order in which kernels
    /// read them.
    pub(crate) fn pack<T>(&self, width: usize, block: usize, group: usize, word: impl Fn(&[f32]) -> T) -> Vec<T> {
        let mut packed = Vec::with_capacity(width * width / group);
        for outputs in self.weights.chunks_exact(block * width) {
            for input in (0..width).step_by(group) {
                packed.extend(outputs.chunks_exact(width).map(|row| word(&row[input..input + group])));
            }
        }
        packed
    }
}

/// a·b of multiples of 8 numbers, in independent lanes so that it can be vectorised.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; 8];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum()
}
