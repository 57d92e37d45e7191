//! The meaning of a block of matrices: the oracle.

use super::Matrices;
use crate::oracle::limit;
use crate::{Error, TimeInterpolation, time_position, voxels};

impl Matrices {
    /// The oracle: every voxel of the entry's level at `local_time` (steps since the start of the segment, limited to
    /// it), limited to `range` (min, max); NaN becomes min. `out` has the voxels of
    /// [`level_extent`](Self::level_extent), x fastest.
    ///
    /// # Errors
    /// `out` of another length, or a model put together by hand that breaks a rule.
    pub fn decode_reference(&self, local_time: f64, range: (f32, f32), out: &mut [f32]) -> Result<(), Error> {
        self.validate()?;
        let n = voxels(self.level_extent());
        if out.len() != n {
            return Err(Error::argument("out", format!("has {} elements, the level has {n} voxels", out.len())));
        }
        let (step, next, fraction) = time_position(local_time, self.steps);
        if fraction != 0.0 && self.interpolation == TimeInterpolation::Values {
            let mut later = vec![0.0; n];
            self.at(step.into(), range, out);
            self.at(next.into(), range, &mut later);
            for (value, later) in out.iter_mut().zip(later) {
                *value = limit(*value * (1.0 - fraction) + later * fraction, range);
            }
        } else {
            self.at(local_time, range, out);
        }
        Ok(())
    }

    fn at(&self, local_time: f64, range: (f32, f32), out: &mut [f32]) {
        let [time, space @ ..] = self.matrices();
        let rows: Vec<f32> = time.into_iter().map(|weight| weight as f32).collect();
        let mut weights = vec![0.0; self.core.len()];
        self.interpolation.interpolate(&rows, self.steps, local_time, &mut weights);
        let mut r = vec![0.0; voxels(self.ranks)];
        for (array, weight) in self.core.iter().zip(weights) {
            for (r, &q) in r.iter_mut().zip(array) {
                *r += f64::from(weight) * f64::from(q);
            }
        }
        let mut extent = self.ranks.map(|n| n as usize);
        for axis in 0..3 {
            let to = self.level_extent()[axis] as usize;
            r = multiply(&r, extent, axis, &space[axis], to);
            extent[axis] = to;
        }
        for (out, r) in out.iter_mut().zip(r) {
            *out = limit((f64::from(self.offset) + f64::from(self.step) * r) as f32, range);
        }
    }
}

/// The product of an array `[z][y][x]` and a matrix of `to` rows along an axis, whose columns become rows.
fn multiply(values: &[f64], extent: [usize; 3], axis: usize, matrix: &[f64], to: usize) -> Vec<f64> {
    let (from, inner) = (extent[axis], extent[axis + 1..].iter().product::<usize>());
    let mut out = Vec::new();
    for slab in values.chunks_exact(from * inner) {
        for row in matrix.chunks_exact(from).take(to) {
            for at in 0..inner {
                out.push(row.iter().enumerate().map(|(column, u)| u * slab[column * inner + at]).sum());
            }
        }
    }
    out
}
