//! Damaged, truncated and tiny files of every format, and wrong arguments.

use super::dense::{gzip, nifti, nrrd, tiff_stack, vtk};
use super::netcdf::small_file;
use crate::source::test_util::{Folder, read_all};
use crate::source::{SourceError, open};

/// (file name, content, bytes at the end that may be missing without harm)
fn samples() -> Vec<(&'static str, Vec<u8>, usize)> {
    let header = "type: uchar\ndimension: 3\nsizes: 4 3 2\nencoding: ";
    let scalars = [&b"SCALARS a unsigned_char\nLOOKUP_TABLE default\n"[..], &[5; 24]].concat();
    let classic = |options| small_file(options);
    vec![
        ("a_4x3x2_uint8.raw", vec![1; 24], 0),
        ("a.nii", nifti(&[4, 3, 2], false, 1.0, 0.0), 0),
        // The last 8 bytes of gzip are a checksum; some before them may only end the compressed stream.
        ("a.nii.gz", gzip(&nifti(&[4, 3, 2], false, 1.0, 0.0)), 12),
        ("a.nrrd", nrrd(&format!("{header}raw\n"), &[1; 24]), 0),
        ("b.nrrd", nrrd(&format!("{header}gzip\n"), &gzip(&[1; 24])), 12),
        ("a.vtk", vtk(&scalars), 0),
        ("a.tif", tiff_stack(3, ""), 0),
        ("classic.nc", classic(netcdf::Options::empty()), 0),
        ("offset.nc", classic(netcdf::Options::_64BIT_OFFSET), 0),
        ("cdf5.nc", classic(netcdf::Options::_64BIT_DATA), 0),
    ]
}

#[test]
fn every_truncation_is_an_error() {
    let folder = Folder::new();
    for (name, bytes, slack) in samples() {
        assert!(read_all(&folder.file(name, &bytes)).unwrap() >= 24, "{name}");
        for len in 0..bytes.len() - slack {
            let path = folder.file(name, &bytes[..len]);
            let error = read_all(&path).err().unwrap_or_else(|| panic!("{name} cut to {len} bytes is accepted"));
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}

#[test]
fn truncated_netcdf4_is_an_error() {
    let folder = Folder::new();
    let bytes = small_file(netcdf::Options::NETCDF4);
    assert!(read_all(&folder.file("a.nc", &bytes)).unwrap() >= 24);
    for part in 0..50 {
        let path = folder.file("a.nc", &bytes[..bytes.len() * part / 50]);
        assert!(read_all(&path).is_err(), "{part} of 50");
    }
}

#[test]
fn changed_bytes_never_panic() {
    let folder = Folder::new();
    for (name, bytes, _) in samples() {
        for at in 0..bytes.len().min(450) {
            for value in [0, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                // Many changes give another valid file; only a crash would be wrong.
                let _ = read_all(&folder.file(name, &bytes));
            }
        }
    }
}

#[test]
fn one_voxel_files_are_read() {
    let folder = Folder::new();
    let header = "type: uchar\ndimension: 3\nsizes: 1 1 1\nencoding: raw\n";
    let vtk = String::from_utf8(vtk(b"SCALARS a unsigned_char\nLOOKUP_TABLE default\nA")).unwrap();
    let files = [
        folder.file("a_1x1x1_uint8.raw", &[1]),
        folder.file("a.nii", &nifti(&[1, 1, 1], false, 1.0, 0.0)),
        folder.file("a.nii.gz", &gzip(&nifti(&[1, 1, 1], false, 1.0, 0.0))),
        folder.file("a.nrrd", &nrrd(header, &[1])),
        folder.file("a.vtk", vtk.replace("4 3 2", "1 1 1").replace("POINT_DATA 24", "POINT_DATA 1").as_bytes()),
    ];
    for path in files {
        assert_eq!(read_all(&path).unwrap(), 1, "{}", path.display());
        assert_eq!(open(&path).unwrap().variables()[0].dims, [1, 1, 1]);
    }
}

#[test]
fn files_that_are_none_say_what_is_read() {
    let folder = Folder::new();
    assert!(matches!(open(&folder.path("missing.nc")), Err(SourceError::NotFound { .. })));
    for path in [folder.file("empty.nc", &[]), folder.file("text.txt", b"hello"), folder.path("")] {
        let error = open(&path).err().unwrap();
        assert!(matches!(error, SourceError::Unrecognised { .. }), "{error}");
        assert!(error.to_string().contains("NetCDF") && error.to_string().contains("NRRD"), "{error}");
    }
    // The content decides, not the name.
    assert_eq!(open(&folder.file("wrong.nc", &nifti(&[2, 2, 2], false, 1.0, 0.0))).unwrap().format(), "NIfTI-1");
}

#[test]
fn wrong_arguments_are_named() {
    let folder = Folder::new();
    let nc = folder.file("a.nc", &small_file(netcdf::Options::NETCDF4));
    for path in [folder.file("a_4x3x2_uint8.raw", &[1; 24]), nc, folder.file("a.tif", &tiff_stack(2, ""))] {
        let mut source = open(&path).unwrap();
        let v = source.variables()[0].clone();
        let mut out = Vec::new();
        let mut message = |variable: usize, step: u32, min: [u32; 3], max: [u32; 3]| {
            let error = source.read(variable, step, min, max, &mut out).unwrap_err();
            assert!(matches!(error, SourceError::Argument { .. }), "{error}");
            error.to_string()
        };
        assert!(message(9, 0, [0; 3], v.dims).contains("variable"));
        assert!(message(0, v.steps, [0; 3], v.dims).contains("step"));
        assert!(message(0, 0, [0; 3], [v.dims[0], v.dims[1], v.dims[2] + 1]).contains("outside the grid"));
        assert!(message(0, 0, [0; 3], [0, 1, 1]).contains("empty"));
        assert!(source.coordinates(9).is_err());
    }
}
