//! The numbers of coordinates.

use super::Dtype;

/// Numbers of a coordinate: dense, in the order of its dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct CoordinateValues {
    /// Their type.
    pub dtype: Dtype,
    /// Their bytes, little-endian.
    pub bytes: Vec<u8>,
}

impl CoordinateValues {
    /// Stores f64 numbers.
    pub fn from_f64(values: &[f64]) -> Self {
        Self { dtype: Dtype::F64, bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect() }
    }

    /// The numbers; integers beyond 2^53 are rounded.
    pub fn numbers(&self) -> Vec<f64> {
        macro_rules! each {
            ($type:ty) => {
                self.bytes.as_chunks().0.iter().map(|&bytes| <$type>::from_le_bytes(bytes) as f64).collect()
            };
        }
        match self.dtype {
            Dtype::I8 => each!(i8),
            Dtype::U8 => each!(u8),
            Dtype::I16 => each!(i16),
            Dtype::U16 => each!(u16),
            Dtype::I32 => each!(i32),
            Dtype::U32 => each!(u32),
            Dtype::I64 => each!(i64),
            Dtype::U64 => each!(u64),
            Dtype::F32 => each!(f32),
            Dtype::F64 => each!(f64),
        }
    }

    /// Appends a number, integers rounded in the last digits; false if the type cannot hold it.
    pub fn push(&mut self, value: f64) -> bool {
        let bytes = &mut self.bytes;
        macro_rules! integer {
            ($type:ty) => {{
                let rounded = value.round();
                bytes.extend((rounded as $type).to_le_bytes());
                (rounded - value).abs() < 1e-6 && (rounded as $type) as f64 == rounded
            }};
        }
        match self.dtype {
            Dtype::I8 => integer!(i8),
            Dtype::U8 => integer!(u8),
            Dtype::I16 => integer!(i16),
            Dtype::U16 => integer!(u16),
            Dtype::I32 => integer!(i32),
            Dtype::U32 => integer!(u32),
            Dtype::I64 => integer!(i64),
            Dtype::U64 => integer!(u64),
            Dtype::F32 => {
                bytes.extend((value as f32).to_le_bytes());
                true
            }
            Dtype::F64 => {
                bytes.extend(value.to_le_bytes());
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_type_or_are_refused() {
        for dtype in [Dtype::I16, Dtype::U32, Dtype::I64, Dtype::F32, Dtype::F64] {
            let mut values = CoordinateValues { dtype, bytes: Vec::new() };
            assert!(values.push(24.000_000_01));
            assert!((values.numbers()[0] - 24.0).abs() < 1e-7, "{dtype:?}");
        }
        for (dtype, value) in [(Dtype::I32, 0.5), (Dtype::I8, 200.0)] {
            assert!(!CoordinateValues { dtype, bytes: Vec::new() }.push(value));
        }
    }
}
