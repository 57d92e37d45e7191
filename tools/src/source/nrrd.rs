//! NRRD with attached data, encodings raw and gzip; two or three spatial axes and perhaps time as the slowest axis.
//!
//! Header fields are kept in attributes `nrrd_<field>`, key/value pairs in attributes with the name of the key.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use neuvol_format::Attribute;

use super::dense::{DenseFile, DenseSource, Layout, dimension_names, name_of, open_file, regular_axis, spool};
use super::dtype::{Dtype, Endian};
use super::{Source, SourceCoordinate, SourceError, SourceVariable};

const FORMAT: &str = "NRRD";
/// Real headers have some kilobytes; the limit keeps a binary file with the right first bytes from filling memory.
const MAX_HEADER: u64 = 1 << 20;

struct Header {
    /// Field names in lower case.
    fields: HashMap<String, String>,
    attributes: Vec<Attribute>,
    /// Where the data starts in the file.
    end: u64,
}

impl Header {
    fn read(path: &Path, reader: &mut impl BufRead) -> Result<Self, SourceError> {
        let mut header = Self { fields: HashMap::new(), attributes: Vec::new(), end: 0 };
        let mut reader = reader.take(MAX_HEADER);
        for number in 0.. {
            let mut line = Vec::new();
            let n = reader.read_until(b'\n', &mut line).map_err(|e| SourceError::io(path, e))?;
            header.end += n as u64;
            if line.pop() != Some(b'\n') {
                let what = "the header (it has no empty line at its end)";
                return Err(SourceError::truncated(path, what, header.end + 1, header.end));
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if number == 0 || line.starts_with('#') {
                continue;
            }
            if let Some((key, value)) = line.split_once(":=") {
                header.attributes.push(Attribute::text(key.trim(), value.trim()));
            } else if let Some((field, value)) = line.split_once(':') {
                let (field, value) = (field.trim().to_lowercase(), value.trim());
                header.attributes.push(Attribute::text(format!("nrrd_{}", field.replace(' ', "_")), value));
                header.fields.insert(field, value.to_owned());
            } else {
                let reason = format!("header line {} is neither \"field: value\" nor \"key:=value\"", number + 1);
                return Err(SourceError::invalid(path, FORMAT, reason));
            }
        }
        Ok(header)
    }

    fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.fields.get(*name)).map(String::as_str)
    }

    fn required(&self, path: &Path, name: &str) -> Result<&str, SourceError> {
        self.get(&[name])
            .ok_or_else(|| SourceError::invalid(path, FORMAT, format!("the header lacks the field \"{name}\"")))
    }

    /// A list of words, one per axis; None if absent or of another length.
    fn words(&self, names: &[&str], n: usize) -> Option<Vec<String>> {
        let value = self.get(names)?;
        let words: Vec<String> = if value.contains('"') {
            value.split('"').skip(1).step_by(2).map(str::to_owned).collect()
        } else {
            value.split_whitespace().map(str::to_owned).collect()
        };
        (words.len() == n).then_some(words)
    }

    /// Vectors such as `(1,0,0)`, None for the word "none".
    fn vectors(&self, name: &str) -> Option<Vec<Option<Vec<f64>>>> {
        let mut rest = self.get(&[name])?.trim();
        let mut list = Vec::new();
        while !rest.is_empty() {
            if let Some(tail) = rest.strip_prefix("none") {
                list.push(None);
                rest = tail.trim_start();
            } else {
                let (inner, tail) = rest.strip_prefix('(')?.split_once(')')?;
                list.push(Some(inner.split(',').map(|v| v.trim().parse().ok()).collect::<Option<_>>()?));
                rest = tail.trim_start();
            }
        }
        Some(list)
    }
}

fn dtype_of(name: &str) -> Option<Dtype> {
    Some(match name {
        "signed char" | "int8" | "int8_t" => Dtype::I8,
        "uchar" | "unsigned char" | "uint8" | "uint8_t" => Dtype::U8,
        "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => Dtype::I16,
        "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => Dtype::U16,
        "int" | "signed int" | "int32" | "int32_t" => Dtype::I32,
        "uint" | "unsigned int" | "uint32" | "uint32_t" => Dtype::U32,
        "longlong"
        | "long long"
        | "long long int"
        | "signed long long"
        | "signed long long int"
        | "int64"
        | "int64_t" => Dtype::I64,
        "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => Dtype::U64,
        "float" => Dtype::F32,
        "double" => Dtype::F64,
        _ => return None,
    })
}

/// The grid of a file; axes in the file's order, fastest first.
struct Grid {
    /// Number in the file, of x, y and z if there is one.
    space: Vec<usize>,
    time: Option<usize>,
    sizes: Vec<u32>,
}

fn grid(path: &Path, header: &Header) -> Result<Grid, SourceError> {
    let invalid = |reason: String| SourceError::invalid(path, FORMAT, reason);
    let dimension = header.required(path, "dimension")?;
    let n: usize = dimension
        .parse()
        .ok()
        .filter(|n| (1..=16).contains(n))
        .ok_or_else(|| invalid(format!("dimension {dimension}")))?;
    let sizes = header.required(path, "sizes")?;
    let sizes: Vec<u32> = sizes
        .split_whitespace()
        .map(|v| v.parse().ok().filter(|v| *v > 0))
        .collect::<Option<Vec<_>>>()
        .filter(|sizes| sizes.len() == n)
        .ok_or_else(|| invalid(format!("sizes \"{sizes}\" are not {n} positive numbers")))?;
    let kinds = header.words(&["kinds"], n).unwrap_or_else(|| vec!["???".to_owned(); n]);
    let directions = header.vectors("space directions").filter(|d| d.len() == n);
    let mut space = Vec::new();
    let mut time = None;
    for axis in 0..n {
        let kind = kinds[axis].to_lowercase();
        let no_direction = directions.as_ref().is_some_and(|d| d[axis].is_none());
        match kind.as_str() {
            "time" => time = Some(axis),
            "domain" | "space" => space.push(axis),
            "???" | "none" if !no_direction => space.push(axis),
            "???" | "none" if axis == n - 1 => time = Some(axis),
            _ if sizes[axis] == 1 => {}
            _ => {
                let what =
                    format!("axis {axis} holds {} values of kind {kind} per voxel; split the components", sizes[axis]);
                return Err(SourceError::unsupported(path, FORMAT, what));
            }
        }
    }
    if time.is_none() && space.len() == 4 {
        time = space.pop();
    }
    if time.is_some_and(|time| space.iter().any(|axis| *axis > time)) {
        let what = "time is not the slowest axis; permute the axes";
        return Err(SourceError::unsupported(path, FORMAT, what));
    }
    if !(2..=3).contains(&space.len()) {
        let what = format!("{} spatial axes; two or three are read", space.len());
        return Err(SourceError::unsupported(path, FORMAT, what));
    }
    Ok(Grid { space, time, sizes })
}

fn coordinates(header: &Header, grid: &Grid) -> Vec<SourceCoordinate> {
    let n = grid.sizes.len();
    let numbers = |names: &[&str]| -> Vec<Option<f64>> {
        let words = header.words(names, n).unwrap_or_else(|| vec![String::new(); n]);
        words.iter().map(|w| w.parse().ok().filter(|v: &f64| v.is_finite())).collect()
    };
    let spacings = numbers(&["spacings"]);
    let minima = numbers(&["axis mins", "axismins"]);
    let directions = header.vectors("space directions").filter(|d| d.len() == n);
    let origin = header.vectors("space origin").and_then(|mut v| v.pop()).flatten().unwrap_or_default();
    let axis_units = header.words(&["units"], n);
    let space_units = header.words(&["space units"], origin.len().max(grid.space.len()));

    // Directions along the axes of the space give coordinates in that space; oblique ones only lengths.
    let along: Vec<Option<(f64, f64)>> = grid
        .space
        .iter()
        .enumerate()
        .map(|(i, axis)| {
            let vector = directions.as_ref()?[*axis].as_ref()?;
            let aligned = vector.iter().enumerate().all(|(k, v)| (*v != 0.0) == (k == i));
            aligned.then(|| (origin.get(i).copied().unwrap_or(0.0), vector[i]))
        })
        .collect();
    let aligned = along.iter().all(Option::is_some);
    let place = |i: usize, axis: usize| -> (f64, f64) {
        if let (true, Some(place)) = (aligned, along.get(i).copied().flatten()) {
            return place;
        }
        let length =
            directions.as_ref().and_then(|d| d[axis].as_ref()).map(|v| v.iter().map(|x| x * x).sum::<f64>().sqrt());
        (minima[axis].unwrap_or(0.0), length.or(spacings[axis]).filter(|v| v.is_finite() && *v != 0.0).unwrap_or(1.0))
    };
    let mut list = Vec::new();
    if let Some(axis) = grid.time {
        let spacing = spacings[axis].filter(|v| *v != 0.0).unwrap_or(1.0);
        let units = axis_units.as_ref().map_or("", |u| u[axis].as_str());
        list.push(regular_axis("time", grid.sizes[axis], minima[axis].unwrap_or(0.0), spacing, units));
    }
    for (i, &axis) in grid.space.iter().enumerate().rev() {
        let (start, step) = place(i, axis);
        let of_space = space_units.as_ref().and_then(|u| u.get(i));
        let of_axis = axis_units.as_ref().map(|u| &u[axis]);
        let units = of_space.or(of_axis).map_or("", String::as_str);
        list.push(regular_axis(["x", "y", "z"][i], grid.sizes[axis], start, step, units));
    }
    list
}

/// The file to read and where the voxels start in it.
fn voxels(path: &Path, header: &Header, mut reader: BufReader<File>, len: u64) -> Result<(File, u64), SourceError> {
    let io = |e| SourceError::io(path, e);
    let encoding = header.required(path, "encoding")?.to_lowercase();
    let skip = |names: &[&str]| -> Result<i64, SourceError> {
        let value = header.get(names).unwrap_or("0");
        let reason = || SourceError::invalid(path, FORMAT, format!("{} is \"{value}\"", names[0]));
        value.parse().map_err(|_| reason())
    };
    let byte_skip = skip(&["byte skip", "byteskip"])?;
    for _ in 0..skip(&["line skip", "lineskip"])?.max(0) {
        if reader.skip_until(b'\n').map_err(io)? == 0 {
            return Err(SourceError::truncated(path, "the skipped lines", header.end + 1, header.end));
        }
    }
    match (encoding.as_str(), u64::try_from(byte_skip)) {
        ("raw", Ok(byte_skip)) => {
            let offset = reader.stream_position().map_err(io)?.saturating_add(byte_skip);
            Ok((reader.into_inner(), offset))
        }
        ("raw", Err(_)) => {
            // A negative skip means: the data are the last bytes of the file.
            let file = reader.into_inner();
            let size = file.metadata().map_err(io)?.len();
            let offset = size.checked_sub(len).filter(|offset| *offset >= header.end);
            let offset =
                offset.ok_or_else(|| SourceError::truncated(path, "the voxel data", header.end + len, size))?;
            Ok((file, offset))
        }
        ("gzip" | "gz", Ok(byte_skip)) => {
            let mut decoder = MultiGzDecoder::new(reader);
            io::copy(&mut decoder.by_ref().take(byte_skip), &mut io::sink()).map_err(io)?;
            Ok((spool(path, "the unpacked voxel data", &mut decoder, len)?, 0))
        }
        ("gzip" | "gz", Err(_)) => Err(SourceError::invalid(path, FORMAT, "a negative byte skip needs encoding raw")),
        _ => {
            let what = format!("encoding {encoding}; save it with encoding raw or gzip");
            Err(SourceError::unsupported(path, FORMAT, what))
        }
    }
}

pub(super) fn open(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    let mut reader = BufReader::new(open_file(path)?);
    let header = Header::read(path, &mut reader)?;
    // take() inside Header::read never hands out more than the lines it counted.
    reader.seek(SeekFrom::Start(header.end)).map_err(|e| SourceError::io(path, e))?;
    if let Some(data) = header.get(&["data file", "datafile"]) {
        let what = format!("the data lie in another file ({data}); save header and data in one .nrrd file");
        return Err(SourceError::unsupported(path, FORMAT, what));
    }
    let type_name = header.required(path, "type")?;
    let dtype = dtype_of(&type_name.to_lowercase())
        .ok_or_else(|| SourceError::unsupported(path, FORMAT, format!("type {type_name}")))?;
    let endian = match header.get(&["endian"]).map(str::to_lowercase).as_deref() {
        Some("little") => Endian::Little,
        Some("big") => Endian::Big,
        None if dtype.size() == 1 => Endian::Little,
        other => {
            let reason = format!("endian is {}, must be little or big", other.unwrap_or("missing"));
            return Err(SourceError::invalid(path, FORMAT, reason));
        }
    };
    let grid = grid(path, &header)?;
    let size = |i: usize| grid.space.get(i).map_or(1, |axis| grid.sizes[*axis]);
    let steps = grid.time.map_or(1, |axis| grid.sizes[axis]);
    let mut layout = Layout { offset: 0, dtype, endian, dims: [size(2), size(1), size(0)], steps, scale: None };
    let len = layout.end(path, FORMAT)?;
    let (file, offset) = voxels(path, &header, reader, len)?;
    layout.offset = offset;
    let variable = SourceVariable {
        name: name_of(path),
        dimensions: dimension_names(grid.time.is_some(), grid.space.len() < 3),
        has_time: grid.time.is_some(),
        steps,
        dims: layout.dims,
        dtype: dtype.name().to_owned(),
        attributes: Vec::new(),
    };
    let file = DenseFile::new(path, FORMAT, file, layout)?;
    let coordinates = coordinates(&header, &grid);
    Ok(Box::new(DenseSource {
        format: FORMAT,
        path: path.to_owned(),
        variables: vec![variable],
        skipped: Vec::new(),
        attributes: header.attributes,
        coordinates,
        files: vec![file],
    }))
}
