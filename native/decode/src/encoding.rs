//! What a folded lattice is made of: the nested grids, the features on their vertices, the first layer.
use crate::aligned::Aligned;
use half::slice::HalfFloatSliceExt;
use neuvol_model::GridNetwork;

/// Lanes of the vectors that lattices are computed with.
pub(crate) const LANES: usize = 8;
/// Channels whose feature sums are built together.
pub(crate) const CHANNELS: usize = 4;
/// Memory that the stored grid and the features of finer grids may take before a coarser grid is stored instead.
const MEMORY_BUDGET: usize = 4 << 20;

/// Weights of one feature for CHANNELS neighbouring channels.
pub(crate) type Weights = [f32; CHANNELS];

/// One grid of the cascade, with cells of 2^log2_cell voxels.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) vertices: [usize; 3],
    /// Length of a row in memory; rows may be read one element past their last vertex.
    pub(crate) pitch: usize,
    pub(crate) features: Option<Features>,
}

/// The features of a level, without hashing: `[vz][vy][feature][pitch]`.
#[derive(Debug)]
pub(crate) struct Features {
    pub(crate) n: usize,
    pub(crate) values: Aligned<f32>,
}

/// The first layer as the folding reads it.
#[derive(Debug)]
pub(crate) struct FirstLayer {
    /// Channels, padded.
    width: usize,
    /// Features of every level.
    n_features: Vec<usize>,
    /// `[level][channel / CHANNELS][feature][CHANNELS]`
    pub(crate) weights: Vec<Weights>,
    /// One per channel.
    pub(crate) biases: Vec<f32>,
}

impl FirstLayer {
    pub(crate) fn new(network: &GridNetwork, width: usize) -> Self {
        let layer = &network.layers[0];
        let weight = |channel: usize, input: usize| {
            let inside = channel < layer.n_out;
            if inside { layer.weights[channel * layer.n_in + input].to_f32() } else { 0.0 }
        };
        let n_features: Vec<usize> = network.config.levels.iter().map(|l| l.n_features.into()).collect();
        let mut weights = Vec::with_capacity(width / CHANNELS * layer.n_in);
        let mut first = 0;
        for n in &n_features {
            for block in 0..width / CHANNELS {
                let inputs = first..first + n;
                weights.extend(inputs.map(|i| -> Weights { std::array::from_fn(|c| weight(block * CHANNELS + c, i)) }));
            }
            first += n;
        }
        let mut biases = vec![0.0; width];
        biases.iter_mut().zip(&layer.biases).for_each(|(to, bias)| *to = bias.to_f32());
        FirstLayer { width, n_features, weights, biases }
    }

    /// The part of some weights (these, or these times gains) that belongs to a level; empty for grids without
    /// features.
    pub(crate) fn of_level<'a>(&self, weights: &'a [Weights], level: usize) -> &'a [Weights] {
        let Some(n) = self.n_features.get(level) else { return &[] };
        let before: usize = self.n_features[..level].iter().sum();
        let blocks = self.width / CHANNELS;
        &weights[before * blocks..][..n * blocks]
    }

    /// The weights times a gain per input: the same as inputs times gains, and fewer products.
    pub(crate) fn scale(&self, gains: &[f32], scaled: &mut Vec<Weights>) {
        scaled.clear();
        let (mut weights, mut gains) = (self.weights.as_slice(), gains);
        for n in &self.n_features {
            let (level, later) = weights.split_at(n * self.width / CHANNELS);
            let (level_gains, later_gains) = gains.split_at(*n);
            for block in level.chunks_exact(*n) {
                scaled.extend(block.iter().zip(level_gains).map(|(weights, gain)| weights.map(|w| w * gain)));
            }
            (weights, gains) = (later, later_gains);
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.weights.len() * size_of::<Weights>() + self.biases.len() * size_of::<f32>()
    }
}

impl Stage {
    /// All grids of a network's cascade, coarse to fine, the last one with cells of 2 voxels; levels of the network are
    /// the first ones and have their features. `min_pitch`: shortest row of the last grid that the caller reads.
    pub(crate) fn all(network: &GridNetwork, min_pitch: usize) -> Vec<Stage> {
        let levels = &network.config.levels;
        let stage = |(number, log2_cell): (usize, u8)| {
            let cell = 1usize << log2_cell;
            let vertices = network.extent.map(|n| (n as usize - 1).div_ceil(cell) + 1);
            let least = if log2_cell == 1 { min_pitch } else { 0 };
            let pitch = (vertices[2] + 1).max(2 * LANES).max(least).next_multiple_of(LANES);
            let mut stage = Stage { vertices, pitch, features: None };
            if number < levels.len() {
                stage.features = Some(Features::new(network, number, &stage));
            }
            stage
        };
        (1..=levels[0].log2_cell).rev().enumerate().map(stage).collect()
    }

    /// Length of a plane with this many channels.
    pub(crate) fn plane_len(&self, width: usize) -> usize {
        self.vertices[1] * self.pitch * width
    }
}

/// The finest grid that fits into the budget together with the features of all finer ones, else the smallest choice.
pub(crate) fn choose_stored(stages: &[Stage], network: &GridNetwork, width: usize) -> usize {
    let bytes = |stage: &Stage, channels: usize| stage.vertices[0] * stage.plane_len(channels) * size_of::<f32>();
    let mut finer_features = 0;
    let mut smallest = (usize::MAX, 0);
    for (number, stage) in stages.iter().enumerate().rev() {
        let total = bytes(stage, width) + finer_features;
        if total <= MEMORY_BUDGET {
            return number;
        }
        smallest = smallest.min((total, number));
        finer_features += network.config.levels.get(number).map_or(0, |l| bytes(stage, l.n_features.into()));
    }
    smallest.1
}

impl Features {
    fn new(network: &GridNetwork, level: usize, stage: &Stage) -> Self {
        let config = &network.config;
        let n = usize::from(config.levels[level].n_features);
        let mut table = vec![0f32; network.tables[level].len()];
        network.tables[level].convert_to_f32_slice(&mut table);
        let hashed = config.is_hashed(level, network.extent);
        let [nz, ny, nx] = stage.vertices;
        let mut values = Aligned::zeros(nz * stage.plane_len(n));
        for (row_number, row) in values.chunks_exact_mut(stage.pitch * n).enumerate() {
            let (vz, vy) = (row_number / ny, row_number % ny);
            for vx in 0..nx {
                let entry = if hashed {
                    config.entry_index(level, network.extent, vz as u32, vy as u32, vx as u32)
                } else {
                    row_number * nx + vx
                };
                for (feature, value) in table[entry * n..][..n].iter().enumerate() {
                    row[feature * stage.pitch + vx] = *value;
                }
            }
        }
        Features { n, values }
    }
}
