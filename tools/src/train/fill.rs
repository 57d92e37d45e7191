//! Values for voxels that have none, so that gradients and interpolations near them make sense.

use std::collections::VecDeque;

/// Gives every NaN the value of the nearest valid voxel (steps along the axes; ties by order of the array). Values without
/// any valid voxel become 0. `extent` is z, y, x.
pub(crate) fn fill_invalid(values: &[f32], extent: [usize; 3]) -> Vec<f32> {
    let [nz, ny, nx] = extent;
    let mut filled = values.to_vec();
    if !values.iter().any(|v| v.is_nan()) {
        return filled;
    }
    let mut queue: VecDeque<usize> = (0..values.len()).filter(|&i| !values[i].is_nan()).collect();
    if queue.is_empty() {
        filled.fill(0.0);
    }
    while let Some(i) = queue.pop_front() {
        let (z, y, x) = (i / nx / ny, i / nx % ny, i % nx);
        let mut reach = |inside: bool, j: usize| {
            if inside && filled[j].is_nan() {
                filled[j] = filled[i];
                queue.push_back(j);
            }
        };
        reach(z > 0, i.wrapping_sub(ny * nx));
        reach(z + 1 < nz, i + ny * nx);
        reach(y > 0, i.wrapping_sub(nx));
        reach(y + 1 < ny, i + nx);
        reach(x > 0, i.wrapping_sub(1));
        reach(x + 1 < nx, i + 1);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_take_the_nearest_value() {
        let n = f32::NAN;
        assert_eq!(fill_invalid(&[1.0, n, n, n, 2.0], [1, 1, 5]), [1.0, 1.0, 1.0, 2.0, 2.0]);
        assert_eq!(fill_invalid(&[n, n, 3.0, n], [2, 1, 2]), [3.0, 3.0, 3.0, 3.0]);
        assert_eq!(fill_invalid(&[n, n], [1, 2, 1]), [0.0, 0.0]);
        assert_eq!(fill_invalid(&[5.0], [1, 1, 1]), [5.0]);
    }
}
