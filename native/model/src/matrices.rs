//! A core and a matrix per axis (codec 5, SPEC section 11.5).

mod columns;
mod payload;
mod values;

use crate::config::check_extent;
use crate::{Error, TimeInterpolation, voxels};
use neuvol_entropy::{Coder, Layout, MAX_AXIS, MAX_COMPONENTS, MAX_LEVELS};

/// Most steps of a segment.
pub const MAX_MATRIX_STEPS: u32 = MAX_AXIS as u32;

/// A core and a matrix per axis (codec 5) of one block and segment, with the integers decoded: a Tucker decomposition.
///
/// Axes stand in the order time, z, y, x wherever there are four of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrices {
    /// Extent of the block on level 0 in voxels, `[z, y, x]`; each axis 1..=256, together at most 2^21.
    pub extent: [u32; 3],
    /// Level of detail of the entry.
    pub level: u8,
    /// Steps of the segment, 1..=256.
    pub steps: u32,
    /// Step of the core's quantiser, > 0, in the unit of the values.
    pub step: f32,
    /// What is added to every value.
    pub offset: f32,
    /// Step of the matrices' quantiser, > 0: 1 makes an error of a matrix as large as one of the core.
    pub fineness: f32,
    /// Levels of the core's layout, 1..=8.
    pub core_levels: u8,
    /// Levels of the layout of the matrices, 1..=8.
    pub matrix_levels: u8,
    /// Coder of the streams.
    pub coder: Coder,
    /// Whether the error of the block is guaranteed: decoders must use 32-bit floats then.
    pub precise: bool,
    /// What stands between two steps of the segment.
    pub interpolation: TimeInterpolation,
    /// Columns of the matrices of z, y and x, each 1..=the extent of the axis.
    pub ranks: [u32; 3],
    /// The core in steps of its quantiser: an array `[z][y][x]` of `ranks` per column of the time matrix. 1..=32 arrays and
    /// at most the steps.
    pub core: Vec<Vec<i32>>,
    /// The matrices `[column][frequency]`, as many frequencies as the axis has steps or voxels: cosine transforms of their
    /// columns, in quantiser steps of the column. Empty for an axis of length 1, whose matrix is 1.
    pub columns: [Vec<i32>; 4],
}

impl Matrices {
    /// Extent of the voxels of the entry's level, `[z, y, x]`: ⌈extent/2^level⌉.
    pub fn level_extent(&self) -> [u32; 3] {
        self.extent.map(|n| n.div_ceil(1 << self.level.min(31)))
    }

    /// Lengths of the axes on level 0: steps of the segment, voxels.
    pub fn lengths(&self) -> [usize; 4] {
        let [z, y, x] = self.extent;
        [self.steps, z, y, x].map(|n| n as usize)
    }

    /// Columns of the matrices.
    pub fn n_columns(&self) -> [usize; 4] {
        let [z, y, x] = self.ranks.map(|n| n as usize);
        [self.core.len(), z, y, x]
    }

    /// Bytes of memory that the parameters take.
    pub fn memory_bytes(&self) -> usize {
        let numbers = self.core.iter().chain(&self.columns).map(Vec::len).sum::<usize>();
        numbers * size_of::<i32>()
    }

    /// Checks that every part has the size that the shape says and every number its limits. The magnitudes of integers are
    /// left to [`to_bytes`](Self::to_bytes).
    ///
    /// # Errors
    /// The first rule that is broken. Parsed models always pass; this is for models put together by hand.
    pub fn validate(&self) -> Result<(), Error> {
        let wrong = |name, message: String| Err(Error::argument(name, message));
        check_extent(self.extent)?;
        check_steps(self.steps)?;
        for (name, n) in [("core_levels", self.core_levels), ("matrix_levels", self.matrix_levels)] {
            if !(1..=MAX_LEVELS).contains(&n) {
                return wrong(name, format!("is {n}, must be in 1..={MAX_LEVELS}"));
            }
        }
        for (name, value) in [("step", self.step), ("fineness", self.fineness)] {
            if !(value.is_finite() && value > 0.0) {
                return wrong(name, format!("is {value}, must be finite and above 0"));
            }
        }
        if !self.offset.is_finite() {
            return wrong("offset", format!("is {}, must be finite", self.offset));
        }
        if self.ranks.iter().zip(self.extent).any(|(&rank, n)| rank == 0 || rank > n) {
            return wrong("ranks", format!("are {:?}, must be in 1..={:?}", self.ranks, self.extent));
        }
        let n = self.core.len();
        if n == 0 || n > MAX_COMPONENTS || n > self.steps as usize {
            let message = format!("{n} arrays, must be 1..={MAX_COMPONENTS} and at most the {} steps", self.steps);
            return wrong("core", message);
        }
        if let Some(found) = self.core.iter().map(Vec::len).find(|&len| len != voxels(self.ranks)) {
            return wrong("core", format!("an array has {found} numbers, must have {}", voxels(self.ranks)));
        }
        for ((columns, n), len) in self.columns.iter().zip(self.n_columns()).zip(self.lengths()) {
            let expected = if len == 1 { 0 } else { n * len };
            if columns.len() != expected {
                return wrong("columns", format!("a matrix has {} numbers, must have {expected}", columns.len()));
            }
        }
        Ok(())
    }

    /// Where the bands lie in the arrays of the core.
    fn core_layout(&self) -> Result<Layout, Error> {
        layout(self.ranks.map(|n| n as usize), self.core_levels)
    }
}

fn layout(extent: [usize; 3], n_levels: u8) -> Result<Layout, Error> {
    Layout::new(extent, n_levels).map_err(|error| Error::argument("layout", error.to_string()))
}

fn check_steps(steps: u32) -> Result<(), Error> {
    if steps == 0 {
        return Err(Error::argument("steps", "is 0, must be at least 1"));
    }
    if steps > MAX_MATRIX_STEPS {
        let (value, limit) = (steps.into(), MAX_MATRIX_STEPS.into());
        return Err(Error::Limit { what: "number of steps of a segment with matrices", value, limit });
    }
    Ok(())
}
