//! What is transformed together: one variable in one block and one segment of steps.

use super::klt::Klt;
use crate::train::{Fields, fill_invalid};
use neuvol_decode::lifting::Lifting;
use neuvol_entropy::Layout;

/// Passes of the mean filter that smooths filled holes.
const SMOOTHING: usize = 8;

/// Values of a block, ready for the transform.
pub(crate) struct Piece {
    pub(super) layout: Layout,
    /// Physical values minus `offset`, holes filled, `[step][voxel]`.
    pub(super) values: Vec<Vec<f32>>,
    /// Where values are valid, `[step][voxel]`; none if all are.
    pub(super) valid: Option<Vec<Vec<bool>>>,
    /// Mean of the valid values.
    pub(crate) offset: f32,
    pub(super) klt: Klt,
    /// The transform of the values, `[component][coefficient]`, in physical units.
    pub(super) coefficients: Vec<Vec<f32>>,
}

impl Piece {
    /// One output of a block; it has valid values.
    pub(crate) fn new(fields: &Fields, output: usize, n_levels: u8, lifting: &mut Lifting) -> Self {
        let extent = fields.extent.map(|n| n as usize);
        let all = fields.output(output);
        let valid_values = || all.iter().filter(|v| !v.is_nan());
        let n_valid = valid_values().count();
        let offset = (valid_values().map(|&v| f64::from(v)).sum::<f64>() / n_valid.max(1) as f64) as f32;
        let mut values = Vec::with_capacity(fields.n_steps);
        for step in 0..fields.n_steps {
            let mut filled = fill_invalid(fields.step(output, step), extent);
            if n_valid < all.len() {
                smooth(&mut filled, fields.step(output, step), extent);
            }
            filled.iter_mut().for_each(|v| *v -= offset);
            values.push(filled);
        }
        let valid = (n_valid < all.len()).then(|| {
            (0..fields.n_steps).map(|step| fields.step(output, step).iter().map(|v| !v.is_nan()).collect()).collect()
        });
        let layout = layout(extent, n_levels);
        let klt = Klt::new(&values.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut piece = Self { layout, values, valid, offset, klt, coefficients: Vec::new() };
        piece.coefficients = piece.transform(&piece.values, lifting);
        piece
    }

    /// Steps to coefficients of components.
    pub(super) fn transform(&self, steps: &[Vec<f32>], lifting: &mut Lifting) -> Vec<Vec<f32>> {
        let mut components = self.klt.analyse(steps);
        for component in &mut components {
            lifting.analyse(component, &self.layout);
        }
        components
    }

    /// Integers of components to steps, in units of the quantiser's step.
    pub(super) fn reconstruct(&self, latents: &[Vec<i32>], lifting: &mut Lifting) -> Vec<Vec<f32>> {
        let components: Vec<Vec<f32>> = latents
            .iter()
            .map(|latents| {
                let mut values: Vec<f32> = latents.iter().map(|&q| q as f32).collect();
                if latents.iter().any(|&q| q != 0) {
                    lifting.synthesise(&mut values, &self.layout, self.layout.n_streams());
                }
                values
            })
            .collect();
        self.klt.synthesise(&components)
    }

    /// The values minus `offset`, holes filled, `[step][voxel]`, and the extent of a step.
    pub(crate) fn values(&self) -> (&[Vec<f32>], [usize; 3]) {
        (&self.values, self.layout.extent())
    }

    pub(crate) fn n_steps(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn voxels(&self) -> usize {
        self.layout.len()
    }
}

/// The layout of a block: as many levels as asked for, fewer where the block is too small to be split so often.
pub(crate) fn layout(extent: [usize; 3], n_levels: u8) -> Layout {
    let longest = extent.into_iter().max().unwrap_or(1);
    let useful = (longest.max(8).ilog2() as u8).saturating_sub(2).max(1);
    Layout::new(extent, n_levels.min(useful)).expect("blocks have axes of 1..=256")
}

/// Replaces holes by the mean of the 3³ around, several times over: an edge between two filled regions costs bytes.
fn smooth(filled: &mut [f32], original: &[f32], [nz, ny, nx]: [usize; 3]) {
    let holes: Vec<usize> = original.iter().enumerate().filter(|(_, v)| v.is_nan()).map(|(i, _)| i).collect();
    if holes.is_empty() || holes.len() == original.len() {
        return;
    }
    let mut means = vec![0f32; holes.len()];
    let near = |i: usize, n: usize| i.saturating_sub(1)..=(i + 1).min(n - 1);
    for _ in 0..SMOOTHING {
        for (mean, &hole) in means.iter_mut().zip(&holes) {
            let (z, y, x) = (hole / nx / ny, hole / nx % ny, hole % nx);
            let (mut sum, mut n) = (0.0, 0.0);
            for z in near(z, nz) {
                for y in near(y, ny) {
                    for x in near(x, nx) {
                        sum += filled[(z * ny + y) * nx + x];
                        n += 1.0;
                    }
                }
            }
            *mean = sum / n;
        }
        for (&mean, &hole) in means.iter().zip(&holes) {
            filled[hole] = mean;
        }
    }
}
