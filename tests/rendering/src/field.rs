//! Volumes: real ones, decoded, and ones of formulas.

use neuvol_engine::{OpenOptions, Request, Target, TargetData, Volume};
use std::path::Path;

/// Values on a grid, x fastest; NaN where there are none.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Voxels x, y, z.
    pub(crate) size: [usize; 3],
    pub(crate) values: Vec<f32>,
}

impl Field {
    /// What a formula gives at texture coordinates, sampled at the centres of voxels.
    pub(crate) fn of(size: [usize; 3], formula: impl Fn([f64; 3]) -> f64) -> Self {
        let mut values = Vec::with_capacity(size.iter().product());
        for z in 0..size[2] {
            for y in 0..size[1] {
                for x in 0..size[0] {
                    let at = [x, y, z];
                    values.push(formula(std::array::from_fn(|n| (at[n] as f64 + 0.5) / size[n] as f64)) as f32);
                }
            }
        }
        Self { size, values }
    }

    /// One variable of a file at a time, decoded.
    pub(crate) fn decode(path: &Path, variable: u32, time: f64) -> Result<Self, String> {
        let explain = |error: neuvol_engine::Error| format!("{}: {error}", path.display());
        let volume = Volume::open_file(path, OpenOptions::default()).map_err(explain)?;
        let dims = volume.variable(variable).map_err(explain)?.dims;
        let request = Request::whole(variable, dims, time);
        let mut values = vec![0.0; dims.iter().map(|&n| n as usize).product()];
        volume.decode(&request, Target::dense(TargetData::F32(&mut values), &request)).map_err(explain)?;
        Ok(Self { size: [dims[2] as usize, dims[1] as usize, dims[0] as usize], values })
    }

    /// Smallest and largest valid value.
    pub(crate) fn range(&self) -> (f32, f32) {
        let valid = self.values.iter().copied().filter(|value| !value.is_nan());
        valid.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    }
}
