//! Where decoded values go, and the conversion to the target's format.

use crate::{Error, Request, Result};
use half::f16;

/// The memory that a decode fills: a box with x fastest.
pub struct Target<'a> {
    /// The values.
    pub data: TargetData<'a>,
    /// Elements from one row (x-run) to the next; at least the box's x extent, which is the usual value.
    pub row_stride: usize,
    /// Elements from one z plane to the next; at least y extent · row stride.
    pub slice_stride: usize,
    /// For integers: the values that become 0 and the type's maximum. `None` takes the variable's range.
    pub value_range: Option<(f32, f32)>,
    /// With the same strides as the data: 255 where the voxel is valid, 0 where it is not.
    pub coverage: Option<&'a mut [u8]>,
}

/// The values in the format of the target. Invalid voxels become NaN in floats and 0 in integers.
pub enum TargetData<'a> {
    /// 32-bit floats: physical values.
    F32(&'a mut [f32]),
    /// 16-bit floats: physical values, overflowing to infinity beyond ±65504.
    F16(&'a mut [f16]),
    /// 8-bit integers over the value range.
    U8(&'a mut [u8]),
    /// 16-bit integers over the value range.
    U16(&'a mut [u16]),
}

impl<'a> Target<'a> {
    /// A dense target for a request, without coverage.
    pub fn dense(data: TargetData<'a>, request: &Request) -> Self {
        let [_, y, x] = request.extent();
        Self { data, row_stride: x, slice_stride: x.saturating_mul(y), value_range: None, coverage: None }
    }

    /// Checks strides and lengths against the box.
    pub(crate) fn check(&self, request: &Request) -> Result<()> {
        let [z, y, x] = request.extent();
        if self.row_stride < x {
            return Err(Error::argument("row stride", format!("{} is less than a row of {x}", self.row_stride)));
        }
        let plane = y.checked_mul(self.row_stride).ok_or_else(|| Error::argument("row stride", "is too large"))?;
        if self.slice_stride < plane {
            return Err(Error::argument("slice stride", format!("{} is less than {plane}", self.slice_stride)));
        }
        let needed = (z - 1)
            .checked_mul(self.slice_stride)
            .and_then(|n| n.checked_add((y - 1) * self.row_stride + x))
            .ok_or_else(|| Error::argument("slice stride", "is too large"))?;
        let have = match &self.data {
            TargetData::F32(data) => data.len(),
            TargetData::F16(data) => data.len(),
            TargetData::U8(data) => data.len(),
            TargetData::U16(data) => data.len(),
        };
        if have < needed {
            return Err(Error::TooSmall { name: "target", have, needed });
        }
        if let Some(coverage) = &self.coverage
            && coverage.len() < needed
        {
            return Err(Error::TooSmall { name: "coverage", have: coverage.len(), needed });
        }
        if let Some((low, high)) = self.value_range
            && !(low.is_finite() && high.is_finite() && low < high)
        {
            return Err(Error::argument("value range", format!("{low}..{high} is empty or not finite")));
        }
        Ok(())
    }
}

/// Linear map of physical values to 0..=1.
#[derive(Clone, Copy)]
pub(crate) struct Normalise {
    low: f32,
    scale: f32,
}

impl Normalise {
    pub(crate) fn new((low, high): (f32, f32)) -> Self {
        // Halved so that a range over the whole of f32 does not overflow.
        let width = high * 0.5 - low * 0.5;
        Self { low, scale: if width > 0.0 { 0.5 / width } else { 0.0 } }
    }

    fn unit(self, value: f32) -> f32 {
        ((value - self.low) * self.scale).clamp(0.0, 1.0)
    }
}

/// A voxel format of a target.
pub(crate) trait Voxel: Copy + Send {
    /// Converts a physical value; NaN is an invalid voxel.
    fn from_value(value: f32, normalise: Normalise) -> Self;
}

impl Voxel for f32 {
    fn from_value(value: f32, _: Normalise) -> Self {
        value
    }
}
impl Voxel for f16 {
    fn from_value(value: f32, _: Normalise) -> Self {
        f16::from_f32(value)
    }
}
impl Voxel for u8 {
    fn from_value(value: f32, normalise: Normalise) -> Self {
        // A NaN stays NaN through clamp and becomes 0 in the cast.
        (normalise.unit(value) * 255.0 + 0.5) as u8
    }
}
impl Voxel for u16 {
    fn from_value(value: f32, normalise: Normalise) -> Self {
        (normalise.unit(value) * 65535.0 + 0.5) as u16
    }
}

/// Cuts a strided box into the rows of each block column: `result[block]` holds its rows in (z, y) order.
///
/// `cuts[axis]` are the positions where one block ends and the next begins, from 0 to the extent.
pub(crate) fn rows_by_block<'a, T>(
    data: &'a mut [T],
    row_stride: usize,
    slice_stride: usize,
    cuts: &[Vec<usize>; 3],
) -> Vec<Vec<&'a mut [T]>> {
    let blocks: [usize; 3] = std::array::from_fn(|axis| cuts[axis].len() - 1);
    let rows = |axis: usize, at: usize| cuts[axis][at + 1] - cuts[axis][at];
    let mut result: Vec<Vec<&'a mut [T]>> = (0..blocks.iter().product::<usize>())
        .map(|b| Vec::with_capacity(rows(0, b / (blocks[1] * blocks[2])) * rows(1, b / blocks[2] % blocks[1])))
        .collect();
    let extent: [usize; 3] = std::array::from_fn(|axis| *cuts[axis].last().unwrap_or(&0));
    let mut slices = data.chunks_mut(slice_stride);
    for bz in 0..blocks[0] {
        for _ in cuts[0][bz]..cuts[0][bz + 1] {
            let Some(slice) = slices.next() else { return result };
            let mut rows = slice.chunks_mut(row_stride);
            for by in 0..blocks[1] {
                for _ in cuts[1][by]..cuts[1][by + 1] {
                    let Some(row) = rows.next() else { return result };
                    let mut rest = &mut row[..extent[2]];
                    for bx in 0..blocks[2] {
                        let (head, tail) = rest.split_at_mut(cuts[2][bx + 1] - cuts[2][bx]);
                        result[(bz * blocks[1] + by) * blocks[2] + bx].push(head);
                        rest = tail;
                    }
                }
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_cover_the_range() {
        let normalise = Normalise::new((-2.0, 2.0));
        assert_eq!(u8::from_value(-2.0, normalise), 0);
        assert_eq!(u8::from_value(2.0, normalise), 255);
        assert_eq!(u8::from_value(0.0, normalise), 128);
        assert_eq!(u8::from_value(9.0, normalise), 255);
        assert_eq!(u8::from_value(f32::NAN, normalise), 0);
        assert_eq!(u16::from_value(2.0, normalise), 65535);
        assert_eq!(u16::from_value(f32::MAX, Normalise::new((f32::MIN, f32::MAX))), 65535);
        assert_eq!(u8::from_value(7.0, Normalise::new((7.0, 7.0))), 0);
    }

    #[test]
    fn rows_tile_the_box() {
        // 2x3x4 box in rows of 5 and slices of 17, cut at z 1, y 2, x 3.
        let mut data = vec![0usize; 2 * 17];
        let cuts = [vec![0, 1, 2], vec![0, 2, 3], vec![0, 3, 4]];
        for (block, rows) in rows_by_block(&mut data, 5, 17, &cuts).into_iter().enumerate() {
            let width = if block % 2 == 0 { 3 } else { 1 };
            assert_eq!(rows.len(), if block / 2 % 2 == 0 { 2 } else { 1 });
            for row in rows {
                assert_eq!(row.len(), width);
                row.fill(block + 1);
            }
        }
        assert_eq!(&data[..5], &[1, 1, 1, 2, 0]);
        assert_eq!(&data[10..15], &[3, 3, 3, 4, 0]);
        assert_eq!(&data[17..22], &[5, 5, 5, 6, 0]);
        assert_eq!(&data[15..17], &[0, 0]);
    }
}
