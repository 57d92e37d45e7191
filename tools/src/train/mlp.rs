//! The tiny MLP: forward, loss and gradients in libtorch, parameters and optimiser here.

use super::{
    TrainError,
    adam::{Adam, Rates},
};
use half::f16;
use neuvol_model::{Dense, GridConfig, QuantisedNetwork, Tensor as Stored};
use rand::Rng;
use tch::{Kind, Tensor};

pub(super) struct Mlp {
    n_inputs: usize,
    /// Whether parameters are rounded before they are used.
    quantised: bool,
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

/// What [`Mlp::backward`] gives.
pub(super) struct Gradients {
    pub(super) loss: f32,
    pub(super) inputs: Vec<f32>,
    pub(super) biases: Vec<f32>,
}

/// Mean over the wanted outputs; those that are NaN have no share.
fn squared_error(outputs: &Tensor, wanted: &[f32]) -> Result<Tensor, TrainError> {
    let shape = outputs.size();
    if !wanted.iter().any(|v| v.is_nan()) {
        return Ok(outputs.f_mse_loss(&Tensor::f_from_slice(wanted)?.f_view(&shape[..])?, tch::Reduction::Mean)?);
    }
    let weights: Vec<f32> = wanted.iter().map(|v| f32::from(!v.is_nan())).collect();
    let n = weights.iter().sum::<f32>().max(1.0);
    let wanted: Vec<f32> = wanted.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect();
    let weights = Tensor::f_from_slice(&weights)?.f_view(&shape[..])?;
    let errors = (outputs.f_sub(&Tensor::f_from_slice(&wanted)?.f_view(&shape[..])?)?).f_mul(&weights)?;
    Ok(errors.f_square()?.f_sum(Kind::Float)?.f_div_scalar(f64::from(n))?)
}

impl Mlp {
    /// Kaiming-uniform weights, but for one path per output: its neuron of every hidden layer passes the sum of the
    /// inputs in `paths` on to it, so that the network starts as the interpolation of the pyramid (see `pyramid`).
    pub(super) fn new(config: &GridConfig, paths: &[Option<usize>], rng: &mut impl Rng) -> Self {
        let n_inputs = config.n_inputs();
        let hidden = usize::from(config.n_hidden_layers);
        let mut layers = Vec::with_capacity(hidden + 1);
        let mut n_in = n_inputs;
        let n_outputs = usize::from(config.n_outputs);
        for index in 0..=hidden {
            let last = index == hidden;
            let n_out = if last { n_outputs } else { usize::from(config.n_neurons) };
            let bound = (6.0 / n_in as f32).sqrt();
            let mut parameters = vec![0.0; n_in * n_out + n_out];
            for output in 0..n_out {
                for input in 0..n_in {
                    parameters[output * n_in + input] = match index {
                        _ if output >= n_outputs => rng.random_range(-bound..bound),
                        0 => f32::from(paths[input] == Some(output)),
                        _ => f32::from(input == output),
                    };
                }
            }
            layers.push(Layer { n_in, n_out, adam: Adam::new(parameters.len()), parameters, leaves: None });
            n_in = n_out;
        }
        Self { n_inputs, quantised: false, layers }
    }

    /// From now on parameters are rounded to bytes times a scale per tensor, and their gradients pass the rounding.
    pub(super) fn quantise(&mut self) {
        self.quantised = true;
    }

    /// Mean squared error of a batch and its gradients with respect to the inputs (`[sample][input]`) and the biases.
    /// `biases`: what each sample adds to layer 1, `[sample][neuron]`, or none; `wanted`: `[sample][output]`, NaN where
    /// nothing is wanted.
    pub(super) fn backward(&mut self, inputs: &[f32], biases: &[f32], wanted: &[f32]) -> Result<Gradients, TrainError> {
        let (n_outputs, n_neurons) = (self.layers[self.layers.len() - 1].n_out, self.layers[0].n_out);
        let batch = (wanted.len() / n_outputs) as i64;
        let input = Tensor::f_from_slice(inputs)?.f_view([batch, self.n_inputs as i64])?.set_requires_grad(true);
        let bias = if biases.is_empty() {
            None
        } else {
            Some(Tensor::f_from_slice(biases)?.f_view([batch, n_neurons as i64])?.set_requires_grad(true))
        };
        let mut hidden = input.shallow_clone();
        let last = self.layers.len() - 1;
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let rounded = self.quantised.then(|| layer.rounded());
            let parameters = rounded.as_ref().unwrap_or(&layer.parameters);
            let (weights, biases) = parameters.split_at(layer.n_in * layer.n_out);
            let weights =
                Tensor::f_from_slice(weights)?.f_view([layer.n_out as i64, layer.n_in as i64])?.set_requires_grad(true);
            let biases = Tensor::f_from_slice(biases)?.set_requires_grad(true);
            hidden = hidden.f_linear(&weights, Some(&biases))?;
            if let (0, Some(bias)) = (index, &bias) {
                hidden = hidden.f_add(bias)?;
            }
            if index < last {
                hidden = hidden.f_relu()?;
            }
            layer.leaves = Some((weights, biases));
        }
        let loss = squared_error(&hidden, wanted)?;
        loss.f_backward()?;
        let flat = |leaf: &Tensor| -> Result<Vec<f32>, TrainError> {
            Ok(Vec::<f32>::try_from(&leaf.f_grad()?.f_contiguous()?.f_view([-1])?)?)
        };
        Ok(Gradients {
            loss: loss.f_to_kind(Kind::Float)?.f_double_value(&[])? as f32,
            inputs: flat(&input)?,
            biases: bias.as_ref().map_or(Ok(Vec::new()), flat)?,
        })
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

    /// Weights and biases in turn as they are stored in bytes.
    pub(super) fn tensors(&self) -> Vec<Stored> {
        self.layers.iter().flat_map(Layer::tensors).collect()
    }

    /// The layers as they are stored in f16.
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

impl Layer {
    /// Weights and biases as they are stored in bytes.
    fn tensors(&self) -> [Stored; 2] {
        let (weights, biases) = self.parameters.split_at(self.n_in * self.n_out);
        [weights, biases].map(|parameters| {
            let largest = parameters.iter().fold(0f32, |largest, p| largest.max(p.abs()));
            let scale = largest / 127.0;
            let value = |p: &f32| if scale > 0.0 { (p / scale).round_ties_even() as i8 } else { 0 };
            Stored { scale, values: parameters.iter().map(value).collect() }
        })
    }

    /// The parameters that a reader will see.
    fn rounded(&self) -> Vec<f32> {
        let parameters = |tensor: Stored| -> Vec<f32> {
            let parameter = |value: &i8| QuantisedNetwork::parameter((*value).into(), tensor.scale).to_f32();
            tensor.values.iter().map(parameter).collect()
        };
        self.tensors().into_iter().flat_map(parameters).collect()
    }
}
