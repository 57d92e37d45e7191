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
        let size = self.value_size().ok_or_else(|| self.invalid(format!("unknown dtype \"{}\"", self.dtype)))?;
        if self.shape.len() != self.dimensions.len() {
            let what = format!("{} lengths of {} dimensions", self.shape.len(), self.dimensions.len());
            return Err(self.invalid(what));
        }
        let len = self.shape.iter().try_fold(size, |len, &n| len.checked_mul(n));
        len.and_then(|len| slice(coor, self.offset, len)).ok_or_else(|| {
            self.invalid(format!("its {} values end outside the {} bytes of COOR", self.dtype, coor.len()))
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
        Error::invalid(self.offset, format!("coordinate \"{}\" (offset within COOR): {what}", self.name))
    }
}

fn each<const N: usize>(bytes: &[u8], convert: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    let (values, _) = bytes.as_chunks::<N>();
    values.iter().map(|&value| convert(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coordinate(dtype: &str, shape: &[u64], offset: u64) -> Coordinate {
        let dimensions = shape.iter().map(|n| format!("d{n}")).collect();
        Coordinate { dimensions, shape: shape.to_vec(), dtype: dtype.to_owned(), offset, ..Coordinate::default() }
    }

    #[test]
    fn every_type_is_read() {
        for (dtype, bytes) in [
            ("i8", (-2i8).to_le_bytes().to_vec()),
            ("i16", (-2i16).to_le_bytes().to_vec()),
            ("i32", (-2i32).to_le_bytes().to_vec()),
            ("i64", (-2i64).to_le_bytes().to_vec()),
            ("f32", (-2f32).to_le_bytes().to_vec()),
            ("f64", (-2f64).to_le_bytes().to_vec()),
        ] {
            let coor = [&[9], bytes.as_slice(), &[9]].concat();
            assert_eq!(coordinate(dtype, &[], 1).values(&coor).expect(dtype), [-2.0], "{dtype}");
        }
        for (dtype, size) in [("u8", 1), ("u16", 2), ("u32", 4), ("u64", 8)] {
            let mut coor = vec![0; 2 * size];
            (coor[0], coor[size]) = (7, 8);
            assert_eq!(coordinate(dtype, &[2], 0).values(&coor).expect(dtype), [7.0, 8.0], "{dtype}");
        }
    }

    #[test]
    fn empty_axes_have_no_values() {
        assert_eq!(coordinate("f64", &[3, 0], 8).values(&[0; 8]).expect("nothing to read"), [0.0; 0]);
        assert!(coordinate("f64", &[3, 0], 9).values(&[0; 8]).is_err());
    }
}
