//! Levels of detail that are derived from a stored level (SPEC section 6).

/// Halves every axis, as derived levels of detail are made (SPEC section 6): each voxel becomes the mean of the valid (not NaN) voxels among its ≤ 2×2×2 children, or NaN if
/// there is none. `extent` is z, y, x of the input; returns the halved extent. Works in place at the front of `values`.
pub fn halve(values: &mut [f32], extent: [usize; 3]) -> [usize; 3] {
    let half = extent.map(|n| n.div_ceil(2));
    let [nz, ny, nx] = extent;
    let mut out = 0;
    for z in 0..half[0] {
        for y in 0..half[1] {
            for x in 0..half[2] {
                let (mut sum, mut count) = (0.0f64, 0u32);
                for cz in 2 * z..(2 * z + 2).min(nz) {
                    for cy in 2 * y..(2 * y + 2).min(ny) {
                        for cx in 2 * x..(2 * x + 2).min(nx) {
                            let value = values[(cz * ny + cy) * nx + cx];
                            if !value.is_nan() {
                                sum += f64::from(value);
                                count += 1;
                            }
                        }
                    }
                }
                // Never ahead of the reads: the output index is at most the index of the first child.
                values[out] = if count == 0 { f32::NAN } else { (sum / f64::from(count)) as f32 };
                out += 1;
            }
        }
    }
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_odd_extents_and_skips_invalid_voxels() {
        let n = f32::NAN;
        let mut v = vec![1.0, 3.0, 5.0, /**/ 1.0, n, n, /**/ n, n, 7.0];
        assert_eq!(halve(&mut v, [1, 3, 3]), [1, 2, 2]);
        assert_eq!(v[0], 5.0 / 3.0);
        assert_eq!(v[1], 5.0);
        assert!(v[2].is_nan());
        assert_eq!(v[3], 7.0);
    }

    #[test]
    fn a_single_voxel_stays() {
        let mut v = vec![4.0];
        assert_eq!(halve(&mut v, [1, 1, 1]), [1, 1, 1]);
        assert_eq!(v, [4.0]);
    }
}
