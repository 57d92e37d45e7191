//! Readers of scientific volumes. [`open`] finds the format; every reader gives the same [`Source`].
//!
//! All readers hand out *physical* values (packing undone) as f32. What is not a value is NaN: fill and missing values,
//! values outside the declared valid range, NaN and infinities of the file.

mod coordinate;
mod dense;
mod dtype;
mod error;
mod models;
mod netcdf;
mod nifti;
mod nrrd;
mod raw;
mod steps;
mod tiff;
mod vtk;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use neuvol_format::Attribute;

pub use self::coordinate::CoordinateValues;
pub use self::dtype::{Dtype, Endian};
pub use self::error::SourceError;
pub use self::models::{Models, Place};
pub(crate) use self::netcdf::attributes;
pub use self::steps::{Steps, some_steps};

/// An opened source file with some variables on regular grids.
pub trait Source: Send {
    /// The format's name, for people.
    fn format(&self) -> &'static str;
    /// The file.
    fn path(&self) -> &Path;
    /// Everything that can be compressed: at least two spatial axes, at most three, and perhaps a time axis.
    fn variables(&self) -> &[SourceVariable];
    /// What else the file holds, as (name, reason why it is not in [`Source::variables`]).
    fn skipped(&self) -> &[(String, String)];
    /// Attributes of the whole file, verbatim.
    fn attributes(&self) -> &[Attribute];
    /// Coordinates that belong to a variable: those of its dimensions, bounds, and auxiliary ones that its attributes
    /// name. Values are verbatim (not unpacked). Errors: the file cannot be read; `variable` does not exist.
    fn coordinates(&self, variable: usize) -> Result<Vec<SourceCoordinate>, SourceError>;
    /// Reads the box `min..max` (z, y, x; max exclusive) of one step into `out`, which is cleared first; x fastest.
    /// Values are physical, NaN = no value. Memory is bounded by the box. Errors: the file cannot be read; the box or
    /// the step lies outside the variable.
    fn read(
        &mut self,
        variable: usize,
        step: u32,
        min: [u32; 3],
        max: [u32; 3],
        out: &mut Vec<f32>,
    ) -> Result<(), SourceError>;
}

/// One variable of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceVariable {
    /// Its name in the file, or one made from the file's name.
    pub name: String,
    /// Names of its axes, slowest first: the time axis if there is one, then two or three spatial ones.
    pub dimensions: Vec<String>,
    /// Whether the first dimension is time.
    pub has_time: bool,
    /// Time steps, ≥ 1.
    pub steps: u32,
    /// Grid size z, y, x; z is 1 for a variable with two spatial axes.
    pub dims: [u32; 3],
    /// Type of the stored (perhaps packed) numbers, as [`Dtype::name`].
    pub dtype: String,
    /// Attributes, verbatim.
    pub attributes: Vec<Attribute>,
}

/// One coordinate array of a source, verbatim.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceCoordinate {
    /// Its name.
    pub name: String,
    /// Names of its axes, slowest first; none for a scalar.
    pub dimensions: Vec<String>,
    /// Lengths of these axes.
    pub shape: Vec<u64>,
    /// The numbers.
    pub values: CoordinateValues,
    /// Attributes, verbatim.
    pub attributes: Vec<Attribute>,
}

/// Opens a file. The content decides about the format, and the name only where the content has no signature (raw).
///
/// Errors: [`SourceError`]; `Unrecognised` lists the formats that are read.
pub fn open(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    let io = |error| SourceError::io(path, error);
    if std::fs::metadata(path).map_err(io)?.is_dir() {
        return Err(SourceError::unrecognised(path, "this is a directory"));
    }
    let mut start = Vec::new();
    File::open(path).and_then(|file| file.take(352).read_to_end(&mut start)).map_err(io)?;
    if start.is_empty() {
        return Err(SourceError::unrecognised(path, "the file is empty"));
    }
    match start.as_slice() {
        [b'C', b'D', b'F', 1 | 2 | 5, ..] | [0x89, b'H', b'D', b'F', 0x0d, 0x0a, 0x1a, 0x0a, ..] => netcdf::open(path),
        [b'N', b'R', b'R', b'D', ..] => nrrd::open(path),
        s if s.starts_with(&models::MAGIC) => Ok(Box::new(Models::open(&[path])?)),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => tiff::open(path),
        [0x1f, 0x8b, ..] => nifti::open_compressed(path),
        s if s.starts_with(b"# vtk DataFile") => vtk::open(path),
        s if nifti::is_header(s) => nifti::open(path),
        _ if raw::is_name(path) => raw::open(path),
        _ => Err(SourceError::unrecognised(path, "the content has no known signature and the name no known form")),
    }
}

/// Checks the arguments of [`Source::read`] and gives the number of values of the box.
pub(crate) fn check_box(
    path: &Path,
    variables: &[SourceVariable],
    variable: usize,
    step: u32,
    min: [u32; 3],
    max: [u32; 3],
) -> Result<usize, SourceError> {
    let Some(v) = variables.get(variable) else {
        let message = format!("{variable} is out of range, there are {} variables", variables.len());
        return Err(SourceError::argument(path, "variable", message));
    };
    if step >= v.steps {
        let message = format!("{step} is out of range, {} has {} steps", v.name, v.steps);
        return Err(SourceError::argument(path, "step", message));
    }
    if (0..3).any(|axis| min[axis] >= max[axis] || max[axis] > v.dims[axis]) {
        let message = format!("box {min:?}..{max:?} (z, y, x) is empty or outside the grid {:?} of {}", v.dims, v.name);
        return Err(SourceError::argument(path, "min, max", message));
    }
    (0..3)
        .try_fold(1usize, |n, axis| n.checked_mul((max[axis] - min[axis]) as usize))
        .ok_or_else(|| SourceError::argument(path, "min, max", "the box does not fit the address space"))
}

#[cfg(test)]
pub(crate) mod test_util;
#[cfg(test)]
mod tests;
