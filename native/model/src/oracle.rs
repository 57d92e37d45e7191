//! The meaning of a grid network, written for reading: f32, one voxel after the other.
use crate::{Dense, GridNetwork, MAX_FEATURES, MAX_LEVELS, MAX_NEURONS, TimeInterpolation};

const WIDEST: usize = {
    let inputs = MAX_LEVELS * MAX_FEATURES as usize;
    let neurons = MAX_NEURONS as usize;
    if inputs > neurons { inputs } else { neurons }
};

impl GridNetwork {
    /// All outputs y at the voxel (z, y, x), before they are mapped to a range. `code` is the time in steps since the
    /// start of the segment; it is limited to the codes there are, and ignored without codes. Where the network says
    /// that values are interpolated, y of each of the two steps is limited to 0..=1 first, as a range would do.
    ///
    /// # Panics
    /// If the voxel is outside the extent or `out` does not have `n_outputs` elements.
    pub fn evaluate(&self, z: u32, y: u32, x: u32, code: f64, out: &mut [f32]) {
        self.evaluate_between([z, y, x].map(|n| n as f32), code, out);
    }

    /// As [`evaluate`](Self::evaluate), at a position (z, y, x) in voxels that need not be a voxel, 0..=extent − 1.
    ///
    /// # Panics
    /// If the position is outside the extent or `out` does not have `n_outputs` elements.
    pub fn evaluate_between(&self, position: [f32; 3], code: f64, out: &mut [f32]) {
        let inside = position.iter().zip(self.extent).all(|(p, n)| *p >= 0.0 && *p <= (n - 1) as f32);
        assert!(inside, "position outside the block");
        assert_eq!(out.len(), usize::from(self.config.n_outputs), "one element of `out` per output");
        let (step, next, fraction) = time_position(code, self.config.time.n_codes.into());
        if self.config.time.interpolation != TimeInterpolation::Values || fraction == 0.0 {
            return self.evaluate_at(position, code, out);
        }
        let mut later = vec![0f32; out.len()];
        self.evaluate_at(position, step.into(), out);
        self.evaluate_at(position, next.into(), &mut later);
        for (y, later) in out.iter_mut().zip(later) {
            let (before, after) = (map_to_range(*y, (0.0, 1.0)), map_to_range(later, (0.0, 1.0)));
            *y = before * (1.0 - fraction) + after * fraction;
        }
    }

    fn evaluate_at(&self, position: [f32; 3], code: f64, out: &mut [f32]) {
        let mut input = [0f32; WIDEST];
        self.encode(position, &mut input);
        for (input, gain) in input.iter_mut().zip(self.time_gain(code)) {
            *input *= gain;
        }

        let (last, hidden) = self.layers.split_last().expect("a network has at least two layers");
        for (number, layer) in hidden.iter().enumerate() {
            let mut next = [0f32; WIDEST];
            apply(layer, &input, &mut next);
            if number == 0 {
                for (value, code) in next.iter_mut().zip(self.time_code(code)) {
                    *value += code;
                }
            }
            for value in &mut next[..layer.n_out] {
                *value = value.max(0.0);
            }
            input = next;
        }
        apply(last, &input, out);
    }

    /// Output number `output` at every voxel of the block, before it is mapped to a range.
    ///
    /// # Panics
    /// If `output` is not below `n_outputs` or `out` does not have one element per voxel.
    pub fn evaluate_block(&self, code: f64, output: u8, out: &mut [f32]) {
        let [nz, ny, nx] = self.extent;
        assert_eq!(out.len(), crate::voxels(self.extent), "one element of `out` per voxel");
        let mut outputs = vec![0f32; usize::from(self.config.n_outputs)];
        let mut target = out.iter_mut();
        for z in 0..nz {
            for y in 0..ny {
                for x in 0..nx {
                    self.evaluate(z, y, x, code, &mut outputs);
                    if let Some(value) = target.next() {
                        *value = outputs[usize::from(output)];
                    }
                }
            }
        }
    }

    /// The time code at `code` steps after the start of the segment, one number per neuron; 0 without codes.
    pub fn time_code(&self, code: f64) -> Vec<f32> {
        let width = usize::from(self.config.n_neurons);
        let mut row = vec![0.0; width];
        if !self.time_codes.is_empty() {
            self.config.time.interpolate(&self.time_codes, code, &mut row);
        }
        row
    }

    /// The gains at `code` steps after the start of the segment, one number per input; 1 without gains.
    pub fn time_gain(&self, code: f64) -> Vec<f32> {
        let mut row = vec![1.0; self.config.n_inputs()];
        if !self.time_gains.is_empty() {
            self.config.time.interpolate(&self.time_gains, code, &mut row);
        }
        row
    }

    /// Trilinear interpolation of every level's features at a position in voxels.
    fn encode(&self, position: [f32; 3], input: &mut [f32]) {
        let mut first = 0;
        for (l, level) in self.config.levels.iter().enumerate() {
            let n_features = usize::from(level.n_features);
            // Exact: cells are powers of two.
            let at = position.map(|p| p / (1u32 << level.log2_cell) as f32);
            let vertex = at.map(|p| p as u32);
            let weight = at.map(f32::fract);
            for corner in 0..8u32 {
                let upper = [corner >> 2 & 1, corner >> 1 & 1, corner & 1];
                let along = |axis: usize| {
                    if upper[axis] == 1 { weight[axis] } else { 1.0 - weight[axis] }
                };
                let product = along(0) * along(1) * along(2);
                if product == 0.0 {
                    continue; // the last vertex of an axis has no neighbour above it
                }
                let [vz, vy, vx] = [vertex[0] + upper[0], vertex[1] + upper[1], vertex[2] + upper[2]];
                let entry = self.config.entry_index(l, self.extent, vz, vy, vx) * n_features;
                let features = &self.tables[l][entry..entry + n_features];
                for (sum, feature) in input[first..].iter_mut().zip(features) {
                    *sum += product * feature.to_f32();
                }
            }
            first += n_features;
        }
    }
}

fn apply(layer: &Dense, input: &[f32], out: &mut [f32]) {
    for (o, value) in out[..layer.n_out].iter_mut().enumerate() {
        let row = &layer.weights[o * layer.n_in..][..layer.n_in];
        let products: f32 = row.iter().zip(input).map(|(w, x)| w.to_f32() * x).sum();
        *value = products + layer.biases[o].to_f32();
    }
}

/// The steps around a time and the weight of the later one: `(step, next, fraction)` with `step <= next < steps` and
/// `fraction` in 0..1. Times outside 0..=steps−1 are limited to it, NaN is taken as 0. `steps` must not be 0.
pub fn time_position(time: f64, steps: u32) -> (u32, u32, f32) {
    let last = steps.saturating_sub(1);
    let time = if time > 0.0 { time.min(f64::from(last)) } else { 0.0 };
    let step = time.floor() as u32;
    (step, (step + 1).min(last), (time - f64::from(step)) as f32)
}

/// Value of a voxel: `min + (max − min)·y`, limited to `min..=max`; NaN becomes `min`.
pub fn map_to_range(y: f32, (min, max): (f32, f32)) -> f32 {
    limit(min + (max - min) * y, (min, max))
}

/// A value limited to `min..=max`; NaN becomes `min`.
pub(crate) fn limit(value: f32, (min, max): (f32, f32)) -> f32 {
    if value > min { if value < max { value } else { max } } else { min }
}
