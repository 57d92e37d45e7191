//! The transform in the other direction, in f64 and written on its own: what an encoder does.

const A: f64 = -1.586134342059924;
const B: f64 = -0.052980118572961;
const C: f64 = 0.882911075530934;
const D: f64 = 0.443506852043971;
const G: f64 = 1.230174104914001;

/// Coefficients of an array `[z][y][x]`, split `n_levels` times, low parts first; the extent of the lowest band; and the
/// number of splits.
pub(crate) fn analyse(values: &[f64], extent: [u32; 3], n_levels: u8) -> (Vec<f64>, [usize; 3], i32) {
    let [_, ny, nx] = extent.map(|n| n as usize);
    let mut out = values.to_vec();
    let mut low = extent.map(|n| n as usize);
    let mut splits = 0;
    for _ in 0..n_levels {
        let all = low;
        for axis in (0..3).filter(|&axis| all[axis] > 4) {
            let place = |line: [usize; 3]| (line[0] * ny + line[1]) * nx + line[2];
            for line in 0..all.iter().product::<usize>() {
                let mut at = [line / all[2] / all[1], line / all[2] % all[1], line % all[2]];
                if at[axis] != 0 {
                    continue;
                }
                let mut along = |n| {
                    at[axis] = n;
                    place(at)
                };
                let samples: Vec<f64> = (0..all[axis]).map(|n| out[along(n)]).collect();
                for (n, value) in split(&samples).into_iter().enumerate() {
                    out[along(n)] = value;
                }
            }
            low[axis] = all[axis].div_ceil(2);
            splits += 1;
        }
    }
    (out, low, splits)
}

/// One line: low part, high part.
fn split(samples: &[f64]) -> Vec<f64> {
    let n = samples.len() as i64;
    let mirrored = |i: i64| if i < 0 { -i } else if i >= n { 2 * (n - 1) - i } else { i } as usize;
    let mut x = samples.to_vec();
    for (parity, factor) in [(1, A), (0, B), (1, C), (0, D)] {
        for i in (0..n).filter(|i| i % 2 == parity) {
            x[i as usize] += factor * (x[mirrored(i - 1)] + x[mirrored(i + 1)]);
        }
    }
    let low = x.iter().step_by(2).map(|value| value * 2f64.sqrt() / G);
    let high = x.iter().skip(1).step_by(2).map(|value| value * G / 2f64.sqrt());
    low.chain(high).collect()
}
