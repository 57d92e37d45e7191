//! The residual of a block: integers per voxel and step.

use super::Residual;
use crate::{Error, voxels};
use neuvol_entropy::residual;

impl Residual {
    pub(super) fn validate(&self, extent: [u32; 3], steps: u32) -> Result<(), Error> {
        if !(self.quantum.is_finite() && self.quantum > 0.0) {
            return Err(Error::argument("quantum", format!("is {}, must be finite and above 0", self.quantum)));
        }
        check_steps(steps)?;
        let n = voxels(extent);
        if self.steps.len() != steps as usize || self.steps.iter().any(|values| values.len() != n) {
            return Err(Error::argument("residual", format!("must have {steps} steps of {n} values")));
        }
        Ok(())
    }
}

/// Checks that a segment is short enough for a residual.
fn check_steps(steps: u32) -> Result<(), Error> {
    let (value, limit) = (steps.into(), residual::MAX_STEPS as u64);
    if value > limit {
        return Err(Error::Limit { what: "number of steps of a segment with a residual", value, limit });
    }
    Ok(())
}

/// The stream of a residual.
pub(super) fn encode(extent: [u32; 3], residual: &Residual) -> Result<Vec<u8>, Error> {
    let steps: Vec<&[i32]> = residual.steps.iter().map(Vec::as_slice).collect();
    residual::encode(extent.map(|n| n as usize), &steps).map_err(|error| Error::argument("residual", error.to_string()))
}

/// The integers of every step out of the stream, which stands at `offset` of the payload.
pub(super) fn decode(extent: [u32; 3], steps: u32, bytes: &[u8], offset: usize) -> Result<Vec<Vec<i32>>, Error> {
    check_steps(steps)?;
    let damage = |error: neuvol_entropy::Error| Error::payload("residual", offset, error.to_string());
    residual::decode(extent.map(|n| n as usize), steps as usize, bytes).map_err(damage)
}
