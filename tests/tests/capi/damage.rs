//! Damaged files through the C interface: always an error or a complete result, never a panic.

use crate::model;
use neuvol_capi::{
    NEUVOL_ERROR_CHECKSUM, NEUVOL_ERROR_FORMAT, NEUVOL_ERROR_INVALID_ARGUMENT, NEUVOL_ERROR_TRUNCATED,
    NEUVOL_ERROR_UNSUPPORTED, NEUVOL_OK, neuvol_coordinate_get_values, neuvol_decode_to_host, neuvol_last_error,
    neuvol_open_desc, neuvol_result, neuvol_volume, neuvol_volume_close, neuvol_volume_get_metadata,
    neuvol_volume_open_file, neuvol_volume_open_memory,
};
use neuvol_tests::cases;
use std::fs;
use std::path::Path;
use std::ptr::{null, null_mut};

/// An open volume that borrows a file in memory.
struct Open<'a> {
    handle: neuvol_volume,
    _file: &'a [u8],
}

impl<'a> Open<'a> {
    fn new(file: &'a [u8]) -> Result<Self, neuvol_result> {
        let desc = neuvol_open_desc { struct_size: 16, abi_version: 1, threads: 1, reserved0: 0, cache_bytes: 0 };
        let mut handle = neuvol_volume { id: 0 };
        // SAFETY: the file is borrowed by the result, which closes the volume; the other pointers are of values here.
        let result = unsafe { neuvol_volume_open_memory(file.as_ptr().cast(), file.len(), &desc, &mut handle) };
        if result == NEUVOL_OK { Ok(Self { handle, _file: file }) } else { Err(result) }
    }

    /// Decodes a whole grid of the sample's first variable and the plane of the second one, and reads the rest.
    fn use_everything(&self) -> Vec<neuvol_result> {
        let mut values = vec![0f32; 37 * 20 * 18];
        let mut results = Vec::new();
        for desc in [
            cases::desc(0, 0, 2.5, [0; 3], [37, 20, 18]),
            cases::desc(0, 2, 0.5, [0; 3], [10, 5, 5]),
            cases::desc(1, 0, 0.0, [0; 3], [10, 9, 1]),
        ] {
            // SAFETY: the values are there, as many as is said.
            results.push(unsafe {
                neuvol_decode_to_host(self.handle, &desc, values.as_mut_ptr().cast(), values.len() * 4, null_mut(), 0)
            });
        }
        let mut numbers = [0f64; 20 * 37];
        for coordinate in 0..5 {
            // SAFETY: the numbers are there, as many as is said.
            results.push(unsafe {
                let (numbers, len) = (numbers.as_mut_ptr(), numbers.len());
                neuvol_coordinate_get_values(self.handle, coordinate, numbers, len, null_mut())
            });
        }
        let mut needed = 0;
        // SAFETY: only the length is asked for.
        results.push(unsafe { neuvol_volume_get_metadata(self.handle, null_mut(), 0, &mut needed) });
        assert!(needed > 0);
        results
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        assert_eq!(neuvol_volume_close(self.handle), NEUVOL_OK);
    }
}

fn last_error() -> String {
    let mut text = vec![0u8; 1024];
    // SAFETY: the text has this many bytes.
    let len = unsafe { neuvol_last_error(text.as_mut_ptr().cast(), text.len()) };
    text.truncate(len);
    String::from_utf8(text).expect("UTF-8")
}

/// What a damaged file may give.
fn assert_refused(result: neuvol_result, what: &str) {
    let allowed = [
        NEUVOL_ERROR_TRUNCATED,
        NEUVOL_ERROR_FORMAT,
        NEUVOL_ERROR_CHECKSUM,
        NEUVOL_ERROR_UNSUPPORTED,
        neuvol_capi::NEUVOL_ERROR_FORMAT_VERSION,
    ];
    assert!(allowed.contains(&result), "{what}: {result} ({})", last_error());
}

#[test]
fn the_sample_is_fine() {
    let (_folder, path) = model();
    let file = fs::read(path).expect("the model");
    assert_eq!(Open::new(&file).expect("a valid model").use_everything(), [NEUVOL_OK; 9]);
}

#[test]
fn files_that_end_too_early_are_refused() {
    let (_folder, path) = model();
    let file = fs::read(path).expect("the model");
    for len in (0..2000).chain((2000..file.len()).step_by(997)).chain([file.len() - 1]) {
        let result = Open::new(&file[..len]).err();
        assert_eq!(result, Some(NEUVOL_ERROR_TRUNCATED), "{len} bytes: {}", last_error());
    }
}

#[test]
fn damaged_bytes_are_noticed_or_do_not_matter() {
    let (_folder, path) = model();
    let file = fs::read(path).expect("the model");
    let expected = Open::new(&file).expect("a valid model").use_everything();
    let (mut refused, mut late, mut unseen) = (0, 0, 0);
    // Every third byte of header and directory, then a sample of all.
    for (n, position) in (0..1024).step_by(3).chain((1024..file.len()).step_by(file.len() / 400)).enumerate() {
        let mut damaged = file.clone();
        damaged[position] ^= 1 << (n % 8);
        match Open::new(&damaged) {
            Err(result) => {
                assert_refused(result, &format!("byte {position}"));
                refused += 1;
            }
            Ok(volume) => {
                let results = volume.use_everything();
                for &result in results.iter().filter(|&&result| result != NEUVOL_OK) {
                    assert_refused(result, &format!("byte {position}"));
                }
                if results == expected { unseen += 1 } else { late += 1 }
            }
        }
    }
    eprintln!("{refused} refused when opened, {late} when used, {unseen} in what was not used");
    assert!(refused > 300 && late > 100, "{refused} {late} {unseen}");
}

#[test]
fn files_without_a_model_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file");
    let open = |path: &Path| {
        let path = path.to_str().expect("UTF-8");
        let mut handle = neuvol_volume { id: 7 };
        // SAFETY: the path has this length, and the handle is here.
        let result = unsafe { neuvol_volume_open_file(path.as_ptr().cast(), path.len(), null(), &mut handle) };
        assert_eq!(handle.id, 0);
        result
    };
    fs::write(&path, b"").expect("a file");
    assert_eq!(open(&path), NEUVOL_ERROR_TRUNCATED);
    fs::write(&path, [b'x'; 5000]).expect("a file");
    assert_eq!(open(&path), NEUVOL_ERROR_FORMAT);
    assert!(last_error().contains("byte 0"), "{}", last_error());
    assert!(last_error().ends_with(path.to_str().expect("UTF-8")), "{}", last_error());
    // SAFETY: the path is null, which is what is tested.
    let result = unsafe { neuvol_volume_open_file(null(), 0, null(), &mut neuvol_volume { id: 0 }) };
    assert_eq!(result, neuvol_capi::NEUVOL_ERROR_NULL_POINTER);
    let wrong = [b'/', 0xff];
    // SAFETY: the path has this length.
    let result = unsafe { neuvol_volume_open_file(wrong.as_ptr().cast(), 2, null(), &mut neuvol_volume { id: 0 }) };
    assert_eq!(result, NEUVOL_ERROR_INVALID_ARGUMENT);
}
