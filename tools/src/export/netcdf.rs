//! NetCDF-4 files that xarray, netCDF4-python and the NetCDF tools read.
//!
//! Values are physical ones (f32, NaN = no value), so the attributes that describe the packed numbers of the source are
//! not repeated: `scale_factor`, `add_offset`, `_Unsigned`, `missing_value`, `_FillValue`, and the valid range — a
//! reader would hide values that compression moved just across such a limit. They are kept, with their types and the
//! source's number type, as JSON in `neuvol_source_attributes`. Everything else is written verbatim.

use std::error::Error;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use neuvol_format::{Attribute, AttributeValue, Coordinate, Meta, VariableMeta};

use crate::source::Dtype;
use crate::source::attributes::to_netcdf;

/// Attributes that describe the stored numbers of the source.
const OF_THE_SOURCE: [&str; 8] =
    ["scale_factor", "add_offset", "_Unsigned", "missing_value", "_FillValue", "valid_range", "valid_min", "valid_max"];
/// Names that the NetCDF library keeps for itself.
const RESERVED: [&str; 8] = [
    "_NCProperties",
    "_Netcdf4Coordinates",
    "_Netcdf4Dimid",
    "_nc3_strict",
    "CLASS",
    "NAME",
    "DIMENSION_LIST",
    "REFERENCE_LIST",
];
/// Largest chunk, z, y, x: 4 MiB, a step of usual grids in some pieces.
const CHUNK: [u32; 3] = [16, 256, 256];

/// One variable to write.
#[derive(Clone, Debug)]
pub struct ExportVariable {
    /// Its number in `Meta::variables`, handed to the `read` function.
    pub index: usize,
    /// Grid size z, y, x.
    pub dims: [u32; 3],
    /// Time steps.
    pub steps: u32,
    /// Whether it has a time axis.
    pub has_time: bool,
}

/// How to write.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// The line put before the `history` of the source: date, program, arguments. Empty = none.
    pub history: String,
    /// Deflate level 0 (none) to 9.
    pub deflate: u8,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// (coordinate, reason) of coordinates that do not belong to the exported grid.
    pub left_out: Vec<(String, String)>,
}

/// Why an export failed. The file does not exist then, or is the one that was there before.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The operating system reports an error.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The NetCDF library reports an error.
    #[error("{}: writing {what}: {message}", path.display())]
    Netcdf {
        /// The file.
        path: PathBuf,
        /// What was written.
        what: String,
        /// What the library says.
        message: String,
    },
    /// The model's description cannot be written as NetCDF.
    #[error("{}: cannot export: {reason}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The values could not be had.
    #[error("decoding {variable}, step {step}: {error}")]
    Read {
        /// The variable's name.
        variable: String,
        /// The step.
        step: u32,
        /// What the `read` function says.
        error: Box<dyn Error + Send + Sync>,
    },
}

/// Gives the values of one step of a variable (its number in `Meta::variables`): z·y·x values, x fastest.
pub type ReadStep<'a> = dyn FnMut(usize, u32, &mut Vec<f32>) -> Result<(), Box<dyn Error + Send + Sync>> + 'a;

/// Writes variables step by step (memory: one step) with all coordinates that fit their grids. `coordinate_bytes` is
/// the raw coordinate section of the model. The file appears at `path` only when it is complete.
///
/// Errors: [`ExportError`].
pub fn write(
    path: &Path,
    meta: &Meta,
    coordinate_bytes: &[u8],
    variables: &[ExportVariable],
    options: &ExportOptions,
    read: &mut ReadStep<'_>,
) -> Result<Exported, ExportError> {
    let io = |error| ExportError::Io { path: path.to_owned(), error };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".neuvol.partial");
    let partial = Partial { path: path.with_file_name(name) };
    // The library's message for a folder that is missing or not writable is poor.
    File::create(&partial.path).map_err(io)?;

    let plan = Plan::new(path, meta, variables)?;
    let file = netcdf::create(&partial.path).map_err(|e| plan.library("the file", e))?;
    plan.fill(file, coordinate_bytes, options, read)?;
    File::open(&partial.path).and_then(|file| file.sync_all()).map_err(io)?;
    std::fs::rename(&partial.path, path).map_err(io)?;
    let left_out = plan.left_out.clone();
    Ok(Exported { left_out })
}

/// The unfinished file; removed when it was not renamed.
struct Partial {
    path: PathBuf,
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already after success; otherwise there is nobody left to tell.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A name that NetCDF accepts: no slash or control characters, no special first character, no space at the end.
fn valid_name(name: &str) -> String {
    let mut valid: String = name.chars().map(|c| if c == '/' || c.is_control() { '_' } else { c }).collect();
    valid.truncate(valid.trim_end().len());
    if !valid.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        valid.insert(0, '_');
    }
    valid
}

/// What the file will hold.
struct Plan<'a> {
    path: &'a Path,
    meta: &'a Meta,
    /// Name and length, each name once.
    dimensions: Vec<(String, usize)>,
    variables: Vec<Array<'a>>,
    coordinates: Vec<&'a Coordinate>,
    left_out: Vec<(String, String)>,
}

/// One exported variable with the names of its axes.
struct Array<'a> {
    variable: &'a ExportVariable,
    meta: &'a VariableMeta,
    name: String,
    dimensions: Vec<String>,
}

impl<'a> Plan<'a> {
    fn new(path: &'a Path, meta: &'a Meta, variables: &'a [ExportVariable]) -> Result<Self, ExportError> {
        let mut plan = Self {
            path,
            meta,
            dimensions: Vec::new(),
            variables: Vec::new(),
            coordinates: Vec::new(),
            left_out: Vec::new(),
        };
        for variable in variables {
            let Some(meta) = meta.variables.get(variable.index) else {
                return Err(plan.model(format!("there is no variable {}", variable.index)));
            };
            let array = Array { variable, meta, name: valid_name(&meta.name), dimensions: names(variable, meta) };
            for (name, len) in array.dimensions.iter().zip(array.lengths()) {
                plan.add_dimension(name, len)?;
            }
            plan.variables.push(array);
        }
        for coordinate in &meta.coordinates {
            match plan.place(coordinate) {
                Ok(()) => {
                    for (name, len) in coordinate.dimensions.iter().zip(&coordinate.shape) {
                        plan.add_dimension(&valid_name(name), *len as usize)?;
                    }
                    plan.coordinates.push(coordinate);
                }
                Err(reason) => plan.left_out.push((coordinate.name.clone(), reason)),
            }
        }
        Ok(plan)
    }

    fn model(&self, reason: impl Into<String>) -> ExportError {
        ExportError::Model { path: self.path.to_owned(), reason: reason.into() }
    }

    fn library(&self, what: &str, e: impl std::fmt::Display) -> ExportError {
        ExportError::Netcdf { path: self.path.to_owned(), what: what.to_owned(), message: e.to_string() }
    }

    fn length(&self, dimension: &str) -> Option<usize> {
        self.dimensions.iter().find(|(name, _)| name == dimension).map(|(_, len)| *len)
    }

    fn add_dimension(&mut self, name: &str, len: usize) -> Result<(), ExportError> {
        match self.length(name) {
            None => self.dimensions.push((name.to_owned(), len)),
            Some(known) if known == len => {}
            Some(known) => {
                let reason =
                    format!("dimension {name} has {known} and {len} values in different variables; export them apart");
                return Err(self.model(reason));
            }
        }
        Ok(())
    }

    /// Whether a coordinate belongs to the grids, or why not.
    fn place(&self, c: &Coordinate) -> Result<(), String> {
        let same_name = |n: &str| valid_name(n) == valid_name(&c.name);
        if self.variables.iter().any(|v| same_name(&v.name)) || self.coordinates.iter().any(|o| same_name(&o.name)) {
            return Err("a variable of this name is written".to_owned());
        }
        if c.dimensions.len() != c.shape.len() {
            return Err("its shape does not match its dimensions".to_owned());
        }
        let is_bounds = self.meta.coordinates.iter().any(|other| {
            let named = |name| Meta::attribute(&other.attributes, name).and_then(Attribute::as_str) == Some(&c.name);
            named("bounds") || named("climatology")
        });
        let single = c.dimensions.len() == 1 && c.shape[0] == 1;
        for (i, (name, len)) in c.dimensions.iter().zip(&c.shape).enumerate() {
            match self.length(&valid_name(name)) {
                Some(known) if known as u64 == *len => {}
                Some(known) => return Err(format!("it has {len} values on {name}, the exported grid {known}")),
                None if *len == 0 => return Err(format!("its dimension {name} has no values")),
                None if single || (is_bounds && i + 1 == c.dimensions.len()) => {}
                None => return Err(format!("no exported variable has its dimension {name}")),
            }
        }
        Ok(())
    }

    fn fill(
        &self,
        mut file: netcdf::FileMut,
        coordinate_bytes: &[u8],
        options: &ExportOptions,
        read: &mut ReadStep<'_>,
    ) -> Result<(), ExportError> {
        for (name, len) in &self.dimensions {
            file.add_dimension(name, *len).map_err(|e| self.library(name, e))?;
        }
        for attribute in self.global_attributes(options) {
            let done = file.add_attribute(&attribute.name, to_netcdf(&attribute.value));
            done.map_err(|e| self.library(&attribute.name, e))?;
        }
        for coordinate in &self.coordinates {
            self.write_coordinate(&mut file, coordinate, coordinate_bytes)?;
        }
        for array in &self.variables {
            self.define(&mut file, array, options).map_err(|e| self.library(&array.name, e))?;
        }
        let mut values = Vec::new();
        for array in &self.variables {
            for step in 0..array.variable.steps {
                values.clear();
                read(array.variable.index, step, &mut values).map_err(|error| ExportError::Read {
                    variable: array.name.clone(),
                    step,
                    error,
                })?;
                self.write_step(&mut file, array, step, &values)?;
            }
        }
        file.close().map_err(|e| self.library("the end of the file", e))
    }

    fn global_attributes(&self, options: &ExportOptions) -> Vec<Attribute> {
        let mut list = writable(&self.meta.attributes);
        list.retain(|a| a.name != "history");
        let old = Meta::attribute(&self.meta.attributes, "history").and_then(Attribute::as_str).unwrap_or("");
        // The newest line comes first, as other tools do it.
        let lines = [options.history.as_str(), self.meta.history.as_str(), old];
        let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        if !lines.is_empty() {
            list.push(Attribute::text("history", lines.join("\n")));
        }
        if Meta::attribute(&list, "Conventions").is_none() {
            list.push(Attribute::text("Conventions", "CF-1.8"));
        }
        list
    }

    fn define(
        &self,
        file: &mut netcdf::FileMut,
        array: &Array<'_>,
        options: &ExportOptions,
    ) -> Result<(), netcdf::Error> {
        let dimensions: Vec<&str> = array.dimensions.iter().map(String::as_str).collect();
        let mut variable = file.add_variable::<f32>(&array.name, &dimensions)?;
        let mut chunk: Vec<usize> = vec![1; array.variable.has_time.into()];
        let spatial = array.dimensions.len() - chunk.len();
        let limits = array.variable.dims.iter().zip(CHUNK).map(|(n, limit)| (*n).min(limit) as usize);
        chunk.extend(limits.skip(3 - spatial));
        variable.set_chunking(&chunk)?;
        if options.deflate > 0 {
            variable.set_compression(i32::from(options.deflate.min(9)), true)?;
        }
        variable.set_fill_value(f32::NAN)?;
        let (of_source, kept): (Vec<Attribute>, Vec<Attribute>) =
            array.meta.attributes.iter().cloned().partition(|a| OF_THE_SOURCE.contains(&a.name.as_str()));
        for attribute in writable(&kept) {
            variable.put_attribute(&attribute.name, to_netcdf(&attribute.value))?;
        }
        let original = serde_json::json!({ "dtype": array.meta.source_dtype, "attributes": of_source });
        variable.put_attribute("neuvol_source_attributes", original.to_string())?;
        Ok(())
    }

    fn write_step(
        &self,
        file: &mut netcdf::FileMut,
        array: &Array<'_>,
        step: u32,
        values: &[f32],
    ) -> Result<(), ExportError> {
        let mut count = array.lengths();
        let mut start = vec![0; count.len()];
        if array.variable.has_time {
            count[0] = 1;
            start[0] = step as usize;
        }
        let wanted = count.iter().try_fold(1usize, |n, len| n.checked_mul(*len));
        if wanted != Some(values.len()) {
            return Err(self.model(format!("{}: {} values for a step of {count:?}", array.name, values.len())));
        }
        let gone = || self.library(&array.name, "the variable is gone");
        let mut variable = file.variable_mut(&array.name).ok_or_else(gone)?;
        variable.put_values(values, (start, count)).map_err(|e| self.library(&array.name, e))
    }

    fn write_coordinate(&self, file: &mut netcdf::FileMut, c: &Coordinate, all: &[u8]) -> Result<(), ExportError> {
        let name = valid_name(&c.name);
        let dtype = Dtype::from_name(&c.dtype);
        let dtype = dtype.ok_or_else(|| self.model(format!("coordinate {name} has the type {}", c.dtype)))?;
        let len = c.shape.iter().try_fold(dtype.size() as u64, |n, len| n.checked_mul(*len));
        let range = len
            .and_then(|len| Some(usize::try_from(c.offset).ok()?..usize::try_from(c.offset.checked_add(len)?).ok()?));
        let bytes = range.and_then(|range| all.get(range));
        let bytes =
            bytes.ok_or_else(|| self.model(format!("coordinate {name} lies outside the coordinate section")))?;
        let dimensions: Vec<String> = c.dimensions.iter().map(|d| valid_name(d)).collect();
        let dimensions: Vec<&str> = dimensions.iter().map(String::as_str).collect();
        macro_rules! write {
            ($type:ty, $fill:ident) => {{
                let values: Vec<$type> =
                    bytes.as_chunks::<{ size_of::<$type>() }>().0.iter().map(|b| <$type>::from_le_bytes(*b)).collect();
                let fill = match Meta::attribute(&c.attributes, "_FillValue").map(|a| &a.value) {
                    Some(AttributeValue::$fill(v)) => v.first().copied(),
                    _ => None,
                };
                put_coordinate(file, &name, &dimensions, &values, fill, &c.attributes)
            }};
        }
        let done = match dtype {
            Dtype::I8 => write!(i8, Byte),
            Dtype::U8 => write!(u8, UByte),
            Dtype::I16 => write!(i16, Short),
            Dtype::U16 => write!(u16, UShort),
            Dtype::I32 => write!(i32, Int),
            Dtype::U32 => write!(u32, UInt),
            Dtype::I64 => write!(i64, Int64),
            Dtype::U64 => write!(u64, UInt64),
            Dtype::F32 => write!(f32, Float),
            Dtype::F64 => write!(f64, Double),
        };
        done.map_err(|e| self.library(&name, e))
    }
}

fn put_coordinate<T: netcdf::NcTypeDescriptor>(
    file: &mut netcdf::FileMut,
    name: &str,
    dimensions: &[&str],
    values: &[T],
    fill: Option<T>,
    attributes: &[Attribute],
) -> Result<(), netcdf::Error> {
    let mut variable = file.add_variable::<T>(name, dimensions)?;
    if let Some(fill) = fill {
        variable.set_fill_value(fill)?;
    }
    for attribute in writable(attributes).iter().filter(|a| a.name != "_FillValue") {
        variable.put_attribute(&attribute.name, to_netcdf(&attribute.value))?;
    }
    variable.put_values(values, ..)
}

/// Attributes that NetCDF accepts, under names that it accepts.
fn writable(attributes: &[Attribute]) -> Vec<Attribute> {
    let allowed = attributes.iter().filter(|a| !RESERVED.contains(&a.name.as_str()));
    allowed.map(|a| Attribute { name: valid_name(&a.name), value: a.value.clone() }).collect()
}

impl Array<'_> {
    /// Lengths of the axes.
    fn lengths(&self) -> Vec<usize> {
        let v = self.variable;
        let time = v.has_time.then_some(v.steps as usize);
        let spatial = self.dimensions.len() - usize::from(v.has_time);
        time.into_iter().chain(v.dims[3 - spatial..].iter().map(|n| *n as usize)).collect()
    }
}

/// Names of the axes: those of the source, or the usual ones where the source's do not fit.
fn names(variable: &ExportVariable, meta: &VariableMeta) -> Vec<String> {
    let spatial = meta.dimensions.len().checked_sub(variable.has_time.into());
    let fits = spatial == Some(3) || (spatial == Some(2) && variable.dims[0] == 1);
    if fits {
        return meta.dimensions.iter().map(|name| valid_name(name)).collect();
    }
    let usual = ["time", "z", "y", "x"].into_iter().skip(usize::from(!variable.has_time));
    usual.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
