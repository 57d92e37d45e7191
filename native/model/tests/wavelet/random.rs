//! Random blocks and heads.

use half::f16;
use neuvol_entropy::Coder;
use neuvol_model::{Head, Residual, Tensor, TimeInterpolation, Wavelet, voxels};
use proptest::prelude::*;
use std::sync::Arc;

/// A fixed sequence of numbers that look random.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In -1..1.
    pub(crate) fn real(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// Mostly 0, sometimes large.
    pub(crate) fn sparse(&mut self) -> i32 {
        let value = self.next();
        match value % 8 {
            0 => (value >> 32) as i32 % 4,
            1 if value % 64 == 1 => (value >> 32) as i32 % 1000,
            _ => 0,
        }
    }
}

pub(crate) fn head(n_channels: u8, n_hidden: u8, numbers: &mut Numbers) -> Head {
    let tensor = |len| Tensor { scale: 0.004, values: (0..len).map(|_| (numbers.real() * 127.0) as i8).collect() };
    let tensors = Head::tensor_lengths(n_channels, n_hidden).into_iter().map(tensor).collect();
    Head { n_channels, n_hidden, mean: 0.3, deviation: 2.5, tensors }
}

/// A block of one step without head and residual, whose coefficients are 0.
pub(crate) fn zeros(extent: [u32; 3], n_levels: u8) -> Wavelet {
    Wavelet {
        extent,
        level: 0,
        steps: 1,
        step: 1.0,
        offset: 0.0,
        n_levels,
        coder: Coder::Fast,
        precise: false,
        interpolation: TimeInterpolation::Codes,
        weights: Vec::new(),
        components: vec![vec![0; voxels(extent)]],
        residual: None,
        head: None,
    }
}

/// Random coefficients, weights and perhaps residual of a block of one of them.
pub(crate) fn fill(mut block: Wavelet, n_components: usize, with_residual: bool, numbers: &mut Numbers) -> Wavelet {
    let n = voxels(block.extent);
    let mut array = || (0..n).map(|_| numbers.sparse()).collect::<Vec<i32>>();
    block.components = (0..n_components).map(|_| array()).collect();
    if with_residual {
        let steps = (0..block.steps).map(|_| array()).collect();
        block.residual = Some(Residual { quantum: 0.0625, steps });
    }
    if block.steps > 1 {
        block.weights = (0..n_components * block.steps as usize).map(|_| f16::from_f64(numbers.real())).collect();
    }
    block
}

/// Axes of all small sizes, and a larger odd one.
pub(crate) fn any_extent() -> impl Strategy<Value = [u32; 3]> {
    let axis = || prop_oneof![8 => 1u32..=9, 1 => Just(17u32), 1 => Just(33u32)];
    [axis(), axis(), axis()]
}

prop_compose! {
    /// Any block of level 0.
    pub(crate) fn any_block()(
        extent in any_extent(),
        n_levels in 1u8..=8,
        steps in 1u32..=5,
        n_components in 1u32..=3,
        coder in prop_oneof![Just(Coder::Fast), Just(Coder::Dense)],
        interpolation in prop_oneof![
            Just(TimeInterpolation::Codes),
            Just(TimeInterpolation::CubicCodes),
            Just(TimeInterpolation::Values),
        ],
        precise in any::<bool>(),
        residual in any::<bool>(),
        shape in prop::option::of((1u8..=4, 0u8..=3)),
        seed in any::<u64>(),
    ) -> Wavelet {
        let mut numbers = Numbers::new(seed);
        let head = shape.map(|(n_channels, n_hidden)| Arc::new(head(n_channels, n_hidden, &mut numbers)));
        let block = Wavelet {
            steps, coder, precise, interpolation, head, step: 0.25, offset: -1.5, ..zeros(extent, n_levels)
        };
        fill(block, n_components.min(steps) as usize, residual, &mut numbers)
    }
}
