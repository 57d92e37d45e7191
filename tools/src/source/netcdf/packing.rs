//! From stored numbers to physical values: fill and missing values, valid range, packing.
//!
//! A stored number is *no value* (NaN) if it
//! - equals `_FillValue`, one of `missing_value`, or — when there is no `_FillValue` and the variable is not in no-fill
//!   mode — NetCDF's default fill value of its type (not for 8-bit types: all their numbers may be data),
//! - lies outside `valid_range`, or `valid_min` and `valid_max`. These are in packed units, unless the variable is
//!   packed integers and the limits are floating-point numbers: then they are in physical units (NetCDF User Guide),
//! - is, or unpacks to, NaN or an infinity.
//!
//! Other numbers become `stored · scale_factor + add_offset`, computed in f64 and rounded to f32. `_Unsigned` switches
//! the sign of integers of the same size.

use neuvol_format::{Attribute, AttributeValue, Meta};

use crate::source::dtype::{Dtype, finite_or_nan};

/// A number in an attribute, exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    fn as_f64(self) -> f64 {
        match self {
            Self::Int(v) => v as f64,
            Self::Float(v) => v,
        }
    }
}

/// All numbers of an attribute; also those that were written as text ("-999."), which some files have.
pub(super) fn numbers(value: &AttributeValue) -> Vec<Number> {
    macro_rules! ints {
        ($v:expr) => {
            $v.iter().map(|v| Number::Int(i128::from(*v))).collect()
        };
    }
    match value {
        AttributeValue::Char(text) => {
            text.split_whitespace().filter_map(|w| w.parse().ok()).map(Number::Float).collect()
        }
        AttributeValue::String(texts) => {
            texts.iter().filter_map(|t| t.trim().parse().ok()).map(Number::Float).collect()
        }
        AttributeValue::Byte(v) => ints!(v),
        AttributeValue::UByte(v) => ints!(v),
        AttributeValue::Short(v) => ints!(v),
        AttributeValue::UShort(v) => ints!(v),
        AttributeValue::Int(v) => ints!(v),
        AttributeValue::UInt(v) => ints!(v),
        AttributeValue::Int64(v) => ints!(v),
        AttributeValue::UInt64(v) => ints!(v),
        AttributeValue::Float(v) => v.iter().map(|v| Number::Float(f64::from(*v))).collect(),
        AttributeValue::Double(v) => v.iter().map(|v| Number::Float(*v)).collect(),
    }
}

/// The rules of one variable.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Packing {
    /// Type of the numbers after `_Unsigned`.
    pub(super) dtype: Dtype,
    fills: Vec<Number>,
    min: Option<f64>,
    max: Option<f64>,
    /// Whether `min` and `max` are in physical units.
    limits_are_physical: bool,
    scale: Option<(f64, f64)>,
}

impl Packing {
    /// `stored` is the type in the file; `fills_by_default` whether NetCDF fills unwritten parts of the variable.
    pub(super) fn new(stored: Dtype, attributes: &[Attribute], fills_by_default: bool) -> Self {
        let get = |name| Meta::attribute(attributes, name).map(|a| numbers(&a.value)).unwrap_or_default();
        let unsigned = Meta::attribute(attributes, "_Unsigned").and_then(|a| a.as_str()).map(str::to_lowercase);
        let dtype = match (unsigned.as_deref(), stored) {
            (Some("true"), Dtype::I8) => Dtype::U8,
            (Some("true"), Dtype::I16) => Dtype::U16,
            (Some("true"), Dtype::I32) => Dtype::U32,
            (Some("true"), Dtype::I64) => Dtype::U64,
            (Some("false"), Dtype::U8) => Dtype::I8,
            (Some("false"), Dtype::U16) => Dtype::I16,
            (Some("false"), Dtype::U32) => Dtype::I32,
            (Some("false"), Dtype::U64) => Dtype::I64,
            _ => stored,
        };
        let reinterpret = |number: Number| match number {
            Number::Int(v) if dtype != stored => Number::Int(wrap(v, dtype)),
            other => other,
        };

        let mut fills: Vec<Number> = get("_FillValue");
        if fills.is_empty() && fills_by_default {
            fills.extend(default_fill(stored));
        }
        fills.extend(get("missing_value"));
        let fills = fills.into_iter().map(reinterpret).collect();

        let scale_of = |name| get(name).first().map(|n| n.as_f64());
        let (factor, offset) = (scale_of("scale_factor"), scale_of("add_offset"));
        let scale = (factor.is_some() || offset.is_some()).then(|| (factor.unwrap_or(1.0), offset.unwrap_or(0.0)));
        let scale = scale.filter(|s| *s != (1.0, 0.0));

        let (min, max) = match get("valid_range")[..] {
            [min, max] => (Some(min), Some(max)),
            _ => (get("valid_min").first().copied(), get("valid_max").first().copied()),
        };
        let is_float = |n: Option<Number>| matches!(n, Some(Number::Float(_)));
        let packed_integers = scale.is_some() && !matches!(dtype, Dtype::F32 | Dtype::F64);
        let limit = |n: Number| match (reinterpret(n).as_f64(), dtype) {
            // As stored: 0.1 in double precision would exclude the 0.1 in single precision.
            (v, Dtype::F32) => f64::from(v as f32),
            (v, _) => v,
        };
        Self {
            dtype,
            fills,
            min: min.map(limit),
            max: max.map(limit),
            limits_are_physical: packed_integers && (is_float(min) || is_float(max)),
            scale,
        }
    }

    /// Appends the physical values of stored numbers.
    pub(super) fn unpack<T: Stored>(&self, stored: &[T], out: &mut Vec<f32>) {
        let fills: Vec<T> = self.fills.iter().filter_map(|n| T::from_number(*n)).collect();
        let outside = |v: f64| self.min.is_some_and(|min| v < min) || self.max.is_some_and(|max| v > max);
        out.extend(stored.iter().map(|&stored| {
            let number = stored.to_f64();
            if fills.contains(&stored) || (!self.limits_are_physical && outside(number)) {
                return f32::NAN;
            }
            let value = match self.scale {
                Some((factor, offset)) => number * factor + offset,
                None => number,
            };
            if self.limits_are_physical && outside(value) {
                return f32::NAN;
            }
            finite_or_nan(value as f32)
        }));
    }
}

/// The number with the same low bits in another integer type.
fn wrap(v: i128, dtype: Dtype) -> i128 {
    match dtype {
        Dtype::I8 => i128::from(v as i8),
        Dtype::U8 => i128::from(v as u8),
        Dtype::I16 => i128::from(v as i16),
        Dtype::U16 => i128::from(v as u16),
        Dtype::I32 => i128::from(v as i32),
        Dtype::U32 => i128::from(v as u32),
        Dtype::I64 => i128::from(v as i64),
        Dtype::U64 => i128::from(v as u64),
        Dtype::F32 | Dtype::F64 => v,
    }
}

/// NC_FILL_* of netcdf.h.
fn default_fill(dtype: Dtype) -> Option<Number> {
    const FLOAT: f64 = 9.969_209_968_386_869e36;
    match dtype {
        Dtype::I8 | Dtype::U8 => None,
        Dtype::I16 => Some(Number::Int(-32767)),
        Dtype::U16 => Some(Number::Int(65535)),
        Dtype::I32 => Some(Number::Int(-2_147_483_647)),
        Dtype::U32 => Some(Number::Int(4_294_967_295)),
        Dtype::I64 => Some(Number::Int(-9_223_372_036_854_775_806)),
        Dtype::U64 => Some(Number::Int(18_446_744_073_709_551_614)),
        Dtype::F32 | Dtype::F64 => Some(Number::Float(FLOAT)),
    }
}

/// A type that variables store.
pub(super) trait Stored: Copy + PartialEq {
    fn to_f64(self) -> f64;
    /// The number in this type; None if it cannot occur in it.
    fn from_number(number: Number) -> Option<Self>;
}

macro_rules! stored_int {
    ($($type:ty)*) => {$(
        impl Stored for $type {
            fn to_f64(self) -> f64 {
                self as f64
            }

            fn from_number(number: Number) -> Option<Self> {
                let int = match number {
                    Number::Int(v) => v,
                    Number::Float(v) if v.fract() == 0.0 && v.abs() < 1e20 => v as i128,
                    Number::Float(_) => return None,
                };
                Self::try_from(int).ok()
            }
        }
    )*};
}
stored_int!(i8 u8 i16 u16 i32 u32 i64 u64);

impl Stored for f32 {
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn from_number(number: Number) -> Option<Self> {
        Some(number.as_f64() as Self)
    }
}

impl Stored for f64 {
    fn to_f64(self) -> f64 {
        self
    }

    fn from_number(number: Number) -> Option<Self> {
        Some(number.as_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpack<T: Stored>(dtype: Dtype, attributes: &[(&str, AttributeValue)], stored: &[T]) -> Vec<Option<f32>> {
        let attributes: Vec<Attribute> =
            attributes.iter().map(|(n, v)| Attribute { name: (*n).to_owned(), value: v.clone() }).collect();
        let mut out = Vec::new();
        Packing::new(dtype, &attributes, true).unpack(stored, &mut out);
        out.into_iter().map(|v| (!v.is_nan()).then_some(v)).collect()
    }

    #[test]
    fn default_fill_only_without_a_declared_one() {
        let values = [-32767i16, 5, -1];
        assert_eq!(unpack(Dtype::I16, &[], &values), [None, Some(5.0), Some(-1.0)]);
        let declared = [("_FillValue", AttributeValue::Short(vec![-1]))];
        assert_eq!(unpack(Dtype::I16, &declared, &values), [Some(-32767.0), Some(5.0), None]);
        let missing = [("missing_value", AttributeValue::Short(vec![5, -1]))];
        assert_eq!(unpack(Dtype::I16, &missing, &values), [None, None, None]);
        assert_eq!(unpack(Dtype::I8, &[], &[-127i8, -128]), [Some(-127.0), Some(-128.0)]);
        assert_eq!(
            unpack(Dtype::F32, &[], &[9.969_21e36f32, f32::NAN, f32::INFINITY, 1.0]),
            [None, None, None, Some(1.0)]
        );
    }

    #[test]
    fn fill_values_of_another_type_and_as_text() {
        let double = [("missing_value", AttributeValue::Double(vec![1e20]))];
        assert_eq!(unpack(Dtype::F32, &double, &[1e20f32, 1.0]), [None, Some(1.0)]);
        let text = [("missing_value", AttributeValue::Char("-999.".to_owned()))];
        assert_eq!(unpack(Dtype::I32, &text, &[-999i32, 999]), [None, Some(999.0)]);
        let out_of_type = [("missing_value", AttributeValue::Int(vec![65535]))];
        assert_eq!(unpack(Dtype::I16, &out_of_type, &[-1i16]), [Some(-1.0)]);
    }

    #[test]
    fn valid_range_in_packed_and_in_physical_units() {
        let scale = ("scale_factor", AttributeValue::Double(vec![0.5]));
        let offset = ("add_offset", AttributeValue::Double(vec![100.0]));
        let values = [-3i16, 0, 4, 5];
        let packed = [scale.clone(), offset.clone(), ("valid_range", AttributeValue::Short(vec![-2, 4]))];
        assert_eq!(unpack(Dtype::I16, &packed, &values), [None, Some(100.0), Some(102.0), None]);
        let physical = [scale, offset, ("valid_max", AttributeValue::Double(vec![100.0]))];
        assert_eq!(unpack(Dtype::I16, &physical, &values), [Some(98.5), Some(100.0), None, None]);
        let float =
            [("valid_max", AttributeValue::Double(vec![0.1])), ("valid_min", AttributeValue::Double(vec![0.0]))];
        assert_eq!(unpack(Dtype::F32, &float, &[0.1f32, 0.2, -0.1]), [Some(0.1), None, None]);
    }

    #[test]
    fn unsigned_switches_values_fills_and_limits() {
        let attributes = [
            ("_Unsigned", AttributeValue::Char("true".to_owned())),
            ("_FillValue", AttributeValue::Byte(vec![-1])),
            ("valid_range", AttributeValue::Byte(vec![0, -6])),
        ];
        let list: Vec<Attribute> =
            attributes.iter().map(|(n, v)| Attribute { name: (*n).to_owned(), value: v.clone() }).collect();
        assert_eq!(Packing::new(Dtype::I8, &list, true).dtype, Dtype::U8);
        assert_eq!(unpack(Dtype::I8, &attributes, &[255u8, 200, 251]), [None, Some(200.0), None]);
    }

    #[test]
    fn large_integers_are_compared_exactly() {
        let fill = [("_FillValue", AttributeValue::Int64(vec![i64::MAX]))];
        assert_eq!(unpack(Dtype::I64, &fill, &[i64::MAX, i64::MAX - 1]), [None, Some(9.223_372e18)]);
    }
}
