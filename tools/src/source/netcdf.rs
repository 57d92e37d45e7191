//! NetCDF: classic (CDF-1, CDF-2, CDF-5) and NetCDF-4, through the NetCDF library. Root group only.
//!
//! Axes are classified in [`axes`], stored numbers turned into physical ones in [`packing`]. The order of the file is
//! kept on every axis (also where a coordinate descends); grids may be staggered: every variable has its own.
//!
//! Beside the box asked for, the library keeps decompressed chunks of each variable read (up to 64 MiB each).

pub(crate) mod attributes;
mod axes;
mod classic;
mod info;
mod packing;
mod references;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use neuvol_format::Attribute;

use self::axes::Axis;
use self::info::{FileInfo, VariableInfo};
use self::packing::{Packing, Stored};
use super::dense::open_file;
use super::dtype::Dtype;
use super::{CoordinateValues, Source, SourceCoordinate, SourceError, SourceVariable, check_box};

const FORMAT: &str = "NetCDF";

struct NetcdfSource {
    path: PathBuf,
    file: netcdf::File,
    variables: Vec<SourceVariable>,
    /// One per variable.
    grids: Vec<Grid>,
    skipped: Vec<(String, String)>,
    attributes: Vec<Attribute>,
    all: Vec<VariableInfo>,
}

/// How a variable of the source lies in the file.
struct Grid {
    /// Index into `NetcdfSource::all`.
    variable: usize,
    /// One per dimension in the file.
    axes: Vec<Axis>,
    packing: Packing,
}

pub(super) fn open(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    check_length(path)?;
    let file = netcdf::open(path).map_err(|e| {
        SourceError::invalid(
            path,
            FORMAT,
            format!("{e}; the file is damaged, cut short, or HDF5 without NetCDF's structure"),
        )
    })?;
    // The binding unwraps, for example names that are not UTF-8. No input may bring the program down.
    let info = catch_unwind(AssertUnwindSafe(|| info::collect(&file)))
        .map_err(|_| SourceError::invalid(path, FORMAT, "a name or type that the NetCDF binding cannot represent"))?;
    Ok(Box::new(NetcdfSource::new(path, file, info)))
}

fn check_length(path: &Path) -> Result<(), SourceError> {
    let file = open_file(path)?;
    let len = file.metadata().map_err(|e| SourceError::io(path, e))?.len();
    match classic::required_length(file) {
        Ok(Some(needed)) if needed > len => Err(SourceError::truncated(path, "the data", needed, len)),
        Ok(_) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            Err(SourceError::truncated(path, "the header", len + 1, len))
        }
        Err(e) if e.kind() == io::ErrorKind::InvalidData => {
            Err(SourceError::invalid(path, FORMAT, "the header contradicts the classic format"))
        }
        Err(e) => Err(SourceError::io(path, e)),
    }
}

impl NetcdfSource {
    fn new(path: &Path, file: netcdf::File, info: FileInfo) -> Self {
        let FileInfo { variables: all, attributes, mut skipped } = info;
        let auxiliary = references::is_auxiliary(&all);
        let mut variables = Vec::new();
        let mut grids = Vec::new();
        for (i, v) in all.iter().enumerate() {
            let own_dimension = v.dimensions.len() == 1 && v.dimensions[0].name == v.name;
            let found = if auxiliary[i] {
                if own_dimension {
                    continue;
                }
                Err("it is a coordinate; variables that name it carry it along".to_owned())
            } else {
                grid(i, v, &all)
            };
            match found {
                Ok((variable, grid)) => {
                    variables.push(variable);
                    grids.push(grid);
                }
                Err(reason) => skipped.push((v.name.clone(), reason)),
            }
        }
        Self { path: path.to_owned(), file, variables, grids, skipped, attributes, all }
    }

    fn library(&self, what: &str, e: impl std::fmt::Display) -> SourceError {
        SourceError::invalid(&self.path, FORMAT, format!("reading {what}: {e}; the file may be damaged or cut short"))
    }

    fn numbers(&self, v: &VariableInfo) -> Result<CoordinateValues, SourceError> {
        let Some(dtype) = v.dtype else {
            // A scalar character: only its attributes mean something.
            return Ok(CoordinateValues { dtype: Dtype::I8, bytes: vec![0] });
        };
        let missing = || self.library(&v.name, "the variable is gone");
        let variable = self.file.variable(&v.name).ok_or_else(missing)?;
        macro_rules! bytes {
            ($type:ty) => {
                variable.get_values::<$type, _>(..).map(|v| v.iter().flat_map(|v| v.to_le_bytes()).collect())
            };
        }
        let bytes: Result<Vec<u8>, netcdf::Error> = match dtype {
            Dtype::I8 => bytes!(i8),
            Dtype::U8 => bytes!(u8),
            Dtype::I16 => bytes!(i16),
            Dtype::U16 => bytes!(u16),
            Dtype::I32 => bytes!(i32),
            Dtype::U32 => bytes!(u32),
            Dtype::I64 => bytes!(i64),
            Dtype::U64 => bytes!(u64),
            Dtype::F32 => bytes!(f32),
            Dtype::F64 => bytes!(f64),
        };
        Ok(CoordinateValues { dtype, bytes: bytes.map_err(|e| self.library(&v.name, e))? })
    }
}

/// A variable as a source variable, or the reason why it is none.
fn grid(index: usize, v: &VariableInfo, all: &[VariableInfo]) -> Result<(SourceVariable, Grid), String> {
    let Some(dtype) = v.dtype else {
        return Err(format!("it holds {} values, not numbers", v.type_name));
    };
    let axes = axes::axes(&v.dimensions, all)?;
    let mut dims = [1; 3];
    let mut steps = 1;
    let mut time = None;
    let mut space = Vec::new();
    for (axis, dimension) in axes.iter().zip(&v.dimensions) {
        let name = &dimension.name;
        let len = u32::try_from(dimension.len).map_err(|_| format!("dimension {name} has {} values", dimension.len))?;
        if len == 0 {
            return Err(format!("dimension {name} has length 0: nothing was written yet"));
        }
        match axis {
            Axis::Time => {
                steps = len;
                time = Some(name.clone());
            }
            Axis::Space(i) => {
                dims[*i] = len;
                space.push(name.clone());
            }
            Axis::Dropped => {}
        }
    }
    let has_time = time.is_some();
    let variable = SourceVariable {
        name: v.name.clone(),
        dimensions: time.into_iter().chain(space).collect(),
        has_time,
        steps,
        dims,
        dtype: dtype.name().to_owned(),
        attributes: v.attributes.clone(),
    };
    Ok((variable, Grid { variable: index, axes, packing: Packing::new(dtype, &v.attributes, v.fills) }))
}

/// A box of the stored numbers, unpacked. `N` is the type that NetCDF reads, `T` the same bits after `_Unsigned`.
fn read_box<N: netcdf::NcTypeDescriptor + Copy, T: Stored>(
    variable: &netcdf::Variable<'_>,
    start: Vec<usize>,
    count: Vec<usize>,
    reinterpret: impl Fn(N) -> T,
    packing: &Packing,
    out: &mut Vec<f32>,
) -> Result<(), netcdf::Error> {
    let stored: Vec<T> = variable.get_values::<N, _>((start, count))?.into_iter().map(reinterpret).collect();
    packing.unpack(&stored, out);
    Ok(())
}

impl Source for NetcdfSource {
    fn format(&self) -> &'static str {
        FORMAT
    }

    fn path(&self) -> &Path {
        &self.path
    }

    fn variables(&self) -> &[SourceVariable] {
        &self.variables
    }

    fn skipped(&self) -> &[(String, String)] {
        &self.skipped
    }

    fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    fn coordinates(&self, variable: usize) -> Result<Vec<SourceCoordinate>, SourceError> {
        check_box(&self.path, &self.variables, variable, 0, [0; 3], [1; 3])?;
        let position = |i: usize| self.grids.iter().position(|grid| grid.variable == i);
        let is_data = |i: usize| position(i).is_some();
        let has_time = |i: usize| position(i).is_some_and(|p| self.variables[p].has_time);
        references::coordinates_of(self.grids[variable].variable, &self.all, &is_data, &has_time)
            .into_iter()
            .map(|i| {
                let v = &self.all[i];
                Ok(SourceCoordinate {
                    name: v.name.clone(),
                    dimensions: v.dimensions.iter().map(|d| d.name.clone()).collect(),
                    shape: v.dimensions.iter().map(|d| d.len as u64).collect(),
                    values: self.numbers(v)?,
                    attributes: v.attributes.clone(),
                })
            })
            .collect()
    }

    fn read(
        &mut self,
        variable: usize,
        step: u32,
        min: [u32; 3],
        max: [u32; 3],
        out: &mut Vec<f32>,
    ) -> Result<(), SourceError> {
        let values = check_box(&self.path, &self.variables, variable, step, min, max)?;
        let grid = &self.grids[variable];
        let v = &self.all[grid.variable];
        let (start, count): (Vec<usize>, Vec<usize>) = grid
            .axes
            .iter()
            .map(|axis| match *axis {
                Axis::Time => (step as usize, 1),
                Axis::Space(i) => (min[i] as usize, (max[i] - min[i]) as usize),
                Axis::Dropped => (0, 1),
            })
            .unzip();
        let file_variable = self.file.variable(&v.name).ok_or_else(|| self.library(&v.name, "the variable is gone"))?;
        out.clear();
        out.reserve_exact(values);
        let p = &grid.packing;
        macro_rules! read {
            ($stored:ty as $type:ty) => {
                read_box::<$stored, $type>(&file_variable, start, count, |n| n as $type, p, out)
            };
        }
        let done = match (v.dtype, p.dtype) {
            (Some(Dtype::I8), Dtype::U8) => read!(i8 as u8),
            (Some(Dtype::U8), Dtype::I8) => read!(u8 as i8),
            (Some(Dtype::I16), Dtype::U16) => read!(i16 as u16),
            (Some(Dtype::U16), Dtype::I16) => read!(u16 as i16),
            (Some(Dtype::I32), Dtype::U32) => read!(i32 as u32),
            (Some(Dtype::U32), Dtype::I32) => read!(u32 as i32),
            (Some(Dtype::I64), Dtype::U64) => read!(i64 as u64),
            (Some(Dtype::U64), Dtype::I64) => read!(u64 as i64),
            (_, Dtype::I8) => read!(i8 as i8),
            (_, Dtype::U8) => read!(u8 as u8),
            (_, Dtype::I16) => read!(i16 as i16),
            (_, Dtype::U16) => read!(u16 as u16),
            (_, Dtype::I32) => read!(i32 as i32),
            (_, Dtype::U32) => read!(u32 as u32),
            (_, Dtype::I64) => read!(i64 as i64),
            (_, Dtype::U64) => read!(u64 as u64),
            (_, Dtype::F32) => read!(f32 as f32),
            (_, Dtype::F64) => read!(f64 as f64),
        };
        done.map_err(|e| self.library(&v.name, e))
    }
}
