//! The two inputs of a head: r without its mean over 5³ voxels, and that mean. The last three planes of them are there.
use super::planes::Planes;
use crate::aligned::Aligned;
use crate::kernel::Kernel;
use crate::lifting::LANES;
use crate::simd::{self, Simd, Task};

/// Planes that a convolution sees.
pub(super) const RING: usize = 3;
/// Column of the first voxel of a row; it has margins on both sides.
pub(super) const MARGIN: usize = LANES;
/// Planes after which the running sum begins anew, so that its rounding does not add up.
const RUN: usize = 8;
/// Rows that are summed along y before they are along x.
const ROWS: usize = 4;

/// f₁ = `r`·r + `mean[0]`·Σ, f₂ = `mean[1]`·Σ + `shift`, Σ being the sum over 5³ voxels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Inputs {
    pub(super) r: f32,
    pub(super) mean: [f32; 2],
    pub(super) shift: f32,
}

#[derive(Debug, Default)]
pub(super) struct Features {
    /// Rows [−1..=ny], a margin of one voxel around each plane. Both inputs.
    ring: [[Aligned<f32>; 2]; RING],
    /// Sum of five planes of r, and the plane in the middle of it.
    sum: Aligned<f32>,
    sum_of: Option<usize>,
    /// Rows of it, summed along y.
    rows: Aligned<f32>,
    extent: [usize; 3],
    pitch: usize,
}

impl Features {
    /// Begins a block.
    pub(super) fn reset(&mut self, extent: [usize; 3], pitch_of_r: usize) {
        let [_, ny, nx] = extent;
        (self.extent, self.pitch, self.sum_of) = (extent, pitch(nx), None);
        let len = self.plane_len();
        self.ring.iter_mut().flatten().for_each(|plane| plane.resize(len));
        self.sum.resize(ny * pitch_of_r);
        self.rows.resize(ROWS * self.pitch);
    }

    /// Distance between rows.
    pub(super) fn pitch(&self) -> usize {
        self.pitch
    }

    /// Numbers of a plane with its margins.
    pub(super) fn plane_len(&self) -> usize {
        (self.extent[1] + 2) * self.pitch + LANES
    }

    /// Both inputs of a plane that is there, `[y + 1][MARGIN + x]`. `z` is limited to the block.
    pub(super) fn plane(&self, z: isize) -> [&[f32]; 2] {
        let z = z.clamp(0, self.extent[0] as isize - 1) as usize;
        [0, 1].map(|input| &self.ring[z % RING][input][..self.plane_len()])
    }

    /// Makes plane `z`; planes z − 2 and z − 1 stay. If it is not the one behind the last one, all begins anew.
    pub(super) fn make(&mut self, z: usize, inputs: Inputs, planes: &Planes<'_>, kernel: Kernel) {
        let [nz, ..] = self.extent;
        let near = |shift: isize| planes.plane((z as isize + shift).clamp(0, nz as isize - 1) as usize);
        let goes_on = z > 0 && self.sum_of == Some(z - 1) && !z.is_multiple_of(RUN);
        let gone = if goes_on { Some(near(-3)) } else { None };
        let r = [near(-2), near(-1), near(0), near(1), near(2)];
        self.sum_of = Some(z);
        let pitch_of_r = planes.pitch();
        let Features { ring, sum, rows, extent, pitch, .. } = self;
        let out = &mut ring[z % RING];
        simd::call(kernel, Make { r, gone, pitch_of_r, sum, rows, inputs, extent: *extent, pitch: *pitch, out });
    }

    /// Largest magnitudes of both inputs in a plane that is there.
    pub(super) fn largest(&self, z: usize) -> [f32; 2] {
        let [_, ny, nx] = self.extent;
        self.plane(z as isize).map(|plane| {
            let rows = plane.chunks_exact(self.pitch).skip(1).take(ny);
            rows.flat_map(|row| &row[MARGIN..][..nx]).fold(0f32, |largest, v| largest.max(v.abs()))
        })
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let ring = self.ring.iter().flatten().map(Aligned::memory_bytes).sum::<usize>();
        ring + self.sum.memory_bytes() + self.rows.memory_bytes()
    }
}

/// Distance between rows of `n` voxels.
fn pitch(n: usize) -> usize {
    n.next_multiple_of(LANES) + 2 * MARGIN
}

struct Make<'a> {
    /// Planes z − 2..=z + 2 of r, and z − 3 if the sum of the plane before is there.
    r: [&'a [f32]; 5],
    gone: Option<&'a [f32]>,
    pitch_of_r: usize,
    sum: &'a mut [f32],
    rows: &'a mut [f32],
    inputs: Inputs,
    extent: [usize; 3],
    pitch: usize,
    out: &'a mut [Aligned<f32>; 2],
}

impl<S: Simd> Task<S> for Make<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let ([_, ny, nx], pitch) = (self.extent, self.pitch);
        let len = ny * self.pitch_of_r;
        let sum = &mut self.sum[..len];
        sum_planes(s, self.r, self.gone, sum);

        let Inputs { r: of_r, mean: [of_sum, of_mean], shift } = self.inputs;
        let (of_r, of_sum, of_mean, shift) = (s.splat(of_r), s.splat(of_sum), s.splat(of_mean), s.splat(shift));
        let width = nx.next_multiple_of(LANES);
        let [first, second] = self.out;
        for y0 in (0..ny).step_by(ROWS) {
            let n_rows = ROWS.min(ny - y0);
            for (y, row) in (y0..y0 + n_rows).zip(self.rows.chunks_exact_mut(pitch)) {
                let near = |shift: usize| {
                    let y = (y + shift).saturating_sub(2).min(ny - 1);
                    &sum[y * self.pitch_of_r..][..width]
                };
                let near = [near(0), near(1), near(2), near(3), near(4)];
                for x in (0..width).step_by(S::LANES) {
                    let [a, b, c, d, e] = load_all(s, near, x);
                    s.store(&mut row[MARGIN + x..], s.add(s.add(s.add(a, b), s.add(c, d)), e));
                }
                // Places outside are those at the ends.
                let [first, last] = [row[MARGIN], row[MARGIN + nx - 1]];
                row[MARGIN - 2..MARGIN].fill(first);
                row[MARGIN + nx..MARGIN + width + 2].fill(last);
            }
            for (y, row) in (y0..y0 + n_rows).zip(self.rows.chunks_exact(pitch)) {
                let r = &self.r[2][y * self.pitch_of_r..][..width];
                let start = (y + 1) * pitch;
                let (first, second) = (&mut first[start..][..pitch], &mut second[start..][..pitch]);
                for x in (0..width).step_by(S::LANES) {
                    let near = &row[MARGIN - 2 + x..][..S::LANES + 4];
                    let [a, b, c, d, e] = load_all(s, [near, &near[1..], &near[2..], &near[3..], &near[4..]], 0);
                    let sum = s.add(s.add(s.add(a, b), s.add(c, d)), e);
                    s.store(&mut first[MARGIN + x..], s.fma(s.load(&r[x..]), of_r, s.mul(sum, of_sum)));
                    s.store(&mut second[MARGIN + x..], s.fma(sum, of_mean, shift));
                }
                for row in [first, second] {
                    row[MARGIN - 1] = row[MARGIN];
                    let last = row[MARGIN + nx - 1];
                    row[MARGIN + nx..MARGIN + width + 1].fill(last);
                }
            }
        }
        for plane in [first, second] {
            plane.copy_within(pitch..2 * pitch, 0);
            plane.copy_within(ny * pitch..(ny + 1) * pitch, (ny + 1) * pitch);
        }
    }
}

/// The sum of five planes, or that of the plane before with one more and one less.
#[inline(always)]
fn sum_planes<S: Simd>(s: S, r: [&[f32]; 5], gone: Option<&[f32]>, sum: &mut [f32]) {
    let (len, lanes) = (sum.len(), S::LANES);
    if let Some(gone) = gone {
        let minus = s.splat(-1.0);
        let planes = r[4][..len].chunks_exact(lanes).zip(gone[..len].chunks_exact(lanes));
        for (sum, (new, gone)) in sum.chunks_exact_mut(lanes).zip(planes) {
            s.store(sum, s.add(s.load(sum), s.fma(s.load(gone), minus, s.load(new))));
        }
        return;
    }
    let r = [&r[0][..len], &r[1][..len], &r[2][..len], &r[3][..len], &r[4][..len]];
    for x in (0..len).step_by(lanes) {
        let [a, b, c, d, e] = load_all(s, r, x);
        s.store(&mut sum[x..], s.add(s.add(s.add(a, b), s.add(c, d)), e));
    }
}

#[inline(always)]
fn load_all<S: Simd>(s: S, from: [&[f32]; 5], x: usize) -> [S::V; 5] {
    let [a, b, c, d, e] = from;
    [s.load(&a[x..]), s.load(&b[x..]), s.load(&c[x..]), s.load(&d[x..]), s.load(&e[x..])]
}
