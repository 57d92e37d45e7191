//! Fast decoding of a core and a matrix per axis (codec 5).
//!
//! What is kept of a block are its core, packed, and its matrices as floats. A decode mixes the arrays of the core with the
//! row of the time matrix, and multiplies z, then y, then x. A few planes at a time go through all three products, so that
//! only the core and what these planes need has to be in cache.
mod product;

use crate::aligned::Aligned;
use crate::kernel::Kernel;
use crate::output::{Output, limit};
use crate::packed::{PIECE, Packed};
use crate::scratch::Scratch;
use crate::simd::{self, Simd, Task};

use neuvol_model::{Error, Matrices, TimeInterpolation, time_position, voxels};
use product::{Factor, Store, Values, product};

/// Planes that are worked on together: rows of the z matrix that share what is read of the core.
const PLANES: usize = 4;

/// A core and its matrices prepared for one kernel: everything that does not depend on time.
#[derive(Debug)]
pub struct Products {
    kernel: Kernel,
    /// Extent of the level that is decoded.
    extent: [usize; 3],
    ranks: [usize; 3],
    n_arrays: usize,
    /// Rows of `ranks[2]` numbers.
    core: Packed,
    /// `[step][array]`.
    time: Vec<f32>,
    /// `[voxel][column]` of z and y.
    z: Vec<f32>,
    y: Vec<f32>,
    /// `[column][voxel]` of x, in rows of whole vectors.
    x: Aligned<f32>,
    steps: u32,
    interpolation: TimeInterpolation,
    step: f32,
    offset: f32,
}

/// Buffers of a decoding thread.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// The core at a time.
    core: Aligned<f32>,
    /// It times some rows of z.
    planes: Aligned<f32>,
    /// One of these times y.
    rows: Aligned<f32>,
    weights: Vec<f32>,
}

impl Buffers {
    pub(crate) fn memory_bytes(&self) -> usize {
        let arrays = [&self.core, &self.planes, &self.rows];
        arrays.iter().map(|a| a.memory_bytes()).sum::<usize>() + size_of_val(&self.weights[..])
    }
}

impl Products {
    /// Prepares a block. All kernels work with 32-bit floats here: those of narrower numbers stand for AVX-512.
    ///
    /// # Errors
    /// A model put together by hand that breaks a rule.
    pub fn new(model: &Matrices, kernel: Kernel) -> Result<Self, Error> {
        model.validate()?;
        let mut kernel = kernel.or_available();
        while matches!(kernel, Kernel::Vnni | Kernel::Bf16) {
            kernel = kernel.fallback();
        }
        let extent = model.level_extent().map(|n| n as usize);
        let ranks = model.ranks.map(|n| n as usize);
        let [time, z, y, x] = model.matrices();
        let floats = |matrix: Vec<f64>| matrix.into_iter().map(|v| v as f32).collect::<Vec<f32>>();
        let pitch = extent[2].next_multiple_of(PIECE);
        let mut columns = Aligned::zeros(ranks[2] * pitch);
        for (at, row) in x.chunks_exact(ranks[2]).enumerate() {
            for (column, &value) in row.iter().enumerate() {
                columns[column * pitch + at] = value as f32;
            }
        }
        Ok(Products {
            kernel,
            extent,
            ranks,
            n_arrays: model.core.len(),
            core: simd::call(kernel, Pack { model, ranks }),
            time: floats(time),
            z: floats(z),
            y: floats(y),
            x: columns,
            steps: model.steps,
            interpolation: model.interpolation,
            step: model.step,
            offset: model.offset,
        })
    }

    /// The kernel that really runs.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Extent of the block in voxels of its level, `[z, y, x]`.
    pub fn extent(&self) -> [u32; 3] {
        self.extent.map(|n| n as u32)
    }

    /// Bytes of memory held.
    pub fn memory_bytes(&self) -> usize {
        let floats = self.time.len() + self.z.len() + self.y.len();
        self.core.memory_bytes() + self.x.memory_bytes() + floats * size_of::<f32>()
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
        let n = voxels(self.extent());
        if out.len() != n {
            let message = format!("has {} elements, the block has {n} voxels", out.len());
            return Err(Error::Argument { name: "out", message });
        }
        let (step, next, fraction) = time_position(local_time, self.steps);
        if fraction != 0.0 && self.interpolation == TimeInterpolation::Values {
            self.at(step.into(), range, out, &mut scratch.matrices);
            scratch.later.resize(n, 0.0);
            self.at(next.into(), range, &mut scratch.later, &mut scratch.matrices);
            for (value, later) in out.iter_mut().zip(&scratch.later) {
                *value = limit(*value * (1.0 - fraction) + later * fraction, range);
            }
        } else {
            self.at(local_time, range, out, &mut scratch.matrices);
        }
        Ok(())
    }

    fn at(&self, local_time: f64, range: (f32, f32), out: &mut [f32], buffers: &mut Buffers) {
        buffers.weights.resize(self.n_arrays, 0.0);
        self.interpolation.interpolate(&self.time, self.steps, local_time, &mut buffers.weights);
        let output = Output { step: self.step, offset: self.offset, range };
        simd::call(self.kernel, Multiply { products: self, output, out, buffers });
    }
}

struct Pack<'a> {
    model: &'a Matrices,
    ranks: [usize; 3],
}

impl<S: Simd> Task<S> for Pack<'_> {
    type Output = Packed;

    #[inline(always)]
    fn run(self, _: S) -> Packed {
        let [nz, ny, nx] = self.ranks;
        let mut packed = Packed::default();
        for z in 0..nz {
            packed.begin_plane();
            for y in 0..ny {
                packed.push(&self.model.core, (z * ny + y) * nx, nx);
            }
        }
        packed.finish()
    }
}

/// All three products at a time whose weights are in the buffers.
struct Multiply<'a> {
    products: &'a Products,
    output: Output,
    out: &'a mut [f32],
    buffers: &'a mut Buffers,
}

impl<S: Simd> Task<S> for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let Multiply { products, output, out, buffers } = self;
        let ([nz, ny, nx], [rz, ry, rx]) = (products.extent, products.ranks);
        let (pitch, pitch_x) = (rx.next_multiple_of(PIECE), nx.next_multiple_of(PIECE));
        let plane = ry * pitch;
        buffers.core.resize(rz * plane);
        buffers.planes.resize(PLANES * plane);
        buffers.rows.resize(ny * pitch);
        for (z, core) in buffers.core.chunks_exact_mut(plane).take(rz).enumerate() {
            let mut rows = products.core.plane(z);
            for row in core.chunks_exact_mut(pitch) {
                rows.mix(s, &buffers.weights, 1.0, row);
            }
        }
        for (number, out) in out.chunks_mut(PLANES * ny * nx).enumerate() {
            let first = number * PLANES;
            let n = PLANES.min(nz - first);
            let z = Factor { numbers: &products.z[first * rz..], pitch: rz, rows: n, columns: rz };
            product(s, z, &buffers.core, plane, plane, &mut Store { to: &mut buffers.planes, pitch: plane });
            for (out, planes) in out.chunks_exact_mut(ny * nx).zip(buffers.planes.chunks_exact(plane)) {
                let y = Factor { numbers: &products.y, pitch: ry, rows: ny, columns: ry };
                product(s, y, planes, pitch, pitch, &mut Store { to: &mut buffers.rows, pitch });
                let rows = Factor { numbers: &buffers.rows, pitch, rows: ny, columns: rx };
                product(s, rows, &products.x, pitch_x, pitch_x, &mut Values { output, out, nx });
            }
        }
    }
}
