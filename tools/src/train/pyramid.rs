//! The start of training: the grid as an interpolating pyramid of the data.
//!
//! Nested levels can represent the trilinear interpolation of the block at the finest vertices exactly: the coarsest
//! level holds the values at its vertices, each finer one the difference to the interpolation so far. Written into
//! feature 0 of every dense level, with an MLP that passes these features through, training begins at the quality of
//! an interpolated grid and spends its steps on what the network adds to it.

use super::encoding::{Encoding, Level};

/// Fills feature 0 of the dense levels from the block's values (normalised, without invalid voxels).
pub(super) fn initialise(values: &[f32], extent: [u32; 3], encoding: &mut Encoding) {
    let mut sofar: Option<(Vec<f32>, [u32; 3])> = None;
    for level in &mut encoding.levels {
        let vertices = level.vertices;
        let coarse = match &sofar {
            Some((grid, coarse)) => upsample(grid, *coarse, vertices),
            None => vec![0.0; vertices.iter().map(|&n| n as usize).product()],
        };
        if level.hashed {
            // Several vertices share an entry: leave these to the optimiser.
            sofar = Some((coarse, vertices));
            continue;
        }
        let mut grid = coarse;
        for z in 0..vertices[0] {
            for y in 0..vertices[1] {
                for x in 0..vertices[2] {
                    let entry = level.entry([z, y, x]);
                    let value = local_mean(values, extent, level, [z, y, x]);
                    level.table[entry * level.n_features] = value - grid[entry];
                    grid[entry] = value;
                }
            }
        }
        sofar = Some((grid, vertices));
    }
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
