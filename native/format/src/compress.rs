//! zstd with bounded output.

use crate::error::Error;

/// No compression.
pub(crate) const NONE: u16 = 0;
/// zstd.
pub(crate) const ZSTD: u16 = 1;

/// High enough for small tables that are written once and read often.
const LEVEL: i32 = 19;

/// Unfolds `stored` to exactly `raw_len` bytes. The caller has checked `raw_len` against the limits; nothing larger is
/// allocated. `what` and `offset` name the place in errors.
pub(crate) fn unfold(stored: &[u8], raw_len: usize, what: &'static str, offset: u64) -> Result<Vec<u8>, Error> {
    let raw = zstd::bulk::decompress(stored, raw_len).map_err(|error| {
        Error::invalid(offset, format!("{what} cannot be decompressed to {raw_len} bytes: {error}"))
    })?;
    if raw.len() != raw_len {
        return Err(Error::invalid(offset, format!("{what} unfolds to {} bytes instead of {raw_len}", raw.len())));
    }
    Ok(raw)
}

/// Compresses `raw`.
pub(crate) fn fold(raw: &[u8]) -> std::io::Result<Vec<u8>> {
    zstd::bulk::compress(raw, LEVEL)
}
