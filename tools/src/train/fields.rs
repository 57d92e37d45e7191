//! What a network is fitted to: the values of some variables at some steps of one block.

use super::fill::fill_invalid;

/// Values of one block. Axes: output (variable), step, z, y, x; x fastest.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// Voxels z, y, x.
    pub extent: [u32; 3],
    /// Variables that one network gives together.
    pub n_outputs: usize,
    /// Time steps.
    pub n_steps: usize,
    /// Physical values, NaN = invalid (never learned).
    pub values: Vec<f32>,
}

/// Values at points that are not voxels, to fit a student to its teachers there too.
#[derive(Debug, Clone, Default)]
pub struct Points {
    /// Positions z, y, x in voxels, 0..=extent − 1.
    pub positions: Vec<[f32; 3]>,
    /// The step of each.
    pub steps: Vec<u32>,
    /// Physical values, `[point][output]`; NaN = unknown.
    pub values: Vec<f32>,
}

impl Fields {
    /// Voxels of one step.
    pub fn voxels(&self) -> usize {
        neuvol_model::voxels(self.extent)
    }

    /// The values of an output at a step.
    pub fn step(&self, output: usize, step: usize) -> &[f32] {
        let n = self.voxels();
        &self.values[(output * self.n_steps + step) * n..][..n]
    }

    /// All steps of an output.
    pub fn output(&self, output: usize) -> &[f32] {
        let n = self.voxels() * self.n_steps;
        &self.values[output * n..][..n]
    }

    /// The next coarser level of detail: means of the valid ones of ≤ 2×2×2 voxels.
    pub fn halved(&self) -> Self {
        let mut values = Vec::new();
        let extent = self.extent.map(|n| n as usize);
        for step in self.values.chunks_exact(self.voxels().max(1)) {
            let mut step = step.to_vec();
            let half: usize = neuvol_engine::halve(&mut step, extent).iter().product();
            values.extend_from_slice(&step[..half]);
        }
        Self { extent: self.extent.map(|n| n.div_ceil(2)), values, ..*self }
    }

    /// The fields of some outputs only.
    pub fn select(&self, outputs: &[usize]) -> Self {
        let values = outputs.iter().flat_map(|&output| self.output(output)).copied().collect();
        Self { n_outputs: outputs.len(), values, ..*self }
    }
}

impl Points {
    /// The points with some outputs only, of `n_outputs`.
    pub fn select(&self, outputs: &[usize], n_outputs: usize) -> Self {
        let chosen = |values: &[f32]| outputs.iter().map(|&output| values[output]).collect::<Vec<_>>();
        Self { values: self.values.chunks_exact(n_outputs).flat_map(chosen).collect(), ..self.clone() }
    }
}

/// The fields as training wants them: 0..1 over each output's range, holes filled, validity apart.
pub(super) struct Targets {
    pub(super) extent: [u32; 3],
    pub(super) n_outputs: usize,
    pub(super) n_steps: usize,
    /// `[output][step][voxel]`
    filled: Vec<f32>,
    invalid: Vec<bool>,
    ranges: Vec<(f32, f32)>,
}

impl Targets {
    pub(super) fn new(fields: &Fields, ranges: &[(f32, f32)]) -> Self {
        let mut filled = Vec::with_capacity(fields.values.len());
        let mut invalid = Vec::with_capacity(fields.values.len());
        for (output, &range) in ranges.iter().enumerate() {
            for step in 0..fields.n_steps {
                let values: Vec<f32> = fields.step(output, step).iter().map(|&v| normalise(v, range)).collect();
                invalid.extend(values.iter().map(|v| v.is_nan()));
                filled.extend(fill_invalid(&values, fields.extent.map(|n| n as usize)));
            }
        }
        let Fields { extent, n_outputs, n_steps, .. } = *fields;
        Self { extent, n_outputs, n_steps, filled, invalid, ranges: ranges.to_vec() }
    }

    pub(super) fn voxels(&self) -> usize {
        neuvol_model::voxels(self.extent)
    }

    /// An output at a step without holes.
    pub(super) fn filled(&self, output: usize, step: usize) -> &[f32] {
        let n = self.voxels();
        &self.filled[(output * self.n_steps + step) * n..][..n]
    }

    /// Where an output is invalid at a step.
    pub(super) fn invalid(&self, output: usize, step: usize) -> &[bool] {
        let n = self.voxels();
        &self.invalid[(output * self.n_steps + step) * n..][..n]
    }

    /// The wanted outputs at a voxel, NaN where invalid.
    pub(super) fn get(&self, step: u32, voxel: u32, out: &mut [f32]) {
        let n = self.voxels();
        for (output, value) in out.iter_mut().enumerate() {
            let at = (output * self.n_steps + step as usize) * n + voxel as usize;
            *value = if self.invalid[at] { f32::NAN } else { self.filled[at] };
        }
    }

    /// A physical value of an output as the network gives it.
    pub(super) fn normalise(&self, output: usize, value: f32) -> f32 {
        normalise(value, self.ranges[output])
    }
}

fn normalise(value: f32, (low, high): (f32, f32)) -> f32 {
    ((f64::from(value) - f64::from(low)) / (f64::from(high) - f64::from(low))) as f32
}
