//! What is written is what is read, for any plan.

use std::io;

use neuvol_format::{Blob, BlockMask, Error, MaskRef, Reader, write_file, write_to};
use proptest::prelude::*;

use crate::cases::{Case, golden};
use crate::random::case;

/// Checks that a file holds everything of the plan it was written from.
pub(crate) fn assert_matches<B: AsRef<[u8]>>(reader: &Reader<B>, case: &Case) {
    let plan = &case.plan;
    // NaN attributes are not equal to themselves; their texts are.
    assert_eq!(format!("{:?}", reader.meta()), format!("{:?}", plan.meta));
    assert_eq!(reader.coordinate_bytes().expect("COOR is whole"), plan.coordinates);
    assert_eq!(reader.n_networks() as usize, plan.networks.len());
    for (n, network) in plan.networks.iter().enumerate() {
        let read = reader.network(n as u32).expect("the network is whole");
        assert_eq!((read.kind, read.bytes), (network.kind, network.bytes.as_slice()));
    }
    assert_eq!(reader.variables().len(), plan.variables.len());
    for (n, planned) in plan.variables.iter().enumerate() {
        let read = &reader.variables()[n];
        assert_eq!((read.dims, read.block_dims, read.steps), (planned.dims, planned.block_dims, planned.steps));
        assert_eq!((read.n_levels, read.n_stored_levels), (planned.n_levels, planned.n_stored_levels));
        assert_eq!(
            (read.n_qualities, read.has_time, read.valid),
            (planned.n_qualities, planned.has_time, planned.valid)
        );
        let bits = |values: [f32; 4]| values.map(f32::to_bits);
        assert_eq!(
            bits([read.min, read.max, read.max_abs_error, read.rmse]),
            bits([planned.min, planned.max, planned.max_abs_error, planned.rmse])
        );
        assert_eq!(reader.segments(n), planned.segments);
        for step in 0..planned.steps {
            let segment = planned.segments.iter().position(|s| s.first <= step && step < s.first + s.steps);
            assert_eq!(reader.segment_of(n, step), segment.map(|s| s as u32));
        }
        assert_eq!(reader.segment_of(n, planned.steps), None);
        let keys: Vec<_> = reader.keys(n as u32).collect();
        assert_eq!(keys.len(), planned.entries.len());
        for (key, planned) in keys.into_iter().zip(&planned.entries) {
            let entry = reader.entry(key).expect("the entry is whole");
            assert_eq!((entry.codec, entry.output, entry.network), (planned.codec, planned.output, planned.network));
            assert_eq!(bits([entry.min, entry.max, 0.0, 0.0]), bits([planned.min, planned.max, 0.0, 0.0]));
            assert_eq!(entry.mask, planned.mask);
            let payload = planned.blob.map_or(&[][..], |blob| &case.blobs[blob as usize]);
            let payload = planned.prefix.map_or(payload, |prefix| &payload[..prefix.len as usize]);
            assert_eq!(reader.payload(&entry).expect("the payload is whole"), payload);
            match (reader.mask(key, &entry).expect("the mask is whole"), planned.mask) {
                (BlockMask::AllValid, MaskRef::AllValid) | (BlockMask::NoneValid, MaskRef::NoneValid) => {}
                (BlockMask::Bits(mask), MaskRef::Stored(n)) => {
                    let planned = &plan.masks[n as usize];
                    assert_eq!((mask.extent(), mask.count()), (planned.extent, planned.valid));
                    assert_eq!(mask.encode(), case.blobs[planned.blob as usize]);
                }
                (mask, planned) => panic!("{planned:?} was planned and {mask:?} read"),
            }
        }
    }
    let check = reader.check().expect("the file is whole");
    assert_eq!(check.entries, plan.variables.iter().map(|variable| variable.entries.len() as u64).sum::<u64>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_plan_is_read_as_written(case in case()) {
        let bytes = case.write();
        assert_matches(&Reader::new(&bytes).expect("what was written can be read"), &case);
        prop_assert_eq!(case.write(), bytes, "writing is deterministic");
    }
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.neuvol");
    let names = || {
        let entries = std::fs::read_dir(folder.path()).expect("the folder can be listed");
        entries.map(|entry| entry.expect("an entry").file_name()).collect::<Vec<_>>()
    };
    let (_, case) = golden().pop().expect("there are golden files");
    let give = |n: u32, bytes: &mut Vec<u8>| {
        bytes.extend(&case.blobs[n as usize]);
        Ok(())
    };

    // A failure in the middle leaves nothing behind ...
    let fail_late = |n, bytes: &mut Vec<u8>| {
        if n < 3 { give(n, bytes) } else { Err(io::Error::other("no more")) }
    };
    let error = write_file(&path, &case.plan, &mut { fail_late }).expect_err("the payloads cannot be had");
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(names().is_empty());

    let written = write_file(&path, &case.plan, &mut { give }).expect("the file can be written");
    let bytes = std::fs::read(&path).expect("the file is there");
    assert_eq!(bytes, case.write());
    assert_eq!(written.content_hash, Reader::new(&bytes).expect("it can be read").header().content_hash);
    assert_eq!(names(), ["a.neuvol"]);

    // ... and an older file as it was.
    write_file(&path, &case.plan, &mut { fail_late }).expect_err("the payloads cannot be had");
    assert_eq!(std::fs::read(&path).expect("the file is there"), bytes);
    assert_eq!(names(), ["a.neuvol"]);
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (_, case) = golden().swap_remove(0);
    let path = folder.path().join("missing").join("a.neuvol");
    let error = write_file(&path, &case.plan, &mut |_, _| Ok(())).expect_err("the folder does not exist");
    assert!(error.to_string().contains("missing"), "{error}");
}

/// Changes a valid plan and expects the writer to refuse it with a text.
fn refused(name: &str, change: impl FnOnce(&mut Case), expected: &str) {
    let (_, mut case) = golden().into_iter().find(|(n, _)| *n == name).expect("a golden file");
    change(&mut case);
    let mut out = io::Cursor::new(Vec::new());
    let error = write_to(&mut out, &case.plan, &mut |n, bytes| {
        bytes.extend(&case.blobs[n as usize]);
        Ok(())
    })
    .expect_err(expected);
    assert!(matches!(error, Error::Plan { .. } | Error::Limit { .. }), "{error:?}");
    assert!(error.to_string().contains(expected), "\"{error}\" should say \"{expected}\"");
}

#[test]
fn broken_plans_are_refused() {
    refused("raw", |case| case.plan.variables[0].entries.truncate(1), "has 1 entries");
    refused("raw", |case| case.plan.variables[0].entries[0].blob = Some(9), "names payload 9");
    refused("raw", |case| case.plan.variables[0].entries[0].min = f32::NAN, "value range");
    refused("raw", |case| case.plan.variables[0].entries[0].mask = MaskRef::Stored(1), "mask 1 of 1");
    refused("raw", |case| case.plan.variables[0].entries[1].mask = MaskRef::Stored(0), "is used by a block");
    refused("raw", |case| case.plan.variables[0].entries[0].mask = MaskRef::NoneValid, "constant 0");
    refused("raw", |case| case.plan.variables[0].entries[0].network = Some(0), "network 0 of 0");
    refused("raw", |case| case.plan.variables[0].valid = 0, "value range");
    refused("raw", |case| case.plan.variables[0].valid = 99, "more than the grid has");
    refused("raw", |case| case.plan.variables[0].block_dims[1] = 12, "multiple of 8");
    refused("raw", |case| case.plan.coordinates.truncate(20), "end outside");
    refused("raw", |case| case.plan.meta.variables.clear(), "META has 0 variables");
    refused("raw", |case| case.plan.blobs[0].len = 0, "is empty");
    let with_prefix = |entry: usize, change: fn(&mut Blob)| {
        move |case: &mut Case| case.plan.variables[0].entries[entry].prefix.as_mut().map_or((), change)
    };
    refused("wavelet", with_prefix(2, |prefix| prefix.len = 0), "no prefix of 0 bytes");
    refused("wavelet", with_prefix(2, |prefix| prefix.len = 1 << 20), "no prefix of 1048576 bytes");
    refused("wavelet", with_prefix(2, |prefix| prefix.len -= 1), "have not the CRC");
    refused("wavelet", with_prefix(2, |prefix| prefix.crc ^= 1), "have not the CRC");
    refused("wavelet", |case| case.plan.variables[0].entries[2].blob = None, "no prefix of");
    refused("raw", |case| case.blobs[0][0] ^= 1, "payload 0 has");
    refused("raw", |case| case.plan.variables.clear(), "no variables");
    refused("grid", |case| case.plan.variables[0].segments[1].first = 2, "segment 1 of variable 0");
    refused("grid", |case| case.plan.variables[0].steps = 5, "cover 4 of 5 steps");
    refused("constant", |case| case.plan.variables[0].dims[2] = 0, "needed");
}

#[test]
fn long_and_uniform_coordinates_are_stored_so_that_they_can_be_read() {
    // zstd would make these more than 1000 times smaller, which a reader takes for an attack.
    let (_, mut case) = golden().swap_remove(0);
    case.plan.coordinates = vec![0; 1 << 20];
    let bytes = case.write();
    let reader = Reader::new(&bytes).expect("it can be read");
    assert_eq!(reader.coordinate_bytes().expect("COOR is whole"), case.plan.coordinates);
}
