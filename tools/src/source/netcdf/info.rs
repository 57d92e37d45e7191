//! What the NetCDF library says about a file, collected once.

use netcdf::types::{FloatType, IntType, NcVariableType};
use neuvol_format::{Attribute, Meta};

use super::attributes::from_netcdf;
use crate::source::dtype::Dtype;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DimensionInfo {
    pub(super) name: String,
    pub(super) len: usize,
    pub(super) unlimited: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct VariableInfo {
    pub(super) name: String,
    pub(super) dimensions: Vec<DimensionInfo>,
    /// None for text and user-defined types.
    pub(super) dtype: Option<Dtype>,
    /// The type for people.
    pub(super) type_name: String,
    pub(super) attributes: Vec<Attribute>,
    /// Whether NetCDF puts fill values where nothing was written.
    pub(super) fills: bool,
}

impl VariableInfo {
    /// A text attribute.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        Meta::attribute(&self.attributes, name)?.as_str()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        Meta::attribute(&self.attributes, name).is_some()
    }

    /// Bytes of the stored numbers; saturates.
    pub(super) fn byte_len(&self) -> u64 {
        let size = self.dtype.map_or(1, Dtype::size) as u64;
        self.dimensions.iter().fold(size, |n, d| n.saturating_mul(d.len as u64))
    }

    pub(super) fn is_char(&self) -> bool {
        self.type_name == "char"
    }
}

/// Everything about a file but its numbers.
pub(super) struct FileInfo {
    pub(super) variables: Vec<VariableInfo>,
    pub(super) attributes: Vec<Attribute>,
    /// (name, reason) of what cannot be represented.
    pub(super) skipped: Vec<(String, String)>,
}

fn dtype_of(variable_type: &NcVariableType) -> (Option<Dtype>, String) {
    let dtype = match variable_type {
        NcVariableType::Int(IntType::I8) => Dtype::I8,
        NcVariableType::Int(IntType::U8) => Dtype::U8,
        NcVariableType::Int(IntType::I16) => Dtype::I16,
        NcVariableType::Int(IntType::U16) => Dtype::U16,
        NcVariableType::Int(IntType::I32) => Dtype::I32,
        NcVariableType::Int(IntType::U32) => Dtype::U32,
        NcVariableType::Int(IntType::I64) => Dtype::I64,
        NcVariableType::Int(IntType::U64) => Dtype::U64,
        NcVariableType::Float(FloatType::F32) => Dtype::F32,
        NcVariableType::Float(FloatType::F64) => Dtype::F64,
        NcVariableType::Char => return (None, "char".to_owned()),
        NcVariableType::String => return (None, "string".to_owned()),
        NcVariableType::Compound(_) => return (None, "compound".to_owned()),
        NcVariableType::Opaque(_) => return (None, "opaque".to_owned()),
        NcVariableType::Enum(_) => return (None, "enum".to_owned()),
        NcVariableType::Vlen(_) => return (None, "variable-length".to_owned()),
    };
    (Some(dtype), dtype.name().to_owned())
}

fn fills(variable: &netcdf::Variable<'_>, dtype: Option<Dtype>) -> bool {
    // Only whether there is a fill value counts here; declared ones are read from the attribute.
    fn declared<T: netcdf::NcTypeDescriptor + Copy>(variable: &netcdf::Variable<'_>) -> bool {
        !matches!(variable.fill_value::<T>(), Ok(None))
    }
    match dtype {
        Some(Dtype::I8) => declared::<i8>(variable),
        Some(Dtype::U8) => declared::<u8>(variable),
        Some(Dtype::I16) => declared::<i16>(variable),
        Some(Dtype::U16) => declared::<u16>(variable),
        Some(Dtype::I32) => declared::<i32>(variable),
        Some(Dtype::U32) => declared::<u32>(variable),
        Some(Dtype::I64) => declared::<i64>(variable),
        Some(Dtype::U64) => declared::<u64>(variable),
        Some(Dtype::F32) => declared::<f32>(variable),
        Some(Dtype::F64) => declared::<f64>(variable),
        None => true,
    }
}

/// Collects the root group. The binding panics on names that are not UTF-8; the caller catches that.
pub(super) fn collect(file: &netcdf::File) -> FileInfo {
    let mut skipped = Vec::new();
    let mut convert = |owner: &str, list: Vec<netcdf::Attribute<'_>>| -> Vec<Attribute> {
        let mut attributes = Vec::new();
        for attribute in list {
            let name = attribute.name().to_owned();
            match attribute.value() {
                Ok(value) => attributes.push(Attribute { name, value: from_netcdf(value) }),
                Err(e) => skipped.push((format!("{owner}:{name}"), format!("attribute cannot be read: {e}"))),
            }
        }
        attributes
    };
    let attributes = convert("", file.attributes().collect());
    let variables = file
        .variables()
        .map(|variable| {
            let name = variable.name();
            let (dtype, type_name) = dtype_of(&variable.vartype());
            let dimension =
                |d: &netcdf::Dimension<'_>| DimensionInfo { name: d.name(), len: d.len(), unlimited: d.is_unlimited() };
            VariableInfo {
                dimensions: variable.dimensions().iter().map(dimension).collect(),
                dtype,
                type_name,
                attributes: convert(&name, variable.attributes().collect()),
                fills: fills(&variable, dtype),
                name,
            }
        })
        .collect();
    if let Ok(groups) = file.groups() {
        for group in groups {
            skipped.push((group.name(), "it is a group; only the root group is read".to_owned()));
        }
    }
    FileInfo { variables, attributes, skipped }
}
