//! The wavelet transform against a plain one in f64.
mod common;

use common::Random;
use neuvol_decode::Kernel;
use neuvol_decode::lifting::Lifting;
use neuvol_entropy::Layout;

const STEPS: [(usize, f64); 4] =
    [(1, -1.586134342059924), (0, -0.052980118572961), (1, 0.882911075530934), (0, 0.443506852043971)];
const K: f64 = 1.230174104914001;

fn around(line: &[f64], i: usize) -> f64 {
    let mirrored = |i: i64| {
        let last = line.len() as i64 - 1;
        line[(if i < 0 { -i } else { i.min(2 * last - i) }) as usize]
    };
    mirrored(i as i64 - 1) + mirrored(i as i64 + 1)
}

fn analyse_line(line: &mut [f64]) {
    for (first, factor) in STEPS {
        for i in (first..line.len()).step_by(2) {
            line[i] += factor * around(line, i);
        }
    }
    let low = line.iter().step_by(2).map(|v| v * 2f64.sqrt() / K);
    let high = line.iter().skip(1).step_by(2).map(|v| v * K / 2f64.sqrt());
    let all: Vec<f64> = low.chain(high).collect();
    line.copy_from_slice(&all);
}

fn synthesise_line(line: &mut [f64]) {
    let (low, high) = line.split_at(line.len().div_ceil(2));
    let mut all = vec![0.0; line.len()];
    all.iter_mut().step_by(2).zip(low).for_each(|(v, l)| *v = l * K / 2f64.sqrt());
    all.iter_mut().skip(1).step_by(2).zip(high).for_each(|(v, h)| *v = h * 2f64.sqrt() / K);
    for (first, factor) in STEPS.into_iter().rev() {
        for i in (first..all.len()).step_by(2) {
            all[i] -= factor * around(&all, i);
        }
    }
    line.copy_from_slice(&all);
}

/// Applies a transform to all lines of a level along the axes that it splits.
fn level(values: &mut [f64], layout: &Layout, stream: usize, line: fn(&mut [f64])) {
    let [_, ny, nx] = layout.extent();
    let (all, low) = (layout.region(stream), layout.region(stream - 1));
    for axis in (0..3).filter(|&axis| low[axis] < all[axis]) {
        let stride = [ny * nx, nx, 1][axis];
        let mut others = all;
        others[axis] = 1;
        for z in 0..others[0] {
            for y in 0..others[1] {
                for x in 0..others[2] {
                    let start = (z * ny + y) * nx + x;
                    let mut samples: Vec<f64> = (0..all[axis]).map(|i| values[start + i * stride]).collect();
                    line(&mut samples);
                    samples.iter().enumerate().for_each(|(i, v)| values[start + i * stride] = *v);
                }
            }
        }
    }
}

fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..n).map(|_| random.signed()).collect()
}

fn layouts() -> Vec<Layout> {
    let mut extents: Vec<[usize; 3]> = (1..=9).map(|n| [n, 10 - n, 5]).collect();
    extents.extend((1..=9).map(|n| [3, n, 10 - n]));
    extents.extend([
        [6, 7, 33],
        [33, 6, 8],
        [5, 33, 64],
        [64, 5, 31],
        [8, 64, 176],
        [7, 9, 15],
        [5, 5, 30],
        [9, 8, 32],
    ]);
    extents.extend((10..70).step_by(3).map(|n| [2, 5, n]));
    extents.into_iter().map(|extent| Layout::new(extent, 4).unwrap()).collect()
}

fn kernels() -> impl Iterator<Item = Kernel> {
    Kernel::all().into_iter().filter(|kernel| kernel.is_available())
}

fn largest_difference(values: &[f32], expected: &[f64]) -> f64 {
    values.iter().zip(expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max)
}

#[test]
fn both_directions_agree_with_plain_ones() {
    for layout in layouts() {
        let values = random(layout.len(), 3);
        let mut coefficients: Vec<f64> = values.iter().map(|&v| v.into()).collect();
        (1..layout.n_streams()).rev().for_each(|stream| level(&mut coefficients, &layout, stream, analyse_line));
        for kernel in kernels() {
            let mut lifting = Lifting::new(kernel);
            let mut found = values.clone();
            lifting.analyse(&mut found, &layout);
            let error = largest_difference(&found, &coefficients);
            assert!(error < 1e-5, "{layout:?} {kernel:?}: {error}");
            for streams in 1..=layout.n_streams() {
                let mut expected = random(layout.len(), 4).iter().map(|&v| v.into()).collect::<Vec<f64>>();
                (1..streams).for_each(|stream| level(&mut expected, &layout, stream, synthesise_line));
                let mut found = random(layout.len(), 4);
                lifting.synthesise(&mut found, &layout, streams);
                let error = largest_difference(&found, &expected);
                assert!(error < 1e-5, "{layout:?} {kernel:?}, {streams} streams: {error}");
            }
        }
    }
}

#[test]
fn a_transform_and_back_is_nothing() {
    for layout in layouts() {
        let values = random(layout.len(), 5);
        for kernel in kernels() {
            let mut lifting = Lifting::new(kernel);
            let mut found = values.clone();
            lifting.analyse(&mut found, &layout);
            lifting.synthesise(&mut found, &layout, layout.n_streams());
            let error = found.iter().zip(&values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(error < 4e-6, "{layout:?} {kernel:?}: {error}");
        }
    }
}

#[test]
fn constants_become_lows() {
    let layout = Layout::new([16, 33, 20], 2).unwrap();
    for kernel in kernels() {
        let mut values = vec![1f32; layout.len()];
        Lifting::new(kernel).analyse(&mut values, &layout);
        let [nz, ny, nx] = layout.region(0);
        for (i, value) in values.iter().enumerate() {
            let (z, y, x) = (i / (33 * 20), i / 20 % 33, i % 20);
            let expected = if z < nz && y < ny && x < nx { 8.0 } else { 0.0 };
            // Two levels on three axes: √2⁶, to the precision of the filters.
            assert!((value - expected).abs() < 1e-4, "{kernel:?} at {z}, {y}, {x}: {value}");
        }
    }
}

#[test]
#[should_panic(expected = "values of another layout")]
fn other_lengths_are_refused() {
    let layout = Layout::new([8, 8, 8], 1).unwrap();
    Lifting::new(Kernel::Scalar).analyse(&mut [0.0; 511], &layout);
}
