//! What was encoded is what is decoded, at every resolution.

mod common;

use common::{KINDS, group, slices, values};
use neuvol_entropy::{Coder, Decoder, Error, Layout, MAX_COMPONENTS, MAX_MAGNITUDE, decode, encode};
use proptest::prelude::*;

fn any_coder() -> impl Strategy<Value = Coder> {
    prop_oneof![Just(Coder::Fast), Just(Coder::Dense)]
}

fn any_extent() -> impl Strategy<Value = [usize; 3]> {
    let axis = || prop_oneof![5 => 1..20usize, 2 => 30..36usize, 1 => Just(1), 1 => Just(4)];
    let long = prop_oneof![6 => 1..20usize, 2 => 30..70usize, 1 => 200..=256usize];
    (axis(), axis(), long, 0..3usize).prop_map(|(z, y, x, turn)| {
        let mut extent = [z, y, x];
        extent.rotate_left(turn);
        extent
    })
}

/// The corner of an array.
fn corner(values: &[i32], extent: [usize; 3], region: [usize; 3]) -> Vec<i32> {
    let mut corner = Vec::new();
    for z in 0..region[0] {
        for y in 0..region[1] {
            let row = (z * extent[1] + y) * extent[2];
            corner.extend(&values[row..row + region[2]]);
        }
    }
    corner
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn groups_are_lossless(coder in any_coder(), kind in 0..KINDS, seed in any::<u16>(), extent in any_extent(), n_levels in 1..=8u8, n in 1..6usize) {
        let layout = Layout::new(extent, n_levels).expect("a fitting extent");
        let group = group(kind, seed.into(), extent, n);
        let streams = encode(coder, &layout, &slices(&group)).expect("coefficients within bounds");
        prop_assert_eq!(streams.len(), layout.n_streams());
        prop_assert_eq!(decode(coder, &layout, n, &streams).expect("it was just encoded"), group);
    }

    #[test]
    fn a_prefix_is_a_lower_resolution(coder in any_coder(), kind in 4..8u32, seed in any::<u16>(), extent in any_extent(), n_levels in 1..=5u8) {
        let layout = Layout::new(extent, n_levels).expect("a fitting extent");
        let group = group(kind, seed.into(), extent, 2);
        let streams = encode(coder, &layout, &slices(&group)).expect("coefficients within bounds");
        let mut decoder = Decoder::new(coder, &layout, 2).expect("two components");
        for (at, stream) in streams.iter().enumerate() {
            decoder.push(stream).expect("it was just encoded");
            prop_assert_eq!(decoder.n_pushed(), at + 1);
            let region = layout.region(at);
            for (part, whole) in decoder.components().iter().zip(&group) {
                prop_assert_eq!(corner(part, extent, region), corner(whole, extent, region));
                let rest = |values: &[i32]| values.iter().filter(|&&value| value != 0).count();
                prop_assert_eq!(rest(part), rest(&corner(part, extent, region)), "nothing outside");
            }
        }
        let full = matches!(decoder.push(&[]), Err(Error::Argument { .. }));
        prop_assert!(full);
        prop_assert_eq!(decoder.into_components(), group);
    }
}

#[test]
fn extremes_are_lossless() {
    for extent in [[1, 1, 1], [1, 1, 256], [256, 1, 1], [5, 5, 5], [2, 3, 4], [1, 33, 17]] {
        for kind in 0..KINDS {
            for coder in Coder::ALL {
                let layout = Layout::new(extent, 8).expect("a fitting extent");
                let group = group(kind, 3, extent, 1);
                let streams = encode(coder, &layout, &slices(&group)).expect("coefficients within bounds");
                assert_eq!(
                    decode(coder, &layout, 1, &streams).expect("it was just encoded"),
                    group,
                    "{extent:?} {kind}"
                );
            }
        }
    }
}

#[test]
fn most_components_are_lossless() {
    let layout = Layout::new([5, 6, 9], 2).expect("a fitting extent");
    let group = group(6, 1, [5, 6, 9], MAX_COMPONENTS);
    for coder in Coder::ALL {
        let streams = encode(coder, &layout, &slices(&group)).expect("coefficients within bounds");
        assert_eq!(decode(coder, &layout, MAX_COMPONENTS, &streams).expect("it was just encoded"), group);
    }
}

#[test]
fn zeros_cost_next_to_nothing() {
    let layout = Layout::new([64, 64, 64], 4).expect("a fitting extent");
    let zeros = vec![0; layout.len()];
    for coder in Coder::ALL {
        let streams = encode(coder, &layout, &[&zeros[..]; 8]).expect("zeros");
        assert!(streams.iter().map(Vec::len).sum::<usize>() < 30);
    }
}

#[test]
fn noise_costs_little_more_than_its_entropy() {
    let extent = [32, 32, 32];
    let layout = Layout::new(extent, 3).expect("a fitting extent");
    for (kind, bits) in [(5, 1.585), (7, 5.32)] {
        let values = values(kind, 9, extent);
        for coder in Coder::ALL {
            let streams = encode(coder, &layout, &[&values]).expect("coefficients within bounds");
            let found = 8.0 * streams.iter().map(Vec::len).sum::<usize>() as f64 / layout.len() as f64;
            assert!((bits..1.1 * bits).contains(&found), "{coder:?} {kind} {found}");
        }
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let layout = Layout::new([4, 4, 8], 2).expect("a fitting extent");
    let mut values = vec![0; layout.len()];
    let components = vec![&values[..]; MAX_COMPONENTS + 1];
    for wrong in [&[][..], &components, &[&values[1..]]] {
        assert!(matches!(encode(Coder::Fast, &layout, wrong), Err(Error::Argument { .. })));
    }
    for n in [0, MAX_COMPONENTS + 1] {
        assert!(matches!(Decoder::new(Coder::Fast, &layout, n), Err(Error::Argument { .. })));
    }
    for value in [MAX_MAGNITUDE as i32 + 1, -(MAX_MAGNITUDE as i32) - 1, i32::MIN, i32::MAX] {
        values[5] = value;
        let error = encode(Coder::Dense, &layout, &[&values]).expect_err("too large");
        assert_eq!(error, Error::Magnitude { component: 0, index: 5, value });
        assert!(error.to_string().contains("beyond ±1048576"), "{error}");
    }
}
