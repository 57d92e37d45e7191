//! The steps of the folding, on vectors of consecutive x: a plane of a grid from planes of the coarser one and features.
use crate::encoding::{CHANNELS, LANES, Stage, Weights};
use crate::kernel::Lanes8;
use crate::simd::{Simd, Task};

/// plane += W₁ · features of plane k.
pub(crate) struct AddFeatures<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) weights: &'a [Weights],
    pub(crate) width: usize,
    pub(crate) k: usize,
    pub(crate) plane: &'a mut [f32],
}

impl<S: Simd> Task<S> for AddFeatures<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let stage = self.stage;
        for (y, row) in self.plane.chunks_exact_mut(stage.pitch * self.width).enumerate() {
            add_features(s, stage, self.weights, self.k, y, row);
        }
    }
}

#[inline(always)]
fn add_features<S: Simd>(s: S, stage: &Stage, weights: &[Weights], vz: usize, vy: usize, row: &mut [f32]) {
    let Some(features) = &stage.features else { return };
    let pitch = stage.pitch;
    let inputs = &features.values[(vz * stage.vertices[1] + vy) * features.n * pitch..][..features.n * pitch];
    let blocks = weights.chunks_exact(features.n);
    for (channels, weights) in row.chunks_exact_mut(CHANNELS * pitch).zip(blocks) {
        for x in (0..stage.vertices[2]).step_by(LANES) {
            let mut sums = [s.splat(0.0); CHANNELS];
            for (c, sum) in sums.iter_mut().enumerate() {
                *sum = s.load(&channels[c * pitch + x..]);
            }
            for (input, weights) in inputs.chunks_exact(pitch).zip(weights) {
                let input = s.load(&input[x..]);
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = s.fma(input, s.splat(*weight), *sum);
                }
            }
            for (c, sum) in sums.iter().enumerate() {
                s.store(&mut channels[c * pitch + x..], *sum);
            }
        }
    }
}

/// plane = doubled parent + W₁ · own features.
pub(crate) struct UpsamplePlane<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) parent: &'a Stage,
    /// First-layer weights of the own features.
    pub(crate) weights: &'a [Weights],
    pub(crate) width: usize,
    pub(crate) k: usize,
    /// Planes k/2 and (k+1)/2 of the parent.
    pub(crate) parents: [&'a [f32]; 2],
    pub(crate) plane: &'a mut [f32],
}

impl<S: Simd> Task<S> for UpsamplePlane<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let (stage, parent) = (self.stage, self.parent);
        let parent_row = |p: usize, y: usize| {
            let len = parent.pitch * self.width;
            &self.parents[p][y * len..][..len]
        };
        for (y, row) in self.plane.chunks_exact_mut(stage.pitch * self.width).enumerate() {
            let (y0, y1) = (y / 2, y.div_ceil(2));
            match (self.k % 2, y % 2) {
                (0, 0) => upsample_row(s, [parent_row(0, y0)], parent, row, stage),
                (0, _) => upsample_row(s, [parent_row(0, y0), parent_row(0, y1)], parent, row, stage),
                (_, 0) => upsample_row(s, [parent_row(0, y0), parent_row(1, y0)], parent, row, stage),
                _ => {
                    let rows = [parent_row(0, y0), parent_row(0, y1), parent_row(1, y0), parent_row(1, y1)];
                    upsample_row(s, rows, parent, row, stage);
                }
            }
            add_features(s, stage, self.weights, self.k, y, row);
        }
    }
}

/// Mean of N parent rows, doubled along x.
#[inline(always)]
fn upsample_row<S: Simd, const N: usize>(s: S, parents: [&[f32]; N], parent: &Stage, row: &mut [f32], stage: &Stage) {
    let evens = stage.vertices[2].div_ceil(2);
    let (whole, half) = (s.splat(1.0 / N as f32), s.splat(0.5 / N as f32));
    for (channel, row) in row.chunks_exact_mut(stage.pitch).enumerate() {
        let from = channel * parent.pitch;
        let mut start = 0;
        while start < evens {
            let x = start.min(evens.saturating_sub(LANES)); // the last vector overlaps the one before
            let values = &parents[0][from + x..][..LANES + 1];
            let (mut here, mut next) = (s.load(values), s.load(&values[1..]));
            for parent in &parents[1..] {
                let values = &parent[from + x..][..LANES + 1];
                (here, next) = (s.add(here, s.load(values)), s.add(next, s.load(&values[1..])));
            }
            let (low, high) = s.interleave(s.mul(here, whole), s.mul(s.add(here, next), half));
            s.store(&mut row[2 * x..], low);
            s.store(&mut row[2 * x + LANES..], high);
            start += LANES;
        }
    }
}

impl Lanes8 {
    pub(crate) fn call<T>(self, task: T)
    where
        T: Task<crate::simd::Scalar, Output = ()>,
        T: TaskAvx2,
    {
        match self {
            Lanes8::Scalar(scalar) => scalar.call(task),
            #[cfg(target_arch = "x86_64")]
            Lanes8::Avx2(avx2) => avx2.call(task),
        }
    }
}

/// Tasks that run with AVX2, on machines that can have it.
#[cfg(target_arch = "x86_64")]
pub(crate) trait TaskAvx2: Task<crate::simd::Avx2, Output = ()> {}
#[cfg(target_arch = "x86_64")]
impl<T: Task<crate::simd::Avx2, Output = ()>> TaskAvx2 for T {}
#[cfg(not(target_arch = "x86_64"))]
pub(crate) trait TaskAvx2 {}
#[cfg(not(target_arch = "x86_64"))]
impl<T> TaskAvx2 for T {}
