//! From a request to voxels: which blocks, which steps, and how they are combined.

use crate::{
    Error, Kernel, Request, Result, Stats, Target, TargetData, Volume,
    level::halve,
    target::{Normalise, Voxel, rows_by_block},
};
use neuvol_decode::{Prepared, Scratch};
use neuvol_format::{BlockKey, BlockMask, Mask, MaskRef, Variable, codec};
use rayon::prelude::*;
use std::{cell::RefCell, time::Instant};

/// Memory that one thread reuses from block to block.
#[derive(Default)]
struct Workspace {
    values: Vec<f32>,
    other: Vec<f32>,
    scratch: Scratch,
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

pub(crate) fn decode(volume: &Volume, request: &Request, target: Target<'_>) -> Result<Stats> {
    let start = Instant::now();
    let variable = volume.variable(request.variable)?;
    request.check(variable)?;
    target.check(request)?;
    let Target { data, row_stride, slice_stride, value_range, coverage } = target;
    let normalise = Normalise::new(value_range.unwrap_or((variable.min, variable.max)));
    let job = Job { volume, variable, request, kernel: request.kernel(), normalise };
    let strides = (row_stride, slice_stride);
    let (blocks, payload_bytes) = match data {
        TargetData::F32(data) => job.run(data, coverage, strides),
        TargetData::F16(data) => job.run(data, coverage, strides),
        TargetData::U8(data) => job.run(data, coverage, strides),
        TargetData::U16(data) => job.run(data, coverage, strides),
    }?;
    let voxels = request.extent().iter().map(|&n| n as u64).product();
    Ok(Stats { blocks, voxels, payload_bytes, seconds: start.elapsed().as_secs_f64() })
}

struct Job<'a> {
    volume: &'a Volume,
    variable: &'a Variable,
    request: &'a Request,
    kernel: Kernel,
    normalise: Normalise,
}

/// One block of the box and the rows of the target that it fills.
struct Piece<'a, T> {
    block: u32,
    rows: Vec<&'a mut [T]>,
    coverage: Vec<&'a mut [u8]>,
}

impl Job<'_> {
    fn run<T: Voxel>(
        &self,
        data: &mut [T],
        coverage: Option<&mut [u8]>,
        (row_stride, slice_stride): (usize, usize),
    ) -> Result<(u32, u64)> {
        // The box in blocks: block numbers per axis, and where the box is cut (relative to its first voxel).
        let level_block = self.variable.block_dims.map(|n| n >> self.request.level);
        let first: [u32; 3] = std::array::from_fn(|a| self.request.min[a] / level_block[a]);
        let last: [u32; 3] = std::array::from_fn(|a| (self.request.max[a] - 1) / level_block[a]);
        let cuts: [Vec<usize>; 3] = std::array::from_fn(|a| {
            (first[a]..=last[a] + 1)
                .map(|b| (b * level_block[a]).clamp(self.request.min[a], self.request.max[a]) - self.request.min[a])
                .map(|n| n as usize)
                .collect()
        });
        let rows = rows_by_block(data, row_stride, slice_stride, &cuts);
        let mut coverage = match coverage {
            Some(coverage) => rows_by_block(coverage, row_stride, slice_stride, &cuts),
            None => Vec::new(),
        }
        .into_iter();
        let blocks = self.variable.blocks();
        let count: [usize; 3] = std::array::from_fn(|a| (last[a] - first[a] + 1) as usize);
        let mut pieces = Vec::with_capacity(rows.len());
        for (index, rows) in rows.into_iter().enumerate() {
            let at = [index / (count[1] * count[2]), index / count[2] % count[1], index % count[2]];
            let at: [u32; 3] = std::array::from_fn(|a| first[a] + at[a] as u32);
            let block = (at[0] * blocks[1] + at[1]) * blocks[2] + at[2];
            pieces.push(Piece { block, rows, coverage: coverage.next().unwrap_or_default() });
        }
        let n = pieces.len() as u32;
        let parallel = n > 1 && self.volume.threads() != 1;
        let bytes = self.volume.install(parallel, || {
            if parallel {
                // One block is work enough for a task of its own, and edge blocks differ in size.
                pieces.into_par_iter().with_max_len(1).map(|piece| self.piece(piece)).try_reduce(|| 0, |a, b| Ok(a + b))
            } else {
                pieces.into_iter().map(|piece| self.piece(piece)).sum()
            }
        })??;
        Ok((n, bytes))
    }

    /// Decodes one block and writes its part of the target; returns the payload bytes read.
    fn piece<T: Voxel>(&self, mut piece: Piece<'_, T>) -> Result<u64> {
        WORKSPACE.with_borrow_mut(|workspace| {
            let bytes = self.block(piece.block, workspace)?;
            let extent = self.variable.block_extent(piece.block, self.request.level).map(|n| n as usize);
            let origin = self.variable.block_origin(piece.block).map(|n| n >> self.request.level);
            // First voxel of the box inside the block.
            let skip: [usize; 3] = std::array::from_fn(|a| self.request.min[a].saturating_sub(origin[a]) as usize);
            let rows_per_slice =
                ((origin[1] + extent[1] as u32).min(self.request.max[1]) - origin[1].max(self.request.min[1])) as usize;
            for (index, row) in piece.rows.iter_mut().enumerate() {
                let (z, y) = (skip[0] + index / rows_per_slice, skip[1] + index % rows_per_slice);
                let from = (z * extent[1] + y) * extent[2] + skip[2];
                let values = &workspace.values[from..from + row.len()];
                for (out, &value) in row.iter_mut().zip(values) {
                    *out = T::from_value(value, self.normalise);
                }
                if let Some(coverage) = piece.coverage.get_mut(index) {
                    for (out, value) in coverage.iter_mut().zip(values) {
                        *out = if value.is_nan() { 0 } else { 255 };
                    }
                }
            }
            Ok(bytes)
        })
    }

    /// Leaves the block's values at the request's level and time in `workspace.values`, NaN where invalid.
    fn block(&self, block: u32, workspace: &mut Workspace) -> Result<u64> {
        let stored = self.request.level.min(self.variable.n_stored_levels - 1);
        let mut extent = self.variable.block_extent(block, stored).map(|n| n as usize);
        let voxels = extent.iter().product();
        workspace.values.resize(voxels, 0.0);
        let (before, after) = (self.request.time.floor() as u32, self.request.time.ceil() as u32);
        let (first, second) =
            (self.volume.segment(self.request.variable, before)?, self.volume.segment(self.request.variable, after)?);
        let mut bytes = self.step(block, stored, first, self.request.time, before, workspace)?;
        if first != second {
            // Two payloads: the linear interpolation of their steps, valid where both are.
            std::mem::swap(&mut workspace.values, &mut workspace.other);
            workspace.values.resize(voxels, 0.0);
            bytes += self.step(block, stored, second, f64::from(after), after, workspace)?;
            let weight = (self.request.time - f64::from(before)) as f32;
            for (value, &other) in workspace.values.iter_mut().zip(&workspace.other) {
                *value = other * (1.0 - weight) + *value * weight;
            }
        }
        for _ in stored..self.request.level {
            extent = halve(&mut workspace.values, extent);
        }
        Ok(bytes)
    }

    /// Decodes one payload into `workspace.values` and applies its mask. `time` lies in the segment, or behind its last
    /// step, which then stands for it.
    fn step(
        &self,
        block: u32,
        level: u8,
        segment: u32,
        time: f64,
        step: u32,
        workspace: &mut Workspace,
    ) -> Result<u64> {
        let Volume { reader, cache, .. } = self.volume;
        let key = BlockKey { variable: self.request.variable, quality: self.request.quality, level, segment, block };
        let entry = reader.entry(key)?;
        let extent = self.variable.block_extent(block, level);
        let segment = reader.segments(self.request.variable as usize)[segment as usize];
        let values = &mut workspace.values[..];
        let mask = match entry.mask {
            MaskRef::NoneValid => {
                values.fill(f32::NAN);
                return Ok(0);
            }
            MaskRef::AllValid => None,
            MaskRef::Stored(number) => {
                let steps = [1, segment.steps];
                let fits = |mask: &Mask| mask.extent() == extent && steps.contains(&mask.steps());
                Some(cache.mask(number, fits, || reader.mask(key, &entry))?)
            }
        };
        let local = (time - f64::from(segment.first)).clamp(0.0, f64::from(segment.steps - 1));
        let in_block = |source| Error::Block { variable: key.variable, step, block, source };
        let prepare = || {
            let parsed = neuvol_model::parse_block(reader, key, &entry)?;
            Prepared::new(parsed, entry.output, self.kernel)
        };
        let range = (entry.min, entry.max);
        let scratch = &mut workspace.scratch;
        let read = if entry.codec == codec::CONSTANT {
            // Nothing to keep.
            prepare().and_then(|block| block.decode(local, range, values, scratch)).map_err(in_block)?;
            false
        } else {
            let (prepared, made) = cache.block(key, self.kernel, prepare).map_err(in_block)?;
            prepared.decode(local, range, values, scratch).map_err(in_block)?;
            made
        };
        if let Some(BlockMask::Bits(mask)) = mask.as_deref() {
            for step in [local.floor() as u32, local.ceil() as u32] {
                for voxel in mask.invalid(step) {
                    values[voxel] = f32::NAN;
                }
            }
        }
        Ok(if read { entry.payload_len.into() } else { 0 })
    }
}
