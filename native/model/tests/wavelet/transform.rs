//! The synthesis against the analysis.

use crate::forward::analyse;
use crate::random::{Numbers, any_extent, zeros};
use neuvol_model::{Wavelet, voxels};
use proptest::prelude::*;

const STEP: f64 = 1.0 / 65536.0;
const ANY: (f32, f32) = (-1e30, 1e30);

/// A block that holds these values up to the rounding of its coefficients.
fn block(values: &[f64], extent: [u32; 3], n_levels: u8) -> Wavelet {
    let coefficients = analyse(values, extent, n_levels).0;
    let components = vec![coefficients.into_iter().map(|value| (value / STEP).round() as i32).collect()];
    Wavelet { step: STEP as f32, components, ..zeros(extent, n_levels) }
}

fn decode(block: &Wavelet) -> Vec<f32> {
    let mut out = vec![f32::NAN; voxels(block.level_extent())];
    block.decode_reference(0.0, ANY, &mut out).unwrap();
    out
}

/// The cubic through the samples i − 1 to i + 2 of a line that goes on straight, in the middle of the voxels of sample i.
fn in_the_middle(line: &[f64], i: usize, of: usize, voxels: usize) -> f64 {
    let n = line.len() as i64;
    let sample = |i: i64| match i {
        _ if n == 1 => line[0],
        -1 => 2.0 * line[0] - line[1],
        i if i >= n => {
            let [a, b] = [n - 2, n - 1].map(|i| line[i as usize]);
            b + (i + 1 - n) as f64 * (b - a)
        }
        i => line[i as usize],
    };
    // The voxels of a sample begin at it.
    let last = (of * (i + 1)).min(voxels) - 1;
    let place = (of * i + last) as f64 / 2.0 / of as f64;
    let near: Vec<i64> = (-1..3).map(|j| i as i64 + j).collect();
    let weight = |&k: &i64| {
        let others = near.iter().filter(|&&other| other != k);
        others.map(|&other| (place - other as f64) / (k - other) as f64).product::<f64>()
    };
    near.iter().map(|k| weight(k) * sample(*k)).sum()
}

/// The low band, its samples moved to the middles of their voxels, in an array of `extent`.
fn moved(mut values: Vec<f64>, extent: [usize; 3], low: [usize; 3]) -> Vec<f64> {
    let strides = [extent[1] * extent[2], extent[2], 1];
    for axis in 0..3 {
        let (mut of, mut n) = (1, extent[axis]);
        while n > low[axis] {
            (of, n) = (2 * of, n.div_ceil(2));
        }
        if of == 1 {
            continue;
        }
        let before = values.clone();
        for at in (0..values.len()).filter(|&at| (0..3).all(|a| at / strides[a] % extent[a] < low[a])) {
            let i = at / strides[axis] % extent[axis];
            let line: Vec<f64> = (0..n).map(|k| before[at - i * strides[axis] + k * strides[axis]]).collect();
            values[at] = in_the_middle(&line, i, of, extent[axis]);
        }
    }
    values
}

/// The level of detail that the specification asks for, from the values.
fn level_of(values: &[f64], extent: [u32; 3], level: u8) -> Vec<f64> {
    let (coefficients, low, splits) = analyse(values, extent, level);
    let coefficients = moved(coefficients, extent.map(|n| n as usize), low);
    let [_, ny, nx] = extent.map(|n| n as usize);
    let target = extent.map(|n| n.div_ceil(1 << level) as usize);
    let mut out = Vec::new();
    for place in 0..target.iter().product::<usize>() {
        let at = [place / target[2] / target[1], place / target[2] % target[1], place % target[2]];
        // Axes that were split less often than the level asks for: the mean of what a voxel covers, halving by halving.
        let mut parts = vec![([0usize; 3], 1.0)];
        for axis in 0..3 {
            let mut sizes = vec![low[axis]];
            while sizes[sizes.len() - 1] > target[axis] {
                sizes.push(sizes[sizes.len() - 1].div_ceil(2));
            }
            let mut covered = vec![(at[axis], 1.0)];
            for size in sizes.iter().rev().skip(1) {
                covered = covered
                    .into_iter()
                    .flat_map(|(i, w): (usize, f64)| {
                        let children = 2.min(size - 2 * i);
                        (0..children).map(move |child| (2 * i + child, w / children as f64))
                    })
                    .collect();
            }
            parts = parts
                .into_iter()
                .flat_map(|(part, w): ([usize; 3], f64)| {
                    covered.iter().map(move |&(i, v)| {
                        let mut part = part;
                        part[axis] = i;
                        (part, w * v)
                    })
                })
                .collect();
        }
        let sum: f64 = parts.into_iter().map(|([z, y, x], w)| w * coefficients[(z * ny + y) * nx + x]).sum();
        out.push(sum / 2f64.powf(f64::from(splits) / 2.0));
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn analysis_and_synthesis_are_inverse(extent in any_extent(), n_levels in 1u8..=5, seed in any::<u64>()) {
        let mut numbers = Numbers::new(seed);
        let values: Vec<f64> = (0..voxels(extent)).map(|_| numbers.real()).collect();
        for (got, want) in decode(&block(&values, extent, n_levels)).into_iter().zip(&values) {
            prop_assert!((f64::from(got) - want).abs() < 2e-4, "{got} instead of {want}");
        }
    }

    #[test]
    fn levels_are_low_bands_and_means(extent in any_extent(), n_levels in 3u8..=5, level in 0u8..=3, seed in any::<u64>()) {
        let mut numbers = Numbers::new(seed);
        let values: Vec<f64> = (0..voxels(extent)).map(|_| numbers.real()).collect();
        let whole = block(&values, extent, n_levels);
        let bytes = whole.to_bytes().unwrap();
        let len = Wavelet::prefix_len(&bytes, 1, level).unwrap();
        let coarse = Wavelet::from_bytes(&bytes[..len], extent, level, 1, None).unwrap();
        let want = level_of(&values, extent, level);
        let got = decode(&coarse);
        prop_assert_eq!(got.len(), want.len());
        for (got, want) in got.into_iter().zip(want) {
            prop_assert!((f64::from(got) - want).abs() < 2e-4, "{got} instead of {want}");
        }
        // The finer coefficients have no say: the whole block says the same.
        prop_assert_eq!(decode(&Wavelet { level, ..whole }), decode(&coarse));
    }

    #[test]
    fn a_constant_is_itself_on_every_level(extent in any_extent(), level in 0u8..=3) {
        let block = Wavelet { level, ..block(&vec![0.75; voxels(extent)], extent, 4) };
        for value in decode(&block) {
            prop_assert!((value - 0.75).abs() < 1e-4, "{value}");
        }
    }
}

#[test]
fn a_single_coefficient_has_the_filter_of_the_9_7_wavelet() {
    // Its low-pass filter has 7 taps, whose numbers are known from JPEG 2000 (their sum is 2 there, the root of 2 here).
    let taps = [1.115087, 0.591272, -0.057544, -0.091272];
    let mut block = zeros([1, 1, 24], 1);
    block.components[0][6] = 1;
    let out = decode(&block);
    for (at, value) in out.iter().enumerate() {
        let distance = at.abs_diff(12);
        let want = taps.get(distance).copied().unwrap_or(0.0) / 2f32.sqrt();
        assert!((value - want).abs() < 2e-6, "{at}: {value} instead of {want}");
    }
}
