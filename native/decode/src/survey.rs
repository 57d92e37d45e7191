//! What the fast kernels need to know about a network before they may run: ranges, and the error that they would make.
use crate::bf16_chunk;
use crate::kernel::Kernel;
use crate::lattice::{Lattice, Ring};
use crate::mlp::Mlp;
use crate::vnni::Quantised;

/// Samples to judge an error with, per time.
const SAMPLES: usize = 128;

/// Fewest voxels of a block worth a fast kernel. In smaller ones the samples say little, and f32 is fast enough.
const FEWEST_VOXELS: usize = 4096;

/// Peak signal-to-noise ratio that a kernel must reach on the samples, in dB over the range of the samples. As few
/// samples do not find the whole range of a block, the block itself does better by some dB.
fn demanded_db(kernel: Kernel) -> f64 {
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

    pub(crate) fn new(lattice: &Lattice, extent: [usize; 3], width: usize) -> Self {
        let [mz, _, mx] = lattice.vertices();
        let pitch = lattice.pitch();
        // Samples are vertices that lie on voxels: a vertex behind the last voxel would widen the range.
        let [vz, vy, vx] = extent.map(|n| n.div_ceil(2));
        let stride = (vz * vy * vx).div_ceil(SAMPLES);
        let mut ring = Ring::default();
        lattice.reset(&mut ring);
        let mut largest = vec![f32::NEG_INFINITY; width];
        let mut samples = Vec::with_capacity(SAMPLES * width);
        for k in 0..mz {
            lattice.prepare(k, k, &mut ring);
            let plane = lattice.plane(k, &ring);
            for (number, row) in plane.chunks_exact(pitch).enumerate() {
                let largest = &mut largest[number % width];
                *largest = largest.max(max_of(&row[..mx]));
            }
            let first = k * vy * vx;
            for vertex in (first.next_multiple_of(stride)..first + vy * vx).step_by(stride).filter(|_| k < vz) {
                let (y, x) = ((vertex - first) / vx, (vertex - first) % vx);
                samples.extend((0..width).map(|c| plane[(y * width + c) * pitch + x]));
            }
        }
        Survey { largest, samples }
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
        let (mut low, mut high, mut squares) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
        for sample in self.samples.chunks_exact(mlp.width) {
            let with_code: Vec<f32> = sample.iter().zip(code).map(|(v, c)| v + c).collect();
            let exact = f64::from(mlp.evaluate(&with_code));
            let value = match kernel {
                Kernel::Vnni => fast.evaluate(&quantised.activations(sample)),
                _ => fast.evaluate(&with_code.iter().map(|v| bf16_chunk::round(*v)).collect::<Vec<f32>>()),
            };
            (low, high) = (low.min(exact), high.max(exact));
            squares += (f64::from(value) - exact).powi(2);
        }
        let n = (self.samples.len() / mlp.width) as f64;
        20.0 * ((high - low) / (squares / n).sqrt()).log10() // NaN (nothing varies) is not accepted
    }
}

/// Largest element, in independent lanes so that it can be vectorised.
fn max_of(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<8>();
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [f32::NEG_INFINITY; 8];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = larger(*lane, *value);
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |a, &b| larger(a, b))
}
