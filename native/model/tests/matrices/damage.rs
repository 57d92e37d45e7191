//! Damaged payloads: an error or values in the range, never a panic.

use crate::random::{Numbers, any_block, fill, zeros};
use neuvol_model::{Matrices, voxels};
use proptest::prelude::*;

const RANGE: (f32, f32) = (-1.0, 2.0);

fn no_harm(bytes: &[u8], extent: [u32; 3], level: u8, steps: u32) {
    let Ok(block) = Matrices::from_bytes(bytes, extent, level, steps) else {
        return;
    };
    let mut values = vec![f32::NAN; voxels(block.level_extent())];
    for time in [0.0, 0.5, f64::NAN, 1e300] {
        block.decode_reference(time, RANGE, &mut values).unwrap();
        assert!(values.iter().all(|value| (RANGE.0..=RANGE.1).contains(value)), "{values:?}");
    }
}

#[test]
fn every_byte_may_be_wrong_and_every_end_missing() {
    for (extent, steps, ranks, level) in
        [([3, 6, 5], 3, [2, 2, 3, 4], 0), ([1, 9, 7], 1, [1, 1, 5, 3], 1), ([5, 5, 5], 2, [2, 5, 5, 5], 200)]
    {
        let bytes = fill(zeros(extent, steps, ranks), &mut Numbers::new(9)).to_bytes().unwrap();
        for at in 0..bytes.len() {
            no_harm(&bytes[..at], extent, level, steps);
            for mask in [1, 2, 0x10, 0x80, 0xFF] {
                let mut damaged = bytes.clone();
                damaged[at] ^= mask;
                no_harm(&damaged, extent, level, steps);
            }
        }
    }
}

#[test]
fn the_largest_numbers_do_no_harm() {
    let mut block = zeros([2, 6, 5], 2, [2, 2, 6, 5]);
    block.core.iter_mut().flatten().for_each(|q| *q = 1 << 20);
    block.columns.iter_mut().flatten().for_each(|q| *q = 1 << 20);
    block.core[0][7] = -(1 << 20);
    for (step, offset, fineness) in
        [(f32::MAX, f32::MAX, f32::MAX), (f32::MAX, -f32::MAX, 1.0), (f32::MIN_POSITIVE / 4.0, 0.0, f32::MAX)]
    {
        let bytes = Matrices { step, offset, fineness, ..block.clone() }.to_bytes().unwrap();
        no_harm(&bytes, [2, 6, 5], 0, 2);
    }
}

proptest! {
    #[test]
    fn damaged_payloads_do_no_harm(
        block in any_block(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        level in 0u8..=3,
    ) {
        let mut bytes = block.to_bytes().unwrap();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        no_harm(&bytes, block.extent, level, block.steps);
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), level in 0u8..=3, steps in 1u32..=40) {
        no_harm(&bytes, [4, 5, 6], level, steps);
    }
}
