//! Model files of this project as a source: what they decode to, several files one after the other in time.
//!
//! So models can be compressed again, and teachers merged into students, when the original data is gone.

use super::{CoordinateValues, Dtype, Source, SourceCoordinate, SourceError, SourceVariable, check_box};
use crate::cf_time::Reference;
use neuvol_engine::{Error, OpenOptions, Request, Target, TargetData, Volume};
use neuvol_format::{Attribute, BlockKey, Entry, Meta, Segment, Variable};
use std::path::{Path, PathBuf};

const FORMAT: &str = "Neuvol model";
/// First bytes of a model file (SPEC section 3).
pub(super) const MAGIC: [u8; 4] = [0x89, b'N', b'V', b'O'];

/// Some model files of the same variables on the same grid, joined along the time axis.
pub struct Models {
    files: Vec<ModelFile>,
    variables: Vec<SourceVariable>,
    attributes: Vec<Attribute>,
}

struct ModelFile {
    path: PathBuf,
    volume: Volume,
    /// First step of the file in the joined series, per variable.
    first: Vec<u32>,
}

/// A step of the joined series in its file.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The file.
    pub volume: &'a Volume,
    /// Step within the file.
    pub step: u32,
    /// Number of the segment that holds it, within the file.
    pub segment: u32,
    /// That segment, in steps of the joined series.
    pub range: Segment,
}

impl Models {
    /// Opens model files and checks that they fit together: same variables, grids, units, and a time axis if there are
    /// several. Steps follow each other in the order of `paths`, and their times must rise.
    pub fn open(paths: &[&Path]) -> Result<Self, SourceError> {
        let mut files: Vec<ModelFile> = Vec::with_capacity(paths.len());
        let mut variables: Vec<SourceVariable> = Vec::new();
        let mut attributes = Vec::new();
        for &path in paths {
            // Blocks are decoded by the threads that train, one each, and seldom more than twice.
            let options = OpenOptions { threads: 1, cache_bytes: 0 };
            let volume = Volume::open_file(path, options).map_err(|error| invalid(path, &error))?;
            let described = describe(&volume);
            if variables.is_empty() {
                attributes.clone_from(&volume.reader().meta().attributes);
                variables.clone_from(&described);
            } else {
                fits(path, &files[0], &volume, &variables, &described)?;
            }
            let first =
                if files.is_empty() { vec![0; described.len()] } else { variables.iter().map(|v| v.steps).collect() };
            if !files.is_empty() {
                variables.iter_mut().zip(&described).for_each(|(sum, own)| sum.steps += own.steps);
            }
            files.push(ModelFile { path: path.to_owned(), volume, first });
        }
        let models = Self { files, variables, attributes };
        for variable in 0..models.variables.len() {
            models.check_times(variable)?;
        }
        Ok(models)
    }

    /// Content hashes of the files, which name a run wherever the files lie.
    pub fn identity(&self) -> Vec<String> {
        let hash =
            |file: &ModelFile| file.volume.reader().header().content_hash.iter().map(|b| format!("{b:02x}")).collect();
        self.files.iter().map(hash).collect()
    }

    /// Where a step lies.
    pub fn place(&self, variable: usize, step: u32) -> Option<Place<'_>> {
        let file = self.files.iter().rev().find(|file| file.first[variable] <= step)?;
        let first = file.first[variable];
        let own = step - first;
        let segment = file.volume.reader().segment_of(variable, own)?;
        let range = file.volume.reader().segments(variable)[segment as usize];
        let range = Segment { first: range.first + first, steps: range.steps };
        Some(Place { volume: &file.volume, step: own, segment, range })
    }

    /// Block extent z, y, x of a variable, the same in all files.
    pub fn block_dims(&self, variable: usize) -> [u32; 3] {
        self.files[0].volume.reader().variables()[variable].block_dims
    }

    /// Range and number of the valid values of the source that the models were made from; `None` without any.
    pub fn value_range(&self, variable: usize) -> (f32, f32, u64) {
        self.files.iter().map(|file| &file.volume.reader().variables()[variable]).fold(
            (f32::NAN, f32::NAN, 0),
            // min and max ignore NaN.
            |(min, max, valid), own| (min.min(own.min), max.max(own.max), valid + own.valid),
        )
    }

    /// The index entry of a block (level 0, quality 0) for a step.
    pub fn entry(&self, variable: usize, step: u32, block: u32) -> Result<(BlockKey, Entry, Place<'_>), SourceError> {
        let place = self.place(variable, step).ok_or_else(|| {
            SourceError::argument(self.path(), "step", format!("{step} is not in {}", self.variables[variable].name))
        })?;
        let key = BlockKey { variable: variable as u32, quality: 0, level: 0, segment: place.segment, block };
        let entry = place.volume.reader().entry(key).map_err(|error| invalid(self.path(), &Error::Format(error)))?;
        Ok((key, entry, place))
    }

    /// As [`Source::read`], for many threads at once.
    pub fn read_box(
        &self,
        variable: usize,
        step: u32,
        min: [u32; 3],
        max: [u32; 3],
        out: &mut Vec<f32>,
    ) -> Result<(), SourceError> {
        let n = check_box(self.path(), &self.variables, variable, step, min, max)?;
        let Some(place) = self.place(variable, step) else {
            return Err(SourceError::argument(self.path(), "step", format!("{step} is in no segment")));
        };
        let mut request = Request::whole(variable as u32, self.variables[variable].dims, f64::from(place.step));
        (request.min, request.max) = (min, max);
        out.clear();
        out.resize(n, 0.0);
        let decoded = place.volume.decode(&request, Target::dense(TargetData::F32(out), &request));
        decoded.map(|_| ()).map_err(|error| invalid(self.path(), &error))
    }

    /// The times of the steps must rise from file to file.
    fn check_times(&self, variable: usize) -> Result<(), SourceError> {
        let described = &self.variables[variable];
        let Some(axis) = described.dimensions.first().filter(|_| described.has_time) else { return Ok(()) };
        let mut last: Option<(f64, &Path)> = None;
        for file in &self.files {
            if !file.volume.reader().meta().coordinates.iter().any(|c| c.name == *axis) {
                return Ok(());
            }
            let times = self.converted(file, axis)?.values.numbers();
            if let (Some((last, before)), Some(&first)) = (last, times.first())
                && first <= last
            {
                return Err(SourceError::argument(
                    &file.path,
                    "order of the files",
                    format!(
                        "its first time ({first}) does not come after the last of {} ({last}); give the files in the order of \
                         their times, without overlap",
                        before.display()
                    ),
                ));
            }
            last = times.last().map(|&time| (time, file.path.as_path()));
        }
        Ok(())
    }

    /// A coordinate along time, counted as that of the first file.
    fn converted(&self, file: &ModelFile, name: &str) -> Result<SourceCoordinate, SourceError> {
        let (mut own, first) = (coordinate(file, name)?, coordinate(&self.files[0], name)?);
        let text = |c: &SourceCoordinate, key| {
            let attribute = Meta::attribute(&c.attributes, key).and_then(Attribute::as_str);
            attribute.unwrap_or_default().to_owned()
        };
        let reference = |c: &SourceCoordinate| Reference::parse(&text(c, "units"), &text(c, "calendar"));
        let same = |key| text(&own, key) == text(&first, key);
        let differ = |what: &str| {
            SourceError::unsupported(
                &file.path,
                FORMAT,
                format!(
                    "coordinate {name} {what} than in {}; give the source files one time reference (for example with `cdo \
                     setreftime`) and compress them again",
                    self.files[0].path.display()
                ),
            )
        };
        if own.values.dtype != first.values.dtype {
            return Err(differ("has another type"));
        }
        if !same("units") || !same("calendar") {
            let (Some(from), Some(to)) = (reference(&own), reference(&first)) else {
                return Err(differ("has other units"));
            };
            let mut values = CoordinateValues { dtype: own.values.dtype, bytes: Vec::new() };
            for value in own.values.numbers() {
                let value = from.convert(value, to).ok_or_else(|| differ("has another calendar"))?;
                if !values.push(value) {
                    return Err(differ("counts times that its integers cannot hold"));
                }
            }
            own.values = values;
        }
        Ok(own)
    }

    fn joined(&self, name: &str, time: &str) -> Result<SourceCoordinate, SourceError> {
        let mut joined = coordinate(&self.files[0], name)?;
        let along_time = joined.dimensions.first().is_some_and(|d| d == time);
        if !along_time && self.files.len() > 1 && joined.dimensions.iter().any(|d| d == time) {
            let what =
                format!("coordinate {name}, whose dimension {time} is not the first, cannot be joined; leave it out");
            return Err(SourceError::unsupported(self.path(), FORMAT, what));
        }
        for file in &self.files[1..] {
            if along_time {
                let own = self.converted(file, name)?;
                joined.values.bytes.extend(own.values.bytes);
                joined.shape[0] += own.shape.first().copied().unwrap_or(0);
            } else if coordinate(file, name)?.values != joined.values {
                log::warn!(
                    "{}: coordinate {name} differs from that of {}, which is kept",
                    file.path.display(),
                    self.files[0].path.display()
                );
            }
        }
        Ok(joined)
    }
}

impl Source for Models {
    fn format(&self) -> &'static str {
        FORMAT
    }

    fn path(&self) -> &Path {
        &self.files[0].path
    }

    fn variables(&self) -> &[SourceVariable] {
        &self.variables
    }

    fn skipped(&self) -> &[(String, String)] {
        &[]
    }

    fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    fn coordinates(&self, variable: usize) -> Result<Vec<SourceCoordinate>, SourceError> {
        let described = &self.variables[variable];
        let time = if described.has_time { described.dimensions[0].as_str() } else { "" };
        let coordinates = &self.files[0].volume.reader().meta().coordinates;
        coordinates.iter().map(|coordinate| self.joined(&coordinate.name, time)).collect()
    }

    fn read(
        &mut self,
        variable: usize,
        step: u32,
        min: [u32; 3],
        max: [u32; 3],
        out: &mut Vec<f32>,
    ) -> Result<(), SourceError> {
        self.read_box(variable, step, min, max, out)
    }
}

fn invalid(path: &Path, error: &Error) -> SourceError {
    SourceError::invalid(path, FORMAT, error.to_string())
}

fn describe(volume: &Volume) -> Vec<SourceVariable> {
    let reader = volume.reader();
    let described = |(meta, variable): (&neuvol_format::VariableMeta, &Variable)| SourceVariable {
        name: meta.name.clone(),
        dimensions: meta.dimensions.clone(),
        has_time: variable.has_time,
        steps: variable.steps,
        dims: variable.dims,
        dtype: meta.source_dtype.clone(),
        attributes: meta.attributes.clone(),
    };
    reader.meta().variables.iter().zip(reader.variables()).map(described).collect()
}

/// Checks that a file can follow another in time.
fn fits(
    path: &Path,
    first: &ModelFile,
    volume: &Volume,
    all: &[SourceVariable],
    own: &[SourceVariable],
) -> Result<(), SourceError> {
    let grids = first.volume.reader().variables().iter().zip(volume.reader().variables());
    let first = &first.path;
    let names = |list: &[SourceVariable]| list.iter().map(|v| v.name.as_str()).collect::<Vec<_>>().join(", ");
    let wrong = |message: String| Err(SourceError::argument(path, "models", message));
    if all.len() != own.len() || all.iter().zip(own).any(|(a, b)| a.name != b.name) {
        return wrong(format!(
            "holds {}, but {} holds {}; they must be the same",
            names(own),
            first.display(),
            names(all)
        ));
    }
    for ((a, b), (grid_a, grid_b)) in all.iter().zip(own).zip(grids) {
        if a.dims != b.dims {
            return wrong(format!("{} has {:?} voxels, in {} it has {:?}", b.name, b.dims, first.display(), a.dims));
        }
        if grid_a.block_dims != grid_b.block_dims {
            return wrong(format!(
                "{} is cut into blocks of {:?} voxels, in {} of {:?}; compress them with the same --block",
                b.name,
                grid_b.block_dims,
                first.display(),
                grid_a.block_dims
            ));
        }
        if !a.has_time || !b.has_time {
            return wrong(format!("{} has no time axis, so files cannot follow each other", b.name));
        }
        let units = |v: &SourceVariable| Meta::attribute(&v.attributes, "units").cloned();
        if units(a) != units(b) {
            return wrong(format!("{} has other units than in {}", b.name, first.display()));
        }
    }
    Ok(())
}

/// A coordinate of one file.
fn coordinate(file: &ModelFile, name: &str) -> Result<SourceCoordinate, SourceError> {
    let reader = file.volume.reader();
    let missing = || SourceError::invalid(&file.path, FORMAT, format!("coordinate {name} is missing or damaged"));
    let own = reader.meta().coordinates.iter().find(|c| c.name == name).ok_or_else(missing)?;
    let dtype = Dtype::from_name(&own.dtype).ok_or_else(missing)?;
    let all = reader.coordinate_bytes().map_err(|error| invalid(&file.path, &Error::Format(error)))?;
    let len = own.shape.iter().try_fold(dtype.size() as u64, |n, &len| n.checked_mul(len)).ok_or_else(missing)?;
    let end = own.offset.checked_add(len).ok_or_else(missing)?;
    let bytes = all.get(own.offset as usize..end as usize).ok_or_else(missing)?.to_vec();
    Ok(SourceCoordinate {
        name: own.name.clone(),
        dimensions: own.dimensions.clone(),
        shape: own.shape.clone(),
        values: CoordinateValues { dtype, bytes },
        attributes: own.attributes.clone(),
    })
}
