//! The head: bytes, and what it adds, for networks whose result can be written down.

use crate::random::{Numbers, fill, head, zeros};
use neuvol_model::{Error, Head, Tensor, Wavelet, voxels};
use proptest::prelude::*;
use std::sync::Arc;

const EXTENT: [u32; 3] = [3, 5, 6];
const WIDE: (f32, f32) = (-1e9, 1e9);

fn decode(block: &Wavelet) -> Vec<f32> {
    let mut out = vec![f32::NAN; voxels(block.level_extent())];
    block.decode_reference(0.0, WIDE, &mut out).unwrap();
    out
}

/// A place in the block, limited to it.
fn at(z: i64, y: i64, x: i64) -> usize {
    let limit = |n: i64, axis: usize| n.clamp(0, i64::from(EXTENT[axis]) - 1) as usize;
    (limit(z, 0) * EXTENT[1] as usize + limit(y, 1)) * EXTENT[2] as usize + limit(x, 2)
}

fn mean_of_125(r: &[f32], z: i64, y: i64, x: i64) -> f64 {
    let mut sum = 0.0;
    for place in 0..125 {
        sum += f64::from(r[at(z + place / 25 - 2, y + place / 5 % 5 - 2, x + place % 5 - 2)]);
    }
    sum / 125.0
}

#[test]
fn each_weight_sees_its_input_and_neighbour() {
    let plain = fill(Wavelet { step: 0.5, offset: 2.0, ..zeros(EXTENT, 1) }, 1, false, &mut Numbers::new(1));
    let r = decode(&Wavelet { step: 1.0, offset: 0.0, ..plain.clone() });
    // (input, z, y, x) of the only weight of the convolution that is not 0.
    for (input, dz, dy, dx) in [(0, 1, 1, 1), (0, 0, 1, 2), (1, 2, 0, 1), (1, 1, 2, 0)] {
        let mut tensors: Vec<Tensor> =
            Head::tensor_lengths(1, 1).into_iter().map(|n| Tensor { scale: 0.5, values: vec![0; n] }).collect();
        tensors[0].values[((input * 3 + dz) * 3 + dy) * 3 + dx] = 4; // 2
        tensors[1].values[0] = 1; // 0.5
        tensors[2].values[0] = -6; // -3
        tensors[3].values[0] = 3; // 1.5
        tensors[4].values[0] = 2; // 1
        tensors[5].values[0] = -1; // -0.5
        let head = Head { n_channels: 1, n_hidden: 1, mean: 1.25, deviation: 2.0, tensors };
        let got = decode(&Wavelet { head: Some(Arc::new(head)), ..plain.clone() });
        for place in 0..voxels(EXTENT) as i64 {
            let [_, ny, nx] = EXTENT.map(i64::from);
            let (z, y, x) = (place / nx / ny, place / nx % ny, place % nx);
            // The neighbour's input; outside, that of the place it is limited to.
            let near = at(z + dz as i64 - 1, y + dy as i64 - 1, x + dx as i64 - 1) as i64;
            let b = mean_of_125(&r, near / nx / ny, near / nx % ny, near % nx);
            let f = match input {
                0 => 2.0 * (f64::from(r[near as usize]) - b),
                _ => (0.5 * b + 2.0 - 1.25) / 2.0,
            };
            let leaky = |a: f64| if a > 0.0 { a } else { 0.1 * a };
            let h = leaky(-3.0 * leaky(2.0 * f + 0.5) + 1.5);
            let want = 2.0 + 0.5 * (f64::from(r[place as usize]) + h - 0.5);
            let got = f64::from(got[place as usize]);
            assert!((got - want).abs() < 1e-4 * (1.0 + want.abs()), "{place}: {got} instead of {want}");
        }
    }
}

#[test]
fn a_head_of_zeros_adds_nothing_on_any_level() {
    let tensors = Head::tensor_lengths(3, 2).into_iter().map(|n| Tensor { scale: 0.0, values: vec![7; n] }).collect();
    let head = Arc::new(Head { n_channels: 3, n_hidden: 2, mean: 0.0, deviation: 1.0, tensors });
    for level in 0..=2 {
        let plain = fill(Wavelet { level, ..zeros(EXTENT, 2) }, 1, false, &mut Numbers::new(2));
        assert_eq!(decode(&Wavelet { head: Some(head.clone()), ..plain.clone() }), decode(&plain));
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(n_channels in 1u8..=64, n_hidden in 0u8..=3, seed in any::<u64>()) {
        let head = head(n_channels, n_hidden, &mut Numbers::new(seed));
        head.validate().unwrap();
        let bytes = head.to_bytes();
        let lengths = Head::tensor_lengths(n_channels, n_hidden);
        prop_assert_eq!(bytes.len(), 12 + 4 * lengths.len() + lengths.iter().sum::<usize>());
        prop_assert_eq!(&Head::from_bytes(&bytes).unwrap(), &head);
        prop_assert_eq!(head.parameters(0)[1], f32::from(head.tensors[0].values[1]) * head.tensors[0].scale);
        for len in [0, 1, 11, 12, bytes.len() / 2, bytes.len() - 1] {
            let is_length = matches!(Head::from_bytes(&bytes[..len]), Err(Error::Length { .. }));
            prop_assert!(is_length);
        }
    }
}

#[test]
fn broken_rules_are_named() {
    let good = head(2, 1, &mut Numbers::new(3)).to_bytes();
    let damaged = |at: usize, value: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        Head::from_bytes(&bytes).unwrap_err().to_string()
    };
    let float = f32::to_le_bytes;
    assert!(damaged(0, &[0]).contains("n_channels at byte 0"));
    assert!(damaged(0, &[65]).contains("n_channels at byte 0"));
    assert!(damaged(1, &[4]).contains("n_hidden at byte 1"));
    assert!(damaged(3, &[1]).contains("reserved byte at byte 3"));
    assert!(damaged(4, &float(f32::NAN)).contains("mean at byte 4"));
    assert!(damaged(8, &float(0.0)).contains("standard deviation at byte 8"));
    assert!(damaged(8, &float(f32::INFINITY)).contains("standard deviation at byte 8"));
    assert!(damaged(16, &float(-1.0)).contains("scale at byte 16"));
    assert!(damaged(12, &float(3e38)).contains("scale at byte 12"));
    let longer = [&good[..], &[0]].concat();
    assert!(matches!(Head::from_bytes(&longer), Err(Error::Length { .. })));
}
