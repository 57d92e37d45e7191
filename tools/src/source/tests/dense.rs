//! raw, NIfTI, NRRD, VTK and TIFF, from bytes made by hand.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use neuvol_format::{AttributeValue, Meta};

use crate::source::test_util::{Folder, check_boxes, f64_values, read_named, read_step};
use crate::source::{SourceError, open};

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// 0, 1, 2, ... as little-endian i16.
fn ramp(n: i16) -> Vec<u8> {
    (0..n).flat_map(i16::to_le_bytes).collect()
}

#[test]
fn raw_files_of_every_type() {
    let folder = Folder::new();
    let types: [(&str, Vec<u8>, [f32; 2]); 10] = [
        ("int8", vec![0xff, 2], [-1.0, 2.0]),
        ("uint8", vec![0xff, 2], [255.0, 2.0]),
        ("int16", [-5i16, 300].iter().flat_map(|v| v.to_le_bytes()).collect(), [-5.0, 300.0]),
        ("uint16", [65535u16, 300].iter().flat_map(|v| v.to_le_bytes()).collect(), [65535.0, 300.0]),
        ("int32", [-5i32, 1 << 20].iter().flat_map(|v| v.to_le_bytes()).collect(), [-5.0, 1_048_576.0]),
        ("uint32", [1u32 << 31, 1].iter().flat_map(|v| v.to_le_bytes()).collect(), [2_147_483_648.0, 1.0]),
        ("int64", [-5i64, 1].iter().flat_map(|v| v.to_le_bytes()).collect(), [-5.0, 1.0]),
        ("uint64", [5u64, 1].iter().flat_map(|v| v.to_le_bytes()).collect(), [5.0, 1.0]),
        ("float32", [-0.5f32, 1e30].iter().flat_map(|v| v.to_le_bytes()).collect(), [-0.5, 1e30]),
        ("float64", [-0.5f64, 1e30].iter().flat_map(|v| v.to_le_bytes()).collect(), [-0.5, 1e30]),
    ];
    for (name, bytes, expected) in types {
        let path = folder.file(&format!("my_data_2x1x1_{name}.raw"), &bytes);
        let source = open(&path).unwrap();
        let v = &source.variables()[0];
        assert_eq!((v.name.as_str(), v.dims, v.steps, v.has_time), ("my_data", [1, 1, 2], 1, false));
        assert_eq!(read_named(&path, "my_data"), expected.map(Some), "{name}");
    }
    let path = folder.file("infinite_2x1x1_float32.raw", &[0, 0, 0x80, 0x7f, 0, 0, 0xc0, 0x7f]);
    assert_eq!(read_named(&path, "infinite"), [None, None]);
}

#[test]
fn raw_boxes_and_the_size_check() {
    let folder = Folder::new();
    let path = folder.file("a_7x5x4_int16.raw", &ramp(140));
    check_boxes(open(&path).unwrap().as_mut(), 0);
    let path = folder.file("a_7x5x5_int16.raw", &ramp(140));
    let message = open(&path).err().unwrap().to_string();
    assert!(message.contains("350 bytes") && message.contains("280"), "{message}");
    let path = folder.file("a_7x5x5.raw", &ramp(140));
    assert!(matches!(open(&path), Err(SourceError::Unrecognised { .. })));
    let path = folder.file("a_4000000000x4000000000x4000000000_float64.raw", &[0; 8]);
    assert!(matches!(open(&path), Err(SourceError::Invalid { .. })));
}

/// A NIfTI file with i16 voxels 0, 1, 2, ...
pub(super) fn nifti(dim: &[i16], big: bool, slope: f32, inter: f32) -> Vec<u8> {
    let mut bytes = vec![0u8; 352];
    let put16 = |bytes: &mut [u8], at: usize, v: i16| {
        bytes[at..at + 2].copy_from_slice(&if big { v.to_be_bytes() } else { v.to_le_bytes() });
    };
    let put32 = |bytes: &mut [u8], at: usize, v: [u8; 4]| bytes[at..at + 4].copy_from_slice(&v);
    let float = |v: f32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    put32(&mut bytes, 0, if big { 348i32.to_be_bytes() } else { 348i32.to_le_bytes() });
    put16(&mut bytes, 40, dim.len() as i16);
    for (i, n) in dim.iter().enumerate() {
        put16(&mut bytes, 42 + 2 * i, *n);
    }
    put16(&mut bytes, 70, 4);
    put16(&mut bytes, 72, 16);
    for (i, v) in [1.0, 0.5, 2.0, 3.0, 1.5].into_iter().enumerate() {
        put32(&mut bytes, 76 + 4 * i, float(v));
    }
    put32(&mut bytes, 108, float(352.0));
    put32(&mut bytes, 112, float(slope));
    put32(&mut bytes, 116, float(inter));
    bytes[123] = 2 + 8; // mm and s
    bytes[148..152].copy_from_slice(b"test");
    bytes[344..348].copy_from_slice(b"n+1\0");
    let n: i16 = dim.iter().product();
    bytes.extend((0..n).flat_map(|v| if big { v.to_be_bytes() } else { v.to_le_bytes() }));
    bytes
}

#[test]
fn nifti_plain_compressed_and_of_both_byte_orders() {
    let folder = Folder::new();
    let bytes = nifti(&[4, 3, 2, 5], false, 2.0, -1.0);
    let paths = [
        folder.file("a.nii", &bytes),
        folder.file("b.nii.gz", &gzip(&bytes)),
        folder.file("c.nii", &nifti(&[4, 3, 2, 5], true, 2.0, -1.0)),
    ];
    for path in paths {
        let mut source = open(&path).unwrap();
        let v = source.variables()[0].clone();
        assert_eq!((v.dims, v.steps, v.has_time), ([2, 3, 4], 5, true));
        assert_eq!(v.dimensions, ["time", "z", "y", "x"]);
        assert_eq!(v.dtype, "i16");
        let step: Vec<f32> = (48..72).map(|v| v as f32 * 2.0 - 1.0).collect();
        assert_eq!(read_step(source.as_mut(), 0, 2).unwrap(), step);
        check_boxes(source.as_mut(), 0);
        let coordinates = source.coordinates(0).unwrap();
        assert_eq!(f64_values(&coordinates, "x"), [0.0, 0.5, 1.0, 1.5]);
        assert_eq!(f64_values(&coordinates, "time"), [0.0, 1.5, 3.0, 4.5, 6.0]);
        let x = coordinates.iter().find(|c| c.name == "x").unwrap();
        assert_eq!(Meta::attribute(&x.attributes, "units").unwrap().as_str(), Some("mm"));
        assert_eq!(Meta::attribute(source.attributes(), "nifti_descrip").unwrap().as_str(), Some("test"));
    }
}

#[test]
fn nifti_affines() {
    let folder = Folder::new();
    let mut bytes = nifti(&[2, 2, 2], false, 0.0, 0.0);
    bytes[254] = 1;
    let rows: [f32; 12] = [-0.5, 0.0, 0.0, 10.0, 0.0, 2.0, 0.0, -20.0, 0.0, 0.0, 3.0, 30.0];
    for (i, v) in rows.iter().enumerate() {
        bytes[280 + 4 * i..284 + 4 * i].copy_from_slice(&v.to_le_bytes());
    }
    let straight = open(&folder.file("straight.nii", &bytes)).unwrap();
    assert_eq!(straight.variables()[0].dimensions, ["z", "y", "x"]);
    let coordinates = straight.coordinates(0).unwrap();
    assert_eq!(f64_values(&coordinates, "x"), [10.0, 9.5]);
    assert_eq!(f64_values(&coordinates, "y"), [-20.0, -18.0]);
    assert_eq!(f64_values(&coordinates, "z"), [30.0, 33.0]);
    bytes[284..288].copy_from_slice(&0.4f32.to_le_bytes());
    let oblique = open(&folder.file("oblique.nii", &bytes)).unwrap();
    assert_eq!(f64_values(&oblique.coordinates(0).unwrap(), "x"), [0.0, 0.5]);
    let affine = &Meta::attribute(oblique.attributes(), "nifti_affine").unwrap().value;
    assert!(matches!(affine, AttributeValue::Double(v) if v.len() == 12 && (v[1] - 0.4).abs() < 1e-7));
    // Only a qform: the identity rotation with pixdim and offset.
    let mut bytes = nifti(&[2, 2, 2], false, 0.0, 0.0);
    bytes[252] = 1;
    bytes[268..272].copy_from_slice(&7.0f32.to_le_bytes());
    let qform = open(&folder.file("qform.nii", &bytes)).unwrap();
    assert_eq!(f64_values(&qform.coordinates(0).unwrap(), "x"), [7.0, 7.5]);
}

#[test]
fn nifti_of_other_kinds_is_refused_with_a_reason() {
    let folder = Folder::new();
    let refuse = |name: &str, change: &dyn Fn(&mut Vec<u8>), word: &str| {
        let mut bytes = nifti(&[2, 2, 2, 1, 2], false, 0.0, 0.0);
        change(&mut bytes);
        let error = open(&folder.file(name, &bytes)).err().unwrap().to_string();
        assert!(error.contains(word), "{error}");
    };
    refuse("vector.nii", &|_| {}, "one component per file");
    refuse("pair.nii", &|b| b[344..347].copy_from_slice(b"ni1"), "two files");
    refuse("colour.nii", &|b| (b[50], b[70]) = (1, 128), "colour");
    refuse("negative.nii", &|b| (b[42], b[43]) = (0xff, 0xff), "dim[1] is -1");
    refuse("offset.nii", &|b| (b[50], b[109]) = (1, 1), "vox_offset");
    let error = open(&folder.file("text.gz", &gzip(b"hello"))).err().unwrap().to_string();
    assert!(error.contains("does not hold a NIfTI file"), "{error}");
}

pub(super) fn nrrd(header: &str, data: &[u8]) -> Vec<u8> {
    [format!("NRRD0004\n# comment\n{header}\n").as_bytes(), data].concat()
}

#[test]
fn nrrd_raw_and_gzip() {
    let folder = Folder::new();
    let fields = "type: short\ndimension: 3\nsizes: 4 3 2\nendian: little\nspace: left-posterior-superior\n\
                  space directions: (0.5,0,0) (0,-2,0) (0,0,3)\nspace origin: (10,20,30)\nspace units: \"mm\" \"mm\" \"mm\"\n\
                  my key:=my value\n";
    let raw = nrrd(&format!("{fields}encoding: raw\n"), &ramp(24));
    let big: Vec<u8> = (0..24i16).flat_map(i16::to_be_bytes).collect();
    let swapped = fields.replace("little", "big");
    let paths = [
        folder.file("a.nrrd", &raw),
        folder.file("b.nrrd", &nrrd(&format!("{fields}encoding: gzip\n"), &gzip(&ramp(24)))),
        folder.file("c.nrrd", &nrrd(&format!("{swapped}encoding: raw\n"), &big)),
        folder.file(
            "d.nrrd",
            &nrrd(&format!("{fields}encoding: raw\nbyte skip: -1\n"), &[&[9; 5], &ramp(24)[..]].concat()),
        ),
        folder.file(
            "e.nrrd",
            &nrrd(&format!("{fields}encoding: raw\nbyte skip: 5\n"), &[&[9; 5], &ramp(24)[..]].concat()),
        ),
        folder.file("f.nrrd", &String::from_utf8_lossy(&raw[..raw.len() - 48]).replace('\n', "\r\n").into_bytes()),
    ];
    // The last one has Windows line ends.
    let mut file = std::fs::OpenOptions::new().append(true).open(&paths[5]).unwrap();
    file.write_all(&ramp(24)).unwrap();
    for path in paths {
        let mut source = open(&path).unwrap();
        let v = source.variables()[0].clone();
        assert_eq!((v.dims, v.steps, v.has_time), ([2, 3, 4], 1, false));
        let expected: Vec<f32> = (0..24).map(|v| v as f32).collect();
        assert_eq!(read_step(source.as_mut(), 0, 0).unwrap(), expected);
        check_boxes(source.as_mut(), 0);
        let coordinates = source.coordinates(0).unwrap();
        assert_eq!(f64_values(&coordinates, "x"), [10.0, 10.5, 11.0, 11.5]);
        assert_eq!(f64_values(&coordinates, "y"), [20.0, 18.0, 16.0]);
        assert_eq!(f64_values(&coordinates, "z"), [30.0, 33.0]);
        let x = coordinates.iter().find(|c| c.name == "x").unwrap();
        assert_eq!(Meta::attribute(&x.attributes, "units").unwrap().as_str(), Some("mm"));
        assert_eq!(Meta::attribute(source.attributes(), "my key").unwrap().as_str(), Some("my value"));
        assert_eq!(Meta::attribute(source.attributes(), "nrrd_sizes").unwrap().as_str(), Some("4 3 2"));
    }
}

#[test]
fn nrrd_axes() {
    let folder = Folder::new();
    let open_with = |fields: &str| {
        let header = format!("type: int16\nencoding: raw\nendian: little\n{fields}\n");
        open(&folder.file("a.nrrd", &nrrd(&header, &ramp(24))))
    };
    let time =
        open_with("dimension: 4\nsizes: 2 2 3 2\nspacings: 0.5 0.5 2 1.5\nkinds: domain domain domain time").unwrap();
    let v = &time.variables()[0];
    assert_eq!((v.dims, v.steps, v.has_time), ([3, 2, 2], 2, true));
    let coordinates = time.coordinates(0).unwrap();
    assert_eq!(f64_values(&coordinates, "time"), [0.0, 1.5]);
    assert_eq!(f64_values(&coordinates, "z"), [0.0, 2.0, 4.0]);
    assert!(open_with("dimension: 4\nsizes: 2 2 3 2").unwrap().variables()[0].has_time);
    let flat = open_with("dimension: 2\nsizes: 4 6").unwrap();
    assert_eq!((flat.variables()[0].dims, flat.variables()[0].dimensions.len()), ([1, 6, 4], 2));
    let message = |fields: &str| open_with(fields).err().unwrap().to_string();
    assert!(message("dimension: 4\nsizes: 2 2 3 2\nkinds: vector domain domain domain").contains("per voxel"));
    assert!(message("dimension: 4\nsizes: 2 2 3 2\nkinds: time domain domain domain").contains("slowest"));
    assert!(message("dimension: 3\nsizes: 4 3 2\ndata file: a.raw").contains("another file"));
    assert!(message("dimension: 3\nsizes: 4 3").contains("not 3 positive"));
    assert!(message("dimension: 1\nsizes: 24").contains("1 spatial axes"));
    let header = "type: int16\ndimension: 3\nsizes: 4 3 2\nendian: little\nencoding: ascii\n";
    let error = open(&folder.file("b.nrrd", &nrrd(header, &ramp(24)))).err().unwrap().to_string();
    assert!(error.contains("encoding ascii"), "{error}");
}

pub(super) fn vtk(data: &[u8]) -> Vec<u8> {
    let header = "# vtk DataFile Version 3.0\nA title\nBINARY\nDATASET STRUCTURED_POINTS\nDIMENSIONS 4 3 2\n\
                  ORIGIN 1 2 3\nSPACING 0.5 1 2\nPOINT_DATA 24\n";
    [header.as_bytes(), data].concat()
}

#[test]
fn vtk_scalars_among_other_arrays() {
    let folder = Folder::new();
    let floats: Vec<u8> = (0..24).flat_map(|v| (v as f32 * 0.5).to_be_bytes()).collect();
    let shorts: Vec<u8> = (0..24i16).flat_map(|v| (v - 3).to_be_bytes()).collect();
    let data = [
        b"SCALARS a float\nLOOKUP_TABLE mine\n",
        &floats[..],
        b"\nLOOKUP_TABLE mine 2\n",
        &[0; 8],
        b"\nVECTORS wind float\n",
        &floats.repeat(3)[..],
        b"\nFIELD FieldData 2\nb 1 24 short\n",
        &shorts[..],
        b"\npairs 2 24 short\n",
        &shorts.repeat(2)[..],
        b"\nCELL_DATA 6\nSCALARS c short 1\nLOOKUP_TABLE default\n",
        &[0; 12],
    ]
    .concat();
    let path = folder.file("a.vtk", &vtk(&data));
    let mut source = open(&path).unwrap();
    let names: Vec<&str> = source.variables().iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let skipped: Vec<&str> = source.skipped().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(skipped, ["wind", "pairs", "CELL_DATA"]);
    assert_eq!(source.variables()[0].dims, [2, 3, 4]);
    check_boxes(source.as_mut(), 0);
    check_boxes(source.as_mut(), 1);
    assert_eq!(read_step(source.as_mut(), 0, 0).unwrap()[..3], [0.0, 0.5, 1.0]);
    assert_eq!(read_step(source.as_mut(), 1, 0).unwrap()[..3], [-3.0, -2.0, -1.0]);
    let coordinates = source.coordinates(1).unwrap();
    assert_eq!(f64_values(&coordinates, "x"), [1.0, 1.5, 2.0, 2.5]);
    assert_eq!(f64_values(&coordinates, "z"), [3.0, 5.0]);
}

#[test]
fn vtk_of_other_kinds_is_refused_with_a_reason() {
    let folder = Folder::new();
    let text = String::from_utf8(vtk(b"SCALARS a float\nLOOKUP_TABLE default\n")).unwrap();
    let message = |from: &str, to: &str| {
        let path = folder.file("a.vtk", text.replace(from, to).as_bytes());
        open(&path).err().unwrap().to_string()
    };
    assert!(message("BINARY", "ASCII").contains("save it as binary"));
    assert!(message("STRUCTURED_POINTS", "POLYDATA").contains("only STRUCTURED_POINTS"));
    assert!(message("DIMENSIONS 4 3 2", "DIMENSIONS 4 3").contains("three numbers"));
    assert!(message("DIMENSIONS 4 3 2\n", "").contains("DIMENSIONS are missing"));
    assert!(message(" float", " bit").contains("type \"bit\""));
    assert!(message("SCALARS a float\nLOOKUP_TABLE default\n", "").contains("no scalars per point"));
    assert!(message("4 3 2", "4000000000 4000000000 4000000000").contains("2^64"));
}

/// A stack whose page p has the values 100 p + i.
pub(super) fn tiff_stack(pages: u16, description: &str) -> Vec<u8> {
    use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, colortype};
    let mut bytes = Cursor::new(Vec::new());
    let encoder = TiffEncoder::new(&mut bytes).unwrap();
    let mut encoder = encoder.with_compression(Compression::Deflate(DeflateLevel::Fast));
    for page in 0..pages {
        let mut image = encoder.new_image::<colortype::Gray16>(4, 3).unwrap();
        if page == 0 && !description.is_empty() {
            image.encoder().write_tag(tiff::tags::Tag::ImageDescription, description).unwrap();
        }
        let values: Vec<u16> = (0..12).map(|i| page * 100 + i).collect();
        image.write_data(&values).unwrap();
    }
    bytes.into_inner()
}

#[test]
fn tiff_stacks_are_decoded_as_needed() {
    let folder = Folder::new();
    let path = folder.file("a.tif", &tiff_stack(6, ""));
    let mut source = open(&path).unwrap();
    assert_eq!((source.variables()[0].dims, source.variables()[0].dtype.as_str()), ([6, 3, 4], "u16"));
    let mut out = Vec::new();
    source.read(0, 0, [2, 1, 1], [4, 2, 3], &mut out).unwrap();
    assert_eq!(out, [205.0, 206.0, 305.0, 306.0]);
    source.read(0, 0, [0, 0, 0], [1, 1, 4], &mut out).unwrap();
    assert_eq!(out, [0.0, 1.0, 2.0, 3.0]);
    check_boxes(source.as_mut(), 0);

    let path = folder.file("b.tif", &tiff_stack(6, "ImageJ=1.53t\nimages=6\nslices=3\nframes=2\n"));
    let mut source = open(&path).unwrap();
    assert_eq!((source.variables()[0].dims, source.variables()[0].steps), ([3, 3, 4], 2));
    assert_eq!(read_step(source.as_mut(), 0, 1).unwrap()[..2], [300.0, 301.0]);
    check_boxes(source.as_mut(), 0);
}

#[test]
fn tiff_of_floats_and_bytes_is_read_and_colour_refused() {
    use tiff::encoder::{TiffEncoder, colortype};
    let folder = Folder::new();
    let mut bytes = Cursor::new(Vec::new());
    TiffEncoder::new(&mut bytes).unwrap().write_image::<colortype::Gray32Float>(2, 1, &[0.5, f32::INFINITY]).unwrap();
    assert_eq!(read_named(&folder.file("f.tif", &bytes.into_inner()), "f"), [Some(0.5), None]);
    let mut bytes = Cursor::new(Vec::new());
    TiffEncoder::new(&mut bytes).unwrap().write_image::<colortype::Gray8>(2, 1, &[255, 1]).unwrap();
    assert_eq!(read_named(&folder.file("u.tiff", &bytes.into_inner()), "u"), [Some(255.0), Some(1.0)]);
    let mut bytes = Cursor::new(Vec::new());
    TiffEncoder::new(&mut bytes).unwrap().write_image::<colortype::RGB8>(1, 1, &[1, 2, 3]).unwrap();
    let error = open(&folder.file("c.tif", &bytes.into_inner())).err().unwrap().to_string();
    assert!(error.contains("only grey values"), "{error}");
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    encoder.write_image::<colortype::Gray8>(2, 1, &[255, 1]).unwrap();
    encoder.write_image::<colortype::Gray8>(1, 2, &[255, 1]).unwrap();
    let error = open(&folder.file("d.tif", &bytes.into_inner())).err().unwrap().to_string();
    assert!(error.contains("equal pages"), "{error}");
}
