//! Which voxels of a block are valid (SPEC section 9).

mod coding;
mod context;
mod model;
mod neighbours;
mod range;
mod words;

use crate::error::{Error, limit};
use crate::limits::{MASK_LEN, MAX_MASK_BYTES, MAX_MASK_EXPANSION};
use crate::payload_area::PayloadArea;
use crate::record::{Record, RecordWriter};
use crate::variable::product;

/// The coding of version 1.0: bits, zstd.
const CODING_ZSTD: u16 = 1;
/// The coding that is written: the first byte names the method. Since 1.1.
const CODING_METHOD: u16 = 2;

/// The valid voxels of one block on one level, for one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockMask {
    /// All voxels are valid.
    AllValid,
    /// No voxel is valid.
    NoneValid,
    /// One bit per voxel.
    Bits(Mask),
}

impl BlockMask {
    /// Whether a voxel is valid; see [`Mask::get`].
    #[must_use]
    pub fn get(&self, step: u32, z: u32, y: u32, x: u32) -> bool {
        match self {
            Self::AllValid => true,
            Self::NoneValid => false,
            Self::Bits(mask) => mask.get(step, z, y, x),
        }
    }
}

/// One bit per voxel and step, 1 = valid.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mask {
    extent: [u32; 3],
    steps: u32,
    /// Least significant bit first, order (step, z, y, x), padding 0.
    bits: Vec<u8>,
}

impl Mask {
    /// Builds a mask of `extent` z, y, x and `steps` by asking for every (step, z, y, x).
    #[must_use]
    pub fn from_fn(extent: [u32; 3], steps: u32, mut valid: impl FnMut(u32, u32, u32, u32) -> bool) -> Self {
        let voxels = product(extent).saturating_mul(steps.into());
        let mut bits = Vec::with_capacity(usize::try_from(voxels.div_ceil(8)).unwrap_or(0));
        let (mut byte, mut n) = (0u8, 0);
        for step in 0..steps {
            for z in 0..extent[0] {
                for y in 0..extent[1] {
                    for x in 0..extent[2] {
                        byte |= u8::from(valid(step, z, y, x)) << n;
                        n += 1;
                        if n == 8 {
                            bits.push(byte);
                            (byte, n) = (0, 0);
                        }
                    }
                }
            }
        }
        if n > 0 {
            bits.push(byte);
        }
        Self { extent, steps, bits }
    }

    /// Whether a voxel is valid at a step, counted from the start of the segment. A mask of one step holds for all
    /// steps. `false` outside the extent.
    #[must_use]
    pub fn get(&self, step: u32, z: u32, y: u32, x: u32) -> bool {
        let step = if self.steps == 1 { 0 } else { step };
        let [nz, ny, nx] = self.extent.map(u64::from);
        let (z, y, x) = (u64::from(z), u64::from(y), u64::from(x));
        if step >= self.steps || z >= nz || y >= ny || x >= nx {
            return false;
        }
        let bit = ((u64::from(step) * nz + z) * ny + y) * nx + x;
        let byte = usize::try_from(bit / 8).ok().and_then(|at| self.bits.get(at));
        byte.is_some_and(|byte| byte >> (bit % 8) & 1 != 0)
    }

    /// The invalid voxels of a step in rising order, each as `(z·ny + y)·nx + x`. Fast where nearly all are valid. A mask
    /// of one step holds for all steps; a step that it does not have gives nothing.
    pub fn invalid(&self, step: u32) -> impl Iterator<Item = usize> + '_ {
        let step = if self.steps == 1 { 0 } else { step };
        let voxels = if step < self.steps { product(self.extent) } else { 0 };
        // The mask lies in memory, so its bits can be counted in a usize.
        let voxels = usize::try_from(voxels).unwrap_or(0);
        let first = voxels.saturating_mul(usize::try_from(step).unwrap_or(0));
        let end = first + voxels;
        let bytes = self.bits.get(first / 8..end.div_ceil(8)).unwrap_or(&[]);
        bytes.iter().enumerate().filter(|(_, byte)| **byte != 0xFF).flat_map(move |(at, byte)| {
            let bit = (first / 8 + at) * 8;
            let unset = (0..8).filter(move |n| byte >> n & 1 == 0).map(move |n| bit + n);
            unset.filter(move |bit| (first..end).contains(bit)).map(move |bit| bit - first)
        })
    }

    /// Number of valid voxels, all steps together.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.bits.iter().map(|byte| u64::from(byte.count_ones())).sum()
    }

    /// Voxels z, y, x.
    #[must_use]
    pub fn extent(&self) -> [u32; 3] {
        self.extent
    }

    /// 1, or the steps of the segment.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// The bits: least significant first, order (step, z, y, x), padded to whole bytes with 0.
    #[must_use]
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// The bytes of the mask in a file (coding 2): those of the method that takes the fewest.
    ///
    /// # Panics
    /// If zstd cannot allocate its working memory.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        coding::encode(&self.bits, self.extent, self.steps)
    }

    /// Reads what [`Mask::encode`] wrote.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the bytes are not a mask of that size, [`Error::Limit`] if it is larger than the format
    /// allows or than so few bytes can hold, [`Error::Unsupported`] for an unknown method.
    pub fn decode(bytes: &[u8], extent: [u32; 3], steps: u32) -> Result<Self, Error> {
        Self::decode_at(bytes, CODING_METHOD, extent, steps, 0)
    }

    /// As [`Mask::decode`], for any coding; `offset` is where the bytes stand in the file, for errors.
    fn decode_at(bytes: &[u8], coding: u16, extent: [u32; 3], steps: u32, offset: u64) -> Result<Self, Error> {
        if coding != CODING_ZSTD && coding != CODING_METHOD {
            return Err(Error::Unsupported { what: "mask coding", id: coding.into() });
        }
        let voxels = product(extent).saturating_mul(steps.into());
        if voxels == 0 {
            return Err(Error::invalid(offset, format!("a mask of {steps} steps of {extent:?} voxels")));
        }
        let len = voxels.div_ceil(8);
        limit("bytes of a mask", len, MAX_MASK_BYTES.min((bytes.len() as u64).saturating_mul(MAX_MASK_EXPANSION)))?;
        // At most MAX_MASK_BYTES.
        let len = len as usize;
        let bits = if coding == CODING_ZSTD {
            coding::unfold(bytes, len, offset)?
        } else {
            coding::decode(bytes, extent, steps, len, offset)?
        };
        let padding = (len as u64 * 8 - voxels) as u32;
        if bits.last().is_some_and(|last| last.leading_zeros() < padding) {
            return Err(Error::invalid(offset, "the padding bits of a mask are not 0"));
        }
        Ok(Self { extent, steps, bits })
    }
}

/// One record of MASK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MaskRecord {
    pub(crate) payload_offset: u64,
    pub(crate) payload_len: u32,
    pub(crate) payload_crc: u32,
    pub(crate) extent: [u32; 3],
    pub(crate) steps: u32,
    pub(crate) valid: u64,
    pub(crate) coding: u16,
}

impl MaskRecord {
    pub(crate) fn new(payload_offset: u64, payload_len: u32, payload_crc: u32, extent: [u32; 3], steps: u32) -> Self {
        Self { payload_offset, payload_len, payload_crc, extent, steps, valid: 0, coding: CODING_METHOD }
    }

    pub(crate) fn parse(record: &Record<'_, MASK_LEN>, payloads: &PayloadArea) -> Result<Self, Error> {
        record.own_crc("mask record")?;
        record.reserved(42..60)?;
        let mask = Self {
            payload_offset: record.u64(0),
            payload_len: record.u32(8),
            payload_crc: record.u32(12),
            extent: record.axes(16),
            steps: record.u32(28),
            valid: record.u64(32),
            coding: record.u16(40),
        };
        payloads.check(record, 0, mask.payload_offset, mask.payload_len)?;
        Ok(mask)
    }

    /// Checks that the mask fits a block of `extent` in a segment of `steps`; `offset` is where the record stands.
    pub(crate) fn check_fit(&self, extent: [u32; 3], steps: u32, offset: u64) -> Result<(), Error> {
        if self.extent == extent && (self.steps == 1 || self.steps == steps) {
            return Ok(());
        }
        let what = format!(
            "a mask of {} steps of {:?} voxels is used by a block of {steps} steps of {extent:?} voxels",
            self.steps, self.extent
        );
        Err(Error::invalid(offset, what))
    }

    /// Unfolds the payload, whose CRC was checked.
    pub(crate) fn decode(&self, payload: &[u8]) -> Result<Mask, Error> {
        let mask = Mask::decode_at(payload, self.coding, self.extent, self.steps, self.payload_offset)?;
        if mask.count() != self.valid {
            let what = format!("a mask has {} valid voxels and its record says {}", mask.count(), self.valid);
            return Err(Error::invalid(self.payload_offset, what));
        }
        Ok(mask)
    }

    pub(crate) fn to_bytes(self) -> [u8; MASK_LEN] {
        let mut record = RecordWriter::new();
        record.put(0, self.payload_offset.to_le_bytes()).put(8, self.payload_len.to_le_bytes());
        record.put(12, self.payload_crc.to_le_bytes()).axes(16, self.extent).put(28, self.steps.to_le_bytes());
        record.put(32, self.valid.to_le_bytes()).put(40, self.coding.to_le_bytes()).own_crc();
        record.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compress;
    use proptest::prelude::*;

    #[test]
    fn invalid_voxels_are_those_that_get_denies() {
        for extent in [[1, 1, 1], [1, 1, 7], [2, 3, 3], [3, 5, 8], [1, 2, 4]] {
            let mask = Mask::from_fn(extent, 3, |step, z, y, x| (x + 2 * y + 5 * z + 3 * step) % 4 != 0);
            let one = Mask::from_fn(extent, 1, |_, z, y, x| (x + y + z) % 3 != 0);
            for step in 0..4 {
                for mask in [&mask, &one] {
                    let mut wanted = Vec::new();
                    let [nz, ny, nx] = extent;
                    for i in 0..nz * ny * nx {
                        if !mask.get(step, i / nx / ny, i / nx % ny, i % nx) && (step < 3 || mask.steps() == 1) {
                            wanted.push(i as usize);
                        }
                    }
                    assert_eq!(mask.invalid(step).collect::<Vec<_>>(), wanted, "{extent:?} {step}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn masks_are_lossless(extent in prop::array::uniform3(1..20u32), steps in 1..4u32, seed in any::<u32>()) {
            let valid = |step: u32, z: u32, y: u32, x: u32| {
                (seed ^ step.wrapping_mul(31) ^ z.wrapping_mul(57) ^ y.wrapping_mul(131) ^ x).wrapping_mul(2654435761) >> 31 == 0
            };
            let mask = Mask::from_fn(extent, steps, valid);
            let decoded = Mask::decode(&mask.encode(), extent, steps).expect("it was just encoded");
            prop_assert_eq!(&decoded, &mask);
            let mut count = 0;
            for step in 0..steps {
                for z in 0..extent[0] {
                    for y in 0..extent[1] {
                        for x in 0..extent[2] {
                            prop_assert_eq!(decoded.get(step, z, y, x), valid(step, z, y, x));
                            count += u64::from(valid(step, z, y, x));
                        }
                    }
                }
            }
            prop_assert_eq!(decoded.count(), count);
        }
    }

    #[test]
    fn one_step_holds_for_all_and_outside_is_invalid() {
        let mask = Mask::from_fn([1, 2, 2], 1, |_, _, _, _| true);
        assert!(mask.get(7, 0, 1, 1));
        assert!(!mask.get(0, 1, 0, 0) && !mask.get(0, 0, 2, 0) && !mask.get(0, 0, 0, 2));
        let mask = Mask::from_fn([1, 2, 2], 2, |_, _, _, _| true);
        assert!(mask.get(1, 0, 1, 1) && !mask.get(2, 0, 1, 1));
        assert!(BlockMask::AllValid.get(9, 9, 9, 9) && !BlockMask::NoneValid.get(0, 0, 0, 0));
    }

    #[test]
    fn bits_stand_in_the_order_of_the_specification() {
        // 2 steps of 1x2x3 voxels: 12 bits, x fastest; only the second voxel of the second row of step 1 is valid.
        let mask = Mask::from_fn([1, 2, 3], 2, |step, _, y, x| (step, y, x) == (1, 1, 1));
        assert_eq!(mask.bits(), [0, 0b0000_0100]);
    }

    #[test]
    fn padding_must_be_zero() {
        let bytes = compress::fold(&[0xFF, 0x0F]).expect("zstd has memory");
        let decode = |extent| Mask::decode_at(&bytes, CODING_ZSTD, extent, 1, 0);
        assert_eq!(decode([1, 3, 4]).expect("twelve bits").count(), 12);
        let error = decode([1, 1, 11]).expect_err("the twelfth bit is padding");
        assert!(error.to_string().contains("padding"), "{error}");
        assert!(matches!(Mask::decode_at(&bytes, 3, [1, 3, 4], 1, 0), Err(Error::Unsupported { id: 3, .. })));
    }

    #[test]
    fn sizes_are_limited_before_anything_is_allocated() {
        let bytes = compress::fold(&[0]).expect("zstd has memory");
        for (extent, steps) in [([u32::MAX; 3], u32::MAX), ([1 << 16, 1 << 8, 1 << 8], 1), ([128; 3], 1 << 20)] {
            for coding in [CODING_ZSTD, CODING_METHOD] {
                let error = Mask::decode_at(&bytes, coding, extent, steps, 0).expect_err("too large");
                assert!(matches!(error, Error::Limit { .. }), "{error}");
            }
        }
        assert!(matches!(Mask::decode(&bytes, [0, 1, 1], 1), Err(Error::Invalid { .. })));
        assert!(matches!(Mask::decode(&[], [1, 1, 1], 1), Err(Error::Limit { .. })));
    }
}
