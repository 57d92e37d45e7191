//! Damaged files: no panic, and no damage that is not seen. The twin of the fuzz target, for every test run.

use std::fs;

use neuvol_format::{Error, Reader};
use proptest::prelude::*;

use crate::cases::golden;
use crate::decode::decode;
use crate::dump::dump;
use crate::folder;
use crate::payloads::Numbers;
use crate::random::case;
use crate::repair::{repair, set_file_len};
use crate::walk::walk;

/// All committed files of a folder.
fn files(name: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder(name)).expect("the folder is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "neuvol"));
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("the file can be read")).collect()
}

/// Values that have broken readers before.
const EVIL: [u64; 12] = [0, 1, 2, 7, 63, 0x7F, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, u64::MAX];

/// Damages bytes in one or two places.
fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(2) {
        let len = bytes.len() as u64;
        if len == 0 {
            return;
        }
        // The front has most of the rules.
        let reach = if numbers.below(2) == 0 { len.min(2048) } else { len };
        let at = numbers.below(reach) as usize;
        match numbers.below(12) {
            0..4 => bytes[at] ^= 1 << numbers.below(8),
            4..6 => bytes[at] = numbers.next() as u8,
            6..10 => {
                let (at, width) = (at & !3, [2, 4, 8][numbers.below(3) as usize]);
                let value = EVIL[numbers.below(EVIL.len() as u64) as usize].to_le_bytes();
                let end = (at + width).min(bytes.len());
                bytes[at..end].copy_from_slice(&value[..end - at]);
            }
            10 => {
                // Records that change places.
                let from = numbers.below(len) as usize & !63;
                let n = 64.min(bytes.len() - from).min(bytes.len() - (at & !63));
                bytes.copy_within(from..from + n, at & !63);
            }
            _ => {
                bytes.truncate(at);
            }
        }
    }
}

#[test]
fn mutated_files_do_no_harm() {
    let mut numbers = Numbers::new(1);
    let (mut opened, mut whole) = (0, 0);
    // Whole files get through the most rules, so they get the most mutations.
    let whole_files = ["golden/v1.0", "golden/v1.1", "golden/v1.2", "golden/v1.3"]
        .into_iter()
        .flat_map(files)
        .map(|bytes| (bytes, 400));
    let hostile_files = files("attack").into_iter().map(|bytes| (bytes, 20));
    for (original, rounds) in whole_files.chain(hostile_files) {
        for round in 0..rounds {
            let mut bytes = original.clone();
            if round > 0 {
                mutate(&mut bytes, &mut numbers);
            }
            let _ = walk(&bytes, &mut decode);
            // Behind the checksums.
            set_file_len(&mut bytes);
            repair(&mut bytes);
            if let Ok(walked) = walk(&bytes, &mut decode) {
                opened += 1;
                whole += walked.whole_blocks;
            }
        }
    }
    // The mutations must get far enough to test something.
    assert!(opened > 600 && whole > 4000, "{opened} files opened, {whole} whole blocks");
}

#[test]
fn every_truncation_is_seen() {
    for (name, case) in golden() {
        let bytes = case.write();
        for len in 0..bytes.len() {
            let error = Reader::new(&bytes[..len]).expect_err("the end is missing");
            assert!(matches!(error, Error::Truncated { .. }), "{name} cut to {len} bytes: {error}");
        }
    }
}

#[test]
fn every_flipped_byte_is_seen_or_harmless() {
    for (name, case) in golden() {
        let mut bytes = case.write();
        let right = dump(&bytes);
        let stop = right.lines().count() - 1;
        for at in 0..bytes.len() {
            bytes[at] ^= 0x21;
            assert_seen_or_harmless(&bytes, &right, stop, &format!("{name}, byte {at}"));
            bytes[at] ^= 0x21;
        }
    }
}

/// A damaged file must fail its check; what is read from it before must be an error or what was written.
/// `right` is the dump of the whole file, whose first `n` lines are all but the result of the check.
fn assert_seen_or_harmless(bytes: &[u8], right: &str, n: usize, place: &str) {
    let Ok(reader) = Reader::new(bytes) else { return };
    assert!(reader.check().is_err(), "{place}: the check sees nothing");
    for (read, right) in dump(bytes).lines().zip(right.lines().take(n)) {
        if read.starts_with("error:") {
            return;
        }
        assert_eq!(read, right, "{place}: damage was read as data");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bits_of_any_file_are_seen_or_harmless(case in case(), places in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..8)) {
        let bytes = case.write();
        let right = dump(&bytes);
        for (place, bit) in places {
            let at = place.index(bytes.len());
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (bit % 8);
            assert_seen_or_harmless(&damaged, &right, right.lines().count() - 1, &format!("byte {at}"));
        }
    }

    #[test]
    fn truncations_of_any_file_are_seen(case in case(), place in any::<prop::sample::Index>()) {
        let bytes = case.write();
        let error = Reader::new(&bytes[..place.index(bytes.len())]).expect_err("the end is missing");
        prop_assert!(matches!(error, Error::Truncated { .. }), "{}", error);
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        let result = walk(&bytes, &mut decode);
        prop_assert!(result.is_err(), "random bytes were taken for a file");
    }
}
