//! Coordinates: arrays of any shape in the COOR section (SPEC section 5).

use serde::{Deserialize, Serialize};

use crate::attribute::Attribute;
use crate::error::Error;
use crate::record::slice;

/// One coordinate array; its values are in the COOR section.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Coordinate {
    /// Its name.
    pub name: String,
    /// Names of its axes, slowest first; none for a scalar.
    pub dimensions: Vec<String>,
    /// Length of each axis.
    pub shape: Vec<u64>,
    /// `i8 u8 i16 u16 i32 u32 i64 u64 f32 f64`.
    pub dtype: String,
    /// Where its values start in the raw COOR section.
    pub offset: u64,
    /// Its attributes in the source, verbatim.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

impl Coordinate {
    /// Bytes of one value; `None` for a type that this version does not know.
    #[must_use]
    pub fn value_size(&self) -> Option<u64> {
        match self.dtype.as_str() {
            "i8" | "u8" => Some(1),
            "i16" | "u16" => Some(2),
            "i32" | "u32" | "f32" => Some(4),
            "i64" | "u64" | "f64" => Some(8),
            _ => None,
        }
    }

    /// The bytes of this coordinate in the raw COOR section.
    pub(crate) fn slice<'a>(&self, coor: &'a [u8]) -> Result<&'a [u8], Error> {
        let size = self
            .value_size()
            .ok_or_else(|| self.invalid(format!("unknown dtype \"{}\"", self.dtype)))?;
        if self.shape.len() != self.dimensions.len() {
            let what = format!("{} lengths of {} dimensions", self.shape.len(), self.dimensions.len());
            return Err(self.invalid(what));
        }
        let len = self.shape.iter().try_fold(size, |len, &n| len.checked_mul(n));
        len.and_then(|len| slice(coor, self.offset, len)).ok_or_else(|| {
            self.invalid(format!(
                "its {} values end outside the {} bytes of COOR",
                self.dtype,
                coor.len()
            ))
        })
    }

    /// The values as `f64`; integers beyond 2^53 are rounded.
    pub(crate) fn values(&self, coor: &[u8]) -> Result<Vec<f64>, Error> {
        let bytes = self.slice(coor)?;
        Ok(match self.dtype.as_str() {
            "i8" => each(bytes, |b| f64::from(i8::from_le_bytes(b))),
            "u8" => each(bytes, |b| f64::from(u8::from_le_bytes(b))),
            "i16" => each(bytes, |b| f64::from(i16::from_le_bytes(b))),
            "u16" => each(bytes, |b| f64::from(u16::from_le_bytes(b))),
            "i32" => each(bytes, |b| f64::from(i32::from_le_bytes(b))),
            "u32" => each(bytes, |b| f64::from(u32::from_le_bytes(b))),
            "i64" => each(bytes, |b| i64::from_le_bytes(b) as f64),
            "u64" => each(bytes, |b| u64::from_le_bytes(b) as f64),
            "f32" => each(bytes, |b| f64::from(f32::from_le_bytes(b))),
            "f64" => each(bytes, f64::from_le_bytes),
            other => return Err(self.invalid(format!("unknown dtype \"{other}\""))),
        })
    }

    fn invalid(&self, what: String) -> Error {
        Error::invalid(
            self.offset,
            format!("coordinate \"{}\" (offset within COOR): {what}", self.name),
        )
    }
}

fn each<const N: usize>(bytes: &[u8], convert: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    let (values, _) = bytes.as_chunks::<N>();
    values.iter().map(|&value| convert(value)).collect()
}
