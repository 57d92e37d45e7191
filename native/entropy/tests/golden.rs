//! The stream format does not change unnoticed: fixed coefficients give fixed bytes.
//!
//! A change of these numbers is a change of the format: files written before can no longer be read, so it needs a new
//! coder id in `STREAM.md`.

mod common;

use common::{group, hash, slices};
use neuvol_entropy::{Coder, Layout, decode, encode};

/// Kind, extent, levels and components; then bytes and hash of the fast coder and of the dense one.
type Case = (u32, [usize; 3], u8, usize, [(usize, u64); 2]);

const CASES: [Case; 7] = [
    (0, [20, 20, 20], 3, 1, [(4, 0x0CE0_7598_BD08_DAF9), (4, 0x0CE0_7598_BD08_DAF9)]),
    (2, [5, 9, 7], 2, 1, [(883, 0xB809_6765_1730_4DF3), (820, 0x8415_393E_2F0F_5D0E)]),
    (3, [16, 33, 40], 8, 2, [(510, 0x5062_B427_5A06_EDD3), (389, 0x5C6C_AD3B_FF8F_8DD4)]),
    (4, [9, 12, 30], 3, 1, [(5658, 0xF699_9B53_AEA1_3098), (5595, 0xB040_27B6_70DD_94E5)]),
    (6, [32, 32, 32], 4, 1, [(6184, 0x5C41_704E_E497_E936), (5744, 0x758C_9FC7_94EB_4F93)]),
    (6, [17, 21, 50], 3, 5, [(18362, 0xC39B_10DA_450B_E071), (15583, 0xA48C_8779_1ADC_D340)]),
    (7, [1, 64, 64], 4, 3, [(8479, 0x4E38_C801_E262_BE9C), (8469, 0xEA2A_168C_BE4A_62FA)]),
];

#[test]
fn streams_are_as_they_were() {
    for (kind, extent, n_levels, n, expected) in CASES {
        let layout = Layout::new(extent, n_levels).expect("a fitting extent");
        let group = group(kind, 77, extent, n);
        let found = Coder::ALL.map(|coder| {
            let streams = encode(coder, &layout, &slices(&group)).expect("coefficients within bounds");
            assert_eq!(decode(coder, &layout, n, &streams).expect("it was just encoded"), group);
            (streams.iter().map(Vec::len).sum::<usize>(), hash(&streams))
        });
        assert_eq!(found, expected, "({kind}, {extent:?}, {n_levels}, {n}, {found:#X?})");
    }
}

/// The example of `STREAM.md`.
#[test]
fn the_example_is_as_described() {
    let layout = Layout::new([1, 4, 8], 1).expect("a fitting extent");
    #[rustfmt::skip]
    let values = [
        9, 7, 8, 8,   0, 1, 0, 0,
        9, 9, 8, 7,   0, -2, 1, 0,
        8, 9, 9, 9,   0, 1, -20, 0,
        9, 9, 9, 9,   0, 0, 3, 0,
    ];
    for (coder, expected) in [
        (Coder::Fast, [&[0x0E, 0x99, 0xF8, 0xB0, 0x67, 0xA0][..], &[0x04, 0x0E, 0xC9, 0x0A, 0xAA, 0xF5, 0x18, 0xF8]]),
        (Coder::Dense, [&[0x0E, 0x99, 0xF8, 0xB0, 0x67, 0xA0], &[0x18, 0x06, 0xF4, 0xFE, 0x03, 0x90, 0x4A]]),
    ] {
        let streams = encode(coder, &layout, &[&values]).expect("coefficients within bounds");
        assert_eq!(streams, expected, "{streams:02X?}");
    }
}
