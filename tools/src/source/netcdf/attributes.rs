//! Attributes between the NetCDF library and the model's own types, both ways without loss.

use netcdf::AttributeValue as Nc;
use neuvol_format::AttributeValue;

/// From a file.
pub(crate) fn from_netcdf(value: Nc) -> AttributeValue {
    match value {
        Nc::Uchar(v) => AttributeValue::UByte(vec![v]),
        Nc::Uchars(v) => AttributeValue::UByte(v),
        Nc::Schar(v) => AttributeValue::Byte(vec![v]),
        Nc::Schars(v) => AttributeValue::Byte(v),
        Nc::Ushort(v) => AttributeValue::UShort(vec![v]),
        Nc::Ushorts(v) => AttributeValue::UShort(v),
        Nc::Short(v) => AttributeValue::Short(vec![v]),
        Nc::Shorts(v) => AttributeValue::Short(v),
        Nc::Uint(v) => AttributeValue::UInt(vec![v]),
        Nc::Uints(v) => AttributeValue::UInt(v),
        Nc::Int(v) => AttributeValue::Int(vec![v]),
        Nc::Ints(v) => AttributeValue::Int(v),
        Nc::Ulonglong(v) => AttributeValue::UInt64(vec![v]),
        Nc::Ulonglongs(v) => AttributeValue::UInt64(v),
        Nc::Longlong(v) => AttributeValue::Int64(vec![v]),
        Nc::Longlongs(v) => AttributeValue::Int64(v),
        Nc::Float(v) => AttributeValue::Float(vec![v]),
        Nc::Floats(v) => AttributeValue::Float(v),
        Nc::Double(v) => AttributeValue::Double(vec![v]),
        Nc::Doubles(v) => AttributeValue::Double(v),
        Nc::Str(v) => AttributeValue::Char(v),
        Nc::Strs(v) => AttributeValue::String(v),
    }
}

/// For a file.
pub(crate) fn to_netcdf(value: &AttributeValue) -> Nc {
    match value.clone() {
        AttributeValue::Char(v) => Nc::Str(v),
        // C strings end at the first NUL; the library refuses longer ones.
        AttributeValue::String(v) => Nc::Strs(v.into_iter().map(|s| s.replace('\0', "")).collect()),
        AttributeValue::Byte(v) => Nc::Schars(v),
        AttributeValue::UByte(v) => Nc::Uchars(v),
        AttributeValue::Short(v) => Nc::Shorts(v),
        AttributeValue::UShort(v) => Nc::Ushorts(v),
        AttributeValue::Int(v) => Nc::Ints(v),
        AttributeValue::UInt(v) => Nc::Uints(v),
        AttributeValue::Int64(v) => Nc::Longlongs(v),
        AttributeValue::UInt64(v) => Nc::Ulonglongs(v),
        AttributeValue::Float(v) => Nc::Floats(v),
        AttributeValue::Double(v) => Nc::Doubles(v),
    }
}
