//! The codec 5 payload and back.

use super::{Matrices, check_steps, layout};
use crate::bytes::Cursor;
use crate::config::check_extent;
use crate::{Error, TimeInterpolation};
use neuvol_entropy::{Coder, Decoder, Layout, MAX_COMPONENTS, MAX_LEVELS};

const FLAG_PRECISE: u8 = 1;
const INTERPOLATION_SHIFT: u8 = 2;
const KNOWN_FLAGS: u8 = FLAG_PRECISE | 0b11 << INTERPOLATION_SHIFT;
const WHAT: &str = "block of matrices";
/// Order in which the matrices are coded: those of space look alike, and time is short.
const ORDER: [usize; 4] = [3, 2, 1, 0];

impl Matrices {
    /// Reads a codec 5 payload of a block of `extent` voxels (on level 0) and a segment of `steps` steps, for an entry of
    /// `level`. Entries of all levels have the same payload.
    ///
    /// # Errors
    /// Any broken rule, with its place; nothing is allocated before the length of the payload was found right.
    pub fn from_bytes(payload: &[u8], extent: [u32; 3], level: u8, steps: u32) -> Result<Self, Error> {
        check_extent(extent)?;
        check_steps(steps)?;
        let mut cursor = Cursor::new(payload, WHAT);
        let (step, offset, fineness) =
            (cursor.positive_f32("step")?, cursor.finite_f32("offset")?, cursor.positive_f32("fineness")?);
        let (core_levels, matrix_levels) = (cursor.u8()?, cursor.u8()?);
        for (at, n) in [(12, core_levels), (13, matrix_levels)] {
            if !(1..=MAX_LEVELS).contains(&n) {
                return Err(Error::payload("n_levels", at, format!("is {n}, must be in 1..={MAX_LEVELS}")));
            }
        }
        let coder = cursor.u8()?;
        let coder = Coder::from_id(coder).map_err(|_| Error::Unsupported { what: "coder", id: coder.into() })?;
        let flags = cursor.u8()?;
        let interpolation = match (flags & !KNOWN_FLAGS, flags >> INTERPOLATION_SHIFT & 0b11) {
            (0, 0) => TimeInterpolation::Codes,
            (0, 1) => TimeInterpolation::CubicCodes,
            (0, 2) => TimeInterpolation::Values,
            _ => return Err(Error::Unsupported { what: "flags of a block of matrices", id: flags.into() }),
        };
        let [n_arrays, z, y, x] = [cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u8()?].map(|n| u32::from(n) + 1);
        if n_arrays as usize > MAX_COMPONENTS || n_arrays > steps {
            let reason = format!("is {n_arrays}, must be in 1..={MAX_COMPONENTS} and at most the {steps} steps");
            return Err(Error::payload("rank of time", 16, reason));
        }
        let ranks = [z, y, x];
        if let Some(axis) = (0..3).find(|&axis| ranks[axis] > extent[axis]) {
            let reason = format!("is {}, above the {} voxels of the axis", ranks[axis], extent[axis]);
            return Err(Error::payload("rank of space", 17 + axis, reason));
        }

        let mut matrices = Matrices {
            extent,
            level,
            steps,
            step,
            offset,
            fineness,
            core_levels,
            matrix_levels,
            coder,
            precise: flags & FLAG_PRECISE != 0,
            interpolation,
            ranks,
            core: vec![Vec::new(); n_arrays as usize],
            columns: [const { Vec::new() }; 4],
        };
        let mut lengths = |n: u8| (0..n).map(|_| Ok(cursor.u32()? as usize)).collect::<Result<Vec<_>, Error>>();
        let core_streams = lengths(core_levels + 1)?;
        let axes = matrices.stored_axes();
        let matrix_streams = if axes.is_empty() { Vec::new() } else { lengths(matrix_levels + 1)? };
        let all = core_streams.iter().chain(&matrix_streams);
        let expected = all.fold(cursor.offset(), |sum, &len| sum.saturating_add(len));
        if expected != payload.len() {
            let (expected, found) = (expected as u64, payload.len() as u64);
            return Err(Error::Length { what: WHAT, expected, found });
        }

        matrices.core = read_group(&mut cursor, coder, &matrices.core_layout()?, matrices.core.len(), &core_streams)?;
        if !axes.is_empty() {
            let at = cursor.offset();
            let layout = matrices.matrix_layout(&axes)?;
            let arrays = read_group(&mut cursor, coder, &layout, axes.len(), &matrix_streams)?;
            for (&axis, array) in axes.iter().zip(&arrays) {
                matrices.columns[axis] = matrices
                    .corner(axis, array, layout.extent()[2])
                    .ok_or_else(|| Error::payload("matrix", at, "has numbers outside of its columns"))?;
            }
        }
        cursor.finish()?;
        Ok(matrices)
    }

    /// The codec 5 payload, that of all levels.
    ///
    /// # Errors
    /// A model that breaks a rule, or integers that are too large to be coded.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        self.validate()?;
        let encode = |name, layout: &Layout, arrays: &[&[i32]]| {
            neuvol_entropy::encode(self.coder, layout, arrays).map_err(|error| Error::argument(name, error.to_string()))
        };
        let core: Vec<&[i32]> = self.core.iter().map(Vec::as_slice).collect();
        let mut streams = encode("core", &self.core_layout()?, &core)?;
        let axes = self.stored_axes();
        if !axes.is_empty() {
            let layout = self.matrix_layout(&axes)?;
            let arrays: Vec<Vec<i32>> = axes.iter().map(|&axis| self.padded(axis, &layout)).collect();
            let arrays: Vec<&[i32]> = arrays.iter().map(Vec::as_slice).collect();
            streams.extend(encode("columns", &layout, &arrays)?);
        }

        let mut flags = match self.interpolation {
            TimeInterpolation::Codes => 0,
            TimeInterpolation::CubicCodes => 1,
            TimeInterpolation::Values => 2,
        } << INTERPOLATION_SHIFT;
        flags |= if self.precise { FLAG_PRECISE } else { 0 };
        let mut out = Vec::new();
        for value in [self.step, self.offset, self.fineness] {
            out.extend(value.to_le_bytes());
        }
        out.extend([self.core_levels, self.matrix_levels, self.coder.id(), flags]);
        out.extend(self.n_columns().map(|n| (n - 1) as u8));
        for stream in &streams {
            let value = stream.len() as u64;
            let len = u32::try_from(value);
            let len = len.map_err(|_| Error::Limit { what: "length of a stream", value, limit: u32::MAX.into() })?;
            out.extend(len.to_le_bytes());
        }
        out.extend(streams.into_iter().flatten());
        Ok(out)
    }

    /// Axes whose matrices are stored, in the order of their arrays.
    fn stored_axes(&self) -> Vec<usize> {
        let lengths = self.lengths();
        ORDER.into_iter().filter(|&axis| lengths[axis] > 1).collect()
    }

    /// Where the bands lie in the arrays of the matrices: `[1][column][frequency]`, as large as the largest ones.
    fn matrix_layout(&self, axes: &[usize]) -> Result<Layout, Error> {
        let most = |of: [usize; 4]| axes.iter().map(|&axis| of[axis]).max().unwrap_or(1);
        layout([1, most(self.n_columns()), most(self.lengths())], self.matrix_levels)
    }

    /// The array of a matrix, 0 outside of it.
    fn padded(&self, axis: usize, layout: &Layout) -> Vec<i32> {
        let [_, _, width] = layout.extent();
        let mut array = vec![0; layout.len()];
        for (row, column) in array.chunks_exact_mut(width).zip(self.columns[axis].chunks_exact(self.lengths()[axis])) {
            row[..column.len()].copy_from_slice(column);
        }
        array
    }

    /// The matrix out of its array with rows of `width`; none if there is anything outside of it.
    fn corner(&self, axis: usize, array: &[i32], width: usize) -> Option<Vec<i32>> {
        let (n, columns) = (self.lengths()[axis], self.n_columns()[axis]);
        let mut corner = Vec::with_capacity(columns * n);
        for (number, row) in array.chunks_exact(width).enumerate() {
            let (column, outside) = row.split_at(if number < columns { n } else { 0 });
            if outside.iter().any(|&q| q != 0) {
                return None;
            }
            corner.extend_from_slice(column);
        }
        Some(corner)
    }
}

/// Arrays of a group, whose streams come next.
fn read_group(
    cursor: &mut Cursor<'_>,
    coder: Coder,
    layout: &Layout,
    n: usize,
    streams: &[usize],
) -> Result<Vec<Vec<i32>>, Error> {
    let damage = |error: neuvol_entropy::Error, at| Error::payload("stream", at, error.to_string());
    let mut decoder = Decoder::new(coder, layout, n).map_err(|error| damage(error, cursor.offset()))?;
    for &len in streams {
        let at = cursor.offset();
        decoder.push(cursor.take(len)?).map_err(|error| damage(error, at))?;
    }
    Ok(decoder.into_components())
}
