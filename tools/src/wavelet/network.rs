//! The head in libtorch: a 3×3×3 convolution and 1×1×1 layers that correct a reconstruction (SPEC section 11.4).

use super::features::{self, Level};
use crate::train::{Adam, Rates, TrainError};
use neuvol_model::{Head, Tensor as HeadTensor};
use rand::Rng;
use tch::{Device, Kind, Tensor};

/// Largest integer of a stored parameter.
const MAX_INT8: f32 = 127.0;
/// Voxels whose gradients are computed together.
const SLAB: usize = 1 << 14;

/// A head that is being trained.
pub(super) struct Network {
    n_channels: usize,
    n_hidden: usize,
    level: Level,
    device: Device,
    /// The tensors of SPEC section 10, flat, and their moments.
    tensors: Vec<(Vec<f32>, Adam)>,
}

/// What one piece and step of a reconstruction needs beside itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// The quantiser's step.
    pub(super) step: f64,
    /// The block's offset.
    pub(super) offset: f64,
}

/// Both inputs of the head for one reconstruction, padded by one voxel: `[2][z + 2][y + 2][x + 2]`.
pub(super) struct Inputs {
    values: Vec<f32>,
    padded: [usize; 3],
}

/// A box of voxels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) start: [usize; 3],
    pub(super) extent: [usize; 3],
}

impl Window {
    pub(super) fn voxels(&self) -> usize {
        self.extent.iter().product()
    }

    /// Where the window's rows start in an array of `whole` voxels, and in order.
    fn rows(self, whole: [usize; 3]) -> impl Iterator<Item = usize> {
        let Self { start, extent } = self;
        (0..extent[0] * extent[1]).map(move |row| {
            let (z, y) = (start[0] + row / extent[1], start[1] + row % extent[1]);
            (z * whole[1] + y) * whole[2] + start[2]
        })
    }

    /// The window's values of an array of `whole` voxels.
    pub(super) fn cut<T: Copy, U>(self, array: &[T], whole: [usize; 3], value: impl Fn(T) -> U + Copy) -> Vec<U> {
        let nx = self.extent[2];
        self.rows(whole).flat_map(|row| array[row..row + nx].iter().map(move |&v| value(v))).collect()
    }

    /// The same, moved to one of the 27 places of the kernel.
    fn at(self, place: usize) -> Self {
        let by = [place / 9, place / 3 % 3, place % 3];
        Self { start: std::array::from_fn(|a| self.start[a] + by[a]), ..self }
    }
}

impl Inputs {
    fn channels(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.padded.iter().product())
    }

    /// What the convolution sees of a window, as the columns of a matrix product: `[2·27][voxel]`.
    pub(super) fn columns(&self, window: Window) -> Result<Tensor, TrainError> {
        let mut columns = Vec::with_capacity(54 * window.voxels());
        for channel in self.channels() {
            for place in 0..27 {
                for row in window.at(place).rows(self.padded) {
                    columns.extend_from_slice(&channel[row..row + window.extent[2]]);
                }
            }
        }
        Ok(Tensor::f_from_slice(&columns)?.f_view([54, window.voxels() as i64])?)
    }

    /// Adds gradients of a window's columns to those of inputs.
    fn add_columns(&mut self, columns: &[f32], window: Window) {
        let nx = window.extent[2];
        let mut columns = columns.chunks_exact(nx);
        for channel in self.values.chunks_exact_mut(self.padded.iter().product()) {
            for place in 0..27 {
                for (row, column) in window.at(place).rows(self.padded).zip(&mut columns) {
                    channel[row..row + nx].iter_mut().zip(column).for_each(|(sum, v)| *sum += v);
                }
            }
        }
    }
}

/// Values as a tensor in the memory of a device.
pub(super) fn tensor(values: &[f32], shape: &[i64], device: Device) -> Result<Tensor, TrainError> {
    Ok(Tensor::f_from_slice(values)?.f_view(shape)?.f_to(device)?)
}

/// The numbers of a tensor, in order.
pub(super) fn numbers(tensor: &Tensor) -> Result<Vec<f32>, TrainError> {
    Ok(Vec::try_from(&tensor.f_to(Device::Cpu)?.f_contiguous()?.f_view([-1])?)?)
}

impl Network {
    /// Kaiming-uniform layers, the last one zero: the head starts as no correction.
    pub(super) fn new(n_channels: usize, n_hidden: usize, level: Level, device: Device, rng: &mut impl Rng) -> Self {
        let lengths = Head::tensor_lengths(n_channels as u8, n_hidden as u8);
        let last = lengths.len() - 2;
        let tensors = lengths
            .iter()
            .enumerate()
            .map(|(number, &n)| {
                // PyTorch's default for convolutions: ±1/√fan-in for weights and biases.
                let fan_in = if number < 2 { 54.0 } else { n_channels as f32 };
                let bound = fan_in.sqrt().recip();
                let value = |rng: &mut _| if number < last { Rng::random_range(rng, -bound..bound) } else { 0.0 };
                ((0..n).map(|_| value(rng)).collect(), Adam::new(n))
            })
            .collect();
        Self { n_channels, n_hidden, level, device, tensors }
    }

    /// A network with the parameters of a stored head.
    pub(super) fn from_head(head: &Head, device: Device) -> Self {
        let tensors = (0..head.tensors.len())
            .map(|tensor| {
                let values = head.parameters(tensor);
                let adam = Adam::new(values.len());
                (values, adam)
            })
            .collect();
        Self {
            n_channels: head.n_channels.into(),
            n_hidden: head.n_hidden.into(),
            level: Level { mean: head.mean.into(), deviation: head.deviation.into() },
            device,
            tensors,
        }
    }

    /// Forgets the optimiser's moments: a new round starts.
    pub(super) fn reset_moments(&mut self) {
        for (values, adam) in &mut self.tensors {
            *adam = Adam::new(values.len());
        }
    }

    /// The inputs of a reconstruction in steps, `[z][y][x]`.
    pub(super) fn inputs(&self, r: &[f32], extent: [usize; 3], scale: Scale) -> Inputs {
        Inputs { values: features::inputs(r, extent, scale, self.level), padded: extent.map(|n| n + 2) }
    }

    pub(super) fn device(&self) -> Device {
        self.device
    }

    /// The parameters as leaves of a graph: weights as matrices `[output][input]`, biases as columns.
    pub(super) fn leaves(&self, learn: bool) -> Result<Vec<Tensor>, TrainError> {
        let leaf = |number: usize, values: &[f32]| {
            let n_outputs = if number + 2 >= self.tensors.len() { 1 } else { self.n_channels as i64 };
            let leaf = Tensor::f_from_slice(values)?.f_view([n_outputs, -1])?.f_to(self.device)?;
            Ok(leaf.set_requires_grad(learn))
        };
        self.tensors.iter().enumerate().map(|(number, (values, _))| leaf(number, values)).collect()
    }

    /// What the head adds to a reconstruction, in steps: a row of voxels for the columns of [`Inputs::columns`].
    pub(super) fn correction(leaves: &[Tensor], columns: &Tensor) -> Result<Tensor, TrainError> {
        let mut h = columns.shallow_clone();
        let n_layers = leaves.len() / 2;
        for (number, layer) in leaves.chunks_exact(2).enumerate() {
            h = layer[1].f_addmm(&layer[0], &h)?;
            if number + 1 < n_layers {
                // max(h, h/10), from operations with cheap gradients.
                h = h.f_relu()?.f_mul_scalar(0.9)?.f_add(&h.f_mul_scalar(0.1)?)?;
            }
        }
        Ok(h)
    }

    /// One Adam step along the sum of gradients, each with one array per tensor.
    pub(super) fn update(&mut self, gradients: impl Iterator<Item = Vec<Vec<f32>>>, rate: f32, rates: &Rates) {
        let sum = gradients.reduce(|mut sum, gradient| {
            for (sum, gradient) in sum.iter_mut().flatten().zip(gradient.iter().flatten()) {
                *sum += gradient;
            }
            sum
        });
        for ((values, adam), gradient) in self.tensors.iter_mut().zip(sum.unwrap_or_default()) {
            adam.step(values, &gradient, rate, rates);
        }
    }

    /// The head as it is stored, each tensor rounded to 8 bits; the network goes on with the rounded numbers.
    pub(super) fn round(&mut self) -> Head {
        let tensors = self
            .tensors
            .iter_mut()
            .map(|(values, _)| {
                let largest = values.iter().fold(0f32, |m, v| m.max(v.abs()));
                let scale = largest / MAX_INT8;
                let stored: Vec<i8> =
                    values.iter().map(|&v| if scale > 0.0 { (v / scale).round() as i8 } else { 0 }).collect();
                for (value, &stored) in values.iter_mut().zip(&stored) {
                    *value = f32::from(stored) * scale;
                }
                HeadTensor { scale, values: stored }
            })
            .collect();
        Head {
            n_channels: self.n_channels as u8,
            n_hidden: self.n_hidden as u8,
            mean: self.level.mean as f32,
            deviation: self.level.deviation as f32,
            tensors,
        }
    }

    /// Half the gradient of the sum of squared errors (in steps²) of a corrected reconstruction with respect to it. All
    /// arrays are `[z][y][x]`; errors count where `valid`.
    pub(super) fn gradient(
        &self,
        r: &[f32],
        wanted: &[f32],
        valid: Option<&[bool]>,
        whole: [usize; 3],
        scale: Scale,
    ) -> Result<Vec<f32>, TrainError> {
        let leaves = self.leaves(false)?;
        let inputs = self.inputs(r, whole, scale);
        let mut of_inputs = Inputs { values: vec![0.0; inputs.values.len()], padded: inputs.padded };
        // Slabs keep the activations in the cache.
        let thickness = (SLAB / (whole[1] * whole[2])).clamp(1, whole[0]);
        let mut direct = Vec::with_capacity(r.len());
        for first in (0..whole[0]).step_by(thickness) {
            let extent = [thickness.min(whole[0] - first), whole[1], whole[2]];
            let window = Window { start: [first, 0, 0], extent };
            let range = first * whole[1] * whole[2]..(first + extent[0]) * whole[1] * whole[2];
            let columns = inputs.columns(window)?.f_to(self.device)?.set_requires_grad(true);
            let row = |values: &[f32]| tensor(values, &[1, -1], self.device);
            let corrected = row(&r[range.clone()])?.f_add(&Self::correction(&leaves, &columns)?)?;
            let mut error = corrected.f_sub(&row(&wanted[range.clone()])?)?;
            if let Some(valid) = valid {
                let weights: Vec<f32> = valid[range].iter().map(|&valid| f32::from(valid)).collect();
                error = error.f_mul(&row(&weights)?)?;
            }
            error.f_square()?.f_sum(Kind::Float)?.f_mul_scalar(0.5)?.f_backward()?;
            of_inputs.add_columns(&numbers(&columns.f_grad()?)?, window);
            direct.extend(numbers(&error.f_detach()?)?);
        }
        let through = features::back(&of_inputs.values, whole, scale, self.level);
        direct.iter_mut().zip(through).for_each(|(sum, v)| *sum += v);
        Ok(direct)
    }
}
