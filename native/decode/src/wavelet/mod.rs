//! Fast decoding of wavelet latents and heads (codec 4).
//!
//! What is kept of a block are its coefficients, packed ([`Packed`]), and its head as the kernel reads it. A decode mixes
//! the components with the weights of its time while it unpacks them, puts all levels but the finest together, and then
//! works plane by plane ([`planes`]): r, the inputs of the head ([`features`]), values. Only a few planes of each are there
//! at once, so that they stay in cache.
#[cfg(target_arch = "x86_64")]
mod bf16_head;
mod detail;
mod f32_head;
mod features;
mod judge;
mod layer;
mod parameters;
mod planes;
mod quantised;
mod run;
mod scales;
#[cfg(target_arch = "x86_64")]
mod vnni_head;

use crate::kernel::Kernel;
use crate::lifting::rows::padded;
use crate::output::{Output, limit};
use crate::packed::Packed;
use crate::scratch::Scratch;
use crate::simd::{self, Simd, Task};
use neuvol_entropy::Layout;
use neuvol_model::{Error, Residual, TimeInterpolation, Wavelet, time_position, voxels};
pub(crate) use run::Buffers;
use run::Net;
use scales::Scales;

/// Wavelet latents and their head prepared for one kernel: everything that does not depend on time.
#[derive(Debug)]
pub struct Latents {
    kernel: Kernel,
    coefficients: Coefficients,
    net: Net,
    /// The model without its arrays: weights, step, offset, level.
    model: Wavelet,
    residual: Option<PackedResidual>,
}

/// Coefficients of all components, and how to put them together.
#[derive(Debug)]
struct Coefficients {
    layout: Layout,
    /// Extent of the level that is decoded.
    extent: [usize; 3],
    /// Streams `0..=coarse_last`, as the corner of the layout's array.
    coarse: Packed,
    coarse_last: usize,
    coarse_scales: Scales,
    /// Distance between the rows of what they give.
    coarse_pitch: usize,
    /// The stream behind them, which is put together plane by plane; on level 0.
    finest: Option<Finest>,
}

/// The finest level of a transform.
#[derive(Debug)]
struct Finest {
    /// Its array without the corner of the coarser levels: rows in two halves, low and high in x.
    packed: Packed,
    split: [bool; 3],
    /// By low and high in z, y, x.
    scales: [[[f32; 2]; 2]; 2],
}

#[derive(Debug)]
struct PackedResidual {
    quantum: f32,
    /// Steps are its components.
    steps: Packed,
}

impl Latents {
    /// Prepares a block. [`kernel`](Self::kernel) tells what will run: if the CPU lacks `kernel`, the block is precise or
    /// has no head, or the kernel would not reach its accuracy (55 dB with VNNI, 60 dB with bf16; checked on samples),
    /// that is the next more exact one.
    ///
    /// # Errors
    /// A model put together by hand that breaks a rule.
    pub fn new(model: &Wavelet, kernel: Kernel) -> Result<Self, Error> {
        model.validate()?;
        let kernel = kernel.or_available();
        let coefficients = simd::call(kernel, Pack { model });
        let residual = model.residual.as_ref().map(|residual| simd::call(kernel, PackResidual { model, residual }));
        let (kernel, net) = judge::choose(model, &coefficients, kernel);
        // What is left of the model: its components are empty, but their number stays.
        let model = Wavelet {
            components: vec![Vec::new(); model.components.len()],
            weights: model.weights.clone(),
            residual: None,
            head: model.head.clone(),
            ..*model
        };
        Ok(Latents { kernel, coefficients, net, model, residual })
    }

    /// The kernel that really runs.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Extent of the block in voxels of its level, `[z, y, x]`.
    pub fn extent(&self) -> [u32; 3] {
        self.model.level_extent()
    }

    /// Bytes of memory held.
    pub fn memory_bytes(&self) -> usize {
        let Coefficients { coarse, coarse_scales, finest, .. } = &self.coefficients;
        let finest = finest.as_ref().map_or(0, |finest| finest.packed.memory_bytes());
        let residual = self.residual.as_ref().map_or(0, |residual| residual.steps.memory_bytes());
        let weights = size_of_val(&self.model.weights[..]);
        coarse.memory_bytes() + coarse_scales.memory_bytes() + finest + residual + weights + self.net.memory_bytes()
    }

    /// Decodes the block at `local_time` (steps since the start of the segment, limited to it). Values are limited to
    /// `range` (min, max), NaN becomes min. `out` has the voxels of the extent, x fastest.
    ///
    /// # Errors
    /// `out` of another length than the extent.
    pub fn decode(
        &self,
        local_time: f64,
        range: (f32, f32),
        out: &mut [f32],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        if out.len() != voxels(self.extent()) {
            let message = format!("has {} elements, the block has {} voxels", out.len(), voxels(self.extent()));
            return Err(Error::Argument { name: "out", message });
        }
        let (step, next, fraction) = time_position(local_time, self.model.steps);
        if fraction == 0.0 {
            self.at_step(step, range, out, scratch);
        } else if self.model.interpolation == TimeInterpolation::Values || self.residual.is_some() {
            self.at_step(step, range, out, scratch);
            let mut later = std::mem::take(&mut scratch.later);
            later.resize(out.len(), 0.0);
            self.at_step(next, range, &mut later[..out.len()], scratch);
            for (value, later) in out.iter_mut().zip(&later) {
                *value = limit(*value * (1.0 - fraction) + later * fraction, range);
            }
            scratch.later = later;
        } else {
            self.without_residual(local_time, range, out, scratch);
        }
        Ok(())
    }

    fn at_step(&self, step: u32, range: (f32, f32), out: &mut [f32], scratch: &mut Scratch) {
        self.without_residual(step.into(), range, out, scratch);
        let Some(PackedResidual { quantum, steps }) = &self.residual else { return };
        let [nz, ny, nx] = self.coefficients.extent;
        for (z, plane) in out.chunks_exact_mut(ny * nx).take(nz).enumerate() {
            let mut rows = steps.plane(z);
            for row in plane.chunks_exact_mut(nx) {
                rows.add(step as usize, *quantum, row);
                row.iter_mut().for_each(|value| *value = limit(*value, range));
            }
        }
    }

    fn without_residual(&self, local_time: f64, range: (f32, f32), out: &mut [f32], scratch: &mut Scratch) {
        let weights = self.model.component_weights(local_time);
        let output = Output { step: self.model.step, offset: self.model.offset, range };
        let planes = 0..self.coefficients.extent[0];
        run::planes(&self.coefficients, &weights, self.kernel, &self.net, planes, output, out, &mut scratch.wavelet);
    }
}

struct Pack<'a> {
    model: &'a Wavelet,
}

impl<S: Simd> Task<S> for Pack<'_> {
    type Output = Coefficients;

    #[inline(always)]
    fn run(self, _: S) -> Coefficients {
        let (model, components) = (self.model, &self.model.components);
        let (layout, level) = (model.layout(), usize::from(model.level));
        let extent = model.level_extent().map(|n| n as usize);
        let last = layout.n_levels() - level;
        let [_, ny, nx] = layout.extent();
        let at = |z: usize, y: usize| (z * ny + y) * nx;

        // On level 0 the finest stream is apart.
        let coarse_last = if level == 0 { last - 1 } else { last };
        let corner = layout.region(coarse_last);
        let mut coarse = Packed::default();
        for z in 0..corner[0] {
            coarse.begin_plane();
            for y in 0..corner[1] {
                coarse.push(components, at(z, y), corner[2]);
            }
        }
        let finest = (level == 0).then(|| {
            let split = [0, 1, 2].map(|axis| corner[axis] < extent[axis]);
            let mut packed = Packed::default();
            for z in 0..extent[0] {
                packed.begin_plane();
                for y in 0..ny {
                    if z >= corner[0] || y >= corner[1] {
                        packed.push(components, at(z, y), corner[2]);
                    }
                    if split[2] {
                        packed.push(components, at(z, y) + corner[2], nx - corner[2]);
                    }
                }
            }
            Finest { packed: packed.finish(), split, scales: scales::finest(split) }
        });

        // A level of detail divides by √2 for each split that is not undone.
        let left = |stream: usize| {
            let (low, all) = (layout.region(stream), layout.region(stream + 1));
            (0..3).filter(|&axis| low[axis] < all[axis]).count()
        };
        let splits: usize = (last..layout.n_levels()).map(left).sum();
        let factor = 0.5f64.sqrt().powi(splits as i32);
        let coarse_scales = Scales::new(&layout, coarse_last, last, factor);
        let coarse_pitch = padded(corner[2]);
        Coefficients { layout, extent, coarse: coarse.finish(), coarse_last, coarse_scales, coarse_pitch, finest }
    }
}

struct PackResidual<'a> {
    model: &'a Wavelet,
    residual: &'a Residual,
}

impl<S: Simd> Task<S> for PackResidual<'_> {
    type Output = PackedResidual;

    #[inline(always)]
    fn run(self, _: S) -> PackedResidual {
        let [nz, ny, nx] = self.model.extent.map(|n| n as usize);
        let mut steps = Packed::default();
        for z in 0..nz {
            steps.begin_plane();
            for y in 0..ny {
                steps.push(&self.residual.steps, (z * ny + y) * nx, nx);
            }
        }
        PackedResidual { quantum: self.residual.quantum, steps: steps.finish() }
    }
}
