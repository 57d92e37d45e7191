//! Attributes of the source file, kept verbatim (SPEC section 5).

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A named value of the source file: `units`, `_FillValue`, ...
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its value, with the type it has in the source.
    pub value: AttributeValue,
}

/// The value of an attribute, with its type.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValue {
    /// Text stored as an array of characters.
    Char(String),
    /// Array of strings.
    String(Vec<String>),
    /// 8 bits, signed.
    Byte(Vec<i8>),
    /// 8 bits, unsigned.
    UByte(Vec<u8>),
    /// 16 bits, signed.
    Short(Vec<i16>),
    /// 16 bits, unsigned.
    UShort(Vec<u16>),
    /// 32 bits, signed.
    Int(Vec<i32>),
    /// 32 bits, unsigned.
    UInt(Vec<u32>),
    /// 64 bits, signed.
    Int64(Vec<i64>),
    /// 64 bits, unsigned.
    UInt64(Vec<u64>),
    /// Single precision.
    Float(Vec<f32>),
    /// Double precision.
    Double(Vec<f64>),
}

impl Attribute {
    /// An attribute that is text.
    pub fn text(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: AttributeValue::Char(value.into()) }
    }

    /// The value, if it is one text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            AttributeValue::Char(text) => Some(text),
            AttributeValue::String(texts) => match texts.as_slice() {
                [text] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value, if it is one number. Integers beyond 2^53 are rounded.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        fn one<T: Copy>(values: &[T], convert: impl Fn(T) -> f64) -> Option<f64> {
            match values {
                [value] => Some(convert(*value)),
                _ => None,
            }
        }
        match &self.value {
            AttributeValue::Char(_) | AttributeValue::String(_) => None,
            AttributeValue::Byte(v) => one(v, f64::from),
            AttributeValue::UByte(v) => one(v, f64::from),
            AttributeValue::Short(v) => one(v, f64::from),
            AttributeValue::UShort(v) => one(v, f64::from),
            AttributeValue::Int(v) => one(v, f64::from),
            AttributeValue::UInt(v) => one(v, f64::from),
            AttributeValue::Int64(v) => one(v, |value| value as f64),
            AttributeValue::UInt64(v) => one(v, |value| value as f64),
            AttributeValue::Float(v) => one(v, f64::from),
            AttributeValue::Double(v) => one(v, |value| value),
        }
    }
}

impl AttributeValue {
    /// The name of the type in META.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Char(_) => "char",
            Self::String(_) => "string",
            Self::Byte(_) => "byte",
            Self::UByte(_) => "ubyte",
            Self::Short(_) => "short",
            Self::UShort(_) => "ushort",
            Self::Int(_) => "int",
            Self::UInt(_) => "uint",
            Self::Int64(_) => "int64",
            Self::UInt64(_) => "uint64",
            Self::Float(_) => "float",
            Self::Double(_) => "double",
        }
    }

    fn from_json(type_name: &str, value: Value) -> Result<Self, String> {
        if type_name == "char" {
            return match value {
                Value::String(text) => Ok(Self::Char(text)),
                _ => Err("its value is no text".to_owned()),
            };
        }
        let values = match value {
            Value::Array(values) => values,
            scalar => vec![scalar],
        };
        Ok(match type_name {
            "string" => Self::String(each(values, |value| value.as_str().map(str::to_owned))?),
            "byte" => Self::Byte(each(values, signed)?),
            "ubyte" => Self::UByte(each(values, unsigned)?),
            "short" => Self::Short(each(values, signed)?),
            "ushort" => Self::UShort(each(values, unsigned)?),
            "int" => Self::Int(each(values, signed)?),
            "uint" => Self::UInt(each(values, unsigned)?),
            "int64" => Self::Int64(each(values, signed)?),
            "uint64" => Self::UInt64(each(values, unsigned)?),
            "float" => Self::Float(each(values, single)?),
            "double" => Self::Double(each(values, double)?),
            other => return Err(format!("unknown type \"{other}\"")),
        })
    }
}

fn each<T>(values: Vec<Value>, convert: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, String> {
    let value = |(i, value)| convert(value).ok_or_else(|| format!("value {i} is not of the type"));
    values.iter().enumerate().map(value).collect()
}

fn signed<T: TryFrom<i64>>(value: &Value) -> Option<T> {
    value.as_i64().and_then(|value| T::try_from(value).ok())
}

fn unsigned<T: TryFrom<u64>>(value: &Value) -> Option<T> {
    value.as_u64().and_then(|value| T::try_from(value).ok())
}

fn double(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        number => number.as_f64(),
    }
}

fn single(value: &Value) -> Option<f32> {
    let wide = double(value)?;
    let narrow = wide as f32;
    // A finite number that does not fit would silently become infinite.
    (narrow.is_finite() || !wide.is_finite()).then_some(narrow)
}

/// A number for which JSON may have no word.
struct Number<T>(T);

macro_rules! serialize_number {
    ($type:ty, $method:ident) => {
        impl Serialize for Number<$type> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let value = self.0;
                if value.is_finite() {
                    serializer.$method(value)
                } else if value.is_nan() {
                    serializer.serialize_str("NaN")
                } else {
                    serializer.serialize_str(if value > 0.0 { "Infinity" } else { "-Infinity" })
                }
            }
        }
    };
}
serialize_number!(f32, serialize_f32);
serialize_number!(f64, serialize_f64);

impl Serialize for AttributeValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Char(v) => v.serialize(serializer),
            Self::String(v) => v.serialize(serializer),
            Self::Byte(v) => v.serialize(serializer),
            Self::UByte(v) => v.serialize(serializer),
            Self::Short(v) => v.serialize(serializer),
            Self::UShort(v) => v.serialize(serializer),
            Self::Int(v) => v.serialize(serializer),
            Self::UInt(v) => v.serialize(serializer),
            Self::Int64(v) => v.serialize(serializer),
            Self::UInt64(v) => v.serialize(serializer),
            Self::Float(v) => serializer.collect_seq(v.iter().map(|&value| Number(value))),
            Self::Double(v) => serializer.collect_seq(v.iter().map(|&value| Number(value))),
        }
    }
}

impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Attribute", 3)?;
        object.serialize_field("name", &self.name)?;
        object.serialize_field("type", self.value.type_name())?;
        object.serialize_field("value", &self.value)?;
        object.end()
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            name: String,
            r#type: String,
            value: Value,
        }
        let raw = Raw::deserialize(deserializer)?;
        let value = AttributeValue::from_json(&raw.r#type, raw.value)
            .map_err(|error| D::Error::custom(format!("attribute \"{}\" of type {}: {error}", raw.name, raw.r#type)))?;
        Ok(Self { name: raw.name, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Attribute, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn scalars_are_arrays_of_one() {
        let attribute = read(r#"{"name": "a", "type": "short", "value": -3}"#).expect("a scalar");
        assert_eq!(attribute.value, AttributeValue::Short(vec![-3]));
        assert_eq!(attribute.as_f64(), Some(-3.0));
        let attribute = read(r#"{"name": "a", "type": "string", "value": "b"}"#).expect("a scalar");
        assert_eq!(attribute.as_str(), Some("b"));
        assert_eq!(attribute.as_f64(), None);
    }

    #[test]
    fn numbers_that_json_lacks_are_strings() {
        let value = AttributeValue::Double(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1]);
        let attribute = Attribute { name: "a".to_owned(), value };
        let json = serde_json::to_string(&attribute).expect("it is JSON");
        assert_eq!(json, r#"{"name":"a","type":"double","value":["NaN","Infinity","-Infinity",0.1]}"#);
        assert_eq!(format!("{:?}", read(&json).expect("it was just written")), format!("{attribute:?}"));
    }

    #[test]
    fn values_outside_the_type_are_refused() {
        for (type_name, value) in [
            ("byte", "128"),
            ("ubyte", "-1"),
            ("int", "1.5"),
            ("uint64", "18446744073709551616"),
            ("float", "1e39"),
            ("float", "\"nan\""),
            ("char", "1"),
            ("string", "[1]"),
            ("byte", "null"),
        ] {
            let json = format!(r#"{{"name": "a", "type": "{type_name}", "value": {value}}}"#);
            assert!(read(&json).is_err(), "{json}");
        }
    }

    #[test]
    fn only_one_value_is_one_value() {
        let attribute = Attribute { name: "a".to_owned(), value: AttributeValue::Float(vec![1.0, 2.0]) };
        assert_eq!(attribute.as_f64(), None);
        assert_eq!(Attribute::text("a", "b").as_str(), Some("b"));
    }
}
