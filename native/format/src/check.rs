//! Checking a whole file.

use std::collections::{BTreeMap, HashMap, HashSet};

use sha2::{Digest, Sha256};

use crate::entry::MaskRef;
use crate::error::Error;
use crate::reader::Reader;

/// What a check of a whole file has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Check {
    /// Entries of the index.
    pub entries: u64,
    /// Different payloads of blocks; one that is a prefix of another is not counted.
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
    let header_len = reader.header().len();
    let content = reader.bytes().get(header_len..).unwrap_or_default();
    if Sha256::digest(content).as_slice() != reader.header().content_hash {
        return Err(Error::Checksum { what: "content", offset: header_len as u64 });
    }
    let mut check = Check::default();
    let mut read = HashSet::new();
    // Where payloads start, and the bytes there: a payload may be a prefix of another.
    let mut payloads = HashMap::<u64, u64>::new();
    let mut masks = HashSet::new();
    for variable in 0..reader.variables().len() as u32 {
        for key in reader.keys(variable) {
            let entry = reader.entry(key)?;
            check.entries += 1;
            *check.codecs.entry(entry.codec).or_default() += 1;
            // Several entries may share a payload or a mask; reading it once is enough.
            if entry.payload_len > 0 && read.insert((entry.payload_offset, entry.payload_len, entry.payload_crc)) {
                let len = reader.payload(&entry)?.len() as u64;
                let longest = payloads.entry(entry.payload_offset).or_default();
                *longest = len.max(*longest);
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
    check.payloads = payloads.len() as u64;
    check.payload_bytes = payloads.values().sum();
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
