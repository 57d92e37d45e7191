//! Raw files in the naming convention of the Open SciVis data sets: `NAME_XxYxZ_TYPE.raw`, little-endian, x fastest;
//! with time steps, one after the other, `NAME_XxYxZxT_TYPE.raw`.

use std::path::Path;

use super::dense::{DenseFile, DenseSource, Layout, dimension_names, open_file};
use super::dtype::{Dtype, Endian};
use super::{Source, SourceError, SourceVariable};

const FORMAT: &str = "raw";
const TYPES: [(&str, Dtype); 10] = [
    ("int8", Dtype::I8),
    ("uint8", Dtype::U8),
    ("int16", Dtype::I16),
    ("uint16", Dtype::U16),
    ("int32", Dtype::I32),
    ("uint32", Dtype::U32),
    ("int64", Dtype::I64),
    ("uint64", Dtype::U64),
    ("float32", Dtype::F32),
    ("float64", Dtype::F64),
];

/// Whether the name ends with `.raw`.
pub(super) fn is_name(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("raw"))
}

/// What a name says.
#[derive(Debug, PartialEq, Eq)]
struct Named<'a> {
    name: &'a str,
    /// z, y, x
    dims: [u32; 3],
    /// None without a time axis.
    steps: Option<u32>,
    dtype: Dtype,
}

/// Reads a file name without extension.
fn parse_name(stem: &str) -> Result<Named<'_>, String> {
    let form = "the name must have the form NAME_XxYxZ_TYPE.raw or, with time steps, NAME_XxYxZxT_TYPE.raw, such as \
                foot_256x256x256_uint8.raw";
    let (rest, dtype) = stem.rsplit_once('_').ok_or(form)?;
    let (name, dims) = rest.rsplit_once('_').ok_or(form)?;
    let known = TYPES.iter().find(|(type_name, _)| *type_name == dtype);
    let Some(&(_, dtype)) = known else {
        let names: Vec<&str> = TYPES.iter().map(|(n, _)| *n).collect();
        return Err(format!("{form}; \"{dtype}\" is none of the types {}", names.join(" ")));
    };
    let sizes: Vec<u32> = dims.split('x').map(str::parse).collect::<Result<_, _>>().map_err(|_| form)?;
    match sizes[..] {
        _ if sizes.contains(&0) => Err(form.to_owned()),
        [x, y, z] => Ok(Named { name, dims: [z, y, x], steps: None, dtype }),
        [x, y, z, t] => Ok(Named { name, dims: [z, y, x], steps: Some(t), dtype }),
        _ => Err(form.to_owned()),
    }
}

pub(super) fn open(path: &Path) -> Result<Box<dyn Source>, SourceError> {
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let Named { name, dims, steps, dtype } =
        parse_name(&stem).map_err(|reason| SourceError::unrecognised(path, reason))?;
    let n_steps = steps.unwrap_or(1);
    let layout = Layout { offset: 0, dtype, endian: Endian::Little, dims, steps: n_steps, scale: None };
    let file = open_file(path)?;
    let len = file.metadata().map_err(|e| SourceError::io(path, e))?.len();
    let expected = layout.end(path, FORMAT)?;
    if len != expected {
        let [z, y, x] = dims;
        let reason = format!(
            "the name says {x}x{y}x{z} values at {n_steps} steps, of {} bytes = {expected} bytes, the file has {len}; correct the name",
            dtype.size()
        );
        return Err(SourceError::invalid(path, FORMAT, reason));
    }
    let variable = SourceVariable {
        name: if name.is_empty() { "data".to_owned() } else { name.to_owned() },
        dimensions: dimension_names(steps.is_some(), false),
        has_time: steps.is_some(),
        steps: n_steps,
        dims,
        dtype: dtype.name().to_owned(),
        attributes: Vec::new(),
    };
    Ok(Box::new(DenseSource {
        format: FORMAT,
        path: path.to_owned(),
        variables: vec![variable],
        skipped: Vec::new(),
        attributes: Vec::new(),
        coordinates: Vec::new(),
        files: vec![DenseFile::new(path, FORMAT, file, layout)?],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_from_the_right() {
        let named = |name, steps, dtype| Ok(Named { name, dims: [1, 2, 3], steps, dtype });
        assert_eq!(parse_name("a_b_c_3x2x1_int16"), named("a_b_c", None, Dtype::I16));
        assert_eq!(parse_name("a_3x2x1x24_float32"), named("a", Some(24), Dtype::F32));
        for bad in [
            "f_1x1x1x0_uint8",
            "f_1x1x1x1x1_uint8",
            "foot",
            "foot_uint8",
            "foot_3x2_uint8",
            "foot_0x1x1_uint8",
            "foot_1x1x1_half",
            "f_1x-1x1_uint8",
        ] {
            assert!(parse_name(bad).is_err(), "{bad}");
        }
    }
}
