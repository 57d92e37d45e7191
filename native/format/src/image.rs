//! The image of a file: its bytes by the offsets that its records name. A plain file is its own image; the front of a
//! packed one (SPEC section 3.1) is unpacked first.

use std::io;

use zstd::bulk::{Compressor, Decompressor};

use crate::error::Error;
use crate::header::{FrontGuard, Header};
use crate::limits::{HEADER_LEN, MAX_PACKED_FRONT, PACKED_HEADER_LEN};
use crate::record::slice;

/// What fronts usually hold, so that short ones pack well. Part of the format: it must never change.
const DICTIONARY: &[u8] = include_bytes!("../front.dict");

/// High enough for a few kilobytes that are written once.
const LEVEL: i32 = 19;

/// The bytes of a file, or of its beginning.
#[derive(Clone, Copy)]
pub(crate) struct Image<'a> {
    /// From byte 0 of the image on.
    front: &'a [u8],
    /// What follows the front of a packed file.
    payloads: &'a [u8],
    /// Length of the whole image.
    file_len: u64,
}

impl<'a> Image<'a> {
    /// The beginning of a file of which nothing is known.
    pub(crate) fn start(bytes: &'a [u8]) -> Self {
        Self { front: bytes, payloads: &[], file_len: bytes.len() as u64 }
    }

    /// A file or its beginning, and what [`unpack`] gave for it.
    pub(crate) fn new(bytes: &'a [u8], header: &Header, front: Option<&'a [u8]>) -> Self {
        let Some(front) = front else { return Self { front: bytes, payloads: &[], file_len: header.file_len } };
        let start = usize::try_from(header.front_end()).unwrap_or(usize::MAX);
        // The header was checked: the front ends inside the file.
        let file_len = front.len() as u64 + header.file_len.saturating_sub(header.front_end());
        Self { front, payloads: bytes.get(start..).unwrap_or_default(), file_len }
    }

    /// Length of the whole image, whether or not all of it is here.
    pub(crate) fn file_len(&self) -> u64 {
        self.file_len
    }

    /// `len` bytes from `offset` on.
    pub(crate) fn need(&self, offset: u64, len: u64) -> Result<&'a [u8], Error> {
        let split = self.front.len() as u64;
        let (bytes, start) = if offset < split { (self.front, offset) } else { (self.payloads, offset - split) };
        let actual = split + self.payloads.len() as u64;
        slice(bytes, start, len).ok_or(Error::Truncated { expected: offset.saturating_add(len), actual })
    }
}

/// The front of a packed file, as it stands in the image: the place of a header (zeros) and all up to the payloads.
/// `None` if the file is not packed. `bytes` is the file or its beginning.
pub(crate) fn unpack(bytes: &[u8], header: &Header) -> Result<Option<Vec<u8>>, Error> {
    let FrontGuard::Packed { len, crc } = header.front else { return Ok(None) };
    let offset = PACKED_HEADER_LEN as u64;
    let stored = Image::start(bytes).need(offset, len.into())?;
    if crate::crc(stored) != crc {
        return Err(Error::Checksum { what: "packed front", offset });
    }
    let raw = Decompressor::with_dictionary(DICTIONARY).and_then(|mut zstd| zstd.decompress(stored, MAX_PACKED_FRONT));
    let raw = raw.map_err(|error| {
        Error::invalid(offset, format!("the front cannot be unpacked to at most {MAX_PACKED_FRONT} bytes: {error}"))
    })?;
    let mut front = Vec::with_capacity(HEADER_LEN + raw.len());
    front.resize(HEADER_LEN, 0);
    front.extend_from_slice(&raw);
    Ok(Some(front))
}

/// Packs a front, its header left out. `None` if it is too long.
pub(crate) fn pack(front: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let raw = front.get(HEADER_LEN..).unwrap_or_default();
    if raw.len() > MAX_PACKED_FRONT {
        return Ok(None);
    }
    let mut zstd = Compressor::with_dictionary(LEVEL, DICTIONARY)?;
    // The header of the file says all this.
    zstd.include_contentsize(false)?;
    zstd.include_checksum(false)?;
    zstd.include_dictid(false)?;
    Ok(Some(zstd.compress(raw)?).filter(|packed| u16::try_from(packed.len()).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_is_that_of_the_format() {
        assert_eq!((DICTIONARY.len(), crate::crc(DICTIONARY)), (7351, 0xCB4B_9083));
    }
}
