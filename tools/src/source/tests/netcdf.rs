//! NetCDF files of every kind, written with the NetCDF library.

use netcdf::types::NcVariableType;
use netcdf::{FileMut, Options};
use neuvol_format::{Attribute, AttributeValue, Meta};

use crate::source::test_util::{Folder, check_boxes, f64_values, index, read_named, read_step};
use crate::source::{Dtype, SourceError, open};

/// Writes a file: `define` makes dimensions and variables, `data` writes numbers.
fn create(
    folder: &Folder,
    options: Options,
    define: impl Fn(&mut FileMut),
    data: impl Fn(&mut FileMut),
) -> std::path::PathBuf {
    let path = folder.path("test.nc");
    let mut file = netcdf::create_with(&path, options).unwrap();
    define(&mut file);
    file.enddef().unwrap();
    data(&mut file);
    file.close().unwrap();
    path
}

fn put<T: netcdf::NcTypeDescriptor>(file: &mut FileMut, name: &str, values: &[T]) {
    let mut variable = file.variable_mut(name).unwrap();
    let shape: Vec<usize> = variable.dimensions().iter().map(|d| if d.is_unlimited() { 2 } else { d.len() }).collect();
    variable.put_values(values, (vec![0; shape.len()], shape)).unwrap();
}

const FORMATS: [Options; 4] = [Options::empty(), Options::_64BIT_OFFSET, Options::_64BIT_DATA, Options::NETCDF4];

/// T(time = 2 unlimited, lev = 2, lat = 3, lon = 4) = 0, 0.5, 1, ... with coordinates.
fn usual_file(folder: &Folder, options: Options) -> std::path::PathBuf {
    create(
        folder,
        options,
        |file| {
            file.add_unlimited_dimension("time").unwrap();
            for (name, len) in [("lev", 2), ("lat", 3), ("lon", 4)] {
                file.add_dimension(name, len).unwrap();
            }
            file.add_attribute("title", "a title").unwrap();
            file.add_attribute("numbers", vec![1i16, 2]).unwrap();
            let mut time = file.add_variable::<f64>("time", &["time"]).unwrap();
            time.put_attribute("units", "hours since 2000-01-01").unwrap();
            file.add_variable::<f32>("lev", &["lev"]).unwrap();
            let mut lat = file.add_variable::<f64>("lat", &["lat"]).unwrap();
            lat.put_attribute("units", "degrees_north").unwrap();
            let mut t = file.add_variable::<f32>("T", &["time", "lev", "lat", "lon"]).unwrap();
            t.put_attribute("units", "K").unwrap();
            t.put_attribute("level", 3i16).unwrap();
        },
        |file| {
            put(file, "lev", &[10.0f32, 100.0]);
            put(file, "lat", &[60.0, 50.0, 40.0]);
            put(file, "time", &[0.0, 6.0]);
            let values: Vec<f32> = (0..48).map(|v| v as f32 * 0.5).collect();
            put(file, "T", &values);
        },
    )
}

pub(super) fn small_file(options: Options) -> Vec<u8> {
    let folder = Folder::new();
    std::fs::read(usual_file(&folder, options)).unwrap()
}

#[test]
fn all_four_formats() {
    for options in FORMATS {
        let folder = Folder::new();
        let mut source = open(&usual_file(&folder, options)).unwrap();
        assert_eq!(source.variables().len(), 1);
        let v = source.variables()[0].clone();
        assert_eq!((v.name.as_str(), v.dims, v.steps, v.has_time), ("T", [2, 3, 4], 2, true));
        assert_eq!(v.dimensions, ["time", "lev", "lat", "lon"]);
        assert_eq!(v.dtype, "f32");
        let expected: Vec<f32> = (24..48).map(|v| v as f32 * 0.5).collect();
        assert_eq!(read_step(source.as_mut(), 0, 1).unwrap(), expected);
        check_boxes(source.as_mut(), 0);

        assert_eq!(Meta::attribute(&v.attributes, "level").unwrap().value, AttributeValue::Short(vec![3]));
        assert_eq!(Meta::attribute(&v.attributes, "units"), Some(&Attribute::text("units", "K")));
        assert_eq!(Meta::attribute(source.attributes(), "numbers").unwrap().value, AttributeValue::Short(vec![1, 2]));

        let coordinates = source.coordinates(0).unwrap();
        let names: Vec<&str> = coordinates.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["time", "lev", "lat"]);
        assert_eq!(f64_values(&coordinates, "lat"), [60.0, 50.0, 40.0]);
        assert_eq!(coordinates[1].values.dtype, Dtype::F32);
        assert_eq!(coordinates[1].values.bytes, [10f32.to_le_bytes(), 100f32.to_le_bytes()].concat());
        assert_eq!(
            Meta::attribute(&coordinates[0].attributes, "units").unwrap().as_str(),
            Some("hours since 2000-01-01")
        );
    }
}

#[test]
fn packed_integers_fills_and_unwritten_parts() {
    for options in [Options::empty(), Options::NETCDF4] {
        let folder = Folder::new();
        let path = create(
            &folder,
            options,
            |file| {
                file.add_dimension("y", 2).unwrap();
                file.add_dimension("x", 3).unwrap();
                let mut packed = file.add_variable::<i16>("packed", &["y", "x"]).unwrap();
                packed.put_attribute("scale_factor", 0.1f64).unwrap();
                packed.put_attribute("add_offset", 5.0f64).unwrap();
                packed.put_attribute("_FillValue", -32767i16).unwrap();
                packed.put_attribute("missing_value", vec![-1i16, -2]).unwrap();
                packed.put_attribute("valid_range", vec![-10i16, 100]).unwrap();
                let mut bytes = file.add_variable::<i8>("bytes", &["y", "x"]).unwrap();
                bytes.put_attribute("_Unsigned", "true").unwrap();
                bytes.put_attribute("_FillValue", -1i8).unwrap();
                let mut nan = file.add_variable::<f32>("nan", &["y", "x"]).unwrap();
                nan.put_attribute("_FillValue", f32::NAN).unwrap();
                file.add_variable::<f32>("unwritten", &["y", "x"]).unwrap();
                file.add_variable::<f64>("double", &["y", "x"]).unwrap();
            },
            |file| {
                put(file, "packed", &[-32767i16, -1, -2, -11, 100, 101]);
                put(file, "bytes", &[-1i8, -2, 0, 1, 127, -128]);
                put(file, "nan", &[1.0f32, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, 9.969_21e36]);
                put(file, "double", &[1e300, 0.1, 9.969_209_968_386_869e36, 0.0, 0.0, 0.0]);
            },
        );
        assert_eq!(read_named(&path, "packed"), [None, None, None, None, Some(15.0), None]);
        let bytes = [None, Some(254.0), Some(0.0), Some(1.0), Some(127.0), Some(128.0)];
        assert_eq!(read_named(&path, "bytes"), bytes);
        assert_eq!(read_named(&path, "nan"), [Some(1.0), None, None, None, Some(0.0), Some(9.969_21e36)]);
        assert_eq!(read_named(&path, "unwritten"), [None; 6]);
        assert_eq!(read_named(&path, "double")[..3], [None, Some(0.1), None]);
        check_boxes(open(&path).unwrap().as_mut(), 0);
    }
}

#[test]
fn three_two_and_five_dimensions() {
    let folder = Folder::new();
    let path = create(
        &folder,
        Options::NETCDF4,
        |file| {
            file.add_unlimited_dimension("record").unwrap();
            for (name, len) in [("member", 1), ("many", 3), ("z", 2), ("y", 3), ("x", 4)] {
                file.add_dimension(name, len).unwrap();
            }
            file.add_variable::<f32>("tyx", &["record", "y", "x"]).unwrap();
            file.add_variable::<f32>("zyx", &["z", "y", "x"]).unwrap();
            file.add_variable::<f32>("yx", &["y", "x"]).unwrap();
            file.add_variable::<f32>("single", &["record", "member", "z", "y", "x"]).unwrap();
            file.add_variable::<f32>("five", &["record", "many", "z", "y", "x"]).unwrap();
            file.add_variable::<f32>("line", &["record", "x"]).unwrap();
        },
        |file| {
            put(file, "tyx", &[0.0f32; 24]);
            let values: Vec<f32> = (0..48).map(|v| v as f32).collect();
            put(file, "single", &values);
        },
    );
    let mut source = open(&path).unwrap();
    let shape = |name: &str| {
        let v = &source.variables()[index(source.as_ref(), name)];
        (v.steps, v.dims, v.has_time, v.dimensions.join(" "))
    };
    assert_eq!(shape("tyx"), (2, [1, 3, 4], true, "record y x".to_owned()));
    assert_eq!(shape("zyx"), (1, [2, 3, 4], false, "z y x".to_owned()));
    assert_eq!(shape("yx"), (1, [1, 3, 4], false, "y x".to_owned()));
    assert_eq!(shape("single"), (2, [2, 3, 4], true, "record z y x".to_owned()));
    let reason = |name: &str| source.skipped().iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert!(reason("five").contains("4 spatial axes (many = 3"), "{}", reason("five"));
    assert!(reason("line").contains("1 spatial axes"));
    let single = index(source.as_ref(), "single");
    assert_eq!(read_step(source.as_mut(), single, 1).unwrap()[..2], [24.0, 25.0]);
    check_boxes(source.as_mut(), single);
}

#[test]
fn staggered_grids_text_and_coordinates_by_attributes() {
    let folder = Folder::new();
    let path = create(
        &folder,
        Options::NETCDF4,
        |file| {
            for (name, len) in [("Time", 2), ("z", 2), ("y", 3), ("x", 4), ("x_stag", 5), ("nv", 2), ("len", 19)] {
                file.add_dimension(name, len).unwrap();
            }
            let mut t = file.add_variable::<f32>("T", &["Time", "z", "y", "x"]).unwrap();
            t.put_attribute("coordinates", "lon XTIME missing").unwrap();
            t.put_attribute("grid_mapping", "crs").unwrap();
            file.add_variable::<f32>("U", &["Time", "z", "y", "x_stag"]).unwrap();
            file.add_variable::<f32>("lon", &["y", "x"]).unwrap();
            let mut time = file.add_variable::<f32>("XTIME", &["Time"]).unwrap();
            time.put_attribute("units", "minutes since 2005-08-28 00:00:00").unwrap();
            let mut z = file.add_variable::<f64>("z", &["z"]).unwrap();
            z.put_attribute("bounds", "z_bnds").unwrap();
            z.put_attribute("formula_terms", "a: hyam ps: ps").unwrap();
            file.add_variable::<f64>("z_bnds", &["z", "nv"]).unwrap();
            file.add_variable::<f64>("hyam", &["z"]).unwrap();
            file.add_variable::<f32>("ps", &["Time", "y", "x"]).unwrap();
            let mut crs = file.add_variable_with_type("crs", &[], &NcVariableType::Char).unwrap();
            crs.put_attribute("grid_mapping_name", "polar_stereographic").unwrap();
            file.add_variable_with_type("Times", &["Time", "len"], &NcVariableType::Char).unwrap();
            file.add_string_variable("names", &["y", "x"]).unwrap();
            file.add_group("inner").unwrap();
        },
        |file| {
            put(file, "T", &[1.0f32; 48]);
            put(file, "z_bnds", &[0.0, 1.0, 1.0, 2.0]);
        },
    );
    let source = open(&path).unwrap();
    let names: Vec<&str> = source.variables().iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["T", "U", "ps"]);
    assert_eq!(source.variables()[0].dims, [2, 3, 4]);
    assert_eq!(source.variables()[1].dims, [2, 3, 5]);
    for (name, word) in [("Times", "char"), ("names", "string"), ("lon", "coordinate"), ("inner", "group")] {
        let (_, reason) = source.skipped().iter().find(|(n, _)| n == name).unwrap();
        assert!(reason.contains(word), "{name}: {reason}");
    }
    let coordinates = source.coordinates(0).unwrap();
    let mut names: Vec<&str> = coordinates.iter().map(|c| c.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["XTIME", "crs", "hyam", "lon", "z", "z_bnds"]);
    let crs = coordinates.iter().find(|c| c.name == "crs").unwrap();
    assert_eq!((crs.shape.len(), crs.values.bytes.len()), (0, 1));
    assert_eq!(Meta::attribute(&crs.attributes, "grid_mapping_name").unwrap().as_str(), Some("polar_stereographic"));
    assert_eq!(f64_values(&coordinates, "z_bnds"), [0.0, 1.0, 1.0, 2.0]);
}

#[test]
fn all_attribute_types_are_kept() {
    let folder = Folder::new();
    let values = [
        AttributeValue::Byte(vec![-1]),
        AttributeValue::UByte(vec![255]),
        AttributeValue::Short(vec![-2, 3]),
        AttributeValue::UShort(vec![65535]),
        AttributeValue::Int(vec![-70000]),
        AttributeValue::UInt(vec![4_000_000_000]),
        AttributeValue::Int64(vec![i64::MIN]),
        AttributeValue::UInt64(vec![u64::MAX, 0]),
        AttributeValue::Float(vec![0.1]),
        AttributeValue::Double(vec![0.1, -1e300]),
        AttributeValue::Char("Grüße".to_owned()),
        AttributeValue::String(vec!["a".to_owned(), "ß".to_owned()]),
    ];
    let path = create(
        &folder,
        Options::NETCDF4,
        |file| {
            for (i, value) in values.iter().enumerate() {
                file.add_attribute(&format!("a{i}"), crate::source::attributes::to_netcdf(value)).unwrap();
            }
        },
        |_| {},
    );
    let source = open(&path).unwrap();
    let read: Vec<&AttributeValue> = source.attributes().iter().map(|a| &a.value).collect();
    assert_eq!(read, values.iter().collect::<Vec<_>>());
    assert!(source.variables().is_empty());
}

#[test]
fn empty_unlimited_dimension_is_named() {
    let folder = Folder::new();
    let define = |file: &mut FileMut| {
        file.add_unlimited_dimension("time").unwrap();
        file.add_dimension("y", 2).unwrap();
        file.add_dimension("x", 2).unwrap();
        file.add_variable::<f32>("T", &["time", "y", "x"]).unwrap();
    };
    let source = open(&create(&folder, Options::empty(), define, |_| {})).unwrap();
    assert!(source.skipped()[0].1.contains("time has length 0"), "{:?}", source.skipped());
}

#[test]
fn several_record_variables_with_padding_pass_the_length_check() {
    let folder = Folder::new();
    let define = |file: &mut FileMut| {
        file.add_unlimited_dimension("time").unwrap();
        file.add_dimension("y", 3).unwrap();
        file.add_dimension("x", 1).unwrap();
        for name in ["a", "b"] {
            file.add_variable::<i8>(name, &["time", "y", "x"]).unwrap();
        }
    };
    let path = create(&folder, Options::empty(), define, |file| {
        put(file, "a", &[1i8; 6]);
        put(file, "b", &[2i8; 6]);
    });
    assert_eq!(read_named(&path, "b"), [Some(2.0); 6]);
    let bytes = std::fs::read(&path).unwrap();
    let cut = folder.file("cut.nc", &bytes[..bytes.len() - 4]);
    assert!(matches!(open(&cut), Err(SourceError::Truncated { .. })));
}

#[test]
fn names_that_are_not_utf8_are_an_error_not_a_panic() {
    let mut bytes = small_file(Options::empty());
    let at = bytes.windows(8).position(|w| w == b"\0\0\0\x01T\0\0\0").unwrap();
    bytes[at + 4] = 0xe9;
    let folder = Folder::new();
    assert!(matches!(open(&folder.file("latin1.nc", &bytes)), Err(SourceError::Invalid { .. })));
}
