//! The tiny MLP: forward, loss and gradients in libtorch, parameters and optimiser here.

use super::{
    TrainError,
    adam::{Adam, Rates},
};
use half::f16;
use neuvol_model::{Dense, GridConfig};
use rand::Rng;
use tch::{Kind, Tensor};

pub(super) struct Mlp {
    n_inputs: usize,
    layers: Vec<Layer>,
}

struct Layer {
    n_in: usize,
    n_out: usize,
    /// Weights [output][input], then biases.
    parameters: Vec<f32>,
    adam: Adam,
    /// The leaves of the last forward pass.
    leaves: Option<(Tensor, Tensor)>,
}

impl Mlp {
    /// Kaiming-uniform weights, but for one path: neuron 0 of every hidden layer passes the sum of the levels' first
    /// features on to the output, so that the network starts as the interpolation of the pyramid (see `pyramid`).
    pub(super) fn new(config: &GridConfig, rng: &mut impl Rng) -> Self {
        let n_inputs = config.n_inputs();
        let hidden = usize::from(config.n_hidden_layers);
        let mut layers = Vec::with_capacity(hidden + 1);
        let mut n_in = n_inputs;
        for index in 0..=hidden {
            let last = index == hidden;
            let n_out = if last { usize::from(config.n_outputs) } else { usize::from(config.n_neurons) };
            let bound = (6.0 / n_in as f32).sqrt();
            let mut parameters = vec![0.0; n_in * n_out + n_out];
            for output in 0..n_out {
                for input in 0..n_in {
                    parameters[output * n_in + input] = match (output, last) {
                        (0, true) => f32::from(input == 0),
                        (0, false) if index == 0 => 0.0,
                        (0, false) => f32::from(input == 0),
                        _ => rng.random_range(-bound..bound),
                    };
                }
            }
            if index == 0 {
                let mut first = 0;
                for level in &config.levels {
                    parameters[first] = 1.0;
                    first += usize::from(level.n_features);
                }
            }
            layers.push(Layer { n_in, n_out, adam: Adam::new(parameters.len()), parameters, leaves: None });
            n_in = n_out;
        }
        Self { n_inputs, layers }
    }

    /// Mean squared error of a batch and its gradient with respect to the encoded inputs ([voxel][input]).
    pub(super) fn backward(&mut self, encoded: &[f32], wanted: &[f32]) -> Result<(f32, Vec<f32>), TrainError> {
        let batch = wanted.len() as i64;
        let input = Tensor::f_from_slice(encoded)?.f_view([batch, self.n_inputs as i64])?.set_requires_grad(true);
        let wanted = Tensor::f_from_slice(wanted)?.f_view([batch, 1])?;
        let mut hidden = input.shallow_clone();
        let last = self.layers.len() - 1;
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let (weights, biases) = layer.parameters.split_at(layer.n_in * layer.n_out);
            let weights =
                Tensor::f_from_slice(weights)?.f_view([layer.n_out as i64, layer.n_in as i64])?.set_requires_grad(true);
            let biases = Tensor::f_from_slice(biases)?.set_requires_grad(true);
            hidden = hidden.f_linear(&weights, Some(&biases))?;
            if index < last {
                hidden = hidden.f_relu()?;
            }
            layer.leaves = Some((weights, biases));
        }
        let loss = hidden.f_mse_loss(&wanted, tch::Reduction::Mean)?;
        loss.f_backward()?;
        let gradient = Vec::<f32>::try_from(&input.f_grad()?.f_contiguous()?.f_view([-1])?)?;
        Ok((loss.f_to_kind(Kind::Float)?.f_double_value(&[])? as f32, gradient))
    }

    /// One Adam step with the gradients of the last [`Mlp::backward`].
    pub(super) fn update(&mut self, rates: &Rates) -> Result<(), TrainError> {
        for layer in &mut self.layers {
            if let Some((weights, biases)) = layer.leaves.take() {
                let mut gradient = Vec::<f32>::try_from(&weights.f_grad()?.f_contiguous()?.f_view([-1])?)?;
                gradient.extend(Vec::<f32>::try_from(&biases.f_grad()?)?);
                layer.adam.step(&mut layer.parameters, &gradient, rates.mlp, rates);
            }
        }
        Ok(())
    }

    /// The layers as they are stored.
    pub(super) fn layers(&self) -> Vec<Dense> {
        self.layers
            .iter()
            .map(|layer| {
                let (weights, biases) = layer.parameters.split_at(layer.n_in * layer.n_out);
                let half = |values: &[f32]| values.iter().map(|&v| f16::from_f32(v)).collect();
                Dense { n_in: layer.n_in, n_out: layer.n_out, weights: half(weights), biases: half(biases) }
            })
            .collect()
    }
}
