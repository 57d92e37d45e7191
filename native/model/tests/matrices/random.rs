//! Random blocks.

use neuvol_entropy::Coder;
use neuvol_model::{Matrices, TimeInterpolation, voxels};
use proptest::prelude::*;

/// A fixed sequence of numbers that look random.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Within ±`most`, often 0.
    pub(crate) fn small(&mut self, most: i32) -> i32 {
        let value = self.next();
        if value.is_multiple_of(3) { 0 } else { (value >> 32) as i32 % (most + 1) }
    }
}

/// A block whose numbers are all 0.
pub(crate) fn zeros(extent: [u32; 3], steps: u32, ranks: [u32; 4]) -> Matrices {
    let [n_arrays, ranks @ ..] = ranks;
    let mut block = Matrices {
        extent,
        level: 0,
        steps,
        step: 0.25,
        offset: -1.5,
        fineness: 1.0,
        core_levels: 2,
        matrix_levels: 3,
        coder: Coder::Fast,
        precise: false,
        interpolation: TimeInterpolation::Codes,
        ranks,
        core: vec![vec![0; voxels(ranks)]; n_arrays as usize],
        columns: [const { Vec::new() }; 4],
    };
    for axis in 0..4 {
        let n = block.lengths()[axis];
        block.columns[axis] = vec![0; if n == 1 { 0 } else { n * block.n_columns()[axis] }];
    }
    block
}

/// Random numbers in all parts.
pub(crate) fn fill(mut block: Matrices, numbers: &mut Numbers) -> Matrices {
    block.core.iter_mut().flatten().for_each(|q| *q = numbers.small(9));
    block.columns.iter_mut().flatten().for_each(|q| *q = numbers.small(6));
    block
}

prop_compose! {
    /// Any block of level 0.
    pub(crate) fn any_block()(
        extent in (
            1u32..=9,
            prop_oneof![8 => 1u32..=9, 1 => Just(17u32)],
            prop_oneof![8 => 1u32..=9, 1 => Just(33u32)],
        ).prop_map(|(z, y, x)| [z, y, x]),
        steps in 1u32..=5,
        ranks in [1u32..=4, 1u32..=9, 1u32..=9, 1u32..=20],
        (core_levels, matrix_levels) in (1u8..=8, 1u8..=8),
        coder in prop_oneof![Just(Coder::Fast), Just(Coder::Dense)],
        interpolation in prop_oneof![
            Just(TimeInterpolation::Codes),
            Just(TimeInterpolation::CubicCodes),
            Just(TimeInterpolation::Values),
        ],
        precise in any::<bool>(),
        fineness in prop_oneof![Just(1.0f32), Just(0.3), Just(2.5)],
        seed in any::<u64>(),
    ) -> Matrices {
        let [t, z, y, x] = ranks;
        let ranks = [t.min(steps), z.min(extent[0]), y.min(extent[1]), x.min(extent[2])];
        let block = zeros(extent, steps, ranks);
        let block = Matrices { core_levels, matrix_levels, coder, interpolation, precise, fineness, ..block };
        fill(block, &mut Numbers::new(seed))
    }
}
