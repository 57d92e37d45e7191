//! What is written is what is read.

use crate::random::{Numbers, any_block, fill, zeros};
use neuvol_model::{Error, Residual, Wavelet, voxels};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_written_is_read_back(block in any_block()) {
        block.validate().unwrap();
        let bytes = block.to_bytes().unwrap();
        let read = Wavelet::from_bytes(&bytes, block.extent, 0, block.steps, block.head.clone()).unwrap();
        prop_assert_eq!(&read, &block);
        prop_assert_eq!(read.to_bytes().unwrap(), bytes);
    }

    #[test]
    fn a_prefix_is_a_coarser_level(block in any_block(), level in 0u8..=3) {
        let bytes = block.to_bytes().unwrap();
        let Ok(len) = Wavelet::prefix_len(&bytes, block.steps, level) else {
            prop_assert!(level > block.n_levels);
            let coarse = Wavelet::from_bytes(&bytes, block.extent, level, block.steps, None);
            prop_assert!(coarse.unwrap_err().to_string().contains("n_levels"));
            return Ok(());
        };
        prop_assert!(len == bytes.len() || (level > 0 && len < bytes.len()));
        let coarse = Wavelet::from_bytes(&bytes[..len], block.extent, level, block.steps, block.head.clone()).unwrap();
        prop_assert!(coarse.residual.is_some() == (level == 0 && block.residual.is_some()));
        // What the streams hold is kept, the rest is 0.
        let region = block.layout().region(usize::from(block.n_levels - level));
        let [_, ny, nx] = block.extent.map(|n| n as usize);
        for (coarse, whole) in coarse.components.iter().zip(&block.components) {
            for (at, (coarse, whole)) in coarse.iter().zip(whole).enumerate() {
                let inside = at / nx / ny < region[0] && at / nx % ny < region[1] && at % nx < region[2];
                prop_assert_eq!(*coarse, if inside { *whole } else { 0 });
            }
        }
        let mut values = vec![f32::NAN; voxels(coarse.level_extent())];
        coarse.decode_reference(0.5, (-4.0, 4.0), &mut values).unwrap();
        prop_assert!(values.iter().all(|value| (-4.0..=4.0).contains(value)));
        prop_assert_eq!(coarse.to_bytes().is_ok(), level == 0);
    }
}

#[test]
fn broken_rules_are_named() {
    let block = fill(Wavelet { steps: 3, precise: true, ..zeros([4, 6, 5], 2) }, 2, true, &mut Numbers::new(4));
    let good = block.to_bytes().unwrap();
    // 12 bytes, 6 weights, 3 lengths, quantum and length.
    let (lengths, quantum) = (24, 36);
    let read = |bytes: &[u8], level| Wavelet::from_bytes(bytes, [4, 6, 5], level, 3, None);
    let damaged = |at: usize, value: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        read(&bytes, 0).unwrap_err().to_string()
    };
    let float = f32::to_le_bytes;
    for value in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        assert!(damaged(0, &float(value)).contains("step at byte 0"));
        assert!(damaged(quantum, &float(value)).contains("quantum at byte 36"));
    }
    assert!(damaged(4, &float(f32::NAN)).contains("offset at byte 4"));
    assert!(damaged(8, &[0]).contains("n_levels at byte 8"));
    assert!(damaged(8, &[9]).contains("n_levels at byte 8"));
    assert!(damaged(9, &[0]).contains("n_components at byte 9"));
    assert!(damaged(9, &[4]).contains("at most the 3 steps"));
    assert!(damaged(10, &[3]).contains("unsupported coder 3"));
    assert!(damaged(11, &[0b1111]).contains("unsupported wavelet block flags 15"));
    assert!(damaged(11, &[0b1_0011]).contains("unsupported wavelet block flags 19"));
    assert!(damaged(14, &[0, 0x7C]).contains("weights at byte 14"));
    assert!(damaged(lengths, &[0xFF; 4]).contains("its header needs exactly"));
    assert!(damaged(quantum + 4, &[0xFF; 4]).contains("its header needs exactly"));
    assert!(matches!(read(&good[..good.len() - 1], 0), Err(Error::Length { .. })));
    assert!(matches!(read(&[&good[..], &[0]].concat(), 0), Err(Error::Length { .. })));
    assert!(matches!(read(&good, 1), Err(Error::Length { .. })), "another level has fewer bytes");
    assert!(read(&good, 3).unwrap_err().to_string().contains("an entry of level 3 needs as many"));
    assert!(Wavelet::from_bytes(&good, [4, 6, 257], 0, 3, None).unwrap_err().to_string().contains("extent"));
    assert!(Wavelet::from_bytes(&good, [256; 3], 0, 3, None).unwrap_err().to_string().contains("voxels"));
    // A residual whose end is lost.
    let mut bytes = good.clone();
    let at = good.len() - 5;
    bytes[at..].fill(0);
    assert!(read(&bytes, 0).unwrap_err().to_string().contains("residual at byte"));
}

#[test]
fn a_long_segment_has_no_residual() {
    let block = fill(Wavelet { steps: 33, precise: true, ..zeros([1, 2, 2], 1) }, 1, false, &mut Numbers::new(6));
    let bytes = block.to_bytes().unwrap();
    assert_eq!(Wavelet::from_bytes(&bytes, [1, 2, 2], 0, 33, None).unwrap(), block);
    let residual = Residual { quantum: 1.0, steps: vec![vec![0; 4]; 33] };
    let error = Wavelet { residual: Some(residual), ..block }.to_bytes().unwrap_err();
    assert!(matches!(error, Error::Limit { value: 33, limit: 32, .. }), "{error}");
}

#[test]
fn models_put_together_by_hand_are_checked() {
    let good = fill(Wavelet { steps: 3, ..zeros([4, 6, 5], 2) }, 2, false, &mut Numbers::new(4));
    let wrong = |name: &str, change: fn(&mut Wavelet)| {
        let mut block = good.clone();
        change(&mut block);
        let error = block.to_bytes().unwrap_err().to_string();
        assert!(error.contains(&format!("`{name}`")), "{error}");
        let mut out = vec![0.0; 120];
        assert!(block.decode_reference(0.0, (0.0, 1.0), &mut out).is_err() || name == "level" || name == "components");
    };
    wrong("extent", |block| block.extent = [4, 6, 0]);
    wrong("steps", |block| block.steps = 0);
    wrong("n_levels", |block| block.n_levels = 9);
    wrong("n_levels", |block| block.level = 3);
    wrong("level", |block| block.level = 1);
    wrong("step", |block| block.step = 0.0);
    wrong("step", |block| block.offset = f32::NAN);
    wrong("components", |block| block.components.clear());
    wrong("components", |block| block.components[1].truncate(5));
    wrong("components", |block| block.components[1][5] = 1 << 21);
    wrong("weights", |block| block.weights.truncate(5));
    wrong("weights", |block| block.weights[5] = half::f16::NAN);
    wrong("residual", |block| {
        block.level = 1;
        block.residual = Some(Residual { quantum: 1.0, steps: vec![vec![0; 120]; 3] });
    });
    wrong("residual", |block| {
        block.residual = Some(Residual { quantum: 1.0, steps: vec![vec![0; 120]; 2] });
    });
    let mut out = vec![0.0; 119];
    assert!(good.decode_reference(0.0, (0.0, 1.0), &mut out).unwrap_err().to_string().contains("`out`"));
}
