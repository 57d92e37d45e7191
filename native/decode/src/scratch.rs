use crate::aligned::Aligned;
use crate::lattice::{Fold, Ring};
use crate::matrices;
use crate::survey::Largest;
use crate::vnni::Quantised;
use crate::wavelet;

/// Buffers of a decoding thread. They grow to what the largest block needs and are then reused.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Time code, one number per (padded) channel.
    pub(crate) code: Vec<f32>,
    /// Time gains, one number per input, and the lattice with them.
    pub(crate) gains: Vec<f32>,
    pub(crate) fold: Fold,
    pub(crate) largest: Largest,
    pub(crate) ring: Ring,
    /// Sum of the lattice rows around a row of voxels.
    pub(crate) row: Aligned<f32>,
    /// Activations of the voxels in flight, before and after a layer.
    pub(crate) activations: [Aligned<f32>; 2],
    /// The same for the integer kernel.
    pub(crate) planes_i16: [Aligned<i16>; 2],
    pub(crate) row_i16: Aligned<i16>,
    pub(crate) quantised: Quantised,
    /// Values of the later of two steps between which values are interpolated.
    pub(crate) later: Vec<f32>,
    pub(crate) wavelet: wavelet::Buffers,
    pub(crate) matrices: matrices::Buffers,
}

impl Scratch {
    /// Empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of memory held.
    pub fn memory_bytes(&self) -> usize {
        self.ring.memory_bytes()
            + self.row.memory_bytes()
            + self.activations.iter().map(|a| a.memory_bytes()).sum::<usize>()
            + self.planes_i16.iter().map(|p| p.memory_bytes()).sum::<usize>()
            + self.row_i16.memory_bytes()
            + self.fold.memory_bytes()
            + self.later.capacity() * size_of::<f32>()
            + self.wavelet.memory_bytes()
            + self.matrices.memory_bytes()
    }
}
