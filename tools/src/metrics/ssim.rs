//! Three-dimensional structural similarity of two fields that arrive plane by plane.
//!
//! A uniform window (7^3 by default), the sample covariance (n - 1, as in scikit-image) and
//! `C1 = (0.01 L)^2, C2 = (0.03 L)^2` with the range `L` of the whole variable. The luminance term sees
//! (value - minimum of the range), so that an offset such as 273.15 K neither hides a bias nor costs digits.

/// Largest relative spread (standard deviation / L) of a window that counts as constant.
const CONSTANT_SPREAD: f64 = 1e-5;
/// Largest relative difference (of means / L) at which two constant windows count as equal: the root of C1 / L^2.
const CONSTANT_TOLERANCE: f64 = 1e-2;

/// Window sums of one column, row or window: x, y, x^2, y^2, x y.
const N_MOMENTS: usize = 5;
type Moments = [f64; N_MOMENTS];

/// SSIM of one step. Memory: the last `window` planes of both fields and five sums per pixel, all of one plane's size.
pub(super) struct StepSsim {
    lowest: f64,
    range: f64,
    /// [z, y, x]
    dims: [usize; 3],
    window: [usize; 3],
    block_dims: [usize; 3],
    n_blocks: [usize; 3],
    /// Ring of the last `window[0]` planes (original, decoded); NaN where either field is invalid.
    ring: Vec<Vec<[f32; 2]>>,
    /// Sums over the ring for each (y, x), moment by moment, and the count of valid voxels.
    columns: [Vec<f64>; N_MOMENTS],
    valid: Vec<u16>,
    /// Sums over the last `window[1]` rows of `columns`.
    rows: [Vec<f64>; N_MOMENTS],
    rows_valid: Vec<u32>,
    next_z: usize,
    block_sums: Vec<(f64, u64)>,
    smallest: f64,
}

/// What [`StepSsim::finish`] gives: the windows' sum, count and minimum, and each block's mean.
pub(super) struct StepResult {
    pub(super) sum: f64,
    pub(super) windows: u64,
    pub(super) smallest: f64,
    /// Mean over the windows centred in each block, blocks in order [z, y, x]; `None` without a usable window.
    pub(super) blocks: Vec<Option<f64>>,
}

/// The window along an axis of length `n`: `wanted` or, on shorter axes, the largest odd number <= `n`.
pub(super) fn window_length(wanted: usize, n: usize) -> usize {
    let n = n.min(wanted).max(1);
    if n.is_multiple_of(2) { n - 1 } else { n }
}

impl StepSsim {
    pub(super) fn new(lowest: f64, range: f64, dims: [usize; 3], wanted: usize, block_dims: [usize; 3]) -> Self {
        let window = dims.map(|n| window_length(wanted, n));
        let block_dims = [0, 1, 2].map(|axis| block_dims[axis].max(1));
        let n_blocks = [0, 1, 2].map(|axis| dims[axis].div_ceil(block_dims[axis]));
        let plane = dims[1] * dims[2];
        Self {
            lowest,
            range,
            dims,
            window,
            block_dims,
            n_blocks,
            ring: vec![vec![[f32::NAN; 2]; plane]; window[0]],
            columns: std::array::from_fn(|_| vec![0.0; plane]),
            valid: vec![0; plane],
            rows: std::array::from_fn(|_| vec![0.0; dims[2]]),
            rows_valid: vec![0; dims[2]],
            next_z: 0,
            block_sums: vec![(0.0, 0); n_blocks.iter().product()],
            smallest: f64::INFINITY,
        }
    }

    /// Takes the next plane, [y, x] with x fastest, NaN or infinite = invalid.
    pub(super) fn add_plane(&mut self, original: &[f32], decoded: &[f32]) {
        let slot = self.next_z % self.window[0];
        let [x1, y1, xx, yy, xy] = &mut self.columns;
        for (i, (&a, &b)) in original.iter().zip(decoded).enumerate() {
            let old = &mut self.ring[slot][i];
            let mut change = [0.0; N_MOMENTS];
            if old[0].is_finite() {
                change = moments(*old, self.lowest).map(|moment| -moment);
                self.valid[i] -= 1;
            }
            *old = if a.is_finite() && b.is_finite() { [a, b] } else { [f32::NAN; 2] };
            if old[0].is_finite() {
                for (sum, moment) in change.iter_mut().zip(moments(*old, self.lowest)) {
                    *sum += moment;
                }
                self.valid[i] += 1;
            }
            if self.valid[i] == 0 {
                // Nothing is left: drop the rounding errors with it.
                (x1[i], y1[i], xx[i], yy[i], xy[i]) = (0.0, 0.0, 0.0, 0.0, 0.0);
            } else {
                x1[i] += change[0];
                y1[i] += change[1];
                xx[i] += change[2];
                yy[i] += change[3];
                xy[i] += change[4];
            }
        }
        self.next_z += 1;
        if self.next_z >= self.window[0] {
            self.windows_of_plane(self.next_z - 1 - self.window[0] / 2);
        }
    }

    /// All windows whose centre has height `z`, from the column sums.
    fn windows_of_plane(&mut self, z: usize) {
        let [_, ny, nx] = self.dims;
        let [_, wy, _] = self.window;
        self.rows.iter_mut().for_each(|row| row.fill(0.0));
        self.rows_valid.fill(0);
        for y in 0..ny {
            let added = y * nx..(y + 1) * nx;
            let dropped = y.checked_sub(wy).map(|y| y * nx..(y + 1) * nx);
            for (row, column) in self.rows.iter_mut().zip(&self.columns) {
                for (sum, value) in row.iter_mut().zip(&column[added.clone()]) {
                    *sum += value;
                }
                if let Some(dropped) = dropped.clone() {
                    for (sum, value) in row.iter_mut().zip(&column[dropped]) {
                        *sum -= value;
                    }
                }
            }
            for (sum, &value) in self.rows_valid.iter_mut().zip(&self.valid[added]) {
                *sum += u32::from(value);
            }
            if let Some(dropped) = dropped {
                for (sum, &value) in self.rows_valid.iter_mut().zip(&self.valid[dropped]) {
                    *sum -= u32::from(value);
                }
            }
            if y + 1 >= wy {
                self.windows_of_row(z, y - wy / 2);
            }
        }
    }

    /// All windows centred in row (z, y), from the row sums.
    fn windows_of_row(&mut self, z: usize, y: usize) {
        let nx = self.dims[2];
        let wx = self.window[2];
        let n = (self.window[0] * self.window[1] * wx) as u32;
        let [bz, by, bx] = self.block_dims;
        let first_block = ((z / bz) * self.n_blocks[1] + y / by) * self.n_blocks[2];
        let mut sums: Moments = [0.0; N_MOMENTS];
        let mut valid = 0;
        for x in 0..nx {
            for (sum, row) in sums.iter_mut().zip(&self.rows) {
                *sum += row[x];
            }
            valid += self.rows_valid[x];
            if let Some(dropped) = x.checked_sub(wx) {
                for (sum, row) in sums.iter_mut().zip(&self.rows) {
                    *sum -= row[dropped];
                }
                valid -= self.rows_valid[dropped];
            }
            if x + 1 >= wx && valid == n {
                let value = similarity(&sums, f64::from(n), self.range);
                let block = &mut self.block_sums[first_block + (x - wx / 2) / bx];
                block.0 += value;
                block.1 += 1;
                self.smallest = self.smallest.min(value);
            }
        }
    }

    pub(super) fn finish(self) -> StepResult {
        StepResult {
            sum: self.block_sums.iter().map(|block| block.0).sum(),
            windows: self.block_sums.iter().map(|block| block.1).sum(),
            smallest: self.smallest,
            blocks: self.block_sums.iter().map(|&(sum, n)| (n > 0).then(|| sum / n as f64)).collect(),
        }
    }
}

fn moments([x, y]: [f32; 2], lowest: f64) -> Moments {
    let (x, y) = (f64::from(x) - lowest, f64::from(y) - lowest);
    [x, y, x * x, y * y, x * y]
}

/// SSIM of one window from its sums over `n` voxels.
fn similarity(sums: &Moments, n: f64, range: f64) -> f64 {
    let [mean_x, mean_y, xx, yy, xy] = sums.map(|sum| sum / n);
    // Sample instead of population variance; a window of one voxel has none.
    let unbiased = if n > 1.0 { n / (n - 1.0) } else { 0.0 };
    let variance_x = (xx - mean_x * mean_x).max(0.0) * unbiased;
    let variance_y = (yy - mean_y * mean_y).max(0.0) * unbiased;
    let covariance = (xy - mean_x * mean_y) * unbiased;

    let constant = (CONSTANT_SPREAD * range).powi(2);
    if variance_x <= constant && variance_y <= constant {
        return if (mean_x - mean_y).abs() <= CONSTANT_TOLERANCE * range { 1.0 } else { 0.0 };
    }
    let c1 = (0.01 * range).powi(2);
    let c2 = (0.03 * range).powi(2);
    let denominator = (mean_x * mean_x + mean_y * mean_y + c1) * (variance_x + variance_y + c2);
    if denominator == 0.0 {
        return 0.0; // only with an empty range: the original is constant, the decoded window is not
    }
    (2.0 * mean_x * mean_y + c1) * (2.0 * covariance + c2) / denominator
}
