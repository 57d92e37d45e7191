//! Number types of stored values.

/// The type of a stored number. Names are those of the file format (SPEC section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Dtype {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Dtype {
    const ALL: [Self; 10] =
        [Self::I8, Self::U8, Self::I16, Self::U16, Self::I32, Self::U32, Self::I64, Self::U64, Self::F32, Self::F64];

    /// The short name: `i8 u8 i16 u16 i32 u32 i64 u64 f32 f64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::I32 => "i32",
            Self::U32 => "u32",
            Self::I64 => "i64",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// The type with this short name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// Bytes per number.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }
}

/// Byte order of stored numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endian {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl Endian {
    /// The byte order of the machine that runs this.
    pub const NATIVE: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };
}

/// Appends the numbers in `bytes` to `out` as `value · scale.0 + scale.1`, computed in f64 and rounded once to f32.
/// What is not finite in f32 (NaN, infinities, overflow) becomes NaN: it stands for "no value".
pub(crate) fn append_values(bytes: &[u8], dtype: Dtype, endian: Endian, scale: Option<(f64, f64)>, out: &mut Vec<f32>) {
    macro_rules! append {
        ($type:ty) => {{
            let numbers = bytes.as_chunks::<{ size_of::<$type>() }>().0.iter().map(|b| match endian {
                Endian::Little => <$type>::from_le_bytes(*b) as f64,
                Endian::Big => <$type>::from_be_bytes(*b) as f64,
            });
            match scale {
                None => out.extend(numbers.map(|v| finite_or_nan(v as f32))),
                Some((slope, offset)) => out.extend(numbers.map(|v| finite_or_nan((v * slope + offset) as f32))),
            }
        }};
    }
    match dtype {
        Dtype::I8 => append!(i8),
        Dtype::U8 => append!(u8),
        Dtype::I16 => append!(i16),
        Dtype::U16 => append!(u16),
        Dtype::I32 => append!(i32),
        Dtype::U32 => append!(u32),
        Dtype::I64 => append!(i64),
        Dtype::U64 => append!(u64),
        Dtype::F32 => append!(f32),
        Dtype::F64 => append!(f64),
    }
}

/// NaN for everything that is not a finite number.
pub(crate) fn finite_or_nan(value: f32) -> f32 {
    if value.is_finite() { value } else { f32::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_byte_orders_and_drops_what_is_not_finite() {
        let mut out = Vec::new();
        append_values(&[0x01, 0x80], Dtype::I16, Endian::Little, None, &mut out);
        append_values(&[0x01, 0x80], Dtype::I16, Endian::Big, Some((0.5, 10.0)), &mut out);
        assert_eq!(out, [-32767.0, 202.0]);
        out.clear();
        let floats: Vec<u8> = [1e300, f64::INFINITY, f64::NAN, 2.5].iter().flat_map(|v| v.to_be_bytes()).collect();
        append_values(&floats, Dtype::F64, Endian::Big, None, &mut out);
        assert!(out[..3].iter().all(|v| v.is_nan()));
        assert_eq!(out[3], 2.5);
    }

    #[test]
    fn names_round_trip() {
        for dtype in Dtype::ALL {
            assert_eq!(Dtype::from_name(dtype.name()), Some(dtype));
        }
        assert_eq!(Dtype::from_name("f16"), None);
    }
}
