//! NIfTI-1 in one file: `.nii` and `.nii.gz`, three spatial axes and perhaps time.
//!
//! The header is kept in attributes `nifti_*`. When the affine is a pure scaling and shift its origin and (signed)
//! spacing make the coordinates; otherwise coordinates count from 0 and only `nifti_affine` tells the orientation.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use neuvol_format::{Attribute, AttributeValue};

use super::dense::{DenseFile, DenseSource, Layout, dimension_names, name_of, open_file, regular_axis, spool};
use super::dtype::{Dtype, Endian};
use super::{Source, SourceError, SourceVariable};

const FORMAT: &str = "NIfTI-1";
const HEADER: usize = 348;

/// Whether these first bytes are a NIfTI header of any kind (also of kinds that are refused with a reason).
pub(super) fn is_header(start: &[u8]) -> bool {
    let Some(size) = start.first_chunk::<4>() else {
        return false;
    };
    let size = [u32::from_le_bytes(*size), u32::from_be_bytes(*size)];
    let nifti1 = size.contains(&348) && matches!(start.get(344..347), Some(b"n+1" | b"ni1"));
    let nifti2 = size.contains(&540) && matches!(start.get(4..7), Some(b"n+2" | b"ni2"));
    nifti1 || nifti2
}

pub(super) fn open(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    let mut file = open_file(path)?;
    let header = Header::read(path, &mut file)?;
    build(path, header, |offset, _| Ok((file, offset)))
}

/// Opens a gzip file, which must hold a NIfTI file. It is unpacked once into a temporary file.
pub(super) fn open_compressed(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    let mut reader = MultiGzDecoder::new(BufReader::new(open_file(path)?));
    let mut start = Vec::new();
    if let Err(e) = reader.by_ref().take(HEADER as u64).read_to_end(&mut start) {
        return Err(match e.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                SourceError::truncated(path, "the compressed header", HEADER as u64, start.len() as u64)
            }
            _ => SourceError::invalid(path, "gzip", format!("{e} in the first {HEADER} bytes of content")),
        });
    }
    if !is_header(&start) {
        return Err(SourceError::unrecognised(path, "this is a gzip file that does not hold a NIfTI file"));
    }
    let header = Header::read(path, &mut start.as_slice())?;
    build(path, header, |offset, end| {
        // Drop what lies before the voxels, so that the temporary file starts with them.
        let skipped = std::io::copy(&mut reader.by_ref().take(offset - HEADER as u64), &mut std::io::sink());
        match skipped {
            Ok(n) if n + HEADER as u64 == offset => Ok((spool(path, "the voxel data", &mut reader, end - offset)?, 0)),
            Ok(n) => Err(SourceError::truncated(path, "the header", offset, n + HEADER as u64)),
            Err(e) => Err(SourceError::invalid(path, "gzip", e.to_string())),
        }
    })
}

/// The fixed header, read field by field.
struct Header {
    bytes: [u8; HEADER],
    endian: Endian,
}

impl Header {
    fn read(path: &Path, reader: &mut dyn Read) -> Result<Self, SourceError> {
        let mut bytes = [0; HEADER];
        reader.read_exact(&mut bytes).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => SourceError::truncated(path, "the header", HEADER as u64, 0),
            _ => SourceError::io(path, e),
        })?;
        if !is_header(&bytes) {
            return Err(SourceError::invalid(path, FORMAT, "the header has no NIfTI signature"));
        }
        match (&bytes[4..7], &bytes[344..347]) {
            (b"n+2" | b"ni2", _) => {
                return Err(SourceError::unsupported(path, FORMAT, "this is NIfTI-2; convert it to NIfTI-1"));
            }
            (_, b"ni1") => {
                let what = "header and image are two files (.hdr, .img); convert them to one .nii file";
                return Err(SourceError::unsupported(path, FORMAT, what));
            }
            _ => {}
        }
        let little = bytes.first_chunk::<4>().is_some_and(|b| u32::from_le_bytes(*b) == 348);
        Ok(Self { bytes, endian: if little { Endian::Little } else { Endian::Big } })
    }

    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|i| self.bytes[at + i])
    }

    fn i16(&self, at: usize) -> i16 {
        match self.endian {
            Endian::Little => i16::from_le_bytes(self.array(at)),
            Endian::Big => i16::from_be_bytes(self.array(at)),
        }
    }

    fn f32(&self, at: usize) -> f32 {
        match self.endian {
            Endian::Little => f32::from_le_bytes(self.array(at)),
            Endian::Big => f32::from_be_bytes(self.array(at)),
        }
    }

    fn floats(&self, at: usize, n: usize) -> Vec<f32> {
        (0..n).map(|i| self.f32(at + 4 * i)).collect()
    }

    fn dtype(&self) -> Result<Dtype, String> {
        let known = match self.i16(70) {
            2 => Dtype::U8,
            4 => Dtype::I16,
            8 => Dtype::I32,
            16 => Dtype::F32,
            64 => Dtype::F64,
            256 => Dtype::I8,
            512 => Dtype::U16,
            768 => Dtype::U32,
            1024 => Dtype::I64,
            1280 => Dtype::U64,
            128 | 2304 => return Err("colour images are not read; split the channels".to_owned()),
            32 | 1792 | 2048 => return Err("complex numbers are not read; store magnitude or parts".to_owned()),
            other => return Err(format!("data type {other}")),
        };
        Ok(known)
    }

    /// (steps, dims z y x, number of axes)
    fn grid(&self, path: &Path) -> Result<(u32, [u32; 3], usize), SourceError> {
        let axes = self.i16(40);
        if !(1..=7).contains(&axes) {
            return Err(SourceError::invalid(path, FORMAT, format!("dim[0] is {axes}, must be 1..7")));
        }
        let mut sizes = [1u32; 7];
        for (i, size) in sizes.iter_mut().take(axes as usize).enumerate() {
            let n = self.i16(42 + 2 * i);
            if n < 1 {
                return Err(SourceError::invalid(path, FORMAT, format!("dim[{}] is {n}, must be positive", i + 1)));
            }
            *size = n as u32;
        }
        let [x, y, z, t, rest @ ..] = sizes;
        if rest.iter().any(|&n| n > 1) {
            let what = format!("axes beyond x, y, z, time have {rest:?} values; store one component per file");
            return Err(SourceError::unsupported(path, FORMAT, what));
        }
        Ok((t, [z, y, x], axes as usize))
    }

    /// Three rows of four, from voxel (x, y, z) to millimetres or whatever the units say; None if not declared.
    fn affine(&self) -> Option<[f64; 12]> {
        if self.i16(254) > 0 {
            return Some(std::array::from_fn(|i| f64::from(self.f32(280 + 4 * i))));
        }
        if self.i16(252) <= 0 {
            return None;
        }
        let [b, c, d, ox, oy, oz] = std::array::from_fn(|i| f64::from(self.f32(256 + 4 * i)));
        let a = (1.0 - b * b - c * c - d * d).max(0.0).sqrt();
        let rotation = [
            [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
            [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
            [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ];
        let flip = if self.f32(76) < 0.0 { -1.0 } else { 1.0 };
        let size = [f64::from(self.f32(80)), f64::from(self.f32(84)), f64::from(self.f32(88)) * flip];
        let origin = [ox, oy, oz];
        Some(std::array::from_fn(|i| match i % 4 {
            3 => origin[i / 4],
            column => rotation[i / 4][column] * size[column],
        }))
    }

    /// (origin, spacing) of x, y, z.
    fn axes(&self) -> [(f64, f64); 3] {
        if let Some(a) = self.affine() {
            let largest = (0..3).map(|i| a[5 * i].abs()).fold(0.0, f64::max);
            let off_diagonal = [1, 2, 4, 6, 8, 9].map(|i: usize| a[i].abs());
            if a.iter().all(|v| v.is_finite())
                && (0..3).all(|i| a[5 * i] != 0.0)
                && off_diagonal.iter().all(|v| *v <= 1e-6 * largest)
            {
                return std::array::from_fn(|i| (a[4 * i + 3], a[5 * i]));
            }
        }
        std::array::from_fn(|i| (0.0, positive_or_one(self.f32(80 + 4 * i))))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let number = |name: &str, value| Attribute { name: name.to_owned(), value };
        let mut list = Vec::new();
        for (name, at, len) in [("nifti_descrip", 148, 80), ("nifti_intent_name", 328, 16)] {
            let bytes = &self.bytes[at..at + len];
            let end = bytes.iter().position(|b| *b == 0).unwrap_or(len);
            if end > 0 {
                list.push(Attribute::text(name, String::from_utf8_lossy(&bytes[..end])));
            }
        }
        list.push(number("nifti_pixdim", AttributeValue::Float(self.floats(76, 8))));
        list.push(number("nifti_scl_slope_inter", AttributeValue::Float(self.floats(112, 2))));
        list.push(number("nifti_xyzt_units", AttributeValue::UByte(vec![self.bytes[123]])));
        list.push(number("nifti_qform_sform_code", AttributeValue::Short(vec![self.i16(252), self.i16(254)])));
        list.push(number("nifti_quatern_qoffset", AttributeValue::Float(self.floats(256, 6))));
        if let Some(affine) = self.affine() {
            list.push(number("nifti_affine", AttributeValue::Double(affine.to_vec())));
        }
        list
    }
}

fn positive_or_one(value: f32) -> f64 {
    if value.is_finite() && value != 0.0 { f64::from(value.abs()) } else { 1.0 }
}

/// `voxels(offset, end)` gives the file to read and where the voxels start in it; the arguments are those of the
/// (unpacked) NIfTI file.
fn build(
    path: &Path,
    header: Header,
    voxels: impl FnOnce(u64, u64) -> Result<(File, u64), SourceError>,
) -> Result<Box<dyn Source>, SourceError> {
    let (steps, dims, n_axes) = header.grid(path)?;
    let dtype = header.dtype().map_err(|what| SourceError::unsupported(path, FORMAT, what))?;
    let offset = header.f32(108);
    let offset = match offset {
        // 0 is common in files of old writers; the voxels then follow the header and its 4 extension bytes.
        0.0 => 352,
        v if v >= HEADER as f32 && v.fract() == 0.0 && v < 1e9 => v as u64,
        v => return Err(SourceError::invalid(path, FORMAT, format!("vox_offset is {v}"))),
    };
    let (slope, inter) = (f64::from(header.f32(112)), f64::from(header.f32(116)));
    let scaled = slope.is_finite() && inter.is_finite() && slope != 0.0 && (slope, inter) != (1.0, 0.0);
    let scale = scaled.then_some((slope, inter));
    let mut layout = Layout { offset, dtype, endian: header.endian, dims, steps, scale };
    let end = layout.end(path, FORMAT)?;
    let (file, offset) = voxels(offset, end)?;
    layout.offset = offset;
    let file = DenseFile::new(path, FORMAT, file, layout)?;

    let space = ["", "m", "mm", "um"].get(usize::from(header.bytes[123] & 7)).copied().unwrap_or("");
    let time = match header.bytes[123] & 0x38 {
        8 => "s",
        16 => "ms",
        24 => "us",
        _ => "",
    };
    let has_time = n_axes >= 4 && steps > 1;
    let [x, y, z] = header.axes();
    let mut coordinates = Vec::new();
    if has_time {
        let start = header.f32(136);
        let start = if start.is_finite() { f64::from(start) } else { 0.0 };
        coordinates.push(regular_axis("time", steps, start, positive_or_one(header.f32(92)), time));
    }
    let flat = n_axes < 3;
    if !flat {
        coordinates.push(regular_axis("z", dims[0], z.0, z.1, space));
    }
    coordinates.push(regular_axis("y", dims[1], y.0, y.1, space));
    coordinates.push(regular_axis("x", dims[2], x.0, x.1, space));
    let variable = SourceVariable {
        name: name_of(path),
        dimensions: dimension_names(has_time, flat),
        has_time,
        steps,
        dims,
        dtype: dtype.name().to_owned(),
        attributes: Vec::new(),
    };
    Ok(Box::new(DenseSource {
        format: FORMAT,
        path: path.to_owned(),
        variables: vec![variable],
        skipped: Vec::new(),
        attributes: header.attributes(),
        coordinates,
        files: vec![file],
    }))
}
