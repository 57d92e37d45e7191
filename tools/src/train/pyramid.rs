//! The start of training: the grid as an interpolating pyramid of the data.
//!
//! Nested levels can represent the trilinear interpolation of the block at the finest vertices exactly: the coarsest
//! level holds the values at its vertices, each finer one the difference to the interpolation so far. Written into
//! the first feature of every dense level, with an MLP that passes these features through, training begins at the
//! quality of an interpolated grid and spends its steps on what the network adds to it.
//!
//! With several steps the differences of a level form a matrix steps × vertices; its features are the coefficients in a
//! temporal basis (see [`super::basis`]), which the gains undo. What a truncated basis loses on one level is part of the
//! differences of the next.

use super::{
    TrainError,
    basis::{Basis, Student, cosine, hats, karhunen_loeve, project},
    encoding::{Encoding, Level},
    fields::Targets,
};

/// What the rest of the network must know of the start.
pub(super) struct Start {
    /// Per input the output that it is passed on to.
    pub(super) paths: Vec<Option<usize>>,
    /// `[step][input]`, or none.
    pub(super) gains: Option<Vec<f32>>,
}

/// Features of one output on one level: how they stand in time, and which of them carry the pyramid.
struct Share {
    /// The feature's course in time; of the first `basis` features that carry.
    basis: Basis,
    /// Feature (within the share) of each basis row.
    features: Vec<usize>,
    /// Course in time of every feature.
    courses: Vec<Vec<f32>>,
}

/// Fills features of the dense levels from the block's values.
pub(super) fn initialise(
    targets: &Targets,
    student: Option<Student>,
    encoding: &mut Encoding,
) -> Result<Start, TrainError> {
    let (n_outputs, n_steps, n_inputs) = (targets.n_outputs, targets.n_steps, encoding.n_inputs);
    let mut start = Start { paths: vec![None; n_inputs], gains: None };
    let mut gains = vec![1.0; n_steps * n_inputs];
    // Per output and step: the pyramid so far.
    let mut sofar: Vec<Vec<f32>> = vec![Vec::new(); n_outputs * n_steps];
    let mut coarse: Option<[u32; 3]> = None;
    for level in &mut encoding.levels {
        let n = level.vertices.iter().map(|&n| n as usize).product();
        for grid in &mut sofar {
            *grid = coarse.map_or_else(|| vec![0.0; n], |coarse| upsample(grid, coarse, level.vertices));
        }
        coarse = Some(level.vertices);
        let per_output = level.n_features / n_outputs;
        for (spare, feature) in (per_output * n_outputs..level.n_features).enumerate() {
            let course = cosine(n_steps, spare % n_steps);
            (0..n_steps).for_each(|step| gains[step * n_inputs + level.offset + feature] = course[step]);
        }
        for (output, grids) in sofar.chunks_exact_mut(n_steps).enumerate() {
            let differences: Vec<Vec<f32>> = if level.hashed {
                // Several vertices share an entry: leave these to the optimiser.
                Vec::new()
            } else {
                (0..n_steps).map(|step| differences(targets, output, step, level, &grids[step])).collect()
            };
            let share = share(student, n_steps, per_output, &differences)?;
            let first = output * per_output;
            for (feature, course) in share.courses.iter().enumerate() {
                let input = level.offset + first + feature;
                (0..n_steps).for_each(|step| gains[step * n_inputs + input] = course[step]);
            }
            for &feature in &share.features {
                start.paths[level.offset + first + feature] = Some(output);
            }
            if level.hashed {
                continue;
            }
            let coefficients = project(&differences, &share.basis)?;
            for ((row, &feature), values) in share.basis.iter().zip(&share.features).zip(&coefficients) {
                for (entry, value) in values.iter().enumerate() {
                    level.table[entry * level.n_features + first + feature] = *value;
                }
                for (grid, &factor) in grids.iter_mut().zip(row) {
                    grid.iter_mut().zip(values).for_each(|(sum, value)| *sum += factor * value);
                }
            }
            if student == Some(Student::Codes) {
                // The other features get what changes over time, for the layers to make use of.
                let rest: Vec<Vec<f32>> = differences
                    .iter()
                    .map(|row| row.iter().zip(&coefficients[0]).map(|(v, m)| v - m).collect())
                    .collect();
                let basis = karhunen_loeve(&rest, per_output - 1)?;
                for (feature, values) in project(&rest, &basis)?.iter().enumerate() {
                    for (entry, value) in values.iter().enumerate() {
                        level.table[entry * level.n_features + first + 1 + feature] = *value;
                    }
                }
            }
        }
    }
    if matches!(student, Some(Student::Gains | Student::Grid4d)) {
        start.gains = Some(gains);
    }
    Ok(start)
}

fn share(student: Option<Student>, n_steps: usize, n: usize, differences: &[Vec<f32>]) -> Result<Share, TrainError> {
    Ok(match student {
        // Every step alike.
        None | Some(Student::Codes) => {
            Share { basis: vec![vec![1.0; n_steps]], features: vec![0], courses: vec![vec![1.0; n_steps]; n] }
        }
        Some(Student::Gains | Student::Auto) => {
            let basis = if differences.is_empty() {
                (0..n.min(n_steps)).map(|k| cosine(n_steps, k)).collect()
            } else {
                karhunen_loeve(differences, n)?
            };
            let course = |k: usize| basis.get(k).cloned().unwrap_or_else(|| cosine(n_steps, k % n_steps));
            Share { features: (0..basis.len()).collect(), courses: (0..n).map(course).collect(), basis }
        }
        Some(Student::Grid4d) => {
            let basis = hats(n_steps, n);
            let each = n / basis.len();
            let course = |feature: usize| basis[(feature / each).min(basis.len() - 1)].clone();
            let features = (0..basis.len()).map(|k| k * each).collect();
            Share { features, courses: (0..n).map(course).collect(), basis }
        }
    })
}

/// What the vertices of a level add to the pyramid so far.
fn differences(targets: &Targets, output: usize, step: usize, level: &Level, sofar: &[f32]) -> Vec<f32> {
    let values = targets.filled(output, step);
    let mut out = Vec::with_capacity(sofar.len());
    for z in 0..level.vertices[0] {
        for y in 0..level.vertices[1] {
            for x in 0..level.vertices[2] {
                out.push(local_mean(values, targets.extent, level, [z, y, x]) - sofar[out.len()]);
            }
        }
    }
    out
}

/// Mean around a vertex, weighted by the vertex's own tent: close to the least-squares fit of the level, which matters
/// where the level is much coarser than the data.
fn local_mean(values: &[f32], extent: [u32; 3], level: &Level, vertex: [u32; 3]) -> f32 {
    // Half of the tent's support is enough and keeps the cost at one pass over the voxels per level.
    let reach = (1i64 << level.log2_cell) / 2;
    let cell = (1i64 << level.log2_cell) as f32;
    // The last vertex may lie beyond the last voxel: its nearest voxel stands for it.
    let centre: [i64; 3] =
        std::array::from_fn(|a| (i64::from(vertex[a]) << level.log2_cell).min(i64::from(extent[a]) - 1));
    let (mut sum, mut weights) = (0.0f32, 0.0f32);
    for z in (centre[0] - reach).max(0)..=(centre[0] + reach).min(i64::from(extent[0]) - 1) {
        let wz = 1.0 - (z - centre[0]).abs() as f32 / cell;
        for y in (centre[1] - reach).max(0)..=(centre[1] + reach).min(i64::from(extent[1]) - 1) {
            let wy = wz * (1.0 - (y - centre[1]).abs() as f32 / cell);
            let row = (z as usize * extent[1] as usize + y as usize) * extent[2] as usize;
            for x in (centre[2] - reach).max(0)..=(centre[2] + reach).min(i64::from(extent[2]) - 1) {
                let w = wy * (1.0 - (x - centre[2]).abs() as f32 / cell);
                sum += w * values[row + x as usize];
                weights += w;
            }
        }
    }
    sum / weights
}

/// Trilinear interpolation of a grid at the vertices of the grid with half its cell.
fn upsample(grid: &[f32], coarse: [u32; 3], fine: [u32; 3]) -> Vec<f32> {
    let at = |z: u32, y: u32, x: u32| grid[((z * coarse[1] + y) * coarse[2] + x) as usize];
    let mut out = Vec::with_capacity(fine.iter().map(|&n| n as usize).product());
    for z in 0..fine[0] {
        for y in 0..fine[1] {
            for x in 0..fine[2] {
                let mut sum = 0.0;
                for cz in [z / 2, z.div_ceil(2)] {
                    for cy in [y / 2, y.div_ceil(2)] {
                        for cx in [x / 2, x.div_ceil(2)] {
                            sum += at(cz, cy, cx);
                        }
                    }
                }
                out.push(sum * 0.125);
            }
        }
    }
    out
}
