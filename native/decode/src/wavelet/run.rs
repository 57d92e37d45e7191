//! A block, or some of its planes, from packed coefficients to values.
use super::Coefficients;
#[cfg(target_arch = "x86_64")]
use super::bf16_head::{Bf16Head, Bf16Plane, MakePairs, Pairs};
use super::f32_head::{F32Head, F32Plane};
use super::features::{self, Features, Inputs};
use super::planes::{self, Planes};
#[cfg(target_arch = "x86_64")]
use super::vnni_head::{self, VnniHead, VnniPlane};
use crate::kernel::Kernel;
use crate::lifting::columns::store;
use crate::output::Output;
use crate::simd::{self, Simd, Task};
use std::ops::Range;

/// A head for one kernel.
#[derive(Debug)]
pub(super) enum Net {
    None,
    F32(F32Head, Inputs),
    #[cfg(target_arch = "x86_64")]
    Bf16(Bf16Head, Inputs),
    #[cfg(target_arch = "x86_64")]
    Vnni(Box<VnniHead>),
}

/// Buffers of a decoding thread.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    planes: planes::Buffers,
    pub(super) features: Features,
    #[cfg(target_arch = "x86_64")]
    pairs: Pairs,
    #[cfg(target_arch = "x86_64")]
    vnni: vnni_head::State,
}

impl Buffers {
    pub(crate) fn memory_bytes(&self) -> usize {
        #[cfg(target_arch = "x86_64")]
        let fast = self.pairs.iter().map(|p| p.memory_bytes()).sum::<usize>() + self.vnni.memory_bytes();
        #[cfg(not(target_arch = "x86_64"))]
        let fast = 0;
        self.planes.memory_bytes() + self.features.memory_bytes() + fast
    }
}

impl Net {
    pub(super) fn memory_bytes(&self) -> usize {
        match self {
            Net::None => 0,
            Net::F32(head, _) => head.memory_bytes(),
            #[cfg(target_arch = "x86_64")]
            Net::Bf16(head, _) => head.memory_bytes(),
            #[cfg(target_arch = "x86_64")]
            Net::Vnni(head) => head.memory_bytes(),
        }
    }

    fn inputs(&self) -> Option<Inputs> {
        match self {
            Net::None => None,
            Net::F32(_, inputs) => Some(*inputs),
            #[cfg(target_arch = "x86_64")]
            Net::Bf16(_, inputs) => Some(*inputs),
            #[cfg(target_arch = "x86_64")]
            Net::Vnni(head) => Some(head.parameters.inputs),
        }
    }
}

/// About the range of r in the block that was decoded last, from what its coarser levels give.
pub(super) fn spread(coefficients: &Coefficients, buffers: &Buffers) -> f32 {
    buffers.planes.spread(coefficients)
}

/// Decodes `wanted` planes of a block into `out`.
#[expect(clippy::too_many_arguments, reason = "two callers")]
pub(super) fn planes(
    coefficients: &Coefficients,
    weights: &[f32],
    kernel: Kernel,
    net: &Net,
    wanted: Range<usize>,
    output: Output,
    out: &mut [f32],
    buffers: &mut Buffers,
) {
    let [nz, ny, nx] = coefficients.extent;
    let mut outs = out.chunks_exact_mut(ny * nx);
    let Some(inputs) = net.inputs() else {
        let mut planes = Planes::new(coefficients, weights, wanted.start, kernel, &mut buffers.planes);
        for (z, out) in wanted.zip(outs) {
            planes.prepare(z);
            simd::call(kernel, Plain { r: planes.plane(z), pitch: planes.pitch(), nx, output, out });
        }
        return;
    };
    let first = wanted.start.saturating_sub(1);
    let mut planes = Planes::new(coefficients, weights, first.saturating_sub(2), kernel, &mut buffers.planes);
    buffers.features.reset(coefficients.extent, planes.pitch());
    #[cfg(target_arch = "x86_64")]
    if let Net::Vnni(head) = net {
        buffers.vnni.reset(head);
    }
    for z in first..(wanted.end + 1) {
        if z < nz {
            planes.prepare((z + 2).min(nz - 1));
            buffers.features.make(z, inputs, &planes, kernel);
            match net {
                #[cfg(target_arch = "x86_64")]
                Net::Bf16(..) => {
                    let pairs = &mut buffers.pairs[z % features::RING];
                    if let Some(bf16) = simd::Avx512Bf16::detect() {
                        bf16.call(MakePairs { features: buffers.features.plane(z as isize), pairs });
                    }
                }
                #[cfg(target_arch = "x86_64")]
                // SAFETY: this head is only chosen where `Kernel::is_available` found all instructions.
                Net::Vnni(head) => unsafe { buffers.vnni.take(head, &buffers.features, z, coefficients.extent) },
                Net::None | Net::F32(..) => {}
            }
        }
        let Some(z) = z.checked_sub(1).filter(|z| wanted.contains(z)) else { continue };
        let Some(out) = outs.next() else { return };
        let (r, pitch_of_r, features) = (planes.plane(z), planes.pitch(), &buffers.features);
        match net {
            Net::None => {}
            Net::F32(head, _) => {
                let extent = [ny, nx];
                simd::call(kernel, F32Plane { head, features, z, extent, r, pitch_of_r, output, out });
            }
            #[cfg(target_arch = "x86_64")]
            Net::Bf16(head, _) => {
                let len = features.plane_len();
                let near = [z.saturating_sub(1), z, (z + 1).min(nz - 1)];
                let pairs = near.map(|z| &buffers.pairs[z % features::RING][..len]);
                if let Some(bf16) = simd::Avx512Bf16::detect() {
                    bf16.call(Bf16Plane { head, features, pairs, nx, r, pitch_of_r, output, out });
                }
            }
            #[cfg(target_arch = "x86_64")]
            Net::Vnni(head) => {
                let extent = coefficients.extent;
                let plane = VnniPlane { head, features, z, extent, r, pitch_of_r, output, out };
                // SAFETY: this head is only chosen where `Kernel::is_available` found all instructions.
                unsafe { buffers.vnni.plane(plane) };
            }
        }
    }
}

/// A plane without a head.
struct Plain<'a> {
    r: &'a [f32],
    pitch: usize,
    nx: usize,
    output: Output,
    out: &'a mut [f32],
}

impl<S: Simd> Task<S> for Plain<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        for (out, r) in self.out.chunks_exact_mut(self.nx).zip(self.r.chunks_exact(self.pitch)) {
            for x in (0..self.nx).step_by(S::LANES) {
                store(s, out, x, self.output.value(s, s.load(&r[x..])));
            }
        }
    }
}
