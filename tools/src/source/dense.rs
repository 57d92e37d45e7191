//! Sources that are one file of dense arrays: the common part of raw, NIfTI, NRRD, VTK and TIFF.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use neuvol_format::Attribute;

use super::dtype::{Dtype, Endian, append_values};
use super::{CoordinateValues, Source, SourceCoordinate, SourceError, SourceVariable, check_box};

/// Bytes read at once; bounds the memory beside the box itself.
const CHUNK: usize = 1 << 20;

/// Where a dense array (step, z, y, x; x fastest) lies in a file and how its numbers are stored.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) offset: u64,
    pub(crate) dtype: Dtype,
    pub(crate) endian: Endian,
    /// z, y, x
    pub(crate) dims: [u32; 3],
    pub(crate) steps: u32,
    /// value = stored · scale.0 + scale.1
    pub(crate) scale: Option<(f64, f64)>,
}

impl Layout {
    /// Bytes of the array; None if that number does not fit.
    pub(crate) fn byte_len(&self) -> Option<u64> {
        let values = self.dims.iter().try_fold(u64::from(self.steps), |n, &d| n.checked_mul(u64::from(d)))?;
        values.checked_mul(self.dtype.size() as u64)
    }

    /// Offset of the first byte after the array; an error if the sizes are absurd.
    pub(crate) fn end(&self, path: &Path, format: &'static str) -> Result<u64, SourceError> {
        self.byte_len().and_then(|len| len.checked_add(self.offset)).ok_or_else(|| {
            let reason = format!("{} steps of {:?} (z, y, x) voxels exceed 2^64 bytes", self.steps, self.dims);
            SourceError::invalid(path, format, reason)
        })
    }
}

/// A file with a dense array, and the box reader.
pub(crate) struct DenseFile {
    file: File,
    layout: Layout,
}

impl DenseFile {
    /// Checks that the file is long enough. `path` and `format` are for messages: `file` may be a temporary one.
    pub(crate) fn new(path: &Path, format: &'static str, file: File, layout: Layout) -> Result<Self, SourceError> {
        let end = layout.end(path, format)?;
        let len = file.metadata().map_err(|e| SourceError::io(path, e))?.len();
        if len < end {
            return Err(SourceError::truncated(path, "the voxel data", end, len));
        }
        Ok(Self { file, layout })
    }

    /// Appends a box; the caller has checked it against the layout.
    fn read_box(&mut self, step: u32, min: [u32; 3], max: [u32; 3], out: &mut Vec<f32>) -> io::Result<()> {
        let Layout { offset, dtype, endian, dims, scale, .. } = self.layout;
        let [nz, ny, nx] = dims.map(u64::from);
        let [z0, y0, x0] = min.map(u64::from);
        let [z1, y1, x1] = max.map(u64::from);
        // Rows that touch each other in the file are read as one run.
        let (planes, rows, run) = if x1 - x0 < nx {
            (z1 - z0, y1 - y0, x1 - x0)
        } else if y1 - y0 < ny {
            (z1 - z0, 1, (y1 - y0) * nx)
        } else {
            (1, 1, (z1 - z0) * ny * nx)
        };
        let size = dtype.size() as u64;
        let mut buffer = vec![0; CHUNK.min((run * size) as usize)];
        for plane in 0..planes {
            for row in 0..rows {
                let first = ((u64::from(step) * nz + z0 + plane) * ny + y0 + row) * nx + x0;
                self.file.seek(SeekFrom::Start(offset + first * size))?;
                let mut left = run * size;
                while left > 0 {
                    let n = left.min(buffer.len() as u64) as usize;
                    self.file.read_exact(&mut buffer[..n])?;
                    append_values(&buffer[..n], dtype, endian, scale, out);
                    left -= n as u64;
                }
            }
        }
        Ok(())
    }
}

/// A source made of dense arrays.
pub(crate) struct DenseSource {
    pub(crate) format: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) variables: Vec<SourceVariable>,
    pub(crate) skipped: Vec<(String, String)>,
    pub(crate) attributes: Vec<Attribute>,
    /// The same for all variables: they share one grid.
    pub(crate) coordinates: Vec<SourceCoordinate>,
    /// One per variable.
    pub(crate) files: Vec<DenseFile>,
}

impl Source for DenseSource {
    fn format(&self) -> &'static str {
        self.format
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
        Ok(self.coordinates.clone())
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
        out.clear();
        out.reserve_exact(values);
        self.files[variable].read_box(step, min, max, out).map_err(|e| SourceError::io(&self.path, e))
    }
}

/// A temporary file with exactly `len` bytes of `reader`: compressed data is unpacked once and then read by seeking,
/// so memory stays bounded. `len` comes from a header, so a hostile file cannot fill the disk beyond what it declares.
pub(crate) fn spool(path: &Path, what: &str, reader: &mut dyn Read, len: u64) -> Result<File, SourceError> {
    let mut file = tempfile::tempfile().map_err(|e| SourceError::io(&std::env::temp_dir(), e))?;
    // Reading and writing fail for different reasons, which io::copy would mix up.
    let mut buffer = vec![0; CHUNK];
    let mut done = 0;
    while done < len {
        let want = (len - done).min(CHUNK as u64) as usize;
        let n = match reader.read(&mut buffer[..want]) {
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(e) => return Err(SourceError::io(path, e)),
        };
        if n == 0 {
            return Err(SourceError::truncated(path, what, len, done));
        }
        io::Write::write_all(&mut file, &buffer[..n]).map_err(|e| SourceError::io(&std::env::temp_dir(), e))?;
        done += n as u64;
    }
    Ok(file)
}

/// A variable name from a file name: without folders and the extensions of the formats.
pub(crate) fn name_of(path: &Path) -> String {
    let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let lower = file.to_lowercase();
    let known = [".nii.gz", ".nii", ".nrrd", ".tiff", ".tif", ".vtk", ".raw", ".nc"];
    let cut = known.iter().find(|e| lower.ends_with(**e)).map_or(0, |e| e.len());
    match file.get(..file.len() - cut) {
        Some(stem) if !stem.is_empty() => stem.to_owned(),
        _ => "data".to_owned(),
    }
}

/// A regular axis: `origin + i · spacing`. Empty `units` are left out.
pub(crate) fn regular_axis(name: &str, n: u32, origin: f64, spacing: f64, units: &str) -> SourceCoordinate {
    let values: Vec<f64> = (0..n).map(|i| origin + f64::from(i) * spacing).collect();
    let mut attributes = Vec::new();
    if let Some(letter) = match name {
        "x" => Some("X"),
        "y" => Some("Y"),
        "z" => Some("Z"),
        _ => None,
    } {
        attributes.push(Attribute::text("axis", letter));
    }
    if !units.is_empty() {
        attributes.push(Attribute::text("units", units));
    }
    SourceCoordinate {
        name: name.to_owned(),
        dimensions: vec![name.to_owned()],
        shape: vec![u64::from(n)],
        values: CoordinateValues::from_f64(&values),
        attributes,
    }
}

/// The usual dimension names: time if there is a time axis, then z (unless `flat`), y, x.
pub(crate) fn dimension_names(has_time: bool, flat: bool) -> Vec<String> {
    let all = [("time", has_time), ("z", !flat), ("y", true), ("x", true)];
    all.iter().filter(|(_, there)| *there).map(|(name, _)| (*name).to_owned()).collect()
}

/// Opens a file, with the path in the error.
pub(crate) fn open_file(path: &Path) -> Result<File, SourceError> {
    File::open(path).map_err(|e| SourceError::io(path, e))
}
