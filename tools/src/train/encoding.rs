//! The multi-resolution grid encoding: forward, backward and update, at any position in the block.
//!
//! Written by hand because the same in tensor operations costs ten times as much; libtorch gets the encoded batch as a
//! leaf and returns its gradient.

use super::{
    adam::{Adam, Rates},
    quantise::{Quantiser, Rate},
};
use half::f16;
use neuvol_model::{GridConfig, QuantisedTable};
use rand::Rng;

/// Half width of the uniform distribution of the first features.
const INITIAL_FEATURE: f32 = 1e-2;

pub(super) struct Encoding {
    pub(super) n_inputs: usize,
    pub(super) levels: Vec<Level>,
}

pub(super) struct Level {
    pub(super) log2_cell: u32,
    pub(super) n_features: usize,
    pub(super) vertices: [u32; 3],
    pub(super) hashed: bool,
    mask: u32,
    /// First input of the MLP that this level fills.
    pub(super) offset: usize,
    /// Features, entry by entry.
    pub(super) table: Vec<f32>,
    gradient: Vec<f32>,
    adam: Adam,
    /// Where the table is rounded before it is used.
    quantiser: Option<Quantiser>,
}

impl Encoding {
    pub(super) fn new(config: &GridConfig, extent: [u32; 3], rng: &mut impl Rng) -> Self {
        let mut offset = 0;
        let levels = (0..config.levels.len())
            .map(|index| {
                let level = config.levels[index];
                let n_features = usize::from(level.n_features);
                let n_entries = config.n_entries(index, extent);
                let len = n_entries * n_features;
                let table = (0..len).map(|_| rng.random_range(-INITIAL_FEATURE..INITIAL_FEATURE)).collect();
                let built = Level {
                    log2_cell: u32::from(level.log2_cell),
                    n_features,
                    vertices: config.n_vertices(index, extent),
                    hashed: config.is_hashed(index, extent),
                    mask: n_entries as u32 - 1,
                    offset,
                    table,
                    gradient: vec![0.0; len],
                    adam: Adam::new(len),
                    quantiser: None,
                };
                offset += n_features;
                built
            })
            .collect();
        Self { n_inputs: offset, levels }
    }

    /// From now on tables are rounded, and their gradients pass the rounding.
    pub(super) fn quantise(&mut self, rate: Rate) {
        for level in &mut self.levels {
            level.quantiser = Some(Quantiser::new(level, rate));
        }
    }

    /// Encodes a batch of positions z, y, x in voxels: `encoded` is [position][input].
    pub(super) fn forward(&self, positions: &[[f32; 3]], encoded: &mut [f32]) {
        for level in &self.levels {
            let n = level.n_features;
            let table = level.quantiser.as_ref().map_or(&level.table, |quantiser| &quantiser.rounded);
            for (&position, inputs) in positions.iter().zip(encoded.chunks_exact_mut(self.n_inputs)) {
                let inputs = &mut inputs[level.offset..level.offset + n];
                inputs.fill(0.0);
                level.corners(position, |entry, weight| {
                    let features = &table[entry * n..entry * n + n];
                    for (input, feature) in inputs.iter_mut().zip(features) {
                        *input += weight * feature;
                    }
                });
            }
        }
    }

    /// Scatters the gradient of the encoded batch into the tables and takes one Adam step.
    pub(super) fn backward(&mut self, positions: &[[f32; 3]], gradient: &[f32], rates: &Rates) {
        let n_inputs = self.n_inputs;
        for level in &mut self.levels {
            let n = level.n_features;
            let mut sums = std::mem::take(&mut level.gradient);
            sums.fill(0.0);
            for (&position, inputs) in positions.iter().zip(gradient.chunks_exact(n_inputs)) {
                let inputs = &inputs[level.offset..level.offset + n];
                level.corners(position, |entry, weight| {
                    for (sum, input) in sums[entry * n..entry * n + n].iter_mut().zip(inputs) {
                        *sum += weight * input;
                    }
                });
            }
            match &mut level.quantiser {
                None => level.adam.step(&mut level.table, &sums, rates.grid, rates),
                Some(quantiser) => quantiser.update(&mut level.table, &mut sums, &mut level.adam, rates),
            }
            level.gradient = sums;
        }
    }

    /// The tables as they are stored by [`quantise`](Self::quantise)d encodings.
    pub(super) fn quantised_tables(&self) -> Vec<QuantisedTable> {
        let quantisers = self.levels.iter().filter_map(|level| level.quantiser.as_ref());
        quantisers.map(|q| QuantisedTable { step: q.step(), values: q.integers() }).collect()
    }

    /// The tables as they are stored in f16.
    pub(super) fn into_tables(self) -> Vec<Vec<f16>> {
        self.levels.into_iter().map(|level| level.table.into_iter().map(f16::from_f32).collect()).collect()
    }
}

impl Level {
    /// Table entry of a vertex (SPEC section 11.3).
    pub(super) fn entry(&self, [z, y, x]: [u32; 3]) -> usize {
        if self.hashed {
            ((x ^ y.wrapping_mul(2_654_435_761) ^ z.wrapping_mul(805_459_861)) & self.mask) as usize
        } else {
            ((z * self.vertices[1] + y) * self.vertices[2] + x) as usize
        }
    }

    /// Calls `visit(entry, weight)` for the corners around a position that have weight.
    #[inline(always)]
    fn corners(&self, position: [f32; 3], mut visit: impl FnMut(usize, f32)) {
        let scale = 1.0 / (1u32 << self.log2_cell) as f32;
        let base = position.map(|p| (p * scale) as u32);
        let fraction: [f32; 3] = std::array::from_fn(|a| position[a] * scale - base[a] as f32);
        for dz in 0..2u32 {
            let wz = if dz == 0 { 1.0 - fraction[0] } else { fraction[0] };
            if wz == 0.0 {
                continue;
            }
            for dy in 0..2u32 {
                let wy = if dy == 0 { 1.0 - fraction[1] } else { fraction[1] };
                if wy == 0.0 {
                    continue;
                }
                for dx in 0..2u32 {
                    let wx = if dx == 0 { 1.0 - fraction[2] } else { fraction[2] };
                    if wx != 0.0 {
                        visit(self.entry([base[0] + dz, base[1] + dy, base[2] + dx]), wz * wy * wx);
                    }
                }
            }
        }
    }
}
