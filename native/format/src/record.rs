//! Fixed-size little-endian records: checked reading and plain writing.

use crate::error::Error;
use crate::image::Image;

/// A slice of `bytes` by file offsets; `None` if any of it lies outside.
pub(crate) fn slice(bytes: &[u8], offset: u64, len: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(len).ok()?)?;
    bytes.get(start..end)
}

/// One record of `N` bytes and the place where it stands.
pub(crate) struct Record<'a, const N: usize> {
    bytes: &'a [u8; N],
    /// Offset in the image of the file.
    pub(crate) offset: u64,
}

impl<'a, const N: usize> Record<'a, N> {
    /// The record at `offset` of a file.
    pub(crate) fn at(image: Image<'a>, offset: u64) -> Result<Self, Error> {
        let record = image.need(offset, N as u64)?;
        let bytes = record.first_chunk().ok_or(Error::Truncated { expected: N as u64, actual: record.len() as u64 })?;
        Ok(Self { bytes, offset })
    }

    /// `M` bytes from `at`, which is a constant inside the record.
    pub(crate) fn array<const M: usize>(&self, at: usize) -> [u8; M] {
        let mut out = [0; M];
        out.copy_from_slice(&self.bytes[at..at + M]);
        out
    }

    pub(crate) fn u8(&self, at: usize) -> u8 {
        self.bytes[at]
    }

    pub(crate) fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    pub(crate) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    pub(crate) fn f32(&self, at: usize) -> f32 {
        f32::from_le_bytes(self.array(at))
    }

    /// Three `u32`: z, y, x.
    pub(crate) fn axes(&self, at: usize) -> [u32; 3] {
        [self.u32(at), self.u32(at + 4), self.u32(at + 8)]
    }

    /// An error about the field at `at`.
    pub(crate) fn invalid(&self, at: usize, what: impl Into<String>) -> Error {
        Error::invalid(self.offset.saturating_add(at as u64), what)
    }

    /// Checks that reserved bytes are 0.
    pub(crate) fn reserved(&self, range: std::ops::Range<usize>) -> Result<(), Error> {
        match range.clone().find(|&at| self.bytes[at] != 0) {
            Some(at) => Err(self.invalid(at, format!("a reserved byte is {} and must be 0", self.bytes[at]))),
            None => Ok(()),
        }
    }

    /// Checks the CRC that stands in the last four bytes.
    pub(crate) fn own_crc(&self, what: &'static str) -> Result<(), Error> {
        if crate::crc(&self.bytes[..N - 4]) == self.u32(N - 4) {
            Ok(())
        } else {
            Err(Error::Checksum { what, offset: self.offset })
        }
    }

    /// An error measure: NaN (not measured), or finite and not negative.
    pub(crate) fn error_measure(&self, at: usize) -> Result<f32, Error> {
        let value = self.f32(at);
        if value.is_nan() || (value.is_finite() && value >= 0.0) {
            Ok(value)
        } else {
            Err(self.invalid(at, format!("an error measure is {value} and must be NaN, or finite and ≥ 0")))
        }
    }
}

/// A record of `N` bytes that is being written; it starts as zeros.
pub(crate) struct RecordWriter<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> RecordWriter<N> {
    pub(crate) fn new() -> Self {
        Self([0; N])
    }

    pub(crate) fn put<const M: usize>(&mut self, at: usize, value: [u8; M]) -> &mut Self {
        self.0[at..at + M].copy_from_slice(&value);
        self
    }

    pub(crate) fn axes(&mut self, at: usize, axes: [u32; 3]) -> &mut Self {
        for (i, axis) in axes.iter().enumerate() {
            self.put(at + 4 * i, axis.to_le_bytes());
        }
        self
    }

    /// Fills the last four bytes with the CRC of those before.
    pub(crate) fn own_crc(&mut self) -> &mut Self {
        let crc = crate::crc(&self.0[..N - 4]);
        self.put(N - 4, crc.to_le_bytes())
    }
}
