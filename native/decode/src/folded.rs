use crate::bf16_chunk::PackedBf16;
use crate::f32_chunk::{F32Chunk, PackedF32};
use crate::kernel::{Kernel, Lanes8};
use crate::lattice::{Fold, Grids, Lattice};
use crate::mlp::Mlp;
use crate::rows::{DecodeRows, Job, min_pitch};
use crate::scratch::Scratch;
use crate::simd::{Scalar, Simd};
use crate::survey::Survey;
use half::f16;
use neuvol_model::{Error, GridNetwork, TimeConfig, TimeInterpolation, check_range, time_position, voxels};

/// A grid network prepared for one kernel and one output: everything that does not depend on time.
///
/// Encoding and first layer are folded into one lattice of pre-activations (see the crate's documentation), which all
/// times share: a time code is a bias on top of it. About 4 MiB, more only if the network's own finest tables are
/// larger.
///
/// Of a network with time gains it is the features, looked up and ordered, that do not depend on time (4 bytes per
/// feature and vertex); each [`decode`](Self::decode) folds them into memory of its [`Scratch`].
#[derive(Debug)]
pub struct Folded {
    kernel: Kernel,
    extent: [usize; 3],
    grids: Grids,
    mlp: Mlp,
    layers: Layers,
    time: TimeConfig,
    /// `[code][n_neurons]`
    codes: Vec<f16>,
    n_neurons: usize,
    /// `[code][n_inputs]`, empty without gains
    gains: Vec<f16>,
    n_inputs: usize,
}

/// The layers behind the lattice as the kernel wants them.
#[derive(Debug)]
enum Layers {
    F32(PackedF32),
    #[cfg(target_arch = "x86_64")]
    Bf16(PackedBf16),
    /// Integer layers depend on the time code; the largest vertex per channel does not, unless there are gains (then it
    /// is empty).
    #[cfg(target_arch = "x86_64")]
    Vnni {
        largest: Vec<f32>,
    },
}

impl Folded {
    /// Prepares output number `output` of a network. [`kernel`](Self::kernel) tells what will run: if the CPU lacks
    /// `kernel`, the network has no shape for it, or it would not reach its accuracy (checked on samples), that is the
    /// next more exact one.
    ///
    /// # Errors
    /// An output that the network does not have, or a network put together by hand that breaks its own shape.
    pub fn new(network: &GridNetwork, output: u8, kernel: Kernel) -> Result<Self, Error> {
        network.validate()?;
        if output >= network.config.n_outputs {
            let message = format!("is {output}, the network has {} outputs", network.config.n_outputs);
            return Err(Error::Argument { name: "output", message });
        }
        let mlp = Mlp::new(network, output);
        let mut kernel = kernel.or_available();
        let extent = network.extent.map(|n| n as usize);
        let lanes = if matches!(kernel, Kernel::Scalar | Kernel::Avx2) { 8 } else { 16 };
        let grids = Grids::new(network, mlp.width, min_pitch(extent[2], lanes), Lanes8::of(kernel));

        let mut largest = Vec::new();
        if matches!(kernel, Kernel::Bf16 | Kernel::Vnni) {
            if Survey::is_worthwhile(extent, &mlp) {
                let surveys = surveys(network, &grids, extent, mlp.width);
                while !surveys.iter().all(|(survey, codes)| survey.accepts(kernel, &mlp, codes)) {
                    kernel = kernel.fallback().or_available();
                }
                if let (false, Some((survey, _))) = (network.config.time.gains, surveys.into_iter().next()) {
                    largest = survey.largest;
                }
            } else {
                kernel = Kernel::Avx512.or_available();
            }
        }
        let layers = match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Vnni => Layers::Vnni { largest },
            #[cfg(target_arch = "x86_64")]
            Kernel::Bf16 => Layers::Bf16(PackedBf16::new(&mlp)),
            _ => Layers::F32(PackedF32::new(&mlp, block(kernel))),
        };
        let (codes, gains) = (network.time_codes.clone(), network.time_gains.clone());
        let (n_neurons, n_inputs) = (usize::from(network.config.n_neurons), network.config.n_inputs());
        Ok(Folded { kernel, extent, grids, mlp, layers, time: network.config.time, codes, n_neurons, gains, n_inputs })
    }

    /// The kernel that really runs.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Extent of the block in voxels, `[z, y, x]`.
    pub fn extent(&self) -> [u32; 3] {
        self.extent.map(|n| n as u32)
    }

    /// Bytes of memory held.
    pub fn memory_bytes(&self) -> usize {
        let width = self.mlp.width;
        let layers = 2 * size_of::<f32>() * (self.mlp.hidden.len() * (width + 1) * width + width);
        self.grids.memory_bytes() + layers + (self.codes.len() + self.gains.len()) * size_of::<f16>()
    }

    /// Decodes the block at `local_time` (steps since the start of the segment, limited to it; ignored without time
    /// codes). y is mapped to `range` (min, max) and limited to it, NaN becomes min. `out` has the voxels of the
    /// extent, x fastest. Nothing is allocated but what `scratch` needs to grow.
    ///
    /// # Errors
    /// `out` of another length than the extent; a range that is reversed or too wide for f32.
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
        check_range(range)?;
        let (step, next, fraction) = time_position(local_time, self.time.n_codes.into());
        if self.time.interpolation != TimeInterpolation::Values || fraction == 0.0 {
            self.decode_at(local_time, range, out, scratch);
            return Ok(());
        }
        self.decode_at(step.into(), range, out, scratch);
        let mut later = std::mem::take(&mut scratch.later);
        later.resize(out.len(), 0.0);
        self.decode_at(next.into(), range, &mut later, scratch);
        for (value, later) in out.iter_mut().zip(&later) {
            *value = *value * (1.0 - fraction) + later * fraction;
        }
        scratch.later = later;
        Ok(())
    }

    /// The network at a time, arguments being checked.
    fn decode_at(&self, local_time: f64, range: (f32, f32), out: &mut [f32], scratch: &mut Scratch) {
        scratch.code.clear();
        scratch.code.resize(self.mlp.width, 0.0);
        if !self.codes.is_empty() {
            self.time.interpolate(&self.codes, local_time, &mut scratch.code[..self.n_neurons]);
        }
        // Taken out, so that the rest can change while the lattice is used.
        let mut fold = std::mem::take(&mut scratch.fold);
        let lattice = self.lattice(local_time, &mut scratch.gains, &mut fold);
        match self.mlp.width {
            16 => self.decode_width::<16>(lattice, range, out, scratch),
            32 => self.decode_width::<32>(lattice, range, out, scratch),
            64 => self.decode_width::<64>(lattice, range, out, scratch),
            _ => self.decode_width::<0>(lattice, range, out, scratch),
        }
        scratch.fold = fold;
    }

    fn lattice<'a>(&'a self, local_time: f64, gains: &mut Vec<f32>, fold: &'a mut Fold) -> Lattice<'a> {
        if self.gains.is_empty() {
            return self.grids.shared();
        }
        gains.resize(self.n_inputs, 0.0);
        self.time.interpolate(&self.gains, local_time, gains);
        self.grids.with_gains(gains, fold)
    }

    /// `WIDTH`: padded width if it is known at compile time, else 0.
    fn decode_width<const WIDTH: usize>(
        &self,
        lattice: Lattice<'_>,
        range: (f32, f32),
        out: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (width, extent) = (self.mlp.width, self.extent);
        let Scratch { code, ring, row, activations: [from, to], .. } = scratch;
        self.grids.reset(ring);
        row.resize(width * lattice.pitch());
        from.resize(width * 32);
        to.resize(width * 32);
        let job = Job { lattice, ring, width, extent, range, code, out };
        match &self.layers {
            Layers::F32(mlp) => {
                let rows = DecodeRows { job, chunk: F32Chunk::<WIDTH> { mlp, activations: [from, to] }, sum: row };
                run_f32(self.kernel, rows);
            }
            #[cfg(target_arch = "x86_64")]
            Layers::Bf16(mlp) => {
                let chunk = crate::bf16_chunk::Bf16Chunk::<WIDTH> { mlp, activations: from };
                if let Some(bf16) = crate::simd::Avx512Bf16::detect() {
                    bf16.call(DecodeRows { job, chunk, sum: row });
                }
            }
            #[cfg(target_arch = "x86_64")]
            Layers::Vnni { largest } => {
                let Scratch { planes_i16: [first, second], row_i16, quantised, largest: found, .. } = scratch;
                let largest = if self.gains.is_empty() {
                    largest
                } else {
                    found.find(lattice, job.ring, width);
                    &found.channels
                };
                quantised.update(&self.mlp, largest, job.code);
                let row_len = width * crate::vnni::pitch(extent[2]);
                first.resize(row_len * lattice.vertices()[1]);
                second.resize(row_len * lattice.vertices()[1]);
                row_i16.resize(row_len);
                let buffers = crate::vnni::Buffers { planes: [first, second], row: row_i16 };
                // SAFETY: `new` chose this kernel only because `Kernel::is_available` found all its instructions.
                unsafe { crate::vnni::decode::<WIDTH>(job, quantised, buffers) }
            }
        }
    }
}

fn run_f32<const WIDTH: usize>(kernel: Kernel, rows: DecodeRows<'_, F32Chunk<'_, WIDTH>>) {
    #[cfg(target_arch = "x86_64")]
    match kernel {
        Kernel::Avx512 => {
            if let Some(avx512) = crate::simd::Avx512::detect() {
                return avx512.call(rows);
            }
        }
        Kernel::Avx2 => {
            if let Some(avx2) = crate::simd::Avx2::detect() {
                return avx2.call(rows);
            }
        }
        _ => {}
    }
    let _ = kernel;
    Scalar.call(rows);
}

/// Outputs per block of the kernel that will run.
fn block(kernel: Kernel) -> usize {
    #[cfg(target_arch = "x86_64")]
    match kernel {
        Kernel::Avx512 => return crate::simd::Avx512::BLOCK,
        Kernel::Avx2 => return crate::simd::Avx2::BLOCK,
        _ => {}
    }
    let _ = kernel;
    Scalar::BLOCK
}

/// Samples of the lattice with the time codes at the first, a middle and the last step, padded; with gains every step has
/// a lattice of its own.
fn surveys(network: &GridNetwork, grids: &Grids, extent: [usize; 3], width: usize) -> Vec<(Survey, Vec<Vec<f32>>)> {
    let last = f64::from(network.config.time.n_codes.saturating_sub(1));
    let mut times = vec![0.0, (last / 2.0).floor(), last];
    times.dedup();
    let padded = |time: &f64| {
        let mut code = network.time_code(*time);
        code.resize(width, 0.0);
        code
    };
    if !network.config.time.gains {
        return vec![(Survey::new(grids, grids.shared(), extent, width), times.iter().map(padded).collect())];
    }
    let mut fold = Fold::default();
    let survey = |time: &f64| {
        let lattice = grids.with_gains(&network.time_gain(*time), &mut fold);
        (Survey::new(grids, lattice, extent, width), vec![padded(time)])
    };
    times.iter().map(survey).collect()
}
