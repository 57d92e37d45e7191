//! Wavelet latents and head (codec 4, SPEC section 11.4).

mod head;
mod payload;
mod residual;
mod synthesis;
mod values;

use crate::config::check_extent;
use crate::{Error, Head, TimeInterpolation, voxels};
use half::f16;
use neuvol_entropy::{Coder, Layout, MAX_COMPONENTS};
use std::sync::Arc;

/// What is added to the values at the steps of the segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Residual {
    /// What a stored 1 stands for, > 0; in the unit of the values.
    pub quantum: f32,
    /// One array `[z][y][x]` of the block's extent per step of the segment.
    pub steps: Vec<Vec<i32>>,
}

/// Wavelet latents and head (codec 4) of one block and segment, with the integers decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Wavelet {
    /// Extent of the block on level 0 in voxels, `[z, y, x]`; each axis 1..=256, together at most 2^21.
    pub extent: [u32; 3],
    /// Level of detail of the entry, at most `n_levels`.
    pub level: u8,
    /// Steps of the segment, ≥ 1.
    pub steps: u32,
    /// Step of the quantiser, > 0, in the unit of the values.
    pub step: f32,
    /// What is added to every value.
    pub offset: f32,
    /// Levels of the transform, 1..=8.
    pub n_levels: u8,
    /// Coder of the streams.
    pub coder: Coder,
    /// Whether the error of the block is guaranteed: decoders must use 32-bit floats then.
    pub precise: bool,
    /// What stands between two steps of the segment.
    pub interpolation: TimeInterpolation,
    /// Weights of the components, `[component][step]`; empty with one step.
    pub weights: Vec<f16>,
    /// Coefficients of every component: arrays of `extent` in the order of the entropy coder (`STREAM.md`). Those of
    /// streams that the entry lacks are 0.
    pub components: Vec<Vec<i32>>,
    /// What is added at the steps; only on level 0.
    pub residual: Option<Residual>,
    /// The entry's network.
    pub head: Option<Arc<Head>>,
}

impl Wavelet {
    /// Where the bands lie in the components.
    ///
    /// # Panics
    /// If `extent` or `n_levels` is outside its limits, which no parsed model has.
    pub fn layout(&self) -> Layout {
        Layout::new(self.extent.map(|n| n as usize), self.n_levels).expect("the limits of a checked model")
    }

    /// Extent of the voxels of the entry's level, `[z, y, x]`: ⌈extent/2^level⌉.
    pub fn level_extent(&self) -> [u32; 3] {
        self.extent.map(|n| n.div_ceil(1 << self.level.min(31)))
    }

    /// Weights w(t) of the components at `local_time`, in steps since the start of the segment (limited to it): those of
    /// the step, linear or cubic between two steps; 1 with one step. Where values are interpolated, weights between two
    /// steps have no use.
    ///
    /// # Panics
    /// If `weights` has fewer numbers than components and steps need.
    pub fn component_weights(&self, local_time: f64) -> Vec<f32> {
        let mut out = vec![1.0; self.components.len()];
        if self.steps > 1 {
            for (rows, out) in self.weights.chunks_exact(self.steps as usize).zip(out.chunks_exact_mut(1)) {
                self.interpolation.interpolate(rows, self.steps, local_time, out);
            }
        }
        out
    }

    /// Bytes of memory that the parameters take, without the head, which others may share.
    pub fn memory_bytes(&self) -> usize {
        let residual = self.residual.as_ref().map_or(0, |residual| residual.steps.len());
        (self.components.len() + residual) * voxels(self.extent) * size_of::<i32>() + self.weights.len() * 2
    }

    /// Checks that every part has the size that the shape says and every number its limits. The magnitudes of
    /// coefficients are left to [`to_bytes`](Self::to_bytes).
    ///
    /// # Errors
    /// The first rule that is broken. Parsed models always pass; this is for models put together by hand.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |name, message: String| Err(Error::argument(name, message));
        check_extent(self.extent)?;
        if self.steps == 0 {
            return wrong("steps", "is 0, must be at least 1".into());
        }
        if !(1..=neuvol_entropy::MAX_LEVELS).contains(&self.n_levels) || self.level > self.n_levels {
            return wrong(
                "n_levels",
                format!("is {}, must be in 1..=8 and at least level {}", self.n_levels, self.level),
            );
        }
        if !(self.step.is_finite() && self.step > 0.0 && self.offset.is_finite()) {
            return wrong(
                "step",
                format!("is {}, offset {}; must be finite, the step above 0", self.step, self.offset),
            );
        }
        let n = self.components.len();
        if n == 0 || n > MAX_COMPONENTS || n > self.steps as usize {
            let message = format!("{n} of them, must be in 1..={MAX_COMPONENTS} and at most the {} steps", self.steps);
            return wrong("components", message);
        }
        if let Some(found) = self.components.iter().map(Vec::len).find(|&len| len != voxels(self.extent)) {
            return wrong("components", format!("has {found} coefficients, must have {}", voxels(self.extent)));
        }
        let expected = if self.steps == 1 { 0 } else { n * self.steps as usize };
        if self.weights.len() != expected || self.weights.iter().any(|weight| !weight.is_finite()) {
            return wrong("weights", format!("{} numbers, must be {expected}, all finite", self.weights.len()));
        }
        if let Some(residual) = &self.residual {
            if self.level != 0 {
                return wrong("residual", "only a block of level 0 may have one".into());
            }
            residual.validate(self.extent, self.steps)?;
        }
        self.head.as_ref().map_or(Ok(()), |head| head.validate())
    }
}
