//! Comparison of a variable of a model file with its source, all steps, a slab of blocks at a time.

use super::{Comparison, Options, Report, ValueRange};
use crate::source::{Source, SourceError};
use neuvol_engine::{Request, Target, TargetData, Volume};

/// Why a comparison failed.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The model cannot be decoded.
    #[error(transparent)]
    Engine(#[from] neuvol_engine::Error),
}

/// Sees every plane of a comparison: step, z, original, decoded.
pub type Observe<'a> = dyn FnMut(u32, u32, &[f32], &[f32]) + 'a;

/// Compares all steps of one variable of `volume` with variable `index` of `source`, which has the same grid and steps.
/// `done` is called after every step.
///
/// # Errors
/// The source or the model cannot be read.
pub fn compare(
    volume: &Volume,
    variable: usize,
    source: &mut dyn Source,
    index: usize,
    options: Options,
    done: &mut dyn FnMut(),
    observe: &mut Observe<'_>,
) -> Result<Report, CompareError> {
    let info = &volume.reader().variables()[variable];
    let (min, max) = (f64::from(info.min), f64::from(info.max));
    // Without a valid value there is no range; any will do for the empty comparison.
    let range = if min <= max { ValueRange { min, max } } else { ValueRange { min: 0.0, max: 0.0 } };
    let quality = options.quality;
    let mut comparison = Comparison::new(range, info.block_dims, options);
    let [nz, ny, nx] = info.dims;
    let plane = ny as usize * nx as usize;
    let (mut original, mut decoded) = (Vec::new(), Vec::new());
    for step in 0..info.steps {
        comparison.add_step(info.dims, |z, out_original, out_decoded| {
            let within = z % info.block_dims[0];
            if within == 0 {
                let end = (z + info.block_dims[0]).min(nz);
                source.read(index, step, [z, 0, 0], [end, ny, nx], &mut original)?;
                let mut request = Request::whole(variable as u32, info.dims, f64::from(step));
                (request.min[0], request.max[0], request.quality) = (z, end, quality);
                decoded.resize(original.len(), 0.0);
                volume.decode(&request, Target::dense(TargetData::F32(&mut decoded), &request))?;
            }
            let at = within as usize * plane;
            out_original.copy_from_slice(&original[at..at + plane]);
            out_decoded.copy_from_slice(&decoded[at..at + plane]);
            observe(step, z, out_original, out_decoded);
            Ok::<(), CompareError>(())
        })?;
        done();
    }
    Ok(comparison.finish())
}

/// How well the times between the steps of a model are met, in comparison with a plain interpolation of its steps.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Between {
    /// Steps of the source that the model does not have.
    pub steps: u32,
    /// PSNR in dB of the model decoded at their times; null if nothing was compared or nothing differs.
    pub psnr_db: Option<f64>,
    /// PSNR in dB of the linear interpolation of the two decoded steps around each.
    pub linear_psnr_db: Option<f64>,
}

/// Compares the steps of `source` between those of a model that was made from every n-th of them. Only voxels that are
/// valid everywhere count. `done` is called after every step.
///
/// # Errors
/// The source or the model cannot be read.
pub fn compare_between(
    volume: &Volume,
    variable: usize,
    source: &mut dyn Source,
    index: usize,
    every: u32,
    done: &mut dyn FnMut(),
) -> Result<Between, CompareError> {
    let info = &volume.reader().variables()[variable];
    let [nz, ny, nx] = info.dims;
    let last = (info.steps - 1) * every;
    let (mut squares, mut linear_squares, mut n, mut steps) = (0.0, 0.0, 0u64, 0);
    let mut original = Vec::new();
    let mut decoded = [Vec::new(), Vec::new(), Vec::new()];
    for step in (0..source.variables()[index].steps.min(last)).filter(|step| !step.is_multiple_of(every)) {
        let time = f64::from(step) / f64::from(every);
        for z in (0..nz).step_by(info.block_dims[0] as usize) {
            let end = (z + info.block_dims[0]).min(nz);
            source.read(index, step, [z, 0, 0], [end, ny, nx], &mut original)?;
            for (out, time) in decoded.iter_mut().zip([time, time.floor(), time.ceil()]) {
                let mut request = Request::whole(variable as u32, info.dims, time);
                (request.min[0], request.max[0]) = (z, end);
                out.resize(original.len(), 0.0);
                volume.decode(&request, Target::dense(TargetData::F32(out), &request))?;
            }
            let [model, before, after] = &decoded;
            let weight = time.fract() as f32;
            for (i, &value) in original.iter().enumerate() {
                let linear = before[i] * (1.0 - weight) + after[i] * weight;
                if !value.is_nan() && !linear.is_nan() && !model[i].is_nan() {
                    squares += f64::from(value - model[i]).powi(2);
                    linear_squares += f64::from(value - linear).powi(2);
                    n += 1;
                }
            }
        }
        steps += 1;
        done();
    }
    let range = f64::from(info.max) - f64::from(info.min);
    let psnr = |squares: f64| {
        let psnr = 20.0 * (range / (squares / n as f64).sqrt()).log10();
        psnr.is_finite().then_some(psnr)
    };
    Ok(Between { steps, psnr_db: psnr(squares), linear_psnr_db: psnr(linear_squares) })
}
