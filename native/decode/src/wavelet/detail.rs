//! From the samples of a partly undone transform to the voxels of a level of detail (SPEC section 11.4).

use neuvol_entropy::Layout;

/// Extent and strides of samples in an array, z, y, x.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) extent: [usize; 3],
    pub(super) strides: [usize; 3],
}

impl Grid {
    /// First places of the lines along an axis.
    fn lines(self, axis: usize) -> impl Iterator<Item = usize> {
        let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
        let Self { extent, strides } = self;
        (0..extent[a]).flat_map(move |i| (0..extent[b]).map(move |j| i * strides[a] + j * strides[b]))
    }
}

/// Splits of every axis behind stream `last`.
pub(super) fn splits_left(layout: &Layout, last: usize) -> [u32; 3] {
    [0, 1, 2].map(|axis| {
        let split = |stream: &usize| layout.region(*stream)[axis] < layout.region(stream + 1)[axis];
        (last..layout.n_levels()).filter(split).count() as u32
    })
}

/// Moves samples to the middles of the voxels that they stand for, and halves axes that are too long for the level, in
/// place. `splits` are those that were not undone, `full` is the extent of level 0.
pub(super) fn to_voxels(values: &mut [f32], mut grid: Grid, splits: [u32; 3], full: [usize; 3], wanted: [usize; 3]) {
    for axis in (0..3).filter(|&axis| splits[axis] > 0) {
        let (n, stride) = (grid.extent[axis], grid.strides[axis]);
        // The last sample may stand for fewer voxels than the others.
        let of = 1 << splits[axis];
        let rest = full[axis] - of * (n - 1);
        let weights = [of, rest].map(|count| weights(count, of));
        grid.lines(axis).for_each(|first| centre(&mut values[first..], n, stride, weights));
    }
    for (axis, wanted) in wanted.into_iter().enumerate() {
        while grid.extent[axis] > wanted {
            let (n, stride) = (grid.extent[axis], grid.strides[axis]);
            grid.lines(axis).for_each(|first| halve(&mut values[first..], n, stride));
            grid.extent[axis] = n.div_ceil(2);
        }
    }
}

/// Lagrange's weights of the samples −1, 0, 1 and 2 in the middle of the first `count` of `of` voxels from sample 0 to 1.
fn weights(count: usize, of: usize) -> [f32; 4] {
    let d = (count - 1) as f64 / (2 * of) as f64;
    [
        -d * (d - 1.0) * (d - 2.0) / 6.0,
        (d + 1.0) * (d - 1.0) * (d - 2.0) / 2.0,
        -(d + 1.0) * d * (d - 2.0) / 2.0,
        (d + 1.0) * d * (d - 1.0) / 6.0,
    ]
    .map(|w| w as f32)
}

/// Moves the samples of a line, the last one by weights of its own. Outside goes on as straight as at the end.
fn centre(values: &mut [f32], n: usize, stride: usize, [inner, last]: [[f32; 4]; 2]) {
    if n < 2 {
        return;
    }
    let [first, second, penultimate, end] = [0, 1, n - 2, n - 1].map(|i| values[i * stride]);
    let mut before = 2.0 * first - second;
    for i in 0..n {
        let at = |i: usize| {
            if i < n { values[i * stride] } else { end + (i + 1 - n) as f32 * (end - penultimate) }
        };
        let (now, next, later) = (at(i), at(i + 1), at(i + 2));
        let [w0, w1, w2, w3] = if i + 1 < n { inner } else { last };
        values[i * stride] = w0 * before + w1 * now + w2 * next + w3 * later;
        before = now;
    }
}

/// Means of two samples of a line, of one at an odd end.
fn halve(values: &mut [f32], n: usize, stride: usize) {
    for i in 0..n.div_ceil(2) {
        let first = values[2 * i * stride];
        let second = if 2 * i + 1 < n { values[(2 * i + 1) * stride] } else { first };
        values[i * stride] = (first + second) / 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_cubic_values_is_moved_exactly() {
        let cubic = |x: f64| 0.3 * x * x * x - 2.0 * x * x + x + 1.0;
        for of in [2, 4, 8] {
            let mut line: Vec<f32> = (0..12).flat_map(|i| [cubic(f64::from(i)) as f32, 7.0]).collect();
            centre(&mut line, 12, 2, [weights(of, of), weights(1, of)]);
            let moved = (of - 1) as f64 / (2 * of) as f64;
            for i in 1..10 {
                let expected = cubic(i as f64 + moved);
                assert!((f64::from(line[2 * i]) - expected).abs() < 1e-3, "{of} voxels, sample {i}");
            }
            assert_eq!(line[22], cubic(11.0) as f32, "one voxel is its sample");
            assert!(line.iter().skip(1).step_by(2).all(|&v| v == 7.0));
        }
    }

    #[test]
    fn what_is_straight_stays_straight_to_its_ends() {
        // 19 voxels 0, 1, .. on each line, split twice: means of 4, at the end of 3.
        let mut line: Vec<f32> = (0..5).map(|i| 4.0 * i as f32).collect();
        let grid = Grid { extent: [1, 1, 5], strides: [5, 5, 1] };
        to_voxels(&mut line, grid, [0, 0, 2], [1, 1, 19], [1, 1, 5]);
        for (value, expected) in line.iter().zip([1.5, 5.5, 9.5, 13.5, 17.0]) {
            assert!((value - expected).abs() < 1e-5, "{line:?}");
        }
        let mut one = vec![3.0];
        to_voxels(&mut one, Grid { extent: [1; 3], strides: [1; 3] }, [3; 3], [2; 3], [1; 3]);
        assert_eq!(one, [3.0]);
    }

    #[test]
    fn constants_stay_and_odd_ends_are_kept() {
        let mut values = vec![4.0f32; 5 * 3 * 2];
        values[29] = 6.0;
        let grid = Grid { extent: [5, 3, 2], strides: [6, 2, 1] };
        to_voxels(&mut values, grid, [0, 0, 0], [5, 3, 2], [3, 3, 1]);
        assert_eq!((values[0], values[2 * 6 + 2 * 2]), (4.0, 5.0));
        let mut values = vec![4.0f32; 30];
        to_voxels(&mut values, grid, [2, 1, 3], [18, 6, 9], [5, 3, 2]);
        assert!(values.iter().all(|v| (v - 4.0).abs() < 1e-5));
    }
}
