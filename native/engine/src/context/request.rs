//! From a request to pieces: which blocks, which models, and where their voxels go.

use crate::{Error, Precision, Request, Result, Volume};
use neuvol_format::{BlockKey, Variable};
use neuvol_vulkan::Texel;
use std::sync::Arc;

use super::tickets::Ticket;

/// A box of a variable at a time, and the texture that it is decoded into.
#[derive(Debug, Clone)]
pub struct TextureRequest {
    /// What to decode; its kernel is of no interest. With [`Precision::Fast`] numbers of fewer bits may be used where the device
    /// has them.
    pub source: Request,
    /// The texture; 0 = only bring the models to the device.
    pub texture: u64,
    /// Texel z, y, x of the first voxel.
    pub to: [u32; 3],
    /// How much it is wanted; larger comes first. At least 0.
    pub priority: f32,
    /// Steps per second that a player moves in: models of the next second are brought to the device, too.
    pub time_velocity: f64,
    /// Values that become 0 and 1 in R8 and R16 textures; `None` takes the variable's range.
    pub value_range: Option<(f32, f32)>,
    /// What invalid voxels get; in R8 and R16 textures as it is stored there, 0..=1.
    pub invalid: f32,
    /// Whether requests for the same texture that still wait are cancelled.
    pub replace: bool,
}

/// Names a model in device memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ModelKey {
    pub(super) volume: u64,
    pub(super) block: BlockKey,
}

/// One block of a request.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) ticket: Arc<Ticket>,
    pub(super) texture: u64,
    pub(super) model: ModelKey,
    /// Steps since the start of its segment.
    pub(super) time: f64,
    /// The model of the segment behind, and its share.
    pub(super) later: Option<(ModelKey, f32)>,
    pub(super) halvings: u8,
    pub(super) min: [u32; 3],
    pub(super) max: [u32; 3],
    pub(super) to: [u32; 3],
    pub(super) unorm: (f32, f32),
    pub(super) invalid: f32,
    /// Whether numbers of fewer bits may be used.
    pub(super) fast: bool,
    pub(super) priority: f32,
    /// Packets that were made since it was asked for.
    pub(super) waited: u32,
}

impl Piece {
    pub(super) fn voxels(&self) -> u32 {
        // All of a block is decoded, whatever is cut out of it; but that is what a box costs that is cut at blocks.
        (0..3).map(|axis| self.max[axis] - self.min[axis]).product::<u32>() << (3 * self.halvings)
    }

    /// The texels that it writes: the first, and one past the last.
    pub(super) fn region(&self) -> ([u32; 3], [u32; 3]) {
        (self.to, std::array::from_fn(|axis| self.to[axis] + self.max[axis] - self.min[axis]))
    }

    pub(super) fn models(&self) -> impl Iterator<Item = ModelKey> {
        [Some(self.model), self.later.map(|(model, _)| model)].into_iter().flatten()
    }
}

impl TextureRequest {
    /// Checks all that can be checked without a device; `texture` is the extent and the texel of the texture.
    pub(super) fn check(&self, variable: &Variable, texture: Option<([u32; 3], Texel)>) -> Result<()> {
        self.source.check(variable)?;
        if !(self.priority >= 0.0 && self.priority.is_finite()) {
            return Err(Error::argument("priority", format!("{} is not a finite number from 0 on", self.priority)));
        }
        if !self.time_velocity.is_finite() {
            return Err(Error::argument("time velocity", format!("{} is not finite", self.time_velocity)));
        }
        if let Some((low, high)) = self.value_range
            && !(low.is_finite() && high.is_finite() && low < high && (high - low).is_finite())
        {
            return Err(Error::argument("value range", format!("{low}..{high} is empty or not finite")));
        }
        let Some((extent, texel)) = texture else { return Ok(()) };
        let size = self.source.extent();
        for (axis, name) in ["z", "y", "x"].into_iter().enumerate() {
            let end = (self.to[axis] as usize).saturating_add(size[axis]);
            if end > extent[axis] as usize {
                let message =
                    format!("{name} range {}..{end} is outside 0..{} of the texture", self.to[axis], extent[axis]);
                return Err(Error::argument("texel", message));
            }
        }
        if matches!(texel, Texel::R8 | Texel::R16) && !(0.0..=1.0).contains(&self.invalid) {
            return Err(Error::argument("invalid", format!("{} is outside 0..=1 of the texture", self.invalid)));
        }
        Ok(())
    }

    /// The blocks of the box, each with what it takes.
    pub(super) fn pieces(&self, key: u64, volume: &Volume, ticket: &Arc<Ticket>) -> Result<Vec<Piece>> {
        let request = &self.source;
        let variable = volume.variable(request.variable)?;
        let stored = request.level.min(variable.n_stored_levels - 1);
        let (before, after) = (request.time.floor() as u32, request.time.ceil() as u32);
        let (first, second) = (volume.segment(request.variable, before)?, volume.segment(request.variable, after)?);
        let segment = volume.reader().segments(request.variable as usize)[first as usize];
        let time = (request.time - f64::from(segment.first)).clamp(0.0, f64::from(segment.steps - 1));
        let share = (request.time - f64::from(before)) as f32;
        let unorm = self.value_range.unwrap_or_else(|| usable((variable.min, variable.max)));
        let model = |segment, block| {
            let (variable, quality, level) = (request.variable, request.quality, stored);
            ModelKey { volume: key, block: BlockKey { variable, quality, level, segment, block } }
        };
        let pieces = blocks(variable, request).into_iter().map(|(block, origin)| {
            let extent = variable.block_extent(block, request.level);
            let min: [u32; 3] = std::array::from_fn(|a| request.min[a].saturating_sub(origin[a]));
            let max = std::array::from_fn(|a| (request.max[a] - origin[a]).min(extent[a]));
            let to = std::array::from_fn(|a| self.to[a] + (origin[a] + min[a] - request.min[a]));
            Piece {
                ticket: Arc::clone(ticket),
                texture: self.texture,
                model: model(first, block),
                time,
                later: (first != second).then(|| (model(second, block), share)),
                halvings: request.level - stored,
                min,
                max,
                to,
                unorm,
                invalid: self.invalid,
                fast: request.precision == Precision::Fast,
                priority: self.priority,
                waited: 0,
            }
        });
        Ok(pieces.collect())
    }

    /// The models that the next second needs, the next ones first.
    pub(super) fn ahead(&self, key: u64, volume: &Volume) -> Result<Vec<ModelKey>> {
        let request = &self.source;
        let variable = volume.variable(request.variable)?;
        let level = request.level.min(variable.n_stored_levels - 1);
        let last = f64::from(variable.steps - 1);
        let end = (request.time + self.time_velocity).clamp(0.0, last);
        let mut models = Vec::new();
        let number = |time: f64| volume.segment(request.variable, time as u32);
        let (from, to) = if end >= request.time {
            (number(request.time.floor())?, number(end.ceil())?)
        } else {
            (number(request.time.ceil())?, number(end.floor())?)
        };
        let mut segment = from;
        while segment != to {
            segment = if to > segment { segment + 1 } else { segment - 1 };
            for (block, _) in blocks(variable, request) {
                let (variable, quality) = (request.variable, request.quality);
                models.push(ModelKey { volume: key, block: BlockKey { variable, quality, level, segment, block } });
            }
        }
        Ok(models)
    }
}

/// The blocks that a box overlaps, and their first voxels on the level of the request.
fn blocks(variable: &Variable, request: &Request) -> Vec<(u32, [u32; 3])> {
    let size = variable.block_dims.map(|n| n >> request.level);
    let first: [u32; 3] = std::array::from_fn(|a| request.min[a] / size[a]);
    let last: [u32; 3] = std::array::from_fn(|a| (request.max[a] - 1) / size[a]);
    let mut blocks = Vec::new();
    for z in first[0]..=last[0] {
        for y in first[1]..=last[1] {
            for x in first[2]..=last[2] {
                let block = variable.block_index([z, y, x]);
                blocks.push((block, variable.block_origin(block).map(|n| n >> request.level)));
            }
        }
    }
    blocks
}

/// A range that integers can be spread over: where all values are the same they become 0, as in host memory.
fn usable((low, high): (f32, f32)) -> (f32, f32) {
    if low < high && (high - low).is_finite() {
        (low, high)
    } else if low.is_finite() {
        (low, f32::MAX)
    } else {
        (0.0, 1.0)
    }
}
