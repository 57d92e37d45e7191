//! The meaning of a wavelet block: the oracle.

use super::Wavelet;
use super::synthesis::synthesise;
use crate::oracle::limit;
use crate::{Error, TimeInterpolation, time_position, voxels};

impl Wavelet {
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
        if fraction == 0.0 {
            self.at_step(step, range, out);
        } else if self.interpolation == TimeInterpolation::Values || self.residual.is_some() {
            let mut later = vec![0.0; n];
            self.at_step(step, range, out);
            self.at_step(next, range, &mut later);
            for (value, later) in out.iter_mut().zip(later) {
                *value = limit(*value * (1.0 - fraction) + later * fraction, range);
            }
        } else {
            self.without_residual(local_time, range, out);
        }
        Ok(())
    }

    fn at_step(&self, step: u32, range: (f32, f32), out: &mut [f32]) {
        self.without_residual(step.into(), range, out);
        if let Some(residual) = &self.residual {
            for (value, &stored) in out.iter_mut().zip(&residual.steps[step as usize]) {
                *value = limit(*value + residual.quantum * stored as f32, range);
            }
        }
    }

    fn without_residual(&self, local_time: f64, range: (f32, f32), out: &mut [f32]) {
        let layout = self.layout();
        let mut r = vec![0.0; out.len()];
        for (component, weight) in self.components.iter().zip(self.component_weights(local_time)) {
            for (r, value) in r.iter_mut().zip(synthesise(component, &layout, self.level.into())) {
                *r += weight * value;
            }
        }
        let correction = match &self.head {
            Some(head) => head.correction(&r, self.level_extent(), self.step, self.offset),
            None => vec![0.0; r.len()],
        };
        for (out, (r, correction)) in out.iter_mut().zip(r.iter().zip(correction)) {
            *out = limit(self.offset + self.step * (r + correction), range);
        }
    }
}
