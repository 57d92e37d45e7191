//! Random blocks of a core and matrices.
use super::Random;
use neuvol_entropy::Coder;
use neuvol_model::{Matrices, TimeInterpolation, voxels};

/// A core that falls off with its indices, and columns as long as unit vectors, mostly of frequencies near their number.
pub fn matrices(extent: [u32; 3], steps: u32, ranks: [u32; 4], level: u8, seed: u64) -> Matrices {
    let mut random = Random::new(seed);
    let [n_arrays, ranks @ ..] = ranks;
    let [_, ny, nx] = ranks;
    let array = |c: u32, random: &mut Random| {
        let value = |at: u32| {
            let (k, j, i) = (at / nx / ny, at / nx % ny, at % nx);
            random.signed() * 40.0 / (1.0 + (c + k + j + i) as f32 * 0.3)
        };
        let mut values: Vec<i32> = (0..voxels(ranks) as u32).map(value).map(|v| v as i32).collect();
        values[0] = 70_000;
        values
    };
    let mut model = Matrices {
        extent,
        level,
        steps,
        step: 0.15,
        offset: 0.7,
        fineness: 0.5,
        core_levels: 4,
        matrix_levels: 4,
        coder: Coder::Fast,
        precise: false,
        interpolation: TimeInterpolation::Codes,
        ranks,
        core: (0..n_arrays).map(|c| array(c, &mut random)).collect(),
        columns: [const { Vec::new() }; 4],
    };
    for axis in 0..4 {
        let (n, columns) = (model.lengths()[axis], model.n_columns()[axis]);
        if n > 1 {
            let number = |at: usize| {
                let near = 1.0 / (1.0 + (at % n).abs_diff(at / n) as f32);
                (random.signed() * 300.0 * near) as i32
            };
            model.columns[axis] = (0..n * columns).map(number).collect();
        }
    }
    model
}

/// What f32 arithmetic may differ by: rounding in relation to the largest number that can be on the way.
pub fn bound(model: &Matrices) -> f32 {
    let matrices = model.matrices();
    let largest = |axis: usize, column: usize| {
        let columns = model.n_columns()[axis];
        matrices[axis].iter().skip(column).step_by(columns).fold(0.0f64, |most, v| most.max(v.abs()))
    };
    let most: Vec<Vec<f64>> =
        (0..4).map(|axis| (0..model.n_columns()[axis]).map(|column| largest(axis, column)).collect()).collect();
    let [_, _, ny, nx] = model.n_columns();
    let mut sum = 0.0;
    for (c, array) in model.core.iter().enumerate() {
        for (at, &q) in array.iter().enumerate() {
            let (k, j, i) = (at / nx / ny, at / nx % ny, at % nx);
            sum += f64::from(q).abs() * most[0][c] * most[1][k] * most[2][j] * most[3][i];
        }
    }
    // The cubic interpolation may leave the range of the rows by a quarter.
    (4e-6 * (f64::from(model.offset).abs() + 1.5 * f64::from(model.step) * sum) + 1e-6) as f32
}
