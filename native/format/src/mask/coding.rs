//! The codings of masks (SPEC section 9): packed bits to bytes of the file and back.

use super::context;
use crate::compress;
use crate::error::Error;
use crate::limits::MAX_MASK_EXPANSION;

/// Packed bits as they are.
const METHOD_BITS: u8 = 0;
/// Packed bits, zstd.
const METHOD_ZSTD: u8 = 1;
/// Voxels by context, arithmetic coding.
const METHOD_CONTEXT: u8 = 2;

/// Whether the axes are those of a block, as method 2 wants them.
fn is_block(extent: [u32; 3]) -> bool {
    extent.iter().all(|n| (1..=context::MAX_AXIS).contains(n))
}

/// Encodes packed bits of `steps` steps of `extent` voxels, by the method that takes the fewest bytes.
pub(super) fn encode(bits: &[u8], extent: [u32; 3], steps: u32) -> Vec<u8> {
    let with = |method, bytes: &[u8]| [&[method], bytes].concat();
    let mut best = with(METHOD_BITS, bits);
    // For a handful of bits, zstd's frame is longer than they are.
    let folded = compress::fold(bits).expect("zstd fails only for lack of memory: its output vector always has room");
    if folded.len() + 1 < best.len() {
        best = with(METHOD_ZSTD, &folded);
    }
    if is_block(extent) {
        let mut coded = with(METHOD_CONTEXT, &context::encode(bits, extent, steps));
        // A reader takes so few bytes for so many voxels only up to a limit. Zeros change nothing.
        let least = (bits.len() as u64).div_ceil(MAX_MASK_EXPANSION) as usize;
        coded.resize(coded.len().max(least), 0);
        if coded.len() < best.len() {
            best = coded;
        }
    }
    best
}

/// Decodes a mask of coding 2 into `len` bytes of packed bits; the caller has checked `len` against the limits. `offset`
/// is where `bytes` stand in the file.
pub(super) fn decode(bytes: &[u8], extent: [u32; 3], steps: u32, len: usize, offset: u64) -> Result<Vec<u8>, Error> {
    let (&method, rest) = bytes.split_first().ok_or_else(|| Error::invalid(offset, "a mask of no bytes"))?;
    match method {
        METHOD_BITS if rest.len() == len => Ok(rest.to_vec()),
        METHOD_BITS => Err(Error::invalid(offset, format!("a mask has {} bytes of bits instead of {len}", rest.len()))),
        METHOD_ZSTD => unfold(rest, len, offset),
        METHOD_CONTEXT if is_block(extent) => {
            let bits = context::decode(rest, extent, steps, len);
            bits.ok_or_else(|| Error::invalid(offset, "the bytes of a mask are not what a coder writes"))
        }
        METHOD_CONTEXT => Err(Error::invalid(offset, format!("a mask of {extent:?} voxels, more than a block has"))),
        _ => Err(Error::Unsupported { what: "mask method", id: method.into() }),
    }
}

/// Decodes a mask of coding 1 (and the rest of method 1), likewise.
pub(super) fn unfold(bytes: &[u8], len: usize, offset: u64) -> Result<Vec<u8>, Error> {
    compress::unfold(bytes, len, "a mask", offset)
}

#[cfg(test)]
mod tests {
    use super::super::Mask;
    use super::*;
    use proptest::prelude::*;

    /// Random numbers of a place, the same on every call.
    fn hash(seed: u32, place: [u32; 4]) -> u32 {
        place.iter().fold(seed ^ 0x9E37_79B9, |hash, n| {
            let hash = (hash ^ n).wrapping_mul(0x85EB_CA6B);
            let hash = (hash ^ hash >> 13).wrapping_mul(0xC2B2_AE35);
            hash ^ hash >> 16
        })
    }

    /// Masks of many kinds: land, air above terrain, moving bodies, noise, stripes, and parts that are none of these.
    fn mask(kind: u32, seed: u32, extent: [u32; 3], steps: u32) -> Mask {
        let wave = |a: u32, b: u32| (hash(seed, [a / 5, b / 4, 1, 1]) % 7 + hash(seed, [a, b, 2, 2]) % 2) as i64;
        Mask::from_fn(extent, steps, |t, z, y, x| match kind {
            0 => wave(y, x) > 3,
            1 => i64::from(z) >= wave(y, x),
            2 => i64::from(z) < wave(y, x) + i64::from(t % 2),
            3 => {
                let [dz, dy, dx] = [(z, 3), (y, 4 + t), (x, 2 + 2 * t)].map(|(i, c)| i64::from(i) - i64::from(c));
                dz * dz + dy * dy + dx * dx > 9 + i64::from(seed % 50)
            }
            4 => hash(seed, [t, z, y, x]) >> 31 == 0,
            5 => hash(seed, [t, z, y, x]).is_multiple_of(100),
            6 => (x + 2 * y + z + t * (seed % 2)).is_multiple_of(3),
            7 => t % 3 != 1,
            8 => z.is_multiple_of(2) || hash(seed, [t, z, y, 0]).is_multiple_of(4),
            9 => x == 0 || y == 0,
            _ => kind == 10,
        })
    }

    fn any_mask() -> impl Strategy<Value = Mask> {
        let axis = || prop_oneof![3 => 1..20u32, 1 => 60..70u32, 1 => Just(1)];
        let long = prop_oneof![4 => 1..20u32, 2 => 60..70u32, 1 => 120..140u32, 1 => 190..=256u32];
        (0..12u32, any::<u32>(), (axis(), axis(), long), 1..6u32)
            .prop_map(|(kind, seed, (z, y, x), steps)| mask(kind, seed, [z, y, x], steps))
    }

    fn context(mask: &Mask) -> Vec<u8> {
        [&[METHOD_CONTEXT], &context::encode(mask.bits(), mask.extent(), mask.steps())[..]].concat()
    }

    /// Decodes bytes by method 2 without the limit of the expansion.
    fn decoded(bytes: &[u8], mask: &Mask) -> Result<Vec<u8>, Error> {
        decode(bytes, mask.extent(), mask.steps(), mask.bits().len(), 0)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn every_kind_of_mask_is_lossless(mask in any_mask()) {
            let bytes = mask.encode();
            prop_assert_eq!(&Mask::decode(&bytes, mask.extent(), mask.steps()).expect("it was just encoded"), &mask);
            prop_assert!(bytes.len() <= 1 + mask.bits().len());
            let bytes = context(&mask);
            prop_assert_eq!(decoded(&bytes, &mask).expect("it was just encoded"), mask.bits());
        }

        #[test]
        fn damaged_masks_do_no_harm(mask in any_mask(), places in prop::collection::vec((any::<prop::sample::Index>(), 0..8u32), 1..4), cut in any::<prop::sample::Index>()) {
            let mut bytes = context(&mask);
            bytes.extend([0; 3]);
            prop_assert!(decoded(&bytes, &mask).expect("zeros may follow") == mask.bits());
            for (place, bit) in places {
                let at = place.index(bytes.len());
                bytes[at] ^= 1 << bit;
                if let Ok(bits) = decoded(&bytes, &mask) {
                    prop_assert_eq!(bits.len(), mask.bits().len());
                }
            }
            bytes.truncate(cut.index(bytes.len()));
            let _ = Mask::decode(&bytes, mask.extent(), mask.steps());
        }

        #[test]
        fn any_bytes_are_a_mask_or_an_error(mut bytes in prop::collection::vec(any::<u8>(), 1..300), extent in prop::array::uniform3(1..80u32), steps in 1..4u32) {
            bytes[0] = METHOD_CONTEXT;
            if let Ok(mask) = Mask::decode(&bytes, extent, steps) {
                // What was read can be written, and padding is 0.
                prop_assert_eq!(&Mask::decode(&mask.encode(), extent, steps).expect("it was just encoded"), &mask);
                let voxels = extent.iter().map(|&n| u64::from(n)).product::<u64>() * u64::from(steps);
                prop_assert!(mask.count() <= voxels);
            }
        }
    }

    #[test]
    fn every_truncation_and_flip_is_harmless() {
        for (kind, extent, steps) in [(1, [8, 9, 70], 1), (3, [8, 8, 8], 4), (4, [3, 5, 7], 2), (8, [6, 3, 130], 3)] {
            let mask = mask(kind, 7, extent, steps);
            let right = context(&mask);
            for len in 1..right.len() {
                // A stream that ends early goes on with zeros: other voxels or an error, no panic.
                let _ = decoded(&right[..len], &mask);
            }
            for bit in 8..right.len() * 8 {
                let mut bytes = right.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(
                    decoded(&bytes, &mask).is_err_and(|error| matches!(error, Error::Invalid { .. }))
                        || decoded(&bytes, &mask).is_ok_and(|bits| bits.len() == mask.bits().len())
                );
            }
            let mut bytes = right.clone();
            bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 1]);
            assert!(decoded(&bytes, &mask).is_err(), "what follows must be 0");
        }
    }

    #[test]
    fn masks_that_follow_a_rule_are_small() {
        let len = |kind, extent, steps| mask(kind, 5, extent, steps).encode().len();
        // All alike in planes and steps: but for the limit of the expansion, nothing.
        assert_eq!(len(10, [64, 64, 64], 1), 1);
        assert_eq!(len(11, [64, 64, 64], 8), 8);
        assert!(len(7, [64, 64, 64], 24) < 30);
        // A coast, the same on all levels and steps, costs its first plane.
        let coast = len(0, [1, 64, 64], 1);
        assert!(coast < 450, "{coast}");
        assert!(len(0, [64, 64, 64], 8) < coast + 10);
        // Noise costs its bits.
        assert_eq!(len(4, [16, 16, 16], 1), 1 + 16 * 16 * 16 / 8);
    }

    #[test]
    fn a_mask_of_few_bytes_is_padded_up_to_the_limit() {
        let mask = Mask::from_fn([256, 256, 256], 2, |_, _, _, _| true);
        let bytes = mask.encode();
        assert_eq!(bytes.len() as u64, (mask.bits().len() as u64).div_ceil(MAX_MASK_EXPANSION));
        assert_eq!(Mask::decode(&bytes, mask.extent(), 2).expect("it was just encoded"), mask);
        let error = Mask::decode(&bytes[1..], mask.extent(), 2).expect_err("one byte less is too few");
        assert!(matches!(error, Error::Limit { .. }), "{error}");
    }

    #[test]
    fn methods_are_checked() {
        let decode = |bytes: &[u8], extent| Mask::decode(bytes, extent, 1);
        assert_eq!(decode(&[0, 0b101], [1, 1, 3]).expect("three bits").count(), 2);
        assert!(decode(&[0, 0b1101], [1, 1, 3]).is_err_and(|error| error.to_string().contains("padding")));
        assert!(decode(&[0, 1, 1], [1, 1, 3]).is_err_and(|error| matches!(error, Error::Invalid { .. })));
        assert!(decode(&[3, 1], [1, 1, 3]).is_err_and(|error| matches!(error, Error::Unsupported { id: 3, .. })));
        assert!(decode(&[2, 1], [1, 1, 257]).is_err_and(|error| matches!(error, Error::Invalid { .. })));
        assert!(decode(&[2, 255, 255, 255, 255, 255, 255, 255, 255], [1, 1, 3]).is_err());
        // An axis that no block has still has a coding.
        let long = Mask::from_fn([1, 1, 1000], 1, |_, _, _, x| x % 7 != 0);
        assert_eq!(decode(&long.encode(), [1, 1, 1000]).expect("it was just encoded"), long);
    }
}
