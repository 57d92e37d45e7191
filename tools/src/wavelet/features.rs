//! The two inputs of the head and the way back from their gradients: plain loops, since a 5³ mean is three short passes.

use super::network::Scale;

/// Half the edge of the mean.
const REACH: usize = 2;
const TAPS: f32 = (2 * REACH + 1) as f32;

/// Mean and scale of the second input.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

/// Both inputs of a reconstruction `[z][y][x]` in steps, padded by one voxel: `[2][z + 2][y + 2][x + 2]`.
pub(super) fn inputs(r: &[f32], extent: [usize; 3], scale: Scale, level: Level) -> Vec<f32> {
    let mean = box_mean(r, extent);
    let detail: Vec<f32> = r.iter().zip(&mean).map(|(r, b)| 2.0 * (r - b)).collect();
    let (factor, shift) = factors(scale, level);
    let second: Vec<f32> = mean.iter().map(|b| b * factor + shift).collect();
    let mut padded = pad(&detail, extent);
    padded.extend(pad(&second, extent));
    padded
}

/// The gradient with respect to the reconstruction, of one with respect to the padded inputs.
pub(super) fn back(gradient: &[f32], extent: [usize; 3], scale: Scale, level: Level) -> Vec<f32> {
    let (first, second) = gradient.split_at(gradient.len() / 2);
    let (first, second) = (unpad(first, extent), unpad(second, extent));
    let (factor, _) = factors(scale, level);
    let of_mean: Vec<f32> = first.iter().zip(&second).map(|(a, b)| factor * b - 2.0 * a).collect();
    let through = box_mean_adjoint(&of_mean, extent);
    first.iter().zip(through).map(|(a, b)| 2.0 * a + b).collect()
}

fn factors(scale: Scale, level: Level) -> (f32, f32) {
    ((scale.step / level.deviation) as f32, ((scale.offset - level.mean) / level.deviation) as f32)
}

/// Mean over 5³ voxels, places outside limited to the array.
fn box_mean(values: &[f32], extent: [usize; 3]) -> Vec<f32> {
    let mut from = values.to_vec();
    let mut to = vec![0f32; values.len()];
    for axis in 0..3 {
        taps(extent[axis], |place, source| {
            lines(extent, axis, place, source, |to_at, from_at, n| {
                to[to_at..to_at + n].iter_mut().zip(&from[from_at..]).for_each(|(to, v)| *to += v);
            })
        });
        to.iter_mut().for_each(|v| *v /= TAPS);
        std::mem::swap(&mut from, &mut to);
        to.fill(0.0);
    }
    from
}

/// Its adjoint.
fn box_mean_adjoint(values: &[f32], extent: [usize; 3]) -> Vec<f32> {
    let mut from = values.to_vec();
    let mut to = vec![0f32; values.len()];
    for axis in 0..3 {
        taps(extent[axis], |place, source| {
            lines(extent, axis, source, place, |to_at, from_at, n| {
                to[to_at..to_at + n].iter_mut().zip(&from[from_at..]).for_each(|(to, v)| *to += v);
            })
        });
        to.iter_mut().for_each(|v| *v /= TAPS);
        std::mem::swap(&mut from, &mut to);
        to.fill(0.0);
    }
    from
}

/// Places along an axis and where their taps come from.
fn taps(n: usize, mut visit: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>)) {
    for tap in 0..=2 * REACH {
        // Inside, the places of a tap are a run; those limited to the ends follow one by one.
        let inside = |place: usize| (REACH..n + REACH).contains(&(place + tap));
        let first = (0..n).find(|&place| inside(place)).unwrap_or(n);
        let last = (first..n).find(|&place| !inside(place)).unwrap_or(n);
        if first < last {
            visit(first..last, first + tap - REACH..last + tap - REACH);
        }
        for place in (0..n).filter(|&place| !inside(place)) {
            let source = if place + tap < REACH { 0 } else { n - 1 };
            visit(place..place + 1, source..source + 1);
        }
    }
}

/// Pairs of equal runs of an array: places `to` along an axis and those `from`, for every line of the axis.
fn lines(
    [nz, ny, nx]: [usize; 3],
    axis: usize,
    to: std::ops::Range<usize>,
    from: std::ops::Range<usize>,
    mut visit: impl FnMut(usize, usize, usize),
) {
    match axis {
        0 => visit(to.start * ny * nx, from.start * ny * nx, to.len() * ny * nx),
        1 => (0..nz).for_each(|z| visit((z * ny + to.start) * nx, (z * ny + from.start) * nx, to.len() * nx)),
        _ => (0..nz * ny).for_each(|row| visit(row * nx + to.start, row * nx + from.start, to.len())),
    }
}

/// One voxel more on every side, with the nearest value.
fn pad(values: &[f32], [nz, ny, nx]: [usize; 3]) -> Vec<f32> {
    let mut padded = Vec::with_capacity((nz + 2) * (ny + 2) * (nx + 2));
    let near = |i: usize, n: usize| i.saturating_sub(1).min(n - 1);
    for z in 0..nz + 2 {
        for y in 0..ny + 2 {
            let row = &values[(near(z, nz) * ny + near(y, ny)) * nx..][..nx];
            padded.push(row[0]);
            padded.extend_from_slice(row);
            padded.push(row[nx - 1]);
        }
    }
    padded
}

/// Adjoint of [`pad`].
fn unpad(padded: &[f32], [nz, ny, nx]: [usize; 3]) -> Vec<f32> {
    let mut values = vec![0f32; nz * ny * nx];
    let near = |i: usize, n: usize| i.saturating_sub(1).min(n - 1);
    for z in 0..nz + 2 {
        for y in 0..ny + 2 {
            let from = &padded[(z * (ny + 2) + y) * (nx + 2)..][..nx + 2];
            let to = &mut values[(near(z, nz) * ny + near(y, ny)) * nx..][..nx];
            to.iter_mut().zip(&from[1..]).for_each(|(to, v)| *to += v);
            to[0] += from[0];
            to[nx - 1] += from[nx + 1];
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize, seed: f32) -> Vec<f32> {
        (0..n).map(|i| ((i as f32 + seed) * 12.9898).sin() * 2.0).collect()
    }

    #[test]
    fn the_mean_is_that_of_the_nearest_125() {
        for extent in [[7, 6, 9], [1, 2, 3], [3, 1, 40]] {
            let values = noise(extent.iter().product(), 0.3);
            let mean = box_mean(&values, extent);
            for (at, mean) in mean.iter().enumerate() {
                let [_, ny, nx] = extent;
                let place = [at / nx / ny, at / nx % ny, at % nx];
                let near = |axis: usize, by: usize| (place[axis] + by).saturating_sub(REACH).min(extent[axis] - 1);
                let mut sum = 0.0;
                for by in 0..125 {
                    let [z, y, x] = [near(0, by / 25), near(1, by / 5 % 5), near(2, by % 5)];
                    sum += values[(z * ny + y) * nx + x];
                }
                assert!((sum / 125.0 - mean).abs() < 1e-5, "{extent:?}");
            }
        }
    }

    #[test]
    fn the_way_back_is_the_adjoint() {
        let extent = [5, 4, 8];
        let n = 160;
        let (scale, level) = (Scale { step: 0.5, offset: 3.0 }, Level { mean: 3.0, deviation: 2.0 });
        let (r, zero) = (noise(n, 1.0), vec![0.0; n]);
        // Linear without the shift, which offset = mean makes 0.
        let forward = inputs(&r, extent, scale, level);
        assert!(inputs(&zero, extent, scale, level).iter().all(|&v| v == 0.0));
        let g = noise(forward.len(), 7.0);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let (a, b) = (dot(&forward, &g), dot(&r, &back(&g, extent, scale, level)));
        assert!((a - b).abs() < 1e-3 * a.abs().max(1.0), "{a} {b}");
    }
}
