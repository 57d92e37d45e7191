//! Files of each version that every later version must read alike.

use std::fmt::Write;
use std::fs;

use neuvol_format::Reader;

use crate::cases::golden;
use crate::dump::dump;
use crate::{folder, update};

/// Folders of versions that were released: their files are never written again.
const RELEASED: [&str; 3] = ["golden/v1.0", "golden/v1.1", "golden/v1.2"];

/// The folder of the version that is written now.
const CURRENT: &str = "golden/v1.3";

#[test]
fn files_of_released_versions_are_read_as_ever() {
    for version in RELEASED {
        let mut n = 0;
        for entry in fs::read_dir(folder(version)).expect("the golden folder is there") {
            let file = entry.expect("an entry").path();
            if file.extension().is_some_and(|extension| extension == "neuvol") {
                let stored = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                let text = fs::read_to_string(file.with_extension("txt"));
                let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                assert_eq!(dump(&stored), text.replace("\r\n", "\n"), "{} is read differently", file.display());
                n += 1;
            }
        }
        assert!(n >= 5, "{version} has lost files");
    }
}

#[test]
fn files_are_written_and_read_as_ever() {
    for (name, case) in golden() {
        let bytes = case.write();
        let file = folder(CURRENT).join(format!("{name}.neuvol"));
        let text_file = file.with_extension("txt");
        if update() {
            fs::create_dir_all(folder(CURRENT)).expect("the golden folder can be made");
            fs::write(&file, &bytes).expect("the golden folder can be written");
            fs::write(&text_file, dump(&bytes)).expect("the golden folder can be written");
        }
        let stored = fs::read(&file).unwrap_or_else(|error| panic!("{name}.neuvol: {error}"));
        let text = fs::read_to_string(&text_file).unwrap_or_else(|error| panic!("{name}.txt: {error}"));
        // Old files must stay readable, whatever the writer does now.
        assert_eq!(dump(&stored), text.replace("\r\n", "\n"), "{name}.neuvol is read differently");
        // A new version of zstd may compress masks differently; the update switch is right for that, and only for that.
        assert!(bytes == stored, "{name}.neuvol is written differently");
    }
}

#[test]
fn files_hold_what_was_planned() {
    for (name, case) in golden() {
        let bytes = case.write();
        let reader = Reader::new(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        crate::round_trip::assert_matches(&reader, &case);
    }
}

#[test]
fn payloads_of_the_files_can_be_decoded() {
    for (name, case) in golden() {
        let bytes = case.write();
        let reader = Reader::new(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        for key in (0..reader.variables().len() as u32).flat_map(|n| reader.keys(n)) {
            let entry = reader.entry(key).unwrap_or_else(|error| panic!("{name}, {key:?}: {error}"));
            let block = neuvol_model::parse_block(&reader, key, &entry);
            block.unwrap_or_else(|error| panic!("{name}, {key:?}: {error}"));
        }
    }
}

#[test]
fn blocks_are_decoded_as_ever() {
    for name in ["quantised", "wavelet", "matrices"] {
        assert_values(name);
    }
}

/// Compares some decoded values of a file with those that stand beside it.
fn assert_values(name: &str) {
    let bytes = fs::read(folder(CURRENT).join(format!("{name}.neuvol"))).expect("the file is there");
    let reader = Reader::new(&bytes[..]).expect("it can be opened");
    let mut text = String::new();
    for (variable, info) in reader.variables().iter().enumerate() {
        for key in reader.keys(variable as u32) {
            let entry = reader.entry(key).expect("the entry is whole");
            let block = neuvol_model::parse_block(&reader, key, &entry).expect("the payload is whole");
            let extent = info.block_extent(key.block, key.level);
            let mut values = vec![0.0; neuvol_model::voxels(extent)];
            for time in [0.0, f64::from(info.steps - 1) * 0.4] {
                neuvol_model::decode_block_reference(&block, &entry, extent, time, &mut values).expect("it fits");
                let some: Vec<String> =
                    values.iter().step_by(values.len().div_ceil(9)).map(|value| format!("{value:.3}")).collect();
                writeln!(
                    text,
                    "variable {variable} level {} block {} time {time}: {}",
                    key.level,
                    key.block,
                    some.join(" ")
                )
                .expect("text can be written to a string");
            }
        }
    }
    let file = folder(CURRENT).join(format!("{name}.values"));
    if update() {
        fs::write(&file, &text).expect("the golden folder can be written");
    }
    let stored = fs::read_to_string(&file).expect("the values are there");
    assert_eq!(text, stored.replace("\r\n", "\n"));
}
