//! Damaged payloads: an error or values in the range, never a panic.

use crate::random::{Numbers, any_block, fill, head, zeros};
use neuvol_model::{Head, Wavelet, voxels};
use proptest::prelude::*;
use std::sync::Arc;

const RANGE: (f32, f32) = (-1.0, 2.0);

fn no_harm(bytes: &[u8], extent: [u32; 3], level: u8, steps: u32, head: Option<Arc<Head>>) {
    let _ = Wavelet::prefix_len(bytes, steps, level);
    let Ok(block) = Wavelet::from_bytes(bytes, extent, level, steps, head) else {
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
    let mut numbers = Numbers::new(9);
    for (extent, steps, with_residual, level) in
        [([3, 6, 5], 3, true, 0), ([1, 9, 7], 1, false, 0), ([5, 5, 5], 2, true, 1)]
    {
        let shared = Arc::new(head(2, 1, &mut numbers));
        let block = Wavelet { steps, precise: true, ..zeros(extent, 2) };
        let block = fill(block, steps.min(2) as usize, with_residual, &mut numbers);
        let bytes = block.to_bytes().unwrap();
        let len = Wavelet::prefix_len(&bytes, steps, level).unwrap();
        let bytes = &bytes[..len];
        for at in 0..len {
            no_harm(&bytes[..at], extent, level, steps, Some(shared.clone()));
            for mask in [1, 2, 0x10, 0x80, 0xFF] {
                let mut damaged = bytes.to_vec();
                damaged[at] ^= mask;
                no_harm(&damaged, extent, level, steps, Some(shared.clone()));
            }
        }
        let bytes = shared.to_bytes();
        for at in 0..bytes.len() {
            assert!(Head::from_bytes(&bytes[..at]).is_err());
            for mask in [1, 2, 0x10, 0x40, 0x80, 0xFF] {
                let mut damaged = bytes.clone();
                damaged[at] ^= mask;
                if let Ok(head) = Head::from_bytes(&damaged) {
                    head.validate().unwrap();
                    let block = Wavelet { head: Some(Arc::new(head)), ..block.clone() };
                    let mut values = vec![f32::NAN; voxels(extent)];
                    block.decode_reference(0.0, RANGE, &mut values).unwrap();
                    assert!(values.iter().all(|value| (RANGE.0..=RANGE.1).contains(value)));
                }
            }
        }
    }
}

#[test]
fn the_largest_numbers_do_no_harm() {
    let mut block = zeros([2, 6, 5], 2);
    block.components[0].fill(1 << 20);
    block.components[0][7] = -(1 << 20);
    for (step, offset) in [(f32::MAX, f32::MAX), (f32::MAX, -f32::MAX), (f32::MIN_POSITIVE / 4.0, 0.0)] {
        let bytes = Wavelet { step, offset, ..block.clone() }.to_bytes().unwrap();
        let head = Arc::new(head(2, 3, &mut Numbers::new(1)));
        no_harm(&bytes, [2, 6, 5], 0, 1, None);
        no_harm(&bytes, [2, 6, 5], 0, 1, Some(head));
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
        let len = Wavelet::prefix_len(&bytes, block.steps, level).unwrap_or(bytes.len());
        no_harm(&bytes[..len], block.extent, level, block.steps, block.head.clone());
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), level in 0u8..=3, steps in 1u32..=40) {
        no_harm(&bytes, [4, 5, 6], level, steps, None);
        let _ = Head::from_bytes(&bytes);
    }
}
