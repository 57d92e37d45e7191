//! Export and reading back with this project's own reader.

use neuvol_format::{Attribute, AttributeValue, Coordinate, Meta, VariableMeta};

use super::{ExportError, ExportOptions, ExportVariable, write};
use crate::source::test_util::{Folder, f64_values, index, read_step};
use crate::source::{Source, open};

fn attribute(name: &str, value: AttributeValue) -> Attribute {
    Attribute { name: name.to_owned(), value }
}

/// T(time, lev, y, x) = (2, 2, 3, 4) with its coordinates, and H(y, x).
fn model() -> (Meta, Vec<u8>, Vec<ExportVariable>) {
    let mut bytes = Vec::new();
    let mut coordinate = |name: &str, dimensions: &[&str], values: &[f64], attributes: Vec<Attribute>| {
        let offset = bytes.len() as u64;
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        let length = |d: &&str| match *d {
            "time" | "lev" | "bnds" => 2,
            "y" => 3,
            "x" => 4,
            _ => 5,
        };
        Coordinate {
            name: name.to_owned(),
            dimensions: dimensions.iter().map(|d| (*d).to_owned()).collect(),
            shape: dimensions.iter().map(length).collect(),
            dtype: "f64".to_owned(),
            offset,
            attributes,
        }
    };
    let coordinates = vec![
        coordinate("time", &["time"], &[0.0, 6.0], vec![Attribute::text("units", "hours since 2000-01-01")]),
        coordinate("lev", &["lev"], &[100.0, 10.0], vec![Attribute::text("bounds", "lev_bnds")]),
        coordinate("lev_bnds", &["lev", "bnds"], &[120.0, 50.0, 50.0, 0.0], Vec::new()),
        coordinate("lat", &["y", "x"], &[1.5; 12], Vec::new()),
        coordinate("crs", &[], &[0.0], vec![Attribute::text("grid_mapping_name", "latitude_longitude")]),
        coordinate("elsewhere", &["x_stag"], &[0.0; 5], Vec::new()),
    ];
    let packed = vec![
        Attribute::text("units", "K"),
        Attribute::text("coordinates", "lat"),
        Attribute::text("grid_mapping", "crs"),
        attribute("scale_factor", AttributeValue::Double(vec![0.01])),
        attribute("add_offset", AttributeValue::Float(vec![250.0])),
        attribute("_FillValue", AttributeValue::Short(vec![-32767])),
        attribute("valid_range", AttributeValue::Short(vec![-100, 100])),
        attribute("flag", AttributeValue::Int64(vec![7])),
    ];
    let variable = |name: &str, dimensions: &[&str], dtype: &str, attributes: Vec<Attribute>| VariableMeta {
        name: name.to_owned(),
        dimensions: dimensions.iter().map(|d| (*d).to_owned()).collect(),
        source_dtype: dtype.to_owned(),
        attributes,
    };
    let meta = Meta {
        history: "made by a model".to_owned(),
        attributes: vec![Attribute::text("title", "a title"), Attribute::text("history", "old line")],
        variables: vec![
            variable("T", &["time", "lev", "y", "x"], "i16", packed),
            variable("H", &["y", "x"], "f32", Vec::new()),
        ],
        coordinates,
        ..Meta::default()
    };
    let variables = vec![
        ExportVariable { index: 0, dims: [2, 3, 4], steps: 2, has_time: true },
        ExportVariable { index: 1, dims: [1, 3, 4], steps: 1, has_time: false },
    ];
    (meta, bytes, variables)
}

fn options() -> ExportOptions {
    ExportOptions { history: "newest line".to_owned(), deflate: 4 }
}

/// Step s of variable v: 1000 v + 100 s + i, and one NaN.
fn values(variable: usize, step: u32, out: &mut Vec<f32>) {
    let n = if variable == 0 { 24 } else { 12 };
    out.extend((0..n).map(|i| if i == 5 { f32::NAN } else { (1000 * variable + 100 * step as usize + i) as f32 }));
}

#[test]
fn what_is_written_is_read_back() {
    let folder = Folder::new();
    let path = folder.file("out.nc", b"an older file");
    let (meta, bytes, variables) = model();
    let exported = write(&path, &meta, &bytes, &variables, &options(), &mut |variable, step, out| {
        values(variable, step, out);
        Ok(())
    })
    .unwrap();
    assert_eq!(exported.left_out.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["elsewhere"]);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "the partial file is gone");

    let mut source = open(&path).unwrap();
    assert_eq!(source.variables().len(), 2);
    for (name, variable, steps) in [("T", 0, 2), ("H", 1, 1)] {
        let i = index(source.as_ref(), name);
        assert_eq!(source.variables()[i].dimensions, meta.variables[variable].dimensions);
        assert_eq!((source.variables()[i].dims, source.variables()[i].steps), (variables[variable].dims, steps));
        for step in 0..steps {
            let mut expected = Vec::new();
            values(variable, step, &mut expected);
            let read = read_step(source.as_mut(), i, step).unwrap();
            assert!(read.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())));
        }
    }
    check_attributes(source.as_ref());
    let coordinates = source.coordinates(index(source.as_ref(), "T")).unwrap();
    assert_eq!(f64_values(&coordinates, "lev"), [100.0, 10.0]);
    assert_eq!(f64_values(&coordinates, "lev_bnds"), [120.0, 50.0, 50.0, 0.0]);
    assert_eq!(f64_values(&coordinates, "lat"), [1.5; 12]);
    assert!(coordinates.iter().any(|c| c.name == "crs" && c.shape.is_empty()));
}

fn check_attributes(source: &dyn Source) {
    let t = &source.variables()[index(source, "T")].attributes;
    let names: Vec<&str> = t.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["_FillValue", "units", "coordinates", "grid_mapping", "flag", "neuvol_source_attributes"]);
    assert!(matches!(&t[0].value, AttributeValue::Float(v) if v.len() == 1 && v[0].is_nan()));
    let original: serde_json::Value = serde_json::from_str(t[5].as_str().unwrap()).unwrap();
    assert_eq!(original["dtype"], "i16");
    let kept: Vec<Attribute> = serde_json::from_value(original["attributes"].clone()).unwrap();
    assert_eq!(kept.len(), 4);
    assert_eq!(kept[1], attribute("add_offset", AttributeValue::Float(vec![250.0])));
    let history = Meta::attribute(source.attributes(), "history").unwrap();
    assert_eq!(history.as_str(), Some("newest line\nmade by a model\nold line"));
    assert_eq!(Meta::attribute(source.attributes(), "Conventions").unwrap().as_str(), Some("CF-1.8"));
}

#[test]
fn a_failed_export_leaves_the_old_file() {
    let folder = Folder::new();
    let path = folder.file("out.nc", b"an older file");
    let (meta, bytes, variables) = model();
    let error = write(&path, &meta, &bytes, &variables, &options(), &mut |_, step, out| {
        values(0, 0, out);
        if step == 1 { Err("block 3 is damaged".into()) } else { Ok(()) }
    })
    .unwrap_err();
    assert_eq!(error.to_string(), "decoding T, step 1: block 3 is damaged");
    assert_eq!(std::fs::read(&path).unwrap(), b"an older file");
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn what_does_not_fit_is_an_error_that_says_so() {
    let folder = Folder::new();
    let path = folder.path("out.nc");
    let (meta, bytes, variables) = model();
    let run = |meta: &Meta, bytes: &[u8], variables: &[ExportVariable], n: usize| {
        let result = write(&path, meta, bytes, variables, &options(), &mut |_, _, out| {
            out.resize(n, 0.0);
            Ok(())
        });
        assert!(!path.exists());
        result.unwrap_err().to_string()
    };
    assert!(run(&meta, &bytes, &variables, 3).contains("3 values for a step"));
    assert!(run(&meta, &bytes[..50], &variables, 24).contains("coordinate lev_bnds lies outside"));
    let mut other = variables.clone();
    other[1].dims = [1, 3, 9];
    assert!(run(&meta, &bytes, &other, 24).contains("dimension x has 4 and 9"));
    other[1] = ExportVariable { index: 5, ..other[1].clone() };
    assert!(run(&meta, &bytes, &other, 24).contains("no variable 5"));
    let nowhere = folder.path("missing").join("out.nc");
    let error = write(&nowhere, &meta, &bytes, &variables, &options(), &mut |_, _, _| Ok(())).unwrap_err();
    assert!(matches!(error, ExportError::Io { .. }), "{error}");
}

#[test]
fn a_coarser_level_loses_the_coordinates_that_no_longer_fit() {
    let folder = Folder::new();
    let path = folder.path("out.nc");
    let (meta, bytes, _) = model();
    let variables = [ExportVariable { index: 0, dims: [1, 2, 2], steps: 2, has_time: true }];
    let exported = write(&path, &meta, &bytes, &variables, &options(), &mut |_, _, out| {
        out.resize(4, 1.0);
        Ok(())
    })
    .unwrap();
    let names: Vec<&str> = exported.left_out.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["lev", "lev_bnds", "lat", "elsewhere"]);
    assert_eq!(open(&path).unwrap().variables()[0].dims, [1, 2, 2]);
}

#[test]
fn names_that_netcdf_refuses_are_changed() {
    for (name, valid) in
        [("a/b", "a_b"), ("-x", "_-x"), ("end ", "end"), ("", "_"), ("größe 1", "größe 1"), ("a\nb", "a_b")]
    {
        assert_eq!(super::valid_name(name), valid);
    }
}
