//! What a head adds, written for reading: one voxel after the other.

use crate::{HEAD_INPUTS, HEAD_KERNEL, Head};

impl Head {
    /// What is added to the latents r, an array `[z][y][x]` of `extent`; in steps of the quantiser, as r is. `step` and
    /// `offset` are those of the block.
    pub(super) fn correction(&self, r: &[f32], extent: [u32; 3], step: f32, offset: f32) -> Vec<f32> {
        let inputs = self.inputs(r, extent, step, offset);
        let parameters: Vec<Vec<f32>> = (0..self.tensors.len()).map(|tensor| self.parameters(tensor)).collect();
        let (first, rest) = parameters.split_at(2);
        let mut out = Vec::with_capacity(r.len());
        for place in places(extent) {
            // [input][z][y][x], as in a row of the weights.
            let mut around = Vec::with_capacity(HEAD_INPUTS * HEAD_KERNEL);
            for input in &inputs {
                around.extend(neighbours(extent, place, 1).map(|at| input[at]));
            }
            let mut h = leaky(layer(&first[0], &first[1], &around));
            let (hidden, output) = rest.split_at(rest.len() - 2);
            for pair in hidden.chunks_exact(2) {
                h = leaky(layer(&pair[0], &pair[1], &h));
            }
            out.extend(layer(&output[0], &output[1], &h));
        }
        out
    }

    /// The inputs f₁ and f₂ of every voxel.
    fn inputs(&self, r: &[f32], extent: [u32; 3], step: f32, offset: f32) -> [Vec<f32>; HEAD_INPUTS] {
        let mut inputs = [Vec::with_capacity(r.len()), Vec::with_capacity(r.len())];
        for (place, r_here) in places(extent).zip(r) {
            let b = neighbours(extent, place, 2).map(|at| r[at]).sum::<f32>() / 125.0;
            inputs[0].push(2.0 * (r_here - b));
            inputs[1].push((step * b + offset - self.mean) / self.deviation);
        }
        inputs
    }
}

/// W·x + b.
fn layer(weights: &[f32], biases: &[f32], x: &[f32]) -> Vec<f32> {
    let rows = weights.chunks_exact(x.len()).zip(biases);
    rows.map(|(row, bias)| row.iter().zip(x).map(|(w, x)| w * x).sum::<f32>() + bias).collect()
}

fn leaky(mut values: Vec<f32>) -> Vec<f32> {
    for value in &mut values {
        *value = value.max(*value / 10.0);
    }
    values
}

/// All voxels, x fastest.
fn places([nz, ny, nx]: [u32; 3]) -> impl Iterator<Item = [u32; 3]> {
    (0..nz).flat_map(move |z| (0..ny).flat_map(move |y| (0..nx).map(move |x| [z, y, x])))
}

/// Where the (2·reach + 1)³ voxels around a voxel stand in an array, x fastest; those outside are limited to it.
fn neighbours(extent: [u32; 3], place: [u32; 3], reach: u32) -> impl Iterator<Item = usize> {
    let width = 2 * reach + 1;
    places([width; 3]).map(move |shift| {
        let at: [usize; 3] =
            std::array::from_fn(|a| (place[a] + shift[a]).saturating_sub(reach).min(extent[a] - 1) as usize);
        (at[0] * extent[1] as usize + at[1]) * extent[2] as usize + at[2]
    })
}
