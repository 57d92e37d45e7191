//! Checking a whole file.

use std::collections::{BTreeMap, HashSet};

use sha2::{Digest, Sha256};

use crate::entry::MaskRef;
use crate::error::Error;
use crate::limits::HEADER_LEN;
use crate::reader::Reader;

/// What a check of a whole file has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Check {
    /// Entries of the index.
    pub entries: u64,
    /// Different payloads of blocks.
    pub payloads: u64,
    /// Their bytes.
    pub payload_bytes: u64,
    /// Masks that blocks use.
    pub masks: u64,
    /// Shared networks.
    pub networks: u64,
    /// Coordinates.
    pub coordinates: u64,
    /// Entries per codec; this may name codecs that this version cannot decode.
    pub codecs: BTreeMap<u16, u64>,
}

pub(crate) fn check<B: AsRef<[u8]>>(reader: &Reader<B>) -> Result<Check, Error> {
    let content = reader.bytes().get(HEADER_LEN..).unwrap_or_default();
    if Sha256::digest(content).as_slice() != reader.header().content_hash {
        return Err(Error::Checksum { what: "content", offset: HEADER_LEN as u64 });
    }
    let mut check = Check::default();
    let mut payloads = HashSet::new();
    let mut masks = HashSet::new();
    for variable in 0..reader.variables().len() as u32 {
        for key in reader.keys(variable) {
            let entry = reader.entry(key)?;
            check.entries += 1;
            *check.codecs.entry(entry.codec).or_default() += 1;
            // Several entries may share a payload or a mask; reading it once is enough.
            if entry.payload_len > 0 && payloads.insert((entry.payload_offset, entry.payload_len, entry.payload_crc)) {
                check.payload_bytes += reader.payload(&entry)?.len() as u64;
                check.payloads += 1;
            }
            if let MaskRef::Stored(n) = entry.mask {
                reader.mask_record(key, n)?;
                if masks.insert(n) {
                    reader.mask(key, &entry)?;
                    check.masks += 1;
                }
            }
        }
    }
    for n in 0..reader.n_networks() {
        reader.network(n)?;
        check.networks += 1;
    }
    let coordinates = reader.coordinate_bytes()?;
    for coordinate in &reader.meta().coordinates {
        coordinate.slice(&coordinates)?;
        check.coordinates += 1;
    }
    Ok(check)
}
