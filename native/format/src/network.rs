//! Networks that several blocks share (SPEC section 10).

use crate::error::Error;
use crate::header::Section;
use crate::limits::{ALIGNMENT, NETWORK_LEN};
use crate::record::{Record, RecordWriter};

/// A shared network, as it stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network<'a> {
    /// What the bytes are: see [`network_kind`](crate::network_kind).
    pub kind: u16,
    /// The network.
    pub bytes: &'a [u8],
}

/// One record of the table of NETS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NetworkRecord {
    pub(crate) kind: u16,
    pub(crate) crc: u32,
    pub(crate) offset: u64,
    pub(crate) len: u32,
}

impl NetworkRecord {
    pub(crate) fn parse(record: &Record<'_, NETWORK_LEN>, nets: &Section) -> Result<Self, Error> {
        record.reserved(2..4)?;
        record.reserved(20..NETWORK_LEN)?;
        let network = Self { kind: record.u16(0), crc: record.u32(4), offset: record.u64(8), len: record.u32(16) };
        // Neither overflows: NETS was checked to hold its table and to end inside the file.
        let bytes_start = nets.offset + nets.items * NETWORK_LEN as u64;
        let nets_end = nets.offset + nets.len;
        if !network.offset.is_multiple_of(ALIGNMENT)
            || network.offset < bytes_start
            || network.offset.checked_add(network.len.into()).is_none_or(|end| end > nets_end)
        {
            let what = format!("a network of {} bytes at byte {}: not inside NETS", network.len, network.offset);
            return Err(record.invalid(8, what));
        }
        Ok(network)
    }

    pub(crate) fn to_bytes(self) -> [u8; NETWORK_LEN] {
        let mut record = RecordWriter::new();
        record.put(0, self.kind.to_le_bytes()).put(4, self.crc.to_le_bytes());
        record.put(8, self.offset.to_le_bytes()).put(16, self.len.to_le_bytes());
        record.0
    }
}
