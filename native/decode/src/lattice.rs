//! The folded lattice: encoding and first layer of a grid network as one grid of pre-activations per vertex.
//!
//! Encoding, interpolation and the first layer (before its ReLU) are linear, and every grid contains the vertices of the
//! coarser ones. So W₁ can be applied at the vertices of each level, and a grid is the doubled coarser grid plus its own
//! share. The last grid has cells of 2 voxels: voxel i lies on vertex i/2 or half-way between two of them.
//!
//! All rows along x are planar: `[vz][vy][channel][pitch]`, channels padded to `width`. So every step works on vectors
//! of consecutive x.
use crate::aligned::Aligned;
use crate::kernel::Lanes8;
use crate::simd::{Simd, Task};
use half::slice::HalfFloatSliceExt;
use neuvol_model::GridNetwork;

/// Lanes of the vectors used here.
const LANES: usize = 8;
/// Channels whose feature sums are built together.
const CHANNELS: usize = 4;
/// Memory that the stored grid and the features of finer grids may take before a coarser grid is stored instead.
const MEMORY_BUDGET: usize = 4 << 20;

/// One grid of the cascade, with cells of 2^log2_cell voxels.
#[derive(Debug)]
struct Stage {
    vertices: [usize; 3],
    /// Length of a row in memory; rows may be read one element past their last vertex.
    pitch: usize,
    features: Option<Features>,
}

/// The features of a level, without hashing: `[vz][vy][feature][pitch]`, and their columns of W₁.
#[derive(Debug)]
struct Features {
    n: usize,
    values: Aligned<f32>,
    /// `[channel / CHANNELS][feature][CHANNELS]`
    weights: Vec<[f32; CHANNELS]>,
}

#[derive(Debug)]
pub(crate) struct Lattice {
    width: usize,
    /// Coarse to fine; the last one has cells of 2 voxels.
    stages: Vec<Stage>,
    /// Number of the stage whose values are stored; finer ones are computed plane by plane.
    stored: usize,
    values: Aligned<f32>,
    lanes: Lanes8,
}

/// The last two planes of every stage that is not stored.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    stages: Vec<RingStage>,
}

#[derive(Debug, Default)]
struct RingStage {
    planes: [Aligned<f32>; 2],
    held: [Option<usize>; 2],
}

impl Lattice {
    /// `width`: channels padded to a multiple of 16. `min_pitch`: shortest row of the last grid that the caller reads.
    pub(crate) fn new(network: &GridNetwork, width: usize, min_pitch: usize, lanes: Lanes8) -> Self {
        let config = &network.config;
        let coarsest = config.levels[0].log2_cell;
        let finest = config.levels[config.levels.len() - 1].log2_cell;
        let mut stages: Vec<Stage> = (1..=coarsest)
            .rev()
            .map(|log2_cell| {
                let cell = 1usize << log2_cell;
                let vertices = network.extent.map(|n| (n as usize - 1).div_ceil(cell) + 1);
                let least = if log2_cell == 1 { min_pitch } else { 0 };
                let pitch = (vertices[2] + 1).max(2 * LANES).max(least).next_multiple_of(LANES);
                Stage { vertices, pitch, features: None }
            })
            .collect();

        let stored = choose_stored(&stages, network, width);
        let mut values = Aligned::default();
        for number in 0..stages.len() {
            if coarsest - number as u8 >= finest {
                stages[number].features = Some(Features::new(network, number, width, &stages[number]));
            }
            if number > stored {
                continue;
            }
            let stage = &stages[number];
            let mut next = Aligned::zeros(stage.vertices[0] * stage.plane_len(width));
            for (k, plane) in next.chunks_exact_mut(stage.plane_len(width)).enumerate() {
                match number.checked_sub(1) {
                    None => {
                        for row in plane.chunks_exact_mut(stage.pitch * width) {
                            for (channel, bias) in row.chunks_exact_mut(stage.pitch).zip(&network.layers[0].biases) {
                                channel.fill(bias.to_f32());
                            }
                        }
                        lanes.call(AddFeatures { stage, width, k, plane });
                    }
                    Some(parent) => {
                        let parent = &stages[parent];
                        let plane_of = |k: usize| plane_of(&values, parent, width, k);
                        let parents = [plane_of(k / 2), plane_of(k.div_ceil(2))];
                        lanes.call(UpsamplePlane { stage, parent, width, k, parents, plane });
                    }
                }
            }
            values = next;
            stages[number].features = None; // its share is in the values now
        }
        Lattice { width, stages, stored, values, lanes }
    }

    fn last(&self) -> &Stage {
        &self.stages[self.stages.len() - 1]
    }

    /// Vertices of the last grid.
    pub(crate) fn vertices(&self) -> [usize; 3] {
        self.last().vertices
    }

    /// The vectors that the lattice is computed with.
    pub(crate) fn lanes(&self) -> Lanes8 {
        self.lanes
    }

    /// Length of a row of the last grid in memory.
    pub(crate) fn pitch(&self) -> usize {
        self.last().pitch
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let features: usize = self.stages.iter().flat_map(|s| &s.features).map(|f| f.values.memory_bytes()).sum();
        self.values.memory_bytes() + features
    }

    /// Makes the planes `first` and `second` (equal or neighbours) of the last grid available in the ring.
    pub(crate) fn prepare(&self, first: usize, second: usize, ring: &mut Ring) {
        self.prepare_stage(self.stages.len() - 1, first, ring);
        self.prepare_stage(self.stages.len() - 1, second, ring);
    }

    /// A prepared plane of the last grid, `[vy][channel][pitch]`.
    pub(crate) fn plane<'a>(&'a self, k: usize, ring: &'a Ring) -> &'a [f32] {
        self.stage_plane(self.stages.len() - 1, k, ring)
    }

    fn stage_plane<'a>(&'a self, number: usize, k: usize, ring: &'a Ring) -> &'a [f32] {
        let stage = &self.stages[number];
        match number.checked_sub(self.stored + 1) {
            None => plane_of(&self.values, stage, self.width, k),
            Some(slot) => &ring.stages[slot].planes[k % 2][..stage.plane_len(self.width)],
        }
    }

    fn prepare_stage(&self, number: usize, k: usize, ring: &mut Ring) {
        let Some(slot) = number.checked_sub(self.stored + 1) else {
            return;
        };
        if ring.stages[slot].held[k % 2] == Some(k) {
            return;
        }
        let (first, second) = (k / 2, k.div_ceil(2));
        self.prepare_stage(number - 1, first, ring);
        self.prepare_stage(number - 1, second, ring);
        let (stage, parent) = (&self.stages[number], &self.stages[number - 1]);
        let mut plane = std::mem::take(&mut ring.stages[slot].planes[k % 2]);
        let parents = [self.stage_plane(number - 1, first, ring), self.stage_plane(number - 1, second, ring)];
        let (width, values) = (self.width, &mut plane[..stage.plane_len(self.width)]);
        self.lanes.call(UpsamplePlane { stage, parent, width, k, parents, plane: values });
        ring.stages[slot].planes[k % 2] = plane;
        ring.stages[slot].held[k % 2] = Some(k);
    }

    /// Empties a ring and gives it the sizes that this lattice needs.
    pub(crate) fn reset(&self, ring: &mut Ring) {
        let streamed = &self.stages[self.stored + 1..];
        if ring.stages.len() < streamed.len() {
            ring.stages.resize_with(streamed.len(), RingStage::default);
        }
        for (ring, stage) in ring.stages.iter_mut().zip(streamed) {
            ring.held = [None; 2];
            ring.planes.iter_mut().for_each(|plane| plane.resize(stage.plane_len(self.width)));
        }
    }
}

impl Ring {
    pub(crate) fn memory_bytes(&self) -> usize {
        self.stages.iter().flat_map(|s| &s.planes).map(|p| p.memory_bytes()).sum()
    }
}

impl Stage {
    fn plane_len(&self, width: usize) -> usize {
        self.vertices[1] * self.pitch * width
    }
}

fn plane_of<'a>(values: &'a [f32], stage: &Stage, width: usize, k: usize) -> &'a [f32] {
    &values[k * stage.plane_len(width)..][..stage.plane_len(width)]
}

/// The finest grid that fits into the budget together with the features of all finer ones, else the smallest choice.
fn choose_stored(stages: &[Stage], network: &GridNetwork, width: usize) -> usize {
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
    fn new(network: &GridNetwork, level: usize, width: usize, stage: &Stage) -> Self {
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

        let first_input: usize = config.levels[..level].iter().map(|l| usize::from(l.n_features)).sum();
        let layer = &network.layers[0];
        let weight = |channel: usize, feature: usize| {
            let inside = channel < layer.n_out;
            if inside { layer.weights[channel * layer.n_in + first_input + feature].to_f32() } else { 0.0 }
        };
        let weights = (0..width / CHANNELS)
            .flat_map(|block| (0..n).map(move |feature| (block, feature)))
            .map(|(block, feature)| std::array::from_fn(|i| weight(block * CHANNELS + i, feature)))
            .collect();
        Features { n, values, weights }
    }
}

/// plane += W₁ · features of plane k.
struct AddFeatures<'a> {
    stage: &'a Stage,
    width: usize,
    k: usize,
    plane: &'a mut [f32],
}

impl<S: Simd> Task<S> for AddFeatures<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let stage = self.stage;
        for (y, row) in self.plane.chunks_exact_mut(stage.pitch * self.width).enumerate() {
            add_features(s, stage, self.k, y, row);
        }
    }
}

#[inline(always)]
fn add_features<S: Simd>(s: S, stage: &Stage, vz: usize, vy: usize, row: &mut [f32]) {
    let Some(features) = &stage.features else { return };
    let pitch = stage.pitch;
    let inputs = &features.values[(vz * stage.vertices[1] + vy) * features.n * pitch..][..features.n * pitch];
    let blocks = features.weights.chunks_exact(features.n);
    for (channels, weights) in row.chunks_exact_mut(CHANNELS * pitch).zip(blocks) {
        for x in (0..stage.vertices[2]).step_by(LANES) {
            let mut sums = [s.splat(0.0); CHANNELS];
            for (c, sum) in sums.iter_mut().enumerate() {
                *sum = s.load(&channels[c * pitch + x..]);
            }
            for (input, weights) in inputs.chunks_exact(pitch).zip(weights) {
                let input = s.load(&input[x..]);
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = s.fma(input, s.splat(*weight), *sum);
                }
            }
            for (c, sum) in sums.iter().enumerate() {
                s.store(&mut channels[c * pitch + x..], *sum);
            }
        }
    }
}

/// plane = doubled parent + W₁ · own features.
struct UpsamplePlane<'a> {
    stage: &'a Stage,
    parent: &'a Stage,
    width: usize,
    k: usize,
    /// Planes k/2 and (k+1)/2 of the parent.
    parents: [&'a [f32]; 2],
    plane: &'a mut [f32],
}

impl<S: Simd> Task<S> for UpsamplePlane<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let (stage, parent) = (self.stage, self.parent);
        let parent_row = |p: usize, y: usize| {
            let len = parent.pitch * self.width;
            &self.parents[p][y * len..][..len]
        };
        for (y, row) in self.plane.chunks_exact_mut(stage.pitch * self.width).enumerate() {
            let (y0, y1) = (y / 2, y.div_ceil(2));
            match (self.k % 2, y % 2) {
                (0, 0) => upsample_row(s, [parent_row(0, y0)], parent, row, stage),
                (0, _) => upsample_row(s, [parent_row(0, y0), parent_row(0, y1)], parent, row, stage),
                (_, 0) => upsample_row(s, [parent_row(0, y0), parent_row(1, y0)], parent, row, stage),
                _ => {
                    let rows = [parent_row(0, y0), parent_row(0, y1), parent_row(1, y0), parent_row(1, y1)];
                    upsample_row(s, rows, parent, row, stage);
                }
            }
            add_features(s, stage, self.k, y, row);
        }
    }
}

/// Mean of N parent rows, doubled along x.
#[inline(always)]
fn upsample_row<S: Simd, const N: usize>(s: S, parents: [&[f32]; N], parent: &Stage, row: &mut [f32], stage: &Stage) {
    let evens = stage.vertices[2].div_ceil(2);
    let (whole, half) = (s.splat(1.0 / N as f32), s.splat(0.5 / N as f32));
    for (channel, row) in row.chunks_exact_mut(stage.pitch).enumerate() {
        let from = channel * parent.pitch;
        let mut start = 0;
        while start < evens {
            let x = start.min(evens.saturating_sub(LANES)); // the last vector overlaps the one before
            let values = &parents[0][from + x..][..LANES + 1];
            let (mut here, mut next) = (s.load(values), s.load(&values[1..]));
            for parent in &parents[1..] {
                let values = &parent[from + x..][..LANES + 1];
                (here, next) = (s.add(here, s.load(values)), s.add(next, s.load(&values[1..])));
            }
            let (low, high) = s.interleave(s.mul(here, whole), s.mul(s.add(here, next), half));
            s.store(&mut row[2 * x..], low);
            s.store(&mut row[2 * x + LANES..], high);
            start += LANES;
        }
    }
}

impl Lanes8 {
    pub(crate) fn call<T>(self, task: T)
    where
        T: Task<crate::simd::Scalar, Output = ()>,
        T: TaskAvx2,
    {
        match self {
            Lanes8::Scalar(scalar) => scalar.call(task),
            #[cfg(target_arch = "x86_64")]
            Lanes8::Avx2(avx2) => avx2.call(task),
        }
    }
}

/// Tasks that run with AVX2, on machines that can have it.
#[cfg(target_arch = "x86_64")]
pub(crate) trait TaskAvx2: Task<crate::simd::Avx2, Output = ()> {}
#[cfg(target_arch = "x86_64")]
impl<T: Task<crate::simd::Avx2, Output = ()>> TaskAvx2 for T {}
#[cfg(not(target_arch = "x86_64"))]
pub(crate) trait TaskAvx2 {}
#[cfg(not(target_arch = "x86_64"))]
impl<T> TaskAvx2 for T {}
