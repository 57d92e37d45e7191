//! Damaged streams end in coefficients or an error, in bounded time.

mod common;

use common::{KINDS, Random, group, slices};
use neuvol_entropy::{Coder, Error, Layout, MAX_MAGNITUDE, decode, encode};
use proptest::prelude::*;

/// Decodes; what comes out is within bounds.
fn attempt(coder: Coder, layout: &Layout, n: usize, streams: &[Vec<u8>]) -> Option<Error> {
    match decode(coder, layout, n, streams) {
        Ok(group) => {
            assert!(group.iter().flatten().all(|value| value.unsigned_abs() <= MAX_MAGNITUDE));
            None
        }
        Err(error) => {
            assert!(
                matches!(error, Error::Truncated { .. } | Error::Trailing { .. } | Error::Invalid { .. }),
                "{error}"
            );
            Some(error)
        }
    }
}

#[test]
fn every_truncation_and_flip_is_harmless() {
    for (kind, extent, n) in [(6, [7, 6, 9], 2), (4, [5, 3, 6], 1), (2, [2, 2, 5], 1), (3, [16, 9, 8], 1)] {
        let layout = Layout::new(extent, 2).expect("a fitting extent");
        for coder in Coder::ALL {
            let streams =
                encode(coder, &layout, &slices(&group(kind, 5, extent, n))).expect("coefficients within bounds");
            for at in 0..streams.len() {
                for len in 0..streams[at].len() {
                    let mut damaged = streams.clone();
                    damaged[at].truncate(len);
                    attempt(coder, &layout, n, &damaged);
                }
                for bit in 0..streams[at].len() * 8 {
                    let mut damaged = streams.clone();
                    damaged[at][bit / 8] ^= 1 << (bit % 8);
                    attempt(coder, &layout, n, &damaged);
                }
            }
        }
    }
}

#[test]
fn missing_and_added_bytes_are_found() {
    let extent = [16, 16, 16];
    let layout = Layout::new(extent, 2).expect("a fitting extent");
    for coder in Coder::ALL {
        let streams = encode(coder, &layout, &slices(&group(7, 2, extent, 1))).expect("coefficients within bounds");
        for at in 0..streams.len() {
            let mut damaged = streams.clone();
            damaged[at].truncate(streams[at].len() / 2);
            assert!(attempt(coder, &layout, 1, &damaged).is_some());
            let mut damaged = streams.clone();
            damaged[at].push(0);
            let trailing = Error::Trailing { stream: at, found: streams[at].len() + 1 };
            assert_eq!(attempt(coder, &layout, 1, &damaged), Some(trailing));
            damaged[at].extend([7; 12]);
            assert!(
                matches!(attempt(coder, &layout, 1, &damaged), Some(Error::Trailing { stream, .. }) if stream == at)
            );
        }
    }
}

#[test]
fn large_arrays_of_few_bytes_end_soon() {
    let layout = Layout::new([256, 256, 16], 4).expect("a fitting extent");
    let mut random = Random::new(1);
    for coder in Coder::ALL {
        for streams in [
            vec![vec![]; 5],
            vec![vec![0xFF; 3]; 5],
            vec![vec![0xFF; 8]; 5],
            vec![vec![0x55; 40]; 5],
            (0..5).map(|_| (0..2000).map(|_| random.next() as u8).collect()).collect(),
        ] {
            attempt(coder, &layout, 1, &streams);
        }
    }
}

#[test]
fn a_decoder_remembers_its_error() {
    let layout = Layout::new([8, 8, 8], 1).expect("a fitting extent");
    let mut decoder = neuvol_entropy::Decoder::new(Coder::Fast, &layout, 1).expect("one component");
    let error = decoder.push(&[0xFF; 8]).expect_err("no encoder writes this");
    assert_eq!(decoder.push(&[]), Err(error));
    assert_eq!(decoder.n_pushed(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_coefficients_or_an_error(coder in prop_oneof![Just(Coder::Fast), Just(Coder::Dense)], extent in prop::array::uniform3(1..24usize), n_levels in 1..=4u8, n in 1..4usize, bytes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..5)) {
        let layout = Layout::new(extent, n_levels).expect("a fitting extent");
        let bytes = &bytes[..bytes.len().min(layout.n_streams())];
        attempt(coder, &layout, n, bytes);
    }

    #[test]
    fn damage_anywhere_does_no_harm(coder in prop_oneof![Just(Coder::Fast), Just(Coder::Dense)], kind in 0..KINDS, seed in any::<u16>(), extent in prop::array::uniform3(1..24usize), places in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let layout = Layout::new(extent, 3).expect("a fitting extent");
        let mut streams = encode(coder, &layout, &slices(&group(kind, seed.into(), extent, 2))).expect("coefficients within bounds");
        for (stream, byte, value) in places {
            let stream = &mut streams[stream.index(4)];
            if !stream.is_empty() {
                let at = byte.index(stream.len());
                stream[at] = value;
            }
        }
        attempt(coder, &layout, 2, &streams);
    }
}
