//! Decoding brick by brick gives what decoding into arrays gives, whatever the decoder did before.

mod common;

use common::{KINDS, group, slices};
use neuvol_entropy::{Brick, BrickDecoder, Coder, Error, Layout, MAX_COMPONENTS, encode, residual};
use proptest::prelude::*;

fn any_coder() -> impl Strategy<Value = Coder> {
    prop_oneof![Just(Coder::Fast), Just(Coder::Dense)]
}

/// Arrays that bricks are put into, each place at most once.
struct Arrays {
    extent: [usize; 3],
    values: Vec<Vec<Option<i32>>>,
    /// Where the last brick belongs to.
    component: usize,
}

impl Arrays {
    fn new(extent: [usize; 3], n: usize) -> Self {
        Self { extent, values: vec![vec![None; extent.iter().product()]; n], component: 0 }
    }

    fn put(&mut self, brick: Brick<'_>) {
        assert!(brick.values.iter().any(|&value| value != 0), "{brick:?}");
        assert!(brick.extent.iter().all(|n| (1..=4).contains(n)), "{brick:?}");
        assert!(brick.component >= self.component, "{brick:?}");
        self.component = brick.component;
        let mut n = 0;
        for ([z, y, x], row) in brick.rows() {
            for (at, &value) in ((z * self.extent[1] + y) * self.extent[2] + x..).zip(row) {
                assert_eq!(self.values[brick.component][at].replace(value), None);
                n += usize::from(value != 0);
            }
        }
        assert_eq!(n, brick.values.iter().filter(|&&value| value != 0).count(), "0 beyond the extent");
        match brick.narrow() {
            Some(narrow) => assert_eq!(narrow.map(i32::from), *brick.values),
            None => assert!(brick.values.iter().any(|&value| i16::try_from(value).is_err())),
        }
    }

    fn finish(self) -> Vec<Vec<i32>> {
        self.values.into_iter().map(|values| values.into_iter().map(Option::unwrap_or_default).collect()).collect()
    }
}

/// Decodes a group with a decoder that was just made or reset.
fn decode(decoder: &mut BrickDecoder, layout: &Layout, n: usize, streams: &[Vec<u8>]) -> Result<Vec<Vec<i32>>, Error> {
    let mut arrays = Arrays::new(layout.extent(), n);
    for (at, stream) in streams.iter().enumerate() {
        assert_eq!(decoder.n_pushed(), at);
        arrays.component = 0;
        decoder.push(stream, |brick| arrays.put(brick))?;
    }
    Ok(arrays.finish())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn bricks_are_the_arrays(coder in any_coder(), kind in 0..KINDS, seed in any::<u16>(), extent in prop::array::uniform3(1..40usize), n_levels in 1..=5u8, n in 1..7usize) {
        let layout = Layout::new(extent, n_levels).expect("a fitting extent");
        let group = group(kind, seed.into(), extent, n);
        let streams = encode(coder, &layout, &slices(&group)).expect("coefficients within bounds");
        let mut decoder = BrickDecoder::new(coder, &layout, n).expect("some components");
        prop_assert_eq!(decode(&mut decoder, &layout, n, &streams).expect("it was just encoded"), group);
        let full = matches!(decoder.push(&[], |_| ()), Err(Error::Argument { .. }));
        prop_assert!(full);
    }

    #[test]
    fn a_decoder_forgets(groups in prop::collection::vec((any_coder(), 0..KINDS, any::<u16>(), prop::array::uniform3(1..30usize), 1..=4u8, 1..6usize, any::<prop::sample::Index>(), 0..3u8), 2..5)) {
        let mut decoder = BrickDecoder::new(Coder::Fast, &Layout::new([3, 4, 5], 1).expect("a fitting extent"), 1).expect("one component");
        for (coder, kind, seed, extent, n_levels, n, index, damage) in groups {
            let layout = Layout::new(extent, n_levels).expect("a fitting extent");
            let group = group(kind, seed.into(), extent, n);
            let mut streams = encode(coder, &layout, &slices(&group)).expect("coefficients within bounds");
            decoder.reset(coder, &layout, n).expect("some components");
            if damage == 0 {
                // Whatever this does to it.
                let at = index.index(streams.len());
                let stream = &mut streams[at];
                stream.truncate(stream.len() / 2);
                stream.extend([0x5A; 5]);
                let _ = decode(&mut decoder, &layout, n, &streams);
                continue;
            }
            // Sometimes only a few of the streams.
            let some = if damage == 1 { index.index(streams.len()) } else { streams.len() };
            let found = decode(&mut decoder, &layout, n, &streams[..some]).expect("it was just encoded");
            prop_assert_eq!(found, neuvol_entropy::decode(coder, &layout, n, &streams[..some]).expect("it was just encoded"));
        }
    }

    #[test]
    fn residuals_come_in_bricks(kind in 0..KINDS, seed in any::<u16>(), extent in prop::array::uniform3(1..20usize), n in 1..4usize) {
        let steps = group(kind, seed.into(), extent, n);
        let bytes = residual::encode(extent, &slices(&steps)).expect("values within bounds");
        let mut arrays = Arrays::new(extent, n);
        residual::decode_bricks(extent, n, &bytes, |brick| {
            assert!(brick.start.iter().all(|at| at.is_multiple_of(4)));
            arrays.put(brick);
        })
        .expect("it was just encoded");
        prop_assert_eq!(arrays.finish(), steps);
    }
}

#[test]
fn a_failed_decoder_begins_again() {
    let layout = Layout::new([8, 8, 8], 1).expect("a fitting extent");
    let group = group(6, 1, [8, 8, 8], 1);
    let streams = encode(Coder::Dense, &layout, &slices(&group)).expect("coefficients within bounds");
    let mut decoder = BrickDecoder::new(Coder::Dense, &layout, 1).expect("one component");
    let error = decoder.push(&[0xFF; 8], |_| ()).expect_err("no encoder writes this");
    assert_eq!(decoder.push(&streams[0], |_| ()), Err(error));
    for n in [0, MAX_COMPONENTS + 1] {
        assert!(matches!(decoder.reset(Coder::Dense, &layout, n), Err(Error::Argument { .. })));
        assert!(matches!(BrickDecoder::new(Coder::Dense, &layout, n), Err(Error::Argument { .. })));
    }
    decoder.reset(Coder::Dense, &layout, 1).expect("one component");
    assert_eq!(decode(&mut decoder, &layout, 1, &streams).expect("it was just encoded"), group);
}
