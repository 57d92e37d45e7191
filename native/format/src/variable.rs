//! Variables, their blocks and their time segments (SPEC sections 6 and 7).

use crate::block_grid::BlockGrid;
use crate::entry::BlockKey;
use crate::error::{Error, limit};
use crate::limits::{
    BLOCK_AXIS_STEP, MAX_AXIS, MAX_BLOCK_AXIS, MAX_BLOCK_VOXELS, MAX_BLOCKS, MAX_LEVELS, MAX_QUALITIES, MAX_STEPS,
    MAX_VOXELS, SEGMENT_LEN, VARIABLE_LEN,
};
use crate::record::{Record, RecordWriter};

/// A run of time steps that one payload covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// First step.
    pub first: u32,
    /// Number of steps, at least 1.
    pub steps: u32,
}

impl Segment {
    pub(crate) fn parse(record: &Record<'_, SEGMENT_LEN>) -> Self {
        Self { first: record.u32(0), steps: record.u32(4) }
    }

    pub(crate) fn to_bytes(self) -> [u8; SEGMENT_LEN] {
        let mut record = RecordWriter::new();
        record.put(0, self.first.to_le_bytes()).put(4, self.steps.to_le_bytes());
        record.0
    }
}

/// One variable: its grid, how it is cut into blocks, levels, qualities and time steps, and what is known of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Voxels z, y, x on level 0; at least 1 each.
    pub dims: [u32; 3],
    /// Voxels z, y, x of a block that is not cut by the edge of the grid; multiples of 8.
    pub block_dims: [u32; 3],
    /// Time steps, at least 1.
    pub steps: u32,
    /// Levels of detail, 1..=4.
    pub n_levels: u8,
    /// Levels that have entries of their own, 1..=`n_levels`.
    pub n_stored_levels: u8,
    /// Quality layers, 1..=8; layer 0 is the best.
    pub n_qualities: u8,
    /// Whether the source has a time axis.
    pub has_time: bool,
    /// Smallest valid value of the source; NaN if there is none.
    pub min: f32,
    /// Largest valid value of the source; NaN if there is none.
    pub max: f32,
    /// Number of valid values in the source, all steps.
    pub valid: u64,
    /// Largest absolute error at quality 0; NaN if it was not measured.
    pub max_abs_error: f32,
    /// Root mean square error at quality 0; NaN if it was not measured.
    pub rmse: f32,
    pub(crate) first_segment: u32,
    pub(crate) n_segments: u32,
    pub(crate) first_entry: u64,
}

impl Variable {
    pub(crate) fn parse(record: &Record<'_, VARIABLE_LEN>) -> Result<Self, Error> {
        let variable = Self {
            dims: record.axes(0),
            block_dims: record.axes(12),
            steps: record.u32(24),
            n_levels: record.u8(28),
            n_stored_levels: record.u8(29),
            n_qualities: record.u8(30),
            has_time: record.u8(31) & 1 != 0,
            min: record.f32(48),
            max: record.f32(52),
            valid: record.u64(56),
            max_abs_error: record.error_measure(64)?,
            rmse: record.error_measure(68)?,
            first_segment: record.u32(32),
            n_segments: record.u32(36),
            first_entry: record.u64(40),
        };
        if record.u8(31) & !1 != 0 {
            return Err(record.invalid(31, format!("unknown flags {:#x} of a variable", record.u8(31))));
        }
        record.reserved(72..VARIABLE_LEN)?;
        variable.check_grid(record)?;
        variable.check_layers(record)?;
        variable.check_values(record)?;
        Ok(variable)
    }

    fn check_grid(&self, record: &Record<'_, VARIABLE_LEN>) -> Result<(), Error> {
        for (axis, &n) in self.dims.iter().enumerate() {
            if n == 0 {
                return Err(record.invalid(4 * axis, "an axis of the grid has 0 voxels"));
            }
            limit("voxels on an axis", n.into(), MAX_AXIS.into())?;
        }
        limit("voxels of a grid", product(self.dims), MAX_VOXELS)?;
        for (axis, &n) in self.block_dims.iter().enumerate() {
            if n == 0 || !n.is_multiple_of(BLOCK_AXIS_STEP) || n > MAX_BLOCK_AXIS {
                let what = format!("block dims {:?}: each must be a multiple of 8, 8..=256", self.block_dims);
                return Err(record.invalid(12 + 4 * axis, what));
            }
        }
        limit("voxels of a block", product(self.block_dims), MAX_BLOCK_VOXELS)?;
        limit("blocks of a variable", product(self.blocks()), MAX_BLOCKS)
    }

    fn check_layers(&self, record: &Record<'_, VARIABLE_LEN>) -> Result<(), Error> {
        if self.steps == 0 || (!self.has_time && self.steps != 1) {
            let what = format!("{} time steps; there must be one, or more with a time axis", self.steps);
            return Err(record.invalid(24, what));
        }
        limit("time steps", self.steps.into(), MAX_STEPS.into())?;
        if !(1..=MAX_LEVELS).contains(&self.n_levels) {
            return Err(record.invalid(28, format!("{} levels of detail; there must be 1..=4", self.n_levels)));
        }
        if !(1..=self.n_levels).contains(&self.n_stored_levels) {
            let what = format!("{} stored levels; there must be 1..={}", self.n_stored_levels, self.n_levels);
            return Err(record.invalid(29, what));
        }
        if !(1..=MAX_QUALITIES).contains(&self.n_qualities) {
            return Err(record.invalid(30, format!("{} quality layers; there must be 1..=8", self.n_qualities)));
        }
        if self.n_segments == 0 {
            return Err(record.invalid(36, "a variable has no time segments"));
        }
        Ok(())
    }

    fn check_values(&self, record: &Record<'_, VARIABLE_LEN>) -> Result<(), Error> {
        let (min, max) = (self.min, self.max);
        let known = min.is_finite() && max.is_finite() && min <= max;
        let none = min.is_nan() && max.is_nan();
        if !(known && self.valid > 0 || none && self.valid == 0) {
            let what = format!(
                "value range {min}..{max} with {} valid values: it must be finite and in order, or NaN without any",
                self.valid
            );
            return Err(record.invalid(48, what));
        }
        // 2^40 voxels of 2^24 steps do not fit in 64 bits.
        if u128::from(self.valid) > u128::from(product(self.dims)) * u128::from(self.steps) {
            return Err(record.invalid(56, format!("{} valid values are more than the grid has", self.valid)));
        }
        Ok(())
    }

    pub(crate) fn to_bytes(&self) -> [u8; VARIABLE_LEN] {
        let mut record = RecordWriter::new();
        record.axes(0, self.dims).axes(12, self.block_dims).put(24, self.steps.to_le_bytes());
        record.put(28, [self.n_levels, self.n_stored_levels, self.n_qualities, self.has_time.into()]);
        record.put(32, self.first_segment.to_le_bytes()).put(36, self.n_segments.to_le_bytes());
        record.put(40, self.first_entry.to_le_bytes());
        record.put(48, self.min.to_le_bytes()).put(52, self.max.to_le_bytes()).put(56, self.valid.to_le_bytes());
        record.put(64, self.max_abs_error.to_le_bytes()).put(68, self.rmse.to_le_bytes());
        record.0
    }

    /// The grid and how it is cut into blocks.
    #[must_use]
    pub fn grid(&self) -> BlockGrid {
        BlockGrid { dims: self.dims, block_dims: self.block_dims }
    }

    /// As [`BlockGrid::blocks`].
    #[must_use]
    pub fn blocks(&self) -> [u32; 3] {
        self.grid().blocks()
    }

    /// As [`BlockGrid::n_blocks`].
    #[must_use]
    pub fn n_blocks(&self) -> u32 {
        self.grid().n_blocks()
    }

    /// As [`BlockGrid::position`].
    #[must_use]
    pub fn block_position(&self, block: u32) -> [u32; 3] {
        self.grid().position(block)
    }

    /// As [`BlockGrid::index`].
    #[must_use]
    pub fn block_index(&self, position: [u32; 3]) -> u32 {
        self.grid().index(position)
    }

    /// As [`BlockGrid::origin`].
    #[must_use]
    pub fn block_origin(&self, block: u32) -> [u32; 3] {
        self.grid().origin(block)
    }

    /// As [`BlockGrid::extent`].
    #[must_use]
    pub fn block_extent(&self, block: u32, level: u8) -> [u32; 3] {
        self.grid().extent(block, level)
    }

    /// As [`BlockGrid::level_dims`].
    #[must_use]
    pub fn level_dims(&self, level: u8) -> [u32; 3] {
        self.grid().level_dims(level)
    }

    /// The key of entry number `i` of this variable, which is number `variable`.
    pub(crate) fn key_of(&self, variable: u32, i: u64) -> BlockKey {
        let (blocks, segments) = (u64::from(self.n_blocks()).max(1), u64::from(self.n_segments).max(1));
        let levels = u64::from(self.n_stored_levels).max(1);
        let (row, layer) = (i / blocks, i / blocks / segments);
        // Each is a remainder that fits, but for the quality, whose count the writer checks.
        let (quality, level) = ((layer / levels) as u8, (layer % levels) as u8);
        BlockKey { variable, quality, level, segment: (row % segments) as u32, block: (i % blocks) as u32 }
    }

    /// Number of entries in the index; `None` beyond `u64`.
    pub(crate) fn n_entries(&self) -> Option<u64> {
        let layers = u64::from(self.n_qualities) * u64::from(self.n_stored_levels);
        layers.checked_mul(self.n_segments.into())?.checked_mul(self.n_blocks().into())
    }
}

/// Product of three axes; saturates.
pub(crate) fn product(axes: [u32; 3]) -> u64 {
    axes.iter().fold(1, |product: u64, &n| product.saturating_mul(n.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable() -> Variable {
        Variable {
            dims: [9, 17, 30],
            block_dims: [8, 8, 16],
            steps: 1,
            n_levels: 4,
            n_stored_levels: 2,
            n_qualities: 3,
            has_time: false,
            min: 0.0,
            max: 1.0,
            valid: 1,
            max_abs_error: f32::NAN,
            rmse: f32::NAN,
            first_segment: 0,
            n_segments: 5,
            first_entry: 0,
        }
    }

    #[test]
    fn blocks_are_cut_at_the_edge() {
        let variable = variable();
        assert_eq!((variable.blocks(), variable.n_blocks()), ([2, 3, 2], 12));
        let last = variable.block_index([1, 2, 1]);
        assert_eq!((last, variable.block_position(last)), (11, [1, 2, 1]));
        assert_eq!(variable.block_origin(last), [8, 16, 16]);
        assert_eq!(variable.block_extent(last, 0), [1, 1, 14]);
        assert_eq!(variable.block_extent(last, 2), [1, 1, 4]);
        assert_eq!(variable.block_extent(0, 3), [1, 1, 2]);
        assert_eq!(variable.level_dims(1), [5, 9, 15]);
        assert_eq!(variable.block_extent(12, 0), [0; 3]);
    }

    #[test]
    fn blocks_fill_every_level() {
        let variable = variable();
        for level in 0..variable.n_levels {
            let voxels: u64 = (0..variable.n_blocks()).map(|block| product(variable.block_extent(block, level))).sum();
            assert_eq!(voxels, product(variable.level_dims(level)), "level {level}");
        }
    }

    #[test]
    fn keys_and_entry_numbers_are_each_others_inverse() {
        let variable = variable();
        let n = variable.n_entries().expect("few entries");
        assert_eq!(n, 3 * 2 * 5 * 12);
        for i in 0..n {
            assert_eq!(variable.key_of(0, i).entry_number(&variable).expect("it exists"), i);
        }
    }
}
