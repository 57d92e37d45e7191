//! The folded lattice: encoding and first layer of a grid network as one grid of pre-activations per vertex.
//!
//! Encoding, interpolation and the first layer (before its ReLU) are linear, and every grid contains the vertices of the
//! coarser ones. So W₁ can be applied at the vertices of each level, and a grid is the doubled coarser grid plus its own
//! share. The last grid has cells of 2 voxels: voxel i lies on vertex i/2 or half-way between two of them.
//!
//! Without time gains one lattice serves all times, and the features that are in it are dropped. Gains change the weights
//! of every input, so then the features are kept and the lattice is folded again for each time, into memory of the caller.
//!
//! All rows along x are planar: `[vz][vy][channel][pitch]`, channels padded to `width`. So every step works on vectors
//! of consecutive x.
use crate::aligned::Aligned;
use crate::encoding::{FirstLayer, Stage, Weights, choose_stored};
use crate::kernel::Lanes8;
use crate::upsample::{AddFeatures, UpsamplePlane};
use neuvol_model::GridNetwork;

/// What the lattices of all times have in common.
#[derive(Debug)]
pub(crate) struct Grids {
    width: usize,
    first_layer: FirstLayer,
    /// Coarse to fine; the last one has cells of 2 voxels.
    stages: Vec<Stage>,
    /// Number of the stage whose values are stored; finer ones are computed plane by plane.
    stored: usize,
    /// Number of the last stage with features of its own.
    finest_features: usize,
    /// Values of the stored stage; empty if they depend on time.
    values: Aligned<f32>,
    lanes: Lanes8,
}

/// The lattice at one time.
#[derive(Clone, Copy)]
pub(crate) struct Lattice<'a> {
    grids: &'a Grids,
    /// Values of the stored stage.
    values: &'a [f32],
    weights: &'a [Weights],
}

/// Memory for a lattice that depends on time.
#[derive(Debug, Default)]
pub(crate) struct Fold {
    /// The stage being made and the one before it; the stored one ends up in the first.
    values: [Aligned<f32>; 2],
    weights: Vec<Weights>,
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

impl Grids {
    /// `width`: channels padded to a multiple of 16. `min_pitch`: shortest row of the last grid that the caller reads.
    pub(crate) fn new(network: &GridNetwork, width: usize, min_pitch: usize, lanes: Lanes8) -> Self {
        let stages = Stage::all(network, min_pitch);
        let finest_features = network.config.levels.len() - 1;
        let depends_on_time = network.config.time.gains;
        let mut stored = choose_stored(&stages, network, width);
        if depends_on_time {
            // Finer grids would be made, written and read again for a single decode: streaming them is faster.
            stored = stored.min(finest_features);
        }
        let first_layer = FirstLayer::new(network, width);
        let mut grids =
            Grids { width, first_layer, stages, stored, finest_features, values: Aligned::default(), lanes };
        if !depends_on_time {
            let mut values = Default::default();
            grids.fold_stages(&grids.first_layer.weights, &mut values);
            let [stored_values, _] = values;
            grids.values = stored_values;
            grids.stages[..=stored].iter_mut().for_each(|stage| stage.features = None); // now in the values
        }
        grids
    }

    /// The lattice that all times share, of a network without gains.
    pub(crate) fn shared(&self) -> Lattice<'_> {
        Lattice { grids: self, values: &self.values, weights: &self.first_layer.weights }
    }

    /// The lattice with these gains, one per input, of a network that has gains. Allocates only to let `fold` grow.
    pub(crate) fn with_gains<'a>(&'a self, gains: &[f32], fold: &'a mut Fold) -> Lattice<'a> {
        self.first_layer.scale(gains, &mut fold.weights);
        self.fold_stages(&fold.weights, &mut fold.values);
        Lattice { grids: self, values: &fold.values[0], weights: &fold.weights }
    }

    /// Makes the stages up to the stored one, which ends up in `values[0]`.
    fn fold_stages(&self, weights: &[Weights], values: &mut [Aligned<f32>; 2]) {
        let width = self.width;
        for number in 0..=self.stored {
            let stage = &self.stages[number];
            let weights = self.first_layer.of_level(weights, number);
            let [even, odd] = &mut *values;
            let (next, parent_values) =
                if (self.stored - number).is_multiple_of(2) { (even, &*odd) } else { (odd, &*even) };
            let len = stage.vertices[0] * stage.plane_len(width);
            next.resize(len);
            for (k, plane) in next[..len].chunks_exact_mut(stage.plane_len(width)).enumerate() {
                match number.checked_sub(1) {
                    None => {
                        for row in plane.chunks_exact_mut(stage.pitch * width) {
                            for (channel, bias) in row.chunks_exact_mut(stage.pitch).zip(&self.first_layer.biases) {
                                channel.fill(*bias);
                            }
                        }
                        self.lanes.call(AddFeatures { stage, weights, width, k, plane });
                    }
                    Some(parent) => {
                        let parent = &self.stages[parent];
                        let plane_of = |k: usize| plane_of(parent_values, parent, width, k);
                        let parents = [plane_of(k / 2), plane_of(k.div_ceil(2))];
                        self.lanes.call(UpsamplePlane { stage, parent, weights, width, k, parents, plane });
                    }
                }
            }
        }
    }

    fn last(&self) -> &Stage {
        &self.stages[self.stages.len() - 1]
    }

    /// Vertices of the last grid.
    pub(crate) fn vertices(&self) -> [usize; 3] {
        self.last().vertices
    }

    /// Length of a row of the last grid in memory.
    pub(crate) fn pitch(&self) -> usize {
        self.last().pitch
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let features: usize = self.stages.iter().flat_map(|s| &s.features).map(|f| f.values.memory_bytes()).sum();
        self.values.memory_bytes() + features + self.first_layer.memory_bytes()
    }

    /// Empties a ring and gives it the sizes that the lattices need.
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

impl<'a> Lattice<'a> {
    /// Vertices of the last grid.
    pub(crate) fn vertices(self) -> [usize; 3] {
        self.grids.vertices()
    }

    /// Length of a row of the last grid in memory.
    pub(crate) fn pitch(self) -> usize {
        self.grids.pitch()
    }

    /// The vectors that the lattice is computed with.
    pub(crate) fn lanes(self) -> Lanes8 {
        self.grids.lanes
    }

    /// Makes the planes `first` and `second` (equal or neighbours) of the last grid available in the ring.
    pub(crate) fn prepare(self, first: usize, second: usize, ring: &mut Ring) {
        self.prepare_stage(self.grids.stages.len() - 1, first, ring);
        self.prepare_stage(self.grids.stages.len() - 1, second, ring);
    }

    /// A prepared plane of the last grid, `[vy][channel][pitch]`.
    pub(crate) fn plane<'r>(self, k: usize, ring: &'r Ring) -> &'r [f32]
    where
        'a: 'r,
    {
        self.stage_plane(self.grids.stages.len() - 1, k, ring)
    }

    /// Shows every plane, `[vy][channel][pitch]`, of a grid whose vertices the vertices of all finer ones are means of,
    /// the length of its rows in memory, and their vertices. The planes of the ring stay valid.
    pub(crate) fn for_each_decisive_plane(self, ring: &mut Ring, mut show: impl FnMut(&[f32], usize, usize)) {
        let number = self.grids.finest_features.max(self.grids.stored);
        let stage = &self.grids.stages[number];
        for k in 0..stage.vertices[0] {
            self.prepare_stage(number, k, ring);
            show(self.stage_plane(number, k, ring), stage.pitch, stage.vertices[2]);
        }
    }

    fn stage_plane<'r>(self, number: usize, k: usize, ring: &'r Ring) -> &'r [f32]
    where
        'a: 'r,
    {
        let stage = &self.grids.stages[number];
        match number.checked_sub(self.grids.stored + 1) {
            None => plane_of(self.values, stage, self.grids.width, k),
            Some(slot) => &ring.stages[slot].planes[k % 2][..stage.plane_len(self.grids.width)],
        }
    }

    fn prepare_stage(self, number: usize, k: usize, ring: &mut Ring) {
        let grids = self.grids;
        let Some(slot) = number.checked_sub(grids.stored + 1) else {
            return;
        };
        if ring.stages[slot].held[k % 2] == Some(k) {
            return;
        }
        let (first, second) = (k / 2, k.div_ceil(2));
        self.prepare_stage(number - 1, first, ring);
        self.prepare_stage(number - 1, second, ring);
        let (stage, parent) = (&grids.stages[number], &grids.stages[number - 1]);
        let mut plane = std::mem::take(&mut ring.stages[slot].planes[k % 2]);
        let parents = [self.stage_plane(number - 1, first, ring), self.stage_plane(number - 1, second, ring)];
        let (width, values) = (grids.width, &mut plane[..stage.plane_len(grids.width)]);
        let weights = grids.first_layer.of_level(self.weights, number);
        grids.lanes.call(UpsamplePlane { stage, parent, weights, width, k, parents, plane: values });
        ring.stages[slot].planes[k % 2] = plane;
        ring.stages[slot].held[k % 2] = Some(k);
    }
}

impl Fold {
    pub(crate) fn memory_bytes(&self) -> usize {
        self.values.iter().map(|v| v.memory_bytes()).sum::<usize>() + self.weights.capacity() * size_of::<Weights>()
    }
}

impl Ring {
    pub(crate) fn memory_bytes(&self) -> usize {
        self.stages.iter().flat_map(|s| &s.planes).map(|p| p.memory_bytes()).sum()
    }
}

fn plane_of<'a>(values: &'a [f32], stage: &Stage, width: usize, k: usize) -> &'a [f32] {
    &values[k * stage.plane_len(width)..][..stage.plane_len(width)]
}
