//! Makes all checksums of a damaged file right again, so that what lies behind them can be tested.
//!
//! Knows the layout on its own and trusts nothing: whatever lies outside the bytes is left alone.

use sha2::{Digest, Sha256};

const HEADER: usize = 128;
const PACKED_HEADER: usize = 64;
const SECTION: usize = 64;

/// Writes the true length of a file into its header.
pub fn set_file_len(bytes: &mut [u8]) {
    let len = bytes.len() as u64;
    let place = if is_packed(bytes) { 16..20 } else { 16..24 };
    let len = &len.to_le_bytes()[..place.len()];
    if let Some(place) = bytes.get_mut(place) {
        place.copy_from_slice(len);
    }
}

fn is_packed(bytes: &[u8]) -> bool {
    u32_at(bytes, 12) == Some(PACKED_HEADER as u32)
}

/// Recomputes every CRC and the content hash of the file `bytes`, as far as their places can be found. What a packed front
/// holds stays as it is.
pub fn repair(bytes: &mut [u8]) {
    if is_packed(bytes) {
        let len = bytes.get(22..24).map_or(0, |len| usize::from(len[0]) + 256 * usize::from(len[1]));
        put_crc(bytes, PACKED_HEADER, len, 24);
        put_hash(bytes, PACKED_HEADER, 28);
        put_crc(bytes, 0, PACKED_HEADER - 4, PACKED_HEADER - 4);
        return;
    }
    let n_sections = u32_at(bytes, 24).unwrap_or(0).min(254) as usize;
    let directory = HEADER..HEADER + n_sections * SECTION;
    for entry in directory.clone().step_by(SECTION) {
        repair_section(bytes, entry);
    }
    put_crc(bytes, directory.start, directory.len(), 28);
    put_hash(bytes, HEADER, 32);
    put_crc(bytes, 0, 124, 124);
}

/// Puts the hash of all bytes from `start` at `at`.
fn put_hash(bytes: &mut [u8], start: usize, at: usize) {
    if let Some(content) = bytes.get(start..) {
        let hash = Sha256::digest(content);
        bytes[at..at + 32].copy_from_slice(&hash);
    }
}

/// `entry` is the offset of the section's entry in the directory.
fn repair_section(bytes: &mut [u8], entry: usize) {
    let (Some(kind), Some(start), Some(len)) =
        (bytes.get(entry..entry + 4).map(<[u8]>::to_vec), usize_at(bytes, entry + 8), usize_at(bytes, entry + 16))
    else {
        return;
    };
    if start.checked_add(len).is_none_or(|end| end > bytes.len()) {
        return;
    }
    match kind.as_slice() {
        b"META" | b"VARS" | b"SEGS" | b"COOR" => put_crc(bytes, start, len, entry + 36),
        b"NETS" => {
            let items = usize_at(bytes, entry + 40).unwrap_or(0).min(len / 32);
            for record in (start..start + items * 32).step_by(32) {
                put_payload_crc(bytes, record + 8, record + 16, record + 4);
            }
            put_crc(bytes, start, items * 32, entry + 36);
        }
        b"INDX" => {
            for record in (start..start + len / 64 * 64).step_by(64) {
                put_payload_crc(bytes, record + 16, record + 24, record + 28);
                put_crc(bytes, record, 60, record + 60);
            }
        }
        b"MASK" => {
            for record in (start..start + len / 64 * 64).step_by(64) {
                put_payload_crc(bytes, record, record + 8, record + 12);
                put_crc(bytes, record, 60, record + 60);
            }
        }
        _ => {}
    }
}

/// Puts the CRC of the bytes that a record names by a u64 offset and a u32 length.
fn put_payload_crc(bytes: &mut [u8], offset_at: usize, len_at: usize, crc_at: usize) {
    if let (Some(offset), Some(len)) = (usize_at(bytes, offset_at), u32_at(bytes, len_at)) {
        put_crc(bytes, offset, len as usize, crc_at);
    }
}

/// Puts the CRC of `len` bytes from `start` at `crc_at`, if all of that exists.
fn put_crc(bytes: &mut [u8], start: usize, len: usize, crc_at: usize) {
    let Some(crc) = start.checked_add(len).and_then(|end| bytes.get(start..end)).map(neuvol_format::crc) else {
        return;
    };
    if let Some(place) = bytes.get_mut(crc_at..crc_at + 4) {
        place.copy_from_slice(&crc.to_le_bytes());
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn usize_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}
