//! A group as an encoder makes it: blobs that drift and change in eight steps, transformed in time (DCT) and space
//! (CDF 9/7), quantised.

use std::f64::consts::{PI, SQRT_2};

use crate::common::Random;

pub(crate) const EXTENT: [usize; 3] = [24, 112, 176];
pub(crate) const LEVELS: u8 = 4;
pub(crate) const STEPS: usize = 8;

/// The components, with about a `share` of coefficients that are not 0.
pub(crate) fn group(share: f64) -> Vec<Vec<i32>> {
    let fields: Vec<Vec<f64>> = (0..STEPS).map(field).collect();
    let mut components: Vec<Vec<f64>> = (0..STEPS).map(|k| in_time(&fields, k)).collect();
    components.iter_mut().for_each(|component| transform(component));
    let mut magnitudes: Vec<f64> = components.iter().flatten().map(|c| c.abs()).collect();
    magnitudes.sort_by(f64::total_cmp);
    let step = magnitudes[((1.0 - share) * magnitudes.len() as f64) as usize] / 0.6;
    let quantised = |c: &f64| ((c.abs() / step + 0.4).floor() * c.signum()) as i32;
    components.iter().map(|component| component.iter().map(quantised).collect()).collect()
}

/// The field at a step.
fn field(step: usize) -> Vec<f64> {
    let mut random = Random::new(3);
    let mut unit = || f64::from(random.next() >> 8) / f64::from(1 << 23);
    let [nz, ny, nx] = EXTENT.map(|n| n as f64);
    let mut values = vec![0.0; EXTENT.iter().product()];
    for _ in 0..40 {
        let (width, height) = (0.03 + 0.1 * unit(), 0.2 + unit());
        let centre = [(); 3].map(|()| unit() + 0.01 * step as f64 * (unit() - 0.5));
        // The largest weight at each place of an axis, so that a blob is a product of three.
        let along = |axis: usize, n: f64, stretch: f64| -> Vec<f64> {
            let weight = |i: usize| (-((i as f64 / n - centre[axis]) / stretch / width).powi(2) / 2.0).exp();
            (0..n as usize).map(weight).collect()
        };
        let weights = [along(0, nz, 2.0), along(1, ny, 1.0), along(2, nx, 1.0)];
        for (at, value) in values.iter_mut().enumerate() {
            let [z, y, x] = [at / EXTENT[2] / EXTENT[1], at / EXTENT[2] % EXTENT[1], at % EXTENT[2]];
            *value += height * weights[0][z] * weights[1][y] * weights[2][x];
        }
    }
    let mut noise = Random::new(step as u64);
    values.iter().map(|value| (value - 0.1).max(0.0) + 1e-12 * f64::from(noise.next())).collect()
}

/// Component `k` of a DCT of the steps.
fn in_time(fields: &[Vec<f64>], k: usize) -> Vec<f64> {
    let weight = |step: usize| (PI / STEPS as f64 * (step as f64 + 0.5) * k as f64).cos();
    let mut sum = vec![0.0; fields[0].len()];
    for (step, field) in fields.iter().enumerate() {
        sum.iter_mut().zip(field).for_each(|(sum, value)| *sum += weight(step) * value / 2.0);
    }
    sum
}

/// All levels, in place.
fn transform(values: &mut [f64]) {
    let strides = [EXTENT[1] * EXTENT[2], EXTENT[2], 1];
    let mut region = EXTENT;
    for _ in 0..LEVELS {
        for axis in (0..3).filter(|&axis| region[axis] > 4) {
            let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
            for (i, j) in (0..region[a] * region[b]).map(|k| (k / region[b], k % region[b])) {
                let first = i * strides[a] + j * strides[b];
                let line: Vec<f64> = (0..region[axis]).map(|k| values[first + k * strides[axis]]).collect();
                for (k, value) in lift(line).into_iter().enumerate() {
                    values[first + k * strides[axis]] = value;
                }
            }
        }
        region = region.map(|n| if n > 4 { n.div_ceil(2) } else { n });
    }
}

/// CDF 9/7: the low half, then the high one.
fn lift(mut line: Vec<f64>) -> Vec<f64> {
    const K: f64 = 1.230174104914001;
    let n = line.len() as isize;
    let mirror = |i: isize| if i < 0 { -i } else if i < n { i } else { 2 * (n - 1) - i } as usize;
    let factors = [-1.586134342059924, -0.052980118572961, 0.882911075530934, 0.443506852043971];
    for (k, factor) in factors.into_iter().enumerate() {
        for i in (1 - k as isize % 2..n).step_by(2) {
            line[i as usize] += factor * (line[mirror(i - 1)] + line[mirror(i + 1)]);
        }
    }
    let low = line.iter().step_by(2).map(|value| value * SQRT_2 / K);
    low.chain(line.iter().skip(1).step_by(2).map(|value| value * K / SQRT_2)).collect()
}
