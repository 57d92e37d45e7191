//! Entries of the index: where the model of one block is and what it promises (SPEC section 8).

use crate::codec;
use crate::error::{Error, in_range};
use crate::limits::ENTRY_LEN;
use crate::payload_area::PayloadArea;
use crate::record::{Record, RecordWriter};
use crate::variable::Variable;

const NO_NETWORK: u32 = u32::MAX;
const ALL_VALID: u32 = 0;
const NONE_VALID: u32 = u32::MAX;

/// Names one entry of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockKey {
    /// Number of the variable.
    pub variable: u32,
    /// Quality layer; 0 is the best.
    pub quality: u8,
    /// Stored level of detail; 0 is the finest.
    pub level: u8,
    /// Segment, counted within the variable.
    pub segment: u32,
    /// Block number.
    pub block: u32,
}

/// Which voxels of a block are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MaskRef {
    /// All of them.
    AllValid,
    /// None of them.
    NoneValid,
    /// Those of the mask with this number.
    Stored(u32),
}

/// One entry of the index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// How the payload is coded: see [`codec`].
    pub codec: u16,
    /// Which output of a model with several.
    pub output: u8,
    /// Where the payload is in the file; 0 without one.
    pub payload_offset: u64,
    /// Bytes of the payload.
    pub payload_len: u32,
    /// CRC of the payload.
    pub payload_crc: u32,
    /// Lower bound of the decoded valid values; finite.
    pub min: f32,
    /// Upper bound; finite, ≥ `min`.
    pub max: f32,
    /// Largest absolute error of the decoded payload; NaN if it was not measured.
    pub max_abs_error: f32,
    /// Root mean square error of the decoded payload; NaN if it was not measured.
    pub rmse: f32,
    /// Number of the shared network it uses.
    pub network: Option<u32>,
    /// Which voxels are valid.
    pub mask: MaskRef,
}

/// What an entry may refer to.
pub(crate) struct EntryScope<'a> {
    pub(crate) payloads: &'a PayloadArea,
    pub(crate) n_networks: u64,
    pub(crate) n_masks: u64,
}

impl BlockKey {
    /// Checks the key against its variable and gives the number of its entry in the index.
    pub(crate) fn entry_number(&self, variable: &Variable) -> Result<u64, Error> {
        in_range("quality", self.quality.into(), variable.n_qualities.into())?;
        in_range("level", self.level.into(), variable.n_stored_levels.into())?;
        in_range("segment", self.segment.into(), variable.n_segments.into())?;
        in_range("block", self.block.into(), variable.n_blocks().into())?;
        // Below first_entry + n_entries, which was checked to fit when the file was opened.
        let layer = u64::from(self.quality) * u64::from(variable.n_stored_levels) + u64::from(self.level);
        let row = layer * u64::from(variable.n_segments) + u64::from(self.segment);
        Ok(variable.first_entry + row * u64::from(variable.n_blocks()) + u64::from(self.block))
    }
}

impl Entry {
    /// Reads and checks the entry of `key`.
    pub(crate) fn parse(record: &Record<'_, ENTRY_LEN>, key: BlockKey, scope: &EntryScope<'_>) -> Result<Self, Error> {
        record.own_crc("index entry")?;
        let position = BlockKey {
            variable: record.u16(0).into(),
            quality: record.u8(2),
            level: record.u8(3),
            segment: record.u32(4),
            block: record.u32(8),
        };
        if position != key {
            return Err(record.invalid(0, format!("the index entry of {key:?} says that it is that of {position:?}")));
        }
        record.reserved(15..16)?;
        record.reserved(56..60)?;
        let entry = Self {
            codec: record.u16(12),
            output: record.u8(14),
            payload_offset: record.u64(16),
            payload_len: record.u32(24),
            payload_crc: record.u32(28),
            min: record.f32(32),
            max: record.f32(36),
            max_abs_error: record.error_measure(40)?,
            rmse: record.error_measure(44)?,
            network: (record.u32(48) != NO_NETWORK).then(|| record.u32(48)),
            mask: match record.u32(52) {
                ALL_VALID => MaskRef::AllValid,
                NONE_VALID => MaskRef::NoneValid,
                n => MaskRef::Stored(n - 1),
            },
        };
        entry.check(record, scope)?;
        Ok(entry)
    }

    fn check(&self, record: &Record<'_, ENTRY_LEN>, scope: &EntryScope<'_>) -> Result<(), Error> {
        scope.payloads.check(record, 16, self.payload_offset, self.payload_len)?;
        if !(self.min.is_finite() && self.max.is_finite() && self.min <= self.max) {
            let what = format!("value range {}..{}: it must be finite and in order", self.min, self.max);
            return Err(record.invalid(32, what));
        }
        if self.codec == codec::CONSTANT && (self.payload_len != 0 || self.min != self.max) {
            return Err(record.invalid(12, "a constant block has a payload or two values"));
        }
        if let Some(n) = self.network
            && u64::from(n) >= scope.n_networks
        {
            return Err(record.invalid(48, format!("network {n} of {}", scope.n_networks)));
        }
        if let MaskRef::Stored(n) = self.mask
            && u64::from(n) >= scope.n_masks
        {
            return Err(record.invalid(52, format!("mask {n} of {}", scope.n_masks)));
        }
        Ok(())
    }

    pub(crate) fn to_bytes(self, key: BlockKey) -> [u8; ENTRY_LEN] {
        let mut record = RecordWriter::new();
        // The writer has checked that there are at most 2^16 variables.
        record.put(0, (key.variable as u16).to_le_bytes()).put(2, [key.quality, key.level]);
        record.put(4, key.segment.to_le_bytes()).put(8, key.block.to_le_bytes());
        record.put(12, self.codec.to_le_bytes()).put(14, [self.output]);
        record.put(16, self.payload_offset.to_le_bytes()).put(24, self.payload_len.to_le_bytes());
        record.put(28, self.payload_crc.to_le_bytes());
        record.put(32, self.min.to_le_bytes()).put(36, self.max.to_le_bytes());
        record.put(40, self.max_abs_error.to_le_bytes()).put(44, self.rmse.to_le_bytes());
        record.put(48, self.network.unwrap_or(NO_NETWORK).to_le_bytes());
        let mask = match self.mask {
            MaskRef::AllValid => ALL_VALID,
            MaskRef::NoneValid => NONE_VALID,
            MaskRef::Stored(n) => n.saturating_add(1),
        };
        record.put(52, mask.to_le_bytes()).own_crc();
        record.0
    }
}
