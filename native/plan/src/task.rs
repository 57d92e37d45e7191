//! A box of a block at a time, and the texels that it becomes.

use crate::model::{Model, Moment, Packed, count};
use crate::pass::{Pass, Validity, Work, interpolate, reduce};
use crate::{Error, Kernel, Mask, Texel, Texels, Variants};

/// See `store.slang`, and `store_buffer` in `basic.cu`.
const CELLS: u32 = 8;
const ALL_VALID: u32 = 0xFFFF_FFFF;
const NONE_VALID: u32 = 0xFFFF_FFFE;
const IN_WORK: u32 = 0xFFFF_FFFD;

/// A block in the memory of models.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The block.
    pub model: &'a Model,
    /// Where its words begin.
    pub base: u32,
    /// Which of its voxels are valid.
    pub mask: Mask,
}

/// The first step of the segment behind.
#[derive(Clone, Copy, Debug)]
pub struct Later<'a> {
    /// The block there.
    pub block: Source<'a>,
    /// Smallest and largest value of its entry.
    pub range: (f32, f32),
    /// Its share, 0..=1.
    pub weight: f32,
}

/// A box of one block at one time, and what its texels are.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The block.
    pub block: Source<'a>,
    /// Steps since the start of the block's segment (limited to it); a fraction is a time between two steps.
    pub time: f64,
    /// Smallest and largest value of the block's entry: values are limited to them.
    pub range: (f32, f32),
    /// The same block in the segment behind, for a time between the last step of one and the first of the other.
    pub later: Option<Later<'a>>,
    /// How often every axis is halved: levels of detail that are not stored (SPEC section 6).
    pub halvings: u8,
    /// First voxel (z, y, x) of the box in the (halved) block, and one past the last.
    pub min: [u32; 3],
    /// See `min`.
    pub max: [u32; 3],
    /// What a texel holds.
    pub texel: Texel,
    /// Extent (z, y, x) of the texture that the texels go to.
    pub texture: [u32; 3],
    /// Texel (z, y, x) of the first voxel there.
    pub to: [u32; 3],
    /// Values that become 0 and 1 in R8 and R16 textures.
    pub unorm: (f32, f32),
    /// What invalid voxels get; in R8 and R16 textures as it is stored there, 0..=1.
    pub invalid: f32,
    /// The kernel that stores texels into an image; `None`: they are packed into a buffer.
    pub image: Option<Kernel>,
}

impl Task<'_> {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let whole = self.block.model.extent;
        if self.halvings >= 32 || self.later.is_some_and(|later| later.block.model.extent != whole) {
            let later = self.later.map(|later| later.block.model.extent);
            let message = format!("{} halvings of {whole:?} voxels, behind them {later:?}", self.halvings);
            return Err(Error::argument("job", message));
        }
        let extent = whole.map(|n| n.div_ceil(1 << self.halvings));
        for (axis, name) in ["z", "y", "x"].into_iter().enumerate() {
            let (min, max) = (self.min[axis], self.max[axis]);
            if min >= max || max > extent[axis] {
                let message = format!("{name} range {min}..{max} is empty or outside 0..{} of the block", extent[axis]);
                return Err(Error::argument("box", message));
            }
            let end = self.to[axis].checked_add(max - min);
            if end.is_none_or(|end| end > self.texture[axis]) {
                let message = format!(
                    "{name} range {}..+{} is outside 0..{} of the texture",
                    self.to[axis],
                    max - min,
                    self.texture[axis]
                );
                return Err(Error::argument("to", message));
            }
        }
        neuvol_model::check_range(self.range)?;
        if let Some(later) = &self.later {
            neuvol_model::check_range(later.range)?;
            if !(0.0..=1.0).contains(&later.weight) {
                return Err(Error::argument("later.weight", format!("is {}, must be 0..=1", later.weight)));
            }
        }
        if self.time.is_nan() {
            return Err(Error::argument("time", "is not a number"));
        }
        let (low, high) = self.unorm;
        if matches!(self.texel, Texel::R8 | Texel::R16) && !(low < high && (high - low).is_finite()) {
            return Err(Error::argument("unorm", format!("is {low}..{high}, must be a range that is not empty")));
        }
        Ok(())
    }

    /// The passes that decode it, and where its texels stand if they are packed.
    pub(crate) fn passes(
        &self,
        variants: Variants,
        work: &mut Work,
        texels: &mut Work,
    ) -> Result<(Vec<Pass>, Option<Texels>), Error> {
        let mut passes = Vec::new();
        let moment = Moment { base: self.block.base, time: self.time, range: self.range, variants };
        if let Some((pass, packed)) = self.directly(moment, texels)? {
            return Ok((vec![pass], Some(packed)));
        }
        let mut values = self.block.model.passes(moment, work, &mut passes)?;
        let mut extent = self.block.model.extent;
        if let Some(later) = &self.later {
            let moment = Moment { base: later.block.base, time: 0.0, range: later.range, variants };
            let after = later.block.model.passes(moment, work, &mut passes)?;
            passes.push(interpolate(values, count(extent), after, later.weight, (f32::MIN, f32::MAX)));
        }
        let mut valid = Validity { bits: self.masks(), in_work: None };
        for _ in 0..self.halvings {
            let half = extent.map(|n| n.div_ceil(2));
            let (to, validity) = (work.take(count(half))?, work.take(count(half))?);
            passes.push(reduce(values, extent, to, half, valid, validity));
            (values, extent, valid.in_work) = (to, half, Some(validity));
        }
        let (store, packed) = self.store(values, extent, valid, texels)?;
        passes.push(store);
        Ok((passes, packed))
    }

    /// The one pass that makes all texels, for whole blocks of valid voxels whose model has such a kernel.
    fn directly(&self, moment: Moment, texels: &mut Work) -> Result<Option<(Pass, Texels)>, Error> {
        let is_whole = self.min == [0; 3] && self.max == self.block.model.extent && self.halvings == 0;
        let is_plain = self.image.is_none() && self.later.is_none() && self.masks() == [ALL_VALID; 2];
        let one_number = !matches!(self.texel, Texel::Rg16F | Texel::Rgba16F);
        if !(is_whole && is_plain && one_number) {
            return Ok(None);
        }
        let to = self.packed(0);
        let packed = Packed { texel: self.texel, first: 0, row: to.row, slice: to.row * to.size[1], unorm: self.unorm };
        if self.block.model.texels(moment, &packed).is_none() {
            return Ok(None);
        }
        let to = self.packed(texels.take(to.words())?);
        let pass = self.block.model.texels(moment, &Packed { first: to.first, ..packed });
        Ok(pass.map(|pass| (pass, to)))
    }

    /// Where the texels stand from `first` on.
    fn packed(&self, first: u32) -> Texels {
        let size: [u32; 3] = std::array::from_fn(|axis| self.max[axis] - self.min[axis]);
        Texels::new(self.texel, first, size, self.to)
    }

    /// The pass that makes texels of values, and where these stand if they are packed.
    fn store(
        &self,
        values: u32,
        extent: [u32; 3],
        valid: Validity,
        texels: &mut Work,
    ) -> Result<(Pass, Option<Texels>), Error> {
        let Texels { row, row_length, size, .. } = self.packed(0);
        let (kernel, first, across, packed) = match self.image {
            Some(kernel) => (kernel, 0, size[2], None),
            None => {
                let packed = self.packed(texels.take(self.packed(0).words())?);
                (Kernel::StoreBuffer, packed.first, row_length / self.texel.per_word(), Some(packed))
            }
        };
        let [one, other] = match valid.in_work {
            Some(at) => [at, IN_WORK],
            None => valid.bits,
        };
        let (low, high) = self.unorm;
        let mut words = vec![values];
        for part in [extent, self.min, size, self.to] {
            words.extend(part);
        }
        words.extend([self.texel.id(), one, self.invalid.to_bits(), low.to_bits(), (1.0 / (high - low)).to_bits()]);
        words.extend([first, row, row * size[1], other]);
        let groups = size[0] * size[1].div_ceil(CELLS) * across.div_ceil(CELLS);
        Ok((Pass { kernel, groups, words }, packed))
    }

    /// Where the validity of the steps around the time stands.
    fn masks(&self) -> [u32; 2] {
        let bits = |block: &Source<'_>, step: u32| match block.mask {
            Mask::All => ALL_VALID,
            Mask::None => NONE_VALID,
            // One array for all steps, or one per step.
            Mask::Bits { at, words, steps } => block.base + at + step.min(steps - 1) * words,
        };
        let steps = match self.block.mask {
            Mask::Bits { steps, .. } => steps,
            Mask::All | Mask::None => 1,
        };
        let (step, next, fraction) = neuvol_model::time_position(self.time, steps);
        let next = match &self.later {
            Some(later) => bits(&later.block, 0),
            None => bits(&self.block, if fraction > 0.0 { next } else { step }),
        };
        [bits(&self.block, step), next]
    }
}
