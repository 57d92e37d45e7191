//! Little-endian reading with a position, so that errors can name it.
use crate::Error;
use half::f16;

pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
    what: &'static str,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Cursor { bytes, offset: 0, what }
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let taken = rest.get(..len).ok_or(Error::Length {
            what: self.what,
            expected: (self.offset as u64).saturating_add(len as u64),
            found: self.bytes.len() as u64,
        })?;
        self.offset += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Error> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn f32(&mut self) -> Result<f32, Error> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    /// An f32 that is no NaN and not infinite.
    pub(crate) fn finite_f32(&mut self, what: &'static str) -> Result<f32, Error> {
        let offset = self.offset;
        let value = self.f32()?;
        if value.is_finite() {
            return Ok(value);
        }
        Err(Error::payload(what, offset, format!("is {value}, must be finite")))
    }

    /// A finite f32 above 0.
    pub(crate) fn positive_f32(&mut self, what: &'static str) -> Result<f32, Error> {
        let offset = self.offset;
        let value = self.f32()?;
        if value.is_finite() && value > 0.0 {
            return Ok(value);
        }
        Err(Error::payload(what, offset, format!("is {value}, must be finite and above 0")))
    }

    pub(crate) fn f64(&mut self) -> Result<f64, Error> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    pub(crate) fn reserved(&mut self, len: usize) -> Result<(), Error> {
        let offset = self.offset;
        match self.take(len)?.iter().position(|&b| b != 0) {
            None => Ok(()),
            Some(i) => Err(Error::payload("reserved byte", offset + i, "must be 0")),
        }
    }

    /// `n` finite f16 numbers. The bytes are there already, so the allocation is no larger than the payload.
    pub(crate) fn f16s(&mut self, n: usize, what: &'static str) -> Result<Vec<f16>, Error> {
        let offset = self.offset;
        let len = n.checked_mul(2).ok_or(Error::Limit { what, value: n as u64, limit: usize::MAX as u64 / 2 })?;
        let values: Vec<f16> = self.take(len)?.chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]])).collect();
        match values.iter().position(|v| !v.is_finite()) {
            None => Ok(values),
            Some(i) => Err(Error::payload(what, offset + 2 * i, "parameters must be finite numbers")),
        }
    }

    /// Everything must have been read.
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.offset == self.bytes.len() {
            return Ok(());
        }
        Err(Error::Length { what: self.what, expected: self.offset as u64, found: self.bytes.len() as u64 })
    }
}

pub(crate) fn put_f16s(out: &mut Vec<u8>, values: &[f16]) {
    out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
}
