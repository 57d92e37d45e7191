//! What is written is what is read.

use crate::random::{Numbers, any_block, fill, zeros};
use neuvol_model::{Error, MAX_MATRIX_STEPS, Matrices, voxels};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_written_is_read_back(block in any_block(), level in 0u8..=3) {
        block.validate().unwrap();
        let bytes = block.to_bytes().unwrap();
        let read = Matrices::from_bytes(&bytes, block.extent, level, block.steps).unwrap();
        prop_assert_eq!(read.to_bytes().unwrap(), bytes);
        prop_assert_eq!(&read, &Matrices { level, ..block });
    }
}

#[test]
fn one_voxel_and_the_longest_axes_are_blocks() {
    let voxel = fill(zeros([1; 3], 1, [1; 4]), &mut Numbers::new(1));
    let bytes = voxel.to_bytes().unwrap();
    assert_eq!(Matrices::from_bytes(&bytes, [1; 3], 0, 1).unwrap(), voxel);
    let mut out = [0.0];
    voxel.decode_reference(0.0, (-9.0, 9.0), &mut out).unwrap();
    assert_eq!(out[0], -1.5 + 0.25 * voxel.core[0][0] as f32);

    let long = fill(zeros([1, 2, 256], 256, [32, 1, 2, 256]), &mut Numbers::new(2));
    let bytes = long.to_bytes().unwrap();
    assert_eq!(Matrices::from_bytes(&bytes, [1, 2, 256], 0, 256).unwrap(), long);
}

#[test]
fn broken_rules_are_named() {
    let block = fill(zeros([4, 6, 5], 3, [2, 4, 3, 5]), &mut Numbers::new(4));
    let good = block.to_bytes().unwrap();
    // 20 bytes, 3 + 4 lengths.
    let (lengths, streams) = (20, 48);
    let read = |bytes: &[u8], extent, steps| Matrices::from_bytes(bytes, extent, 0, steps);
    let damaged = |at: usize, value: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        read(&bytes, [4, 6, 5], 3).unwrap_err()
    };
    let says = |error: Error, text: &str| assert!(error.to_string().contains(text), "{error} has no {text}");
    let float = f32::to_le_bytes;
    says(damaged(0, &float(0.0)), "step at byte 0");
    says(damaged(0, &float(f32::NAN)), "step at byte 0");
    says(damaged(4, &float(f32::INFINITY)), "offset at byte 4");
    says(damaged(8, &float(-1.0)), "fineness at byte 8");
    says(damaged(12, &[0]), "n_levels at byte 12");
    says(damaged(13, &[9]), "n_levels at byte 13");
    says(damaged(14, &[3]), "unsupported coder 3");
    says(damaged(15, &[2]), "unsupported flags of a block of matrices 2");
    says(damaged(15, &[0x0C]), "unsupported flags of a block of matrices 12");
    says(damaged(16, &[3]), "rank of time at byte 16");
    says(damaged(17, &[4]), "rank of space at byte 17");
    says(damaged(18, &[6]), "rank of space at byte 18");
    says(damaged(19, &[255]), "rank of space at byte 19 of the payload: is 256");
    assert!(matches!(damaged(lengths, &[0xFF; 4]), Error::Length { .. }));
    says(damaged(streams, &[0xFF; 8]), "stream at byte 48");
    for len in [0, 11, 19, 21, streams, good.len() - 1] {
        assert!(matches!(read(&good[..len], [4, 6, 5], 3), Err(Error::Length { .. })), "{len}");
    }
    assert!(matches!(read(&[&good[..], &[0]].concat(), [4, 6, 5], 3), Err(Error::Length { .. })));
    says(read(&good, [4, 0, 5], 3).unwrap_err(), "`extent`");
    says(read(&good, [4, 6, 5], 0).unwrap_err(), "`steps`");
    let error = read(&good, [4, 6, 5], MAX_MATRIX_STEPS + 1).unwrap_err();
    assert!(matches!(error, Error::Limit { value: 257, limit: 256, .. }), "{error}");
}

#[test]
fn numbers_outside_of_a_matrix_are_refused() {
    // Time has 2 columns of 3 frequencies in an array of 5 columns of 9 frequencies.
    let block = fill(zeros([1, 2, 9], 3, [2, 1, 2, 5]), &mut Numbers::new(5));
    let mut wide = zeros([1, 2, 9], 9, [2, 1, 2, 5]);
    wide.columns[0][4] = 1; // the fifth frequency
    let bytes = Matrices { core: block.core, ..wide }.to_bytes().unwrap();
    let error = Matrices::from_bytes(&bytes, [1, 2, 9], 0, 3).unwrap_err();
    assert!(error.to_string().contains("numbers outside of its columns"), "{error}");
}

#[test]
fn models_put_together_by_hand_are_checked() {
    let good = fill(zeros([4, 6, 5], 3, [2, 4, 3, 5]), &mut Numbers::new(4));
    let wrong = |name: &str, change: fn(&mut Matrices)| {
        let mut block = good.clone();
        change(&mut block);
        let error = block.to_bytes().unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        let mut out = vec![0.0; voxels(good.extent)];
        let is_large = block.core[0].contains(&(1 << 21)) || block.columns[1].contains(&(1 << 21));
        assert!(is_large || block.decode_reference(0.0, (0.0, 1.0), &mut out).is_err());
    };
    wrong("`extent`", |block| block.extent = [4, 6, 0]);
    wrong("`steps`", |block| block.steps = 0);
    wrong("number of steps", |block| block.steps = 257);
    wrong("`core_levels`", |block| block.core_levels = 9);
    wrong("`matrix_levels`", |block| block.matrix_levels = 0);
    wrong("`step`", |block| block.step = 0.0);
    wrong("`fineness`", |block| block.fineness = f32::INFINITY);
    wrong("`offset`", |block| block.offset = f32::NAN);
    wrong("`ranks`", |block| block.ranks[1] = 7);
    wrong("`ranks`", |block| block.ranks[1] = 0);
    wrong("`core`", |block| block.steps = 1);
    wrong("`core`", |block| block.core[1].truncate(5));
    wrong("`core`", |block| block.core[0][5] = 1 << 21);
    wrong("`columns`", |block| block.columns[3].truncate(5));
    wrong("`columns`", |block| block.columns[1][5] = 1 << 21);
    let mut out = vec![0.0; 119];
    assert!(good.decode_reference(0.0, (0.0, 1.0), &mut out).unwrap_err().to_string().contains("`out`"));
}
