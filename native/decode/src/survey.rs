//! What the fast kernels need to know about a network before they may run: ranges, and the error that they would make.
use crate::bf16_chunk;
use crate::encoding::LANES;
use crate::kernel::Kernel;
use crate::lattice::{Grids, Lattice, Ring};
use crate::mlp::{Mlp, WIDEST};
use crate::simd::{Simd, Task};
use crate::vnni::Quantised;

/// Samples to judge an error with, per time.
const SAMPLES: usize = 512;

/// Fewest voxels of a block worth a fast kernel. In smaller ones the samples say little, and f32 is fast enough.
pub(crate) const FEWEST_VOXELS: usize = 4096;

/// Peak signal-to-noise ratio that a kernel must reach on the samples, in dB over the range of the samples. As few
/// samples do not find the whole range of a block, the block itself does better by some dB.
pub(crate) fn demanded_db(kernel: Kernel) -> f64 {
    match kernel {
        Kernel::Vnni => 55.0,
        Kernel::Bf16 => 60.0,
        _ => f64::NEG_INFINITY,
    }
}

pub(crate) struct Survey {
    /// Largest vertex of every channel.
    pub(crate) largest: Vec<f32>,
    /// Pre-activations at some vertices, evenly spread, `[sample][channel]`.
    samples: Vec<f32>,
}

impl Survey {
    /// Whether a block can profit from the fast kernels at all.
    pub(crate) fn is_worthwhile(extent: [usize; 3], mlp: &Mlp) -> bool {
        mlp.hidden.len() == 1 && extent.iter().product::<usize>() >= FEWEST_VOXELS
    }

    pub(crate) fn new(grids: &Grids, lattice: Lattice<'_>, extent: [usize; 3], width: usize) -> Self {
        let pitch = lattice.pitch();
        // Samples are vertices that lie on voxels: a vertex behind the last voxel would widen the range.
        let [vz, vy, vx] = extent.map(|n| n.div_ceil(2));
        let stride = (vz * vy * vx).div_ceil(SAMPLES);
        let mut ring = Ring::default();
        grids.reset(&mut ring);
        let mut largest = Largest::default();
        largest.find(lattice, &mut ring, width);
        let mut samples = Vec::with_capacity(SAMPLES * width);
        for k in 0..vz {
            lattice.prepare(k, k, &mut ring);
            let plane = lattice.plane(k, &ring);
            let first = k * vy * vx;
            for vertex in (first.next_multiple_of(stride)..first + vy * vx).step_by(stride) {
                let (y, x) = ((vertex - first) / vx, (vertex - first) % vx);
                samples.extend((0..width).map(|c| plane[(y * width + c) * pitch + x]));
            }
        }
        Survey { largest: largest.channels, samples }
    }

    /// Whether a kernel is exact enough for this network at all of these time codes.
    pub(crate) fn accepts(&self, kernel: Kernel, mlp: &Mlp, codes: &[Vec<f32>]) -> bool {
        codes.iter().all(|code| self.decibels(kernel, mlp, code) >= demanded_db(kernel))
    }

    fn decibels(&self, kernel: Kernel, mlp: &Mlp, code: &[f32]) -> f64 {
        let mut quantised = Quantised::default();
        let fast = match kernel {
            Kernel::Vnni => {
                quantised.update(mlp, &self.largest, code);
                quantised.as_mlp()
            }
            Kernel::Bf16 => bf16_chunk::rounded(mlp),
            _ => return f64::INFINITY,
        };
        let mut inputs = [0f32; WIDEST];
        let inputs = &mut inputs[..mlp.width];
        let (mut low, mut high, mut squares) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
        for sample in self.samples.chunks_exact(mlp.width) {
            for (input, (v, code)) in inputs.iter_mut().zip(sample.iter().zip(code)) {
                *input = v + code;
            }
            let exact = f64::from(mlp.evaluate(inputs));
            match kernel {
                Kernel::Vnni => quantised.activations(sample, inputs),
                _ => inputs.iter_mut().for_each(|v| *v = bf16_chunk::round(*v)),
            }
            let value = fast.evaluate(inputs);
            (low, high) = (low.min(exact), high.max(exact));
            squares += (f64::from(value) - exact).powi(2);
        }
        let n = (self.samples.len() / mlp.width) as f64;
        20.0 * ((high - low) / (squares / n).sqrt()).log10() // NaN (nothing varies) is not accepted
    }
}

/// Finds the largest vertex of every channel.
#[derive(Debug, Default)]
pub(crate) struct Largest {
    /// One per channel.
    pub(crate) channels: Vec<f32>,
    lanes: Vec<f32>,
}

impl Largest {
    /// Looks through a lattice of `width` channels. `ring` must be reset or hold planes of this lattice.
    pub(crate) fn find(&mut self, lattice: Lattice<'_>, ring: &mut Ring, width: usize) {
        self.lanes.clear();
        self.lanes.resize(width * LANES, f32::NEG_INFINITY);
        lattice.for_each_decisive_plane(ring, |plane, pitch, vertices| {
            lattice.lanes().call(LargestOf { plane, pitch, vertices, lanes: &mut self.lanes });
        });
        let largest = |lanes: &[f32]| lanes.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        self.channels.clear();
        self.channels.extend(self.lanes.chunks_exact(LANES).map(largest));
    }
}

/// Largest vertex of every channel of a plane `[vy][channel][pitch]`, in one running maximum per lane.
struct LargestOf<'a> {
    plane: &'a [f32],
    pitch: usize,
    /// Vertices of a row; what follows in memory does not count.
    vertices: usize,
    /// `[channel][LANES]`
    lanes: &'a mut [f32],
}

impl<S: Simd> Task<S> for LargestOf<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        for plane in self.plane.chunks_exact(self.pitch * (self.lanes.len() / LANES)) {
            for (row, lanes) in plane.chunks_exact(self.pitch).zip(self.lanes.chunks_exact_mut(LANES)) {
                let row = &row[..self.vertices];
                if row.len() < LANES {
                    for value in row {
                        lanes[0] = if *value > lanes[0] { *value } else { lanes[0] };
                    }
                    continue;
                }
                let mut largest = s.load(lanes);
                for x in (0..row.len()).step_by(LANES) {
                    largest = s.max(s.load(&row[x.min(row.len() - LANES)..]), largest);
                }
                s.store(lanes, largest);
            }
        }
    }
}
