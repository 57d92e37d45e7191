//! Values against the formula of the specification, written down voxel by voxel.

use crate::random::{Numbers, any_block, fill, zeros};
use neuvol_model::{Matrices, TimeInterpolation, voxels};
use proptest::prelude::*;

const WIDE: (f32, f32) = (-1e9, 1e9);

fn decode(block: &Matrices, time: f64, range: (f32, f32)) -> Vec<f32> {
    let mut out = vec![f32::NAN; voxels(block.level_extent())];
    block.decode_reference(time, range, &mut out).unwrap();
    out
}

/// U of an axis at a row and a column on level 0.
fn entry(block: &Matrices, axis: usize, row: usize, column: usize) -> f64 {
    let n = block.lengths()[axis];
    if n == 1 {
        return 1.0;
    }
    let [_, ny, nx] = block.ranks.map(|n| n as usize);
    let mut energy = 0.0;
    for (c, array) in block.core.iter().enumerate() {
        for (at, &q) in array.iter().enumerate() {
            if [c, at / nx / ny, at / nx % ny, at % nx][axis] == column {
                energy += f64::from(q).powi(2);
            }
        }
    }
    let mut sum = 0.0;
    for frequency in 0..n {
        let length = if frequency == 0 { 1.0 / n as f64 } else { 2.0 / n as f64 }.sqrt();
        let angle = std::f64::consts::PI * (row as f64 + 0.5) * frequency as f64 / n as f64;
        sum += f64::from(block.columns[axis][column * n + frequency]) * length * angle.cos();
    }
    f64::from(block.fineness) / energy.max(1.0).sqrt() * sum
}

/// Values of a step on level 0, without limits.
fn formula(block: &Matrices, step: usize) -> Vec<f64> {
    let [nz, ny, nx] = block.extent.map(|n| n as usize);
    let [_, _, ry, rx] = block.n_columns();
    let table = |axis: usize| -> Vec<Vec<f64>> {
        let row = |row| (0..block.n_columns()[axis]).map(|column| entry(block, axis, row, column)).collect();
        (0..block.lengths()[axis]).map(row).collect()
    };
    let [ut, uz, uy, ux] = [0, 1, 2, 3].map(table);
    let mut out = Vec::new();
    for voxel in 0..nz * ny * nx {
        let (z, y, x) = (voxel / nx / ny, voxel / nx % ny, voxel % nx);
        let mut r = 0.0;
        for (c, array) in block.core.iter().enumerate() {
            for (at, &q) in array.iter().enumerate() {
                let (k, j, i) = (at / rx / ry, at / rx % ry, at % rx);
                r += f64::from(q) * ut[step][c] * uz[z][k] * uy[y][j] * ux[x][i];
            }
        }
        out.push(f64::from(block.offset) + f64::from(block.step) * r);
    }
    out
}

fn halve(values: &[f64], extent: [usize; 3], axis: usize) -> Vec<f64> {
    let mut to = extent;
    to[axis] = extent[axis].div_ceil(2);
    let mut out = Vec::new();
    for voxel in 0..to.iter().product() {
        let at = [voxel / to[2] / to[1], voxel / to[2] % to[1], voxel % to[2]];
        let both = (2 * at[axis]..extent[axis].min(2 * at[axis] + 2)).map(|n| {
            let mut from = at;
            from[axis] = n;
            values[(from[0] * extent[1] + from[1]) * extent[2] + from[2]]
        });
        let n = both.len() as f64;
        out.push(both.sum::<f64>() / n);
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn values_are_those_of_the_formula(block in any_block(), level in 0u8..=3, step in 0u32..5) {
        let step = step.min(block.steps - 1);
        let mut want = formula(&block, step as usize);
        let largest = want.iter().fold(1.0f64, |largest, v| largest.max(v.abs()));
        let mut extent = block.extent.map(|n| n as usize);
        for _ in 0..level {
            for axis in 0..3 {
                want = halve(&want, extent, axis);
                extent[axis] = extent[axis].div_ceil(2);
            }
        }
        let coarse = Matrices { level, ..block };
        prop_assert_eq!(coarse.level_extent().map(|n| n as usize), extent);
        for (got, want) in decode(&coarse, step.into(), WIDE).into_iter().zip(want) {
            prop_assert!((f64::from(got) - want).abs() < 1e-6 * largest, "{got} instead of {want}");
        }
    }

    #[test]
    fn values_are_limited(block in any_block(), time in -1.0f64..6.0) {
        let free = decode(&block, time, WIDE);
        let limited = decode(&block, time, (-2.0, -1.0));
        for (free, limited) in free.into_iter().zip(limited) {
            let same = free.clamp(-2.0, -1.0) == limited;
            prop_assert!(same || block.interpolation == TimeInterpolation::Values);
            prop_assert!((-2.0..=-1.0).contains(&limited));
        }
    }
}

#[test]
fn between_steps_stand_mixed_rows_or_mixed_values() {
    let block = fill(zeros([2, 3, 5], 4, [3, 2, 3, 4]), &mut Numbers::new(7));
    let at = |block: &Matrices, time| decode(block, time, WIDE);
    let steps: Vec<Vec<f32>> = (0..4).map(|step| at(&block, f64::from(step))).collect();
    let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-4 * (1.0 + b.abs()), "{a} instead of {b}");
    for interpolation in [TimeInterpolation::Codes, TimeInterpolation::Values] {
        let block = Matrices { interpolation, ..block.clone() };
        for (voxel, value) in at(&block, 1.25).into_iter().enumerate() {
            close(value, 0.75 * steps[1][voxel] + 0.25 * steps[2][voxel]);
        }
    }
    // Catmull-Rom is linear in the rows, and so in the values.
    let cubic = Matrices { interpolation: TimeInterpolation::CubicCodes, ..block.clone() };
    for (voxel, value) in at(&cubic, 1.5).into_iter().enumerate() {
        let [a, b, c, d] = [0, 1, 2, 3].map(|step: usize| steps[step][voxel]);
        close(value, (9.0 * (b + c) - a - d) / 16.0);
    }
    assert_eq!(at(&cubic, 7.0), steps[3]);
    assert_eq!(at(&cubic, f64::NAN), steps[0]);
    // With limits, values are mixed behind them.
    let values = Matrices { interpolation: TimeInterpolation::Values, ..block };
    let range = (-1.6, -1.4);
    let (before, after) = (decode(&values, 2.0, range), decode(&values, 3.0, range));
    for (voxel, value) in decode(&values, 2.5, range).into_iter().enumerate() {
        close(value, 0.5 * (before[voxel] + after[voxel]));
    }
}
