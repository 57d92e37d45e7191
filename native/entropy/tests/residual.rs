//! Residuals: what was encoded is what is decoded, in few bytes; damage ends in values or an error; the bytes stay the same.

mod common;

use common::{KINDS, Random, group, hash, slices};
use neuvol_entropy::residual::{MAX_STEPS, decode, encode};
use neuvol_entropy::{Error, MAX_MAGNITUDE};
use proptest::prelude::*;

/// Steps of which about one value in `rare` is ±1 or ±2, most of them where the step before had one.
fn corrections(seed: u64, extent: [usize; 3], n: usize, rare: u32) -> Vec<Vec<i32>> {
    let mut random = Random::new(seed);
    let mut steps: Vec<Vec<i32>> = Vec::new();
    for _ in 0..n {
        let before = steps.last();
        let value = |at: usize| {
            let (n, m) = (random.next(), random.next());
            let stays = before.is_some_and(|before| before[at] != 0 && n % 3 > 0);
            let new = if n.is_multiple_of(rare) { 1 - 2 * (m as i32 & 1) } else { 0 };
            if stays { before.map_or(0, |before| before[at]) } else { new * (1 + i32::from(m % 10 == 9)) }
        };
        steps.push((0..extent.iter().product()).map(value).collect());
    }
    steps
}

/// Decodes; what comes out is within bounds.
fn attempt(extent: [usize; 3], n_steps: usize, bytes: &[u8]) -> Option<Error> {
    match decode(extent, n_steps, bytes) {
        Ok(steps) => {
            assert_eq!(steps.len(), n_steps);
            assert!(steps.iter().all(|values| values.len() == extent.iter().product::<usize>()));
            assert!(steps.iter().flatten().all(|value| value.unsigned_abs() <= MAX_MAGNITUDE));
            None
        }
        Err(error) => {
            let known = match error {
                Error::Truncated { stream, found } | Error::Trailing { stream, found } => (stream, found),
                Error::Invalid { stream, .. } => (stream, bytes.len()),
                _ => panic!("{error}"),
            };
            assert_eq!(known, (0, bytes.len()));
            Some(error)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn steps_are_lossless(kind in 0..KINDS, seed in any::<u16>(), extent in prop::array::uniform3(1..24usize), n in 1..6usize) {
        let steps = group(kind, seed.into(), extent, n);
        let bytes = encode(extent, &slices(&steps)).expect("values within bounds");
        prop_assert_eq!(decode(extent, n, &bytes).expect("it was just encoded"), steps);
    }

    #[test]
    fn corrections_are_lossless(seed in any::<u64>(), extent in prop::array::uniform3(1..40usize), n in 1..6usize, rare in 1..2000u32) {
        let steps = corrections(seed, extent, n, rare);
        let mut bytes = encode(extent, &slices(&steps)).expect("values within bounds");
        prop_assert_eq!(decode(extent, n, &bytes).expect("it was just encoded"), steps);
        bytes.push(0);
        prop_assert_eq!(decode(extent, n, &bytes), Err(Error::Trailing { stream: 0, found: bytes.len() }));
    }

    #[test]
    fn any_bytes_are_values_or_an_error(extent in prop::array::uniform3(1..16usize), n in 1..4usize, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        attempt(extent, n, &bytes);
    }

    #[test]
    fn damage_anywhere_does_no_harm(kind in 0..KINDS, seed in any::<u16>(), extent in prop::array::uniform3(1..16usize), places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = encode(extent, &slices(&group(kind, seed.into(), extent, 2))).expect("values within bounds");
        for (place, value) in places {
            if !bytes.is_empty() {
                let at = place.index(bytes.len());
                bytes[at] = value;
            }
        }
        attempt(extent, 2, &bytes);
    }
}

#[test]
fn every_truncation_and_flip_is_harmless() {
    for (extent, n, rare) in [([7, 6, 9], 2, 10), ([5, 3, 6], 3, 2), ([16, 9, 8], 1, 50)] {
        let bytes = encode(extent, &slices(&corrections(5, extent, n, rare))).expect("values within bounds");
        for len in 0..bytes.len() {
            attempt(extent, n, &bytes[..len]);
        }
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            attempt(extent, n, &damaged);
        }
    }
}

#[test]
fn missing_bytes_are_found() {
    let extent = [16, 16, 16];
    let bytes = encode(extent, &slices(&corrections(3, extent, 2, 5))).expect("values within bounds");
    for len in [0, 1] {
        assert!(attempt(extent, 2, &bytes[..len]).is_some());
    }
    for len in [bytes.len() / 2, bytes.len() - 12] {
        assert!(matches!(attempt(extent, 2, &bytes[..len]), Some(Error::Truncated { .. })), "{len}");
    }
}

#[test]
fn large_arrays_of_few_bytes_end_soon() {
    let mut random = Random::new(1);
    let noise: Vec<u8> = (0..2000).map(|_| random.next() as u8).collect();
    for bytes in [&[][..], &[0xFF; 3], &[0xFF; 8], &[0x55; 40], &noise] {
        attempt([256, 256, 64], MAX_STEPS, bytes);
    }
}

#[test]
fn extremes_are_lossless() {
    for extent in [[1, 1, 1], [1, 1, 256], [256, 1, 1], [2, 3, 4], [1, 33, 17]] {
        for kind in 0..KINDS {
            let steps = group(kind, 3, extent, 3);
            let bytes = encode(extent, &slices(&steps)).expect("values within bounds");
            assert_eq!(decode(extent, 3, &bytes).expect("it was just encoded"), steps, "{extent:?} {kind}");
        }
    }
    let steps = corrections(8, [5, 6, 9], MAX_STEPS, 20);
    let bytes = encode([5, 6, 9], &slices(&steps)).expect("values within bounds");
    assert_eq!(decode([5, 6, 9], MAX_STEPS, &bytes).expect("it was just encoded"), steps);
}

#[test]
fn few_values_cost_few_bytes() {
    let extent = [64, 64, 64];
    let zeros = vec![0; 64 * 64 * 64];
    assert!(encode(extent, &[&zeros[..]; 8]).expect("zeros").len() < 20);
    let bits = |steps: &[Vec<i32>], rare: u32| {
        let found = steps.iter().flatten().filter(|&&value| value != 0).count();
        let bits = 8.0 * encode(extent, &slices(steps)).expect("values within bounds").len() as f64;
        // The entropy of places and signs of independent values.
        let p = 1.0 / f64::from(rare);
        (bits / found as f64, 1.0 - p.log2() - (1.0 / p - 1.0) * (1.0 - p).log2())
    };
    // The rarer, the more of the bytes go into learning.
    for (rare, most) in [(4, 1.02), (20, 1.02), (200, 1.05), (1000, 1.11)] {
        // A tenth of the values are ±2: at most half a bit each.
        let (found, entropy) = bits(&corrections(1, extent, 1, rare), rare);
        assert!((entropy..most * entropy + 0.5).contains(&found), "{rare} {found} {entropy}");
        // Two thirds of them stay from step to step.
        let (found, entropy) = bits(&corrections(1, extent, 6, rare), rare);
        assert!(found < 0.75 * entropy, "{rare} {found} {entropy}");
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let extent = [2, 3, 4];
    let mut values = vec![0; 24];
    for (extent, steps) in [
        ([0, 3, 4], vec![&values[..]]),
        ([257, 1, 1], vec![&values[..]]),
        (extent, vec![]),
        (extent, vec![&values[..]; MAX_STEPS + 1]),
        (extent, vec![&values[..], &values[1..]]),
    ] {
        assert!(matches!(encode(extent, &steps), Err(Error::Argument { .. })), "{extent:?}");
    }
    for (extent, n) in [([2, 3, 0], 1), ([2, 3, 257], 1), (extent, 0), (extent, MAX_STEPS + 1)] {
        assert!(matches!(decode(extent, n, &[]), Err(Error::Argument { .. })), "{extent:?} {n}");
    }
    for value in [MAX_MAGNITUDE as i32 + 1, i32::MIN] {
        values[7] = value;
        let error = encode(extent, &[&[0; 24], &values]).expect_err("too large");
        assert_eq!(error, Error::Magnitude { component: 1, index: 7, value });
    }
}

/// Bytes and hash: a change of these numbers is a change of the format.
#[test]
fn streams_are_as_they_were() {
    for (at, (steps, extent, expected)) in [
        (group(0, 7, [20, 20, 20], 2), [20, 20, 20], (1, 0xD80D_9CAE_A7DC_D07C)),
        (group(6, 7, [17, 21, 30], 3), [17, 21, 30], (6957, 0x3D71_F419_CB88_FD95)),
        (group(4, 7, [9, 12, 14], 1), [9, 12, 14], (2594, 0xDF74_EFBA_E1EB_57B1)),
        (corrections(7, [32, 33, 34], 4, 30), [32, 33, 34], (5447, 0x2480_D087_0AA6_CFDF)),
        (corrections(7, [64, 64, 64], 1, 800), [64, 64, 64], (502, 0xBDEC_C48C_628B_F44D)),
    ]
    .into_iter()
    .enumerate()
    {
        let bytes = encode(extent, &slices(&steps)).expect("values within bounds");
        assert_eq!((bytes.len(), hash(&[bytes])), expected, "case {at}");
    }
}

/// The example of `STREAM.md`.
#[test]
fn the_example_is_as_described() {
    #[rustfmt::skip]
    let steps = [
        [0, 1, 0, 0, 0, 0,  0, 1, 1, 0, 0, 0,  0, 0, 0, 0, 0, -2],
        [0, 1, 0, 0, 0, 0,  0, 1, 0, 0, -1, 0,  0, 0, 0, 0, 0, -2],
    ];
    let bytes = encode([1, 3, 6], &[&steps[0], &steps[1]]).expect("values within bounds");
    assert_eq!(bytes, [0x2C, 0x96, 0x41, 0xED, 0x74, 0x10], "{bytes:02X?}");
}
