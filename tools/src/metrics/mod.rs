//! Comparison of a decoded variable with its original, step by step and plane by plane.
//!
//! Only a few planes are in memory at a time, whatever the volume. Sums are kept in f64. NaN and infinities are
//! invalid voxels; figures cover the voxels (SSIM: the windows) that are valid in both fields, and every difference of
//! the two masks is counted.
//!
//! SSIM: uniform 7^3 window, sample covariance, `C1 = (0.01 L)^2`, `C2 = (0.03 L)^2`, L = range of the whole variable,
//! luminance on (value - minimum). On an axis shorter than the window the window shrinks to the largest odd number of
//! voxels that fits (so a 2-D field gets 1x7x7). Windows that touch an invalid voxel are left out. Two windows that are
//! both constant (standard deviation <= 1e-5 L) count 1 if their means differ by at most 1e-2 L, else 0. A window
//! belongs to the block that holds its centre and may reach into the neighbours, so seams between blocks count.

mod errors;
mod histogram;
mod ssim;
#[cfg(test)]
mod tests;
mod volume;

use serde::Serialize;

pub use errors::ErrorFigures;
pub use volume::{Between, CompareError, Observe, compare, compare_between};

use errors::Errors;
use ssim::{StepResult, StepSsim};

/// The range of the valid values of the original variable over all its steps, in its units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ValueRange {
    /// Smallest valid value.
    pub min: f64,
    /// Largest valid value, not less than `min`.
    pub max: f64,
}

impl ValueRange {
    /// `max - min`.
    pub fn length(self) -> f64 {
        self.max - self.min
    }
}

/// What to compute besides the point-wise errors.
#[derive(Clone, Debug)]
pub struct Options {
    /// Quality level of the model, 0 is the best.
    pub quality: u8,
    /// Compute SSIM (most of the time of a comparison).
    pub ssim: bool,
    /// Side of the SSIM window in voxels, odd, 1..=255; even numbers lose one.
    pub window: usize,
    /// Blocks whose mean SSIM is below this are counted in [`SsimFigures::blocks_below_target`].
    pub ssim_target: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self { quality: 0, ssim: true, window: 7, ssim_target: None }
    }
}

/// SSIM over all usable windows and over blocks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SsimFigures {
    /// Mean over all windows.
    pub mean: f64,
    /// Smallest single window.
    pub min_window: f64,
    /// Number of windows wholly inside the volume and the valid voxels of both fields.
    pub windows: u64,
    /// Smallest mean of a block.
    pub min_block: f64,
    /// 1st percentile of the blocks' means (linear between neighbours).
    pub p1_block: f64,
    /// Blocks (per step) that hold the centre of a usable window.
    pub blocks: u64,
    /// Blocks whose mean is below [`Options::ssim_target`]; `None` without a target.
    pub blocks_below_target: Option<u64>,
    /// `blocks_below_target / blocks`.
    pub share_below_target: Option<f64>,
    /// Where `min_block` was found.
    pub worst: WorstBlock,
}

/// The place of the block with the smallest SSIM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WorstBlock {
    /// The step, counted from 0 in the order of [`Comparison::add_step`].
    pub step: u32,
    /// Block position [z, y, x] in blocks.
    pub block: [u32; 3],
}

/// The figures of one step or of all steps together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Point-wise errors.
    #[serde(flatten)]
    pub errors: ErrorFigures,
    /// SSIM; `None` when it was not asked for or no window is usable.
    pub ssim: Option<SsimFigures>,
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The value range that PSNR, SSIM and `peak_top` refer to.
    pub range: ValueRange,
    /// Block size [z, y, x] of the SSIM statistics.
    pub block_dims: [u32; 3],
    /// All steps together.
    pub total: Figures,
    /// One row per step, in the order they were added.
    pub steps: Vec<Figures>,
}

/// Accumulates the comparison of two fields over time steps.
pub struct Comparison {
    range: ValueRange,
    block_dims: [u32; 3],
    options: Options,
    errors: Errors,
    ssim: SsimTotals,
    steps: Vec<Figures>,
}

impl Comparison {
    /// Starts a comparison of a variable with this value range; `block_dims` [z, y, x] is the block size in voxels for
    /// the SSIM statistics.
    pub fn new(range: ValueRange, block_dims: [u32; 3], options: Options) -> Self {
        let ssim = SsimTotals::new(options.ssim_target);
        Self { range, block_dims, options, errors: Errors::new(range), ssim, steps: Vec::new() }
    }

    /// Adds one step of `dims` [z, y, x] voxels. `planes(z, original, decoded)` fills both planes (y * x values, x
    /// fastest, NaN = invalid) and is called once for each z in rising order. After an error of `planes`, which is
    /// passed on, the step does not count.
    pub fn add_step<E>(
        &mut self,
        dims: [u32; 3],
        mut planes: impl FnMut(u32, &mut [f32], &mut [f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let size = dims.map(|n| n as usize);
        let mut original = vec![f32::NAN; size[1] * size[2]];
        let mut decoded = original.clone();
        let mut errors = Errors::new(self.range);
        let mut ssim = self.options.ssim.then(|| {
            let blocks = self.block_dims.map(|n| n as usize);
            StepSsim::new(self.range.min, self.range.length(), size, self.options.window.min(255), blocks)
        });
        for z in 0..dims[0] {
            planes(z, &mut original, &mut decoded)?;
            errors.add_plane(&original, &decoded);
            if let Some(ssim) = &mut ssim {
                ssim.add_plane(&original, &decoded);
            }
        }
        self.errors.merge(&errors);
        let figures = ssim.and_then(|ssim| {
            let step = self.steps.len() as u32;
            let n_blocks = [0, 1, 2].map(|axis| dims[axis].div_ceil(self.block_dims[axis].max(1)));
            let result = ssim.finish();
            let mut totals = SsimTotals::new(self.options.ssim_target);
            totals.add(step, n_blocks, &result);
            self.ssim.add(step, n_blocks, &result);
            totals.figures()
        });
        self.steps.push(Figures { errors: errors.figures(), ssim: figures });
        Ok(())
    }

    /// The figures so far of all steps together and of each step.
    pub fn finish(self) -> Report {
        Report {
            range: self.range,
            block_dims: self.block_dims,
            total: Figures { errors: self.errors.figures(), ssim: self.ssim.figures() },
            steps: self.steps,
        }
    }
}

/// SSIM of some steps: eight bytes for each block.
struct SsimTotals {
    target: Option<f64>,
    sum: f64,
    windows: u64,
    smallest: f64,
    blocks: Vec<f64>,
    worst: Option<(f64, WorstBlock)>,
}

impl SsimTotals {
    fn new(target: Option<f64>) -> Self {
        Self { target, sum: 0.0, windows: 0, smallest: f64::INFINITY, blocks: Vec::new(), worst: None }
    }

    fn add(&mut self, step: u32, n_blocks: [u32; 3], result: &StepResult) {
        self.sum += result.sum;
        self.windows += result.windows;
        self.smallest = self.smallest.min(result.smallest);
        for (index, &mean) in result.blocks.iter().enumerate() {
            let Some(mean) = mean else { continue };
            self.blocks.push(mean);
            if self.worst.is_none_or(|(worst, _)| mean < worst) {
                let index = index as u32;
                let [_, ny, nx] = n_blocks;
                let block = [index / (ny * nx), index / nx % ny, index % nx];
                self.worst = Some((mean, WorstBlock { step, block }));
            }
        }
    }

    fn figures(&self) -> Option<SsimFigures> {
        let (min_block, worst) = self.worst?;
        let mut sorted = self.blocks.clone();
        sorted.sort_by(f64::total_cmp);
        let blocks = sorted.len() as u64;
        let below = self.target.map(|target| sorted.partition_point(|&mean| mean < target) as u64);
        Some(SsimFigures {
            mean: self.sum / self.windows as f64,
            min_window: self.smallest,
            windows: self.windows,
            min_block,
            p1_block: quantile_of_sorted(&sorted, 0.01),
            blocks,
            blocks_below_target: below,
            share_below_target: below.map(|n| n as f64 / blocks as f64),
            worst,
        })
    }
}

/// Sum and number of the SSIM windows that lie inside one block of `extent` [z, y, x]; NaN = invalid.
pub(crate) fn block_ssim(range: ValueRange, extent: [u32; 3], original: &[f32], decoded: &[f32]) -> (f64, u64) {
    let size = extent.map(|n| n as usize);
    let mut ssim = StepSsim::new(range.min, range.length(), size, Options::default().window, size);
    let plane = size[1] * size[2];
    for (original, decoded) in original.chunks_exact(plane).zip(decoded.chunks_exact(plane)) {
        ssim.add_plane(original, decoded);
    }
    let result = ssim.finish();
    (result.sum, result.windows)
}

/// Linear between neighbours, like numpy's default; `sorted` is not empty.
fn quantile_of_sorted(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let below = sorted[position.floor() as usize];
    let above = sorted[position.ceil() as usize];
    below + (above - below) * position.fract()
}
