//! Where the payloads of a file may lie.

use crate::error::Error;
use crate::header::{Header, Section};
use crate::record::Record;

/// The section BLKS, and how payloads lie in it.
#[derive(Debug)]
pub(crate) struct PayloadArea {
    blks: Section,
    /// Those of a packed file follow each other without gaps.
    alignment: u64,
}

impl PayloadArea {
    pub(crate) fn new(blks: &Section, header: &Header) -> Self {
        Self { blks: blks.clone(), alignment: header.payload_alignment() }
    }

    /// Checks that a payload that a record names lies aligned inside BLKS. `at` is the field with its offset.
    pub(crate) fn check<const N: usize>(
        &self,
        record: &Record<'_, N>,
        at: usize,
        offset: u64,
        len: u32,
    ) -> Result<(), Error> {
        if len == 0 {
            return if offset == 0 { Ok(()) } else { Err(record.invalid(at, "an empty payload has an offset")) };
        }
        if !offset.is_multiple_of(self.alignment) {
            return Err(record.invalid(at, format!("payload offset {offset} is no multiple of 64")));
        }
        // BLKS was checked to end inside the file.
        let blks_end = self.blks.offset + self.blks.len;
        if offset < self.blks.offset || offset.checked_add(len.into()).is_none_or(|end| end > blks_end) {
            return Err(record.invalid(at, format!("a payload of {len} bytes at byte {offset} lies outside BLKS")));
        }
        Ok(())
    }
}
