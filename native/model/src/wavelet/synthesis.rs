//! The inverse wavelet transform: CDF 9/7 by lifting, one line after the other.

use neuvol_entropy::Layout;
use std::f32::consts::SQRT_2;

/// Factors of the lifting steps A, B, C, D, and of the low part. As the specification writes them.
#[expect(clippy::excessive_precision, reason = "the digits of the specification")]
const FACTORS: [f32; 4] =
    [-1.586_134_342_059_924, -0.052_980_118_572_961, 0.882_911_075_530_934, 0.443_506_852_043_971];
#[expect(clippy::excessive_precision, reason = "the digits of the specification")]
const SCALE: f32 = 1.230_174_104_914_001;

/// The voxels of a level of detail out of coefficients in the order of the entropy coder. Those of streams that the level
/// does not have are not looked at. Returns `[z][y][x]` of ⌈extent/2^level⌉.
pub(super) fn synthesise(coefficients: &[i32], layout: &Layout, level: usize) -> Vec<f32> {
    let last = layout.n_levels() - level;
    let mut extent = layout.region(last);
    let mut values = corner(coefficients, layout.extent(), extent);
    for stream in 1..=last {
        let (low, all) = (layout.region(stream - 1), layout.region(stream));
        for axis in (0..3).filter(|&axis| low[axis] != all[axis]) {
            for_each_line(&mut values, extent, all, axis, put_together);
        }
    }

    // Each split that was not undone has multiplied the mean by the root of 2.
    let splits = (last..layout.n_levels())
        .map(|stream| (0..3).filter(|&axis| layout.region(stream)[axis] != layout.region(stream + 1)[axis]).count())
        .sum::<usize>();
    // At most 3 axes of 8 levels.
    let factor = (1 << (splits / 2)) as f32 * if splits % 2 == 0 { 1.0 } else { SQRT_2 };
    for value in &mut values {
        *value /= factor;
    }
    for axis in 0..3 {
        let split = |stream: &usize| layout.region(*stream)[axis] != layout.region(stream + 1)[axis];
        let splits = (last..layout.n_levels()).filter(split).count();
        if splits > 0 {
            let voxels = layout.extent()[axis];
            let line = |line: &mut [f32]| centre(line, 1 << splits, voxels);
            for_each_line(&mut values, extent, extent, axis, line);
        }
    }
    let wanted = layout.extent().map(|n| n.div_ceil(1 << level));
    for axis in 0..3 {
        while extent[axis] > wanted[axis] {
            values = halve(&values, extent, axis);
            extent[axis] = extent[axis].div_ceil(2);
        }
    }
    values
}

/// The first `part` of an array on each axis.
fn corner(values: &[i32], [_, ny, nx]: [usize; 3], part: [usize; 3]) -> Vec<f32> {
    let mut out = Vec::with_capacity(part.iter().product());
    for z in 0..part[0] {
        for y in 0..part[1] {
            out.extend(values[(z * ny + y) * nx..][..part[2]].iter().map(|&value| value as f32));
        }
    }
    out
}

/// Calls `work` with every line along `axis` of the first `part` of the array.
fn for_each_line(values: &mut [f32], extent: [usize; 3], part: [usize; 3], axis: usize, work: impl Fn(&mut [f32])) {
    let strides = [extent[1] * extent[2], extent[2], 1];
    let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
    let mut line = vec![0.0; part[axis]];
    for i in 0..part[a] {
        for j in 0..part[b] {
            let first = i * strides[a] + j * strides[b];
            for (n, value) in line.iter_mut().enumerate() {
                *value = values[first + n * strides[axis]];
            }
            work(&mut line);
            for (n, value) in line.iter().enumerate() {
                values[first + n * strides[axis]] = *value;
            }
        }
    }
}

/// Puts a line together: low part, then high part, to samples. At least two samples.
fn put_together(line: &mut [f32]) {
    let (low, high) = line.split_at(line.len().div_ceil(2));
    let mut x = vec![0.0; line.len()];
    for (j, value) in low.iter().enumerate() {
        x[2 * j] = value * (SCALE / SQRT_2);
    }
    for (j, value) in high.iter().enumerate() {
        x[2 * j + 1] = value * (SQRT_2 / SCALE);
    }
    let [a, b, c, d] = FACTORS;
    for (first, factor) in [(0, d), (1, c), (0, b), (1, a)] {
        for i in (first..x.len()).step_by(2) {
            // Mirrored at the first and the last sample.
            let before = if i == 0 { x[1] } else { x[i - 1] };
            let after = if i + 1 == x.len() { x[i - 1] } else { x[i + 1] };
            x[i] -= factor * (before + after);
        }
    }
    line.copy_from_slice(&x);
}

/// Moves the samples of a line to the middles of the voxels that they stand for, `of` each and at the end what is left of
/// `voxels`: cubic interpolation through the four around (Lagrange's). Outside the line goes on straight.
fn centre(line: &mut [f32], of: usize, voxels: usize) {
    let samples = line.to_vec();
    let n = samples.len() as isize;
    let at = |i: isize| {
        let inside = i.clamp(0, n - 1);
        let value = samples[inside as usize];
        if i == inside || n == 1 {
            return value;
        }
        let inner = if i < 0 { 1 } else { n - 2 };
        value + (i - inside).unsigned_abs() as f32 * (value - samples[inner as usize])
    };
    for (i, out) in line.iter_mut().enumerate() {
        let count = of.min(voxels - of * i);
        let d = (count - 1) as f32 / (2 * of) as f32;
        let weights = [
            -d * (d - 1.0) * (d - 2.0) / 6.0,
            (d + 1.0) * (d - 1.0) * (d - 2.0) / 2.0,
            -(d + 1.0) * d * (d - 2.0) / 2.0,
            (d + 1.0) * d * (d - 1.0) / 6.0,
        ];
        *out = weights.iter().zip(-1..).map(|(w, j)| w * at(i as isize + j)).sum();
    }
}

/// Means of 2 neighbours along an axis; of 1 at an odd end.
fn halve(values: &[f32], extent: [usize; 3], axis: usize) -> Vec<f32> {
    let inner: usize = extent[axis + 1..].iter().product();
    let mut out = Vec::new();
    for slab in values.chunks_exact(extent[axis] * inner) {
        for pair in slab.chunks(2 * inner) {
            let (first, second) = pair.split_at(inner);
            // An odd end has no second one.
            let second = if second.is_empty() { first } else { second };
            out.extend(first.iter().zip(second).map(|(a, b)| (a + b) / 2.0));
        }
    }
    out
}
