//! The latents r of a block, plane by plane: the finest level is put together where it is needed.
//!
//! What the coarser levels give is an array of half the extent. A plane of the finest level is mixed from the packed
//! coefficients, put together along x and y, and goes into the lifting along z, which works on whole planes and keeps
//! three of them. So r is never an array: the last eight planes are there.
use super::detail::{self, Grid, splits_left};
use super::{Coefficients, Finest};
use crate::aligned::Aligned;
use crate::kernel::Kernel;
use crate::lifting::columns::{self, Columns, step};
use crate::lifting::rows::{self, padded};
use crate::lifting::{self, A, B, C, D, LANES, LOW, Level};
use crate::packed::Cursor;
use crate::simd::{self, Simd, Task};
use std::f32::consts::SQRT_2;

/// Planes of r that are there at once: a mean over five, and up to three new ones.
const RING: usize = 8;

/// Buffers of a decoding thread.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// What the coarser levels give.
    coarse: Aligned<f32>,
    lifting: lifting::Buffers,
    scales: Aligned<f32>,
    /// A row in two halves.
    halves: [Aligned<f32>; 2],
    /// A plane between x and y.
    between: Aligned<f32>,
    /// Along z: the present planes and those before them, low and high, and high ones that were changed once.
    low: [Aligned<f32>; 2],
    high: [Aligned<f32>; 2],
    high_1: [Aligned<f32>; 2],
    ring: [Aligned<f32>; RING],
}

/// Makes planes of r, in order.
#[derive(Debug)]
pub(super) struct Planes<'a> {
    coefficients: &'a Coefficients,
    weights: &'a [f32],
    kernel: Kernel,
    buffers: &'a mut Buffers,
    /// Distance between rows.
    pitch: usize,
    /// Pairs of planes that have gone into the lifting along z, and the first of them.
    pairs: usize,
    first_pair: usize,
    /// Planes that are ready.
    ready: usize,
}

impl Buffers {
    /// About the range of r in a block that was put together in these buffers: that of what its coarser levels give.
    pub(super) fn spread(&self, coefficients: &Coefficients) -> f32 {
        let Coefficients { layout, coarse_last, coarse_pitch, finest, .. } = coefficients;
        let [nz, ny, nx] = layout.region(*coarse_last);
        let rows = self.coarse.chunks_exact(*coarse_pitch).take(nz * ny);
        let (low, high) = rows.fold((f32::INFINITY, f32::NEG_INFINITY), |range, row| {
            row[..nx].iter().fold(range, |(low, high), v| (low.min(*v), high.max(*v)))
        });
        // Of a constant 1 the lifting makes low samples of G.
        let splits = finest.as_ref().map_or(0, |finest| finest.split.iter().filter(|&&split| split).count());
        (high - low) / (SQRT_2 / LOW).powi(splits as i32)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let one = [&self.coarse, &self.scales, &self.between];
        let more = self.halves.iter().chain(&self.low).chain(&self.high).chain(&self.high_1).chain(&self.ring);
        one.into_iter().chain(more).map(Aligned::memory_bytes).sum::<usize>() + self.lifting.memory_bytes()
    }
}

/// Distance between rows of r of `n` voxels. No multiple of many lines of cache, so that columns spread over it.
pub(super) fn pitch(n: usize) -> usize {
    n.next_multiple_of(2 * LANES) + LANES
}

impl<'a> Planes<'a> {
    /// Begins so that planes from `first` on come out right. `weights` has one number per component.
    pub(super) fn new(
        coefficients: &'a Coefficients,
        weights: &'a [f32],
        first: usize,
        kernel: Kernel,
        buffers: &'a mut Buffers,
    ) -> Self {
        simd::call(kernel, MixCoarse { coefficients, weights, buffers });
        let Coefficients { layout, coarse_last, coarse_pitch, .. } = coefficients;
        let plane = layout.region(*coarse_last)[1] * coarse_pitch;
        for stream in 1..=*coarse_last {
            let level = Level::new(layout, stream, *coarse_pitch, plane);
            let values = &mut buffers.coarse[..];
            simd::call(kernel, lifting::Synthesise::<false> { level, values, buffers: &mut buffers.lifting });
        }
        let [_, ny, nx] = coefficients.extent;
        if coefficients.finest.is_none() {
            let grid = Grid { extent: layout.region(*coarse_last), strides: [plane, *coarse_pitch, 1] };
            let splits = splits_left(layout, *coarse_last);
            detail::to_voxels(&mut buffers.coarse, grid, splits, layout.extent(), coefficients.extent);
        }
        let pitch = pitch(nx);
        let all = [&mut buffers.low, &mut buffers.high, &mut buffers.high_1].into_iter().flatten();
        all.chain(&mut buffers.ring).chain([&mut buffers.between]).for_each(|plane| plane.resize(ny * pitch));
        // Four planes behind the first pair of the lifting are those where it does not know what was before.
        let (first_pair, ready) = match coefficients.finest {
            Some(Finest { split: [true, ..], .. }) => (first.saturating_sub(4) / 2, first),
            _ => (0, first),
        };
        Planes { coefficients, weights, kernel, buffers, pitch, pairs: first_pair, first_pair, ready }
    }

    /// Distance between rows.
    pub(super) fn pitch(&self) -> usize {
        self.pitch
    }

    /// Makes planes until the one numbered `last` is there; the seven before it may still be.
    pub(super) fn prepare(&mut self, last: usize) {
        while self.ready <= last {
            self.advance();
        }
    }

    /// A plane that is there.
    pub(super) fn plane(&self, z: usize) -> &[f32] {
        &self.buffers.ring[z % RING][..self.coefficients.extent[1] * self.pitch]
    }

    fn advance(&mut self) {
        let [nz, ..] = self.coefficients.extent;
        let Some(finest) = &self.coefficients.finest else {
            self.copy_plane(self.ready);
            self.ready += 1;
            return;
        };
        if !finest.split[0] {
            let out = std::mem::take(&mut self.buffers.ring[self.ready % RING]);
            self.buffers.ring[self.ready % RING] = self.put_together(finest, self.ready, out);
            self.ready += 1;
            return;
        }
        let (n_low, n_high) = (nz.div_ceil(2), nz / 2);
        let j = self.pairs;
        if j < n_low {
            let out = std::mem::take(&mut self.buffers.low[0]);
            self.buffers.low[0] = self.put_together(finest, j, out);
            if j < n_high {
                let out = std::mem::take(&mut self.buffers.high[0]);
                self.buffers.high[0] = self.put_together(finest, n_low + j, out);
            }
        }
        self.lift_z(j, n_low, n_high);
        self.pairs += 1;
        // Of pair j come planes 2j − 2 and before; behind the last pair the rest.
        let complete = if j < n_low { (2 * j).saturating_sub(1) } else { nz };
        self.ready = self.ready.max(complete);
    }

    /// A plane of an array that needs nothing more.
    fn copy_plane(&mut self, z: usize) {
        let Coefficients { layout, coarse_last, coarse_pitch, extent: [_, ny, nx], .. } = self.coefficients;
        let (pitch, plane) = (self.pitch, layout.region(*coarse_last)[1] * coarse_pitch);
        let Buffers { coarse, ring, .. } = &mut *self.buffers;
        let rows = coarse[z * plane..].chunks_exact(*coarse_pitch).take(*ny);
        for (row, to) in rows.zip(ring[z % RING].chunks_exact_mut(pitch)) {
            to[..*nx].copy_from_slice(&row[..*nx]);
        }
    }

    /// Plane `p` of the finest level's array, put together along x and y.
    fn put_together(&mut self, finest: &Finest, p: usize, mut out: Aligned<f32>) -> Aligned<f32> {
        let Coefficients { layout, coarse_last, coarse_pitch, extent, .. } = self.coefficients;
        let low = layout.region(*coarse_last);
        let Buffers { coarse, halves, between, .. } = &mut *self.buffers;
        let coarse = if p < low[0] { &mut coarse[p * low[1] * coarse_pitch..] } else { &mut [][..] };
        let task = PutTogether {
            finest,
            rows: finest.packed.plane(p),
            plane_is_high: p >= low[0],
            weights: self.weights,
            extent: [extent[1], extent[2]],
            low: [low[1], low[2]],
            coarse,
            coarse_pitch: *coarse_pitch,
            halves,
            between,
            pitch: self.pitch,
            out: &mut out,
        };
        simd::call(self.kernel, task);
        out
    }

    /// Takes pair j of planes in, or with j = n_low finishes.
    fn lift_z(&mut self, j: usize, n_low: usize, n_high: usize) {
        let nz = n_low + n_high;
        let begins = j == self.first_pair;
        let len = self.coefficients.extent[1] * self.pitch;
        let Buffers { low, high, high_1, ring, .. } = &mut *self.buffers;
        // What this step writes: planes 2j − 3 and 2j − 2 of r.
        let at = |plane: isize| plane.rem_euclid(RING as isize) as usize;
        let j2 = 2 * j as isize;
        let mut odd = std::mem::take(&mut ring[at(j2 - 3)]);
        let mut even = std::mem::take(&mut ring[at(j2 - 2)]);
        let even_before = &ring[at(j2 - 4)];
        if j < n_low {
            let [low, low_before] = low;
            let [high, high_before] = high;
            let [high_1, high_1_before] = high_1;
            let has_high = j < n_high;
            let task = LiftZ {
                number: j - self.first_pair,
                low: &mut low[..len],
                high: if has_high { &high[..len] } else { &high_before[..len] },
                low_before: &low_before[..len],
                high_before: if begins { &high[..len] } else { &high_before[..len] },
                high_1: &mut high_1[..len],
                high_1_before: &high_1_before[..len],
                even_before: &even_before[..len],
                even: &mut even[..len],
                odd: &mut odd[..len],
            };
            simd::call(self.kernel, task);
            std::mem::swap(low, low_before);
            std::mem::swap(high_1, high_1_before);
            if has_high {
                std::mem::swap(high, high_before);
            }
        } else {
            let (mut spare, mut last) = (&mut [][..], std::mem::take(&mut ring[at(j2 - 1)]));
            if n_high == n_low {
                spare = &mut last[..len];
            }
            let task = FinishZ {
                low: &low[1][..len],
                high: &high[1][..len],
                high_1_before: &high_1[1][..len],
                even_before: &ring[at(j2 - 4)][..len],
                even: &mut even[..len],
                odd: &mut odd[..len],
                last: spare,
            };
            simd::call(self.kernel, task);
            ring[at(j2 - 1)] = last;
            debug_assert!(nz >= 5);
        }
        ring[at(j2 - 3)] = odd;
        ring[at(j2 - 2)] = even;
    }
}

/// Mixes the coefficients of all coarser levels.
struct MixCoarse<'a> {
    coefficients: &'a Coefficients,
    weights: &'a [f32],
    buffers: &'a mut Buffers,
}

impl<S: Simd> Task<S> for MixCoarse<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let Coefficients { layout, coarse, coarse_scales, coarse_last, coarse_pitch, .. } = self.coefficients;
        let [nz, ny, nx] = layout.region(*coarse_last);
        let Buffers { coarse: out, scales, .. } = self.buffers;
        out.resize(nz * ny * coarse_pitch);
        scales.resize(*coarse_pitch);
        let mut scales_of = None;
        for (z, plane) in out.chunks_exact_mut(ny * coarse_pitch).take(nz).enumerate() {
            let mut rows: Cursor<'_> = coarse.plane(z);
            for (y, row) in plane.chunks_exact_mut(*coarse_pitch).enumerate() {
                if !scales_of.is_some_and(|at| coarse_scales.same_row(at, (z, y))) {
                    coarse_scales.row(z, y, scales);
                    scales_of = Some((z, y));
                }
                rows.mix(s, self.weights, &scales[..], &mut row[..nx.next_multiple_of(LANES)]);
            }
        }
    }
}

/// A plane of the finest level along x and y.
struct PutTogether<'a> {
    finest: &'a Finest,
    rows: Cursor<'a>,
    plane_is_high: bool,
    weights: &'a [f32],
    /// Of the plane and of its low part: y and x.
    extent: [usize; 2],
    low: [usize; 2],
    /// The low part of a low plane, from the coarser levels.
    coarse: &'a mut [f32],
    coarse_pitch: usize,
    halves: &'a mut [Aligned<f32>; 2],
    between: &'a mut [f32],
    pitch: usize,
    out: &'a mut [f32],
}

impl<S: Simd> Task<S> for PutTogether<'_> {
    type Output = ();

    #[inline(always)]
    fn run(mut self, s: S) {
        let ([ny, nx], [low_y, low_x], finest) = (self.extent, self.low, self.finest);
        let [_, split_y, split_x] = finest.split;
        let len = padded(low_x);
        let [low_half, high_half] = self.halves;
        low_half.resize(len);
        high_half.resize(len);
        let plane_number = usize::from(self.plane_is_high);
        let to = if split_y { &mut *self.between } else { &mut *self.out };
        for (y, row) in to.chunks_exact_mut(self.pitch).take(ny).enumerate() {
            let row_is_high = y >= low_y;
            let scales = &finest.scales[plane_number][usize::from(row_is_high)];
            let low = if self.plane_is_high || row_is_high {
                self.rows.mix(s, self.weights, scales[0], &mut low_half[..low_x.next_multiple_of(LANES)]);
                &mut low_half[..len]
            } else {
                &mut self.coarse[y * self.coarse_pitch..][..len]
            };
            if split_x {
                let n_high = nx - low_x;
                let high = &mut high_half[..len];
                self.rows.mix(s, self.weights, scales[1], &mut high[..n_high.next_multiple_of(LANES)]);
                rows::mirror(nx, low, high);
                rows::synthesise::<S, false>(s, nx, low, high, row);
            } else {
                row[..nx].copy_from_slice(&low[..nx]);
            }
        }
        if split_y {
            let columns = Columns { n: [ny, nx.next_multiple_of(S::LANES)], from: self.pitch, to: self.pitch };
            columns::synthesise::<S, false>(s, columns, self.between, self.out);
        }
    }
}

/// The lifting along z, for one pair of planes: names as in [`columns::synthesise`].
struct LiftZ<'a> {
    /// Pairs before this one.
    number: usize,
    /// Changed once afterwards.
    low: &'a mut [f32],
    high: &'a [f32],
    /// Changed once.
    low_before: &'a [f32],
    high_before: &'a [f32],
    high_1: &'a mut [f32],
    high_1_before: &'a [f32],
    even_before: &'a [f32],
    even: &'a mut [f32],
    odd: &'a mut [f32],
}

impl<S: Simd> Task<S> for LiftZ<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let n = S::LANES;
        let lows = self.low.chunks_exact_mut(n);
        let highs = self.high.chunks_exact(n).zip(self.high_before.chunks_exact(n));
        if self.number == 0 {
            for (low, (high, _)) in lows.zip(highs) {
                let high = s.load(high);
                let low_1 = step(s, s.load(low), high, high, -D);
                s.store(low, low_1);
            }
            return;
        }
        let before = self.low_before.chunks_exact(n).zip(self.high_1_before.chunks_exact(n));
        let before = before.zip(self.even_before.chunks_exact(n));
        let out = self.high_1.chunks_exact_mut(n).zip(self.even.chunks_exact_mut(n)).zip(self.odd.chunks_exact_mut(n));
        let first = self.number == 1;
        for (((low, (high, high_before)), ((low_1_before, high_1_before), even_before)), ((high_1_out, even), odd)) in
            lows.zip(highs).zip(before).zip(out)
        {
            let (high_before, low_1_before) = (s.load(high_before), s.load(low_1_before));
            let low_1 = step(s, s.load(low), high_before, s.load(high), -D);
            let high_1 = step(s, high_before, low_1_before, low_1, -C);
            let high_1_before = if first { high_1 } else { s.load(high_1_before) };
            let low_2 = step(s, low_1_before, high_1_before, high_1, -B);
            s.store(low, low_1);
            s.store(high_1_out, high_1);
            s.store(even, low_2);
            s.store(odd, step(s, high_1_before, s.load(even_before), low_2, -A));
        }
    }
}

/// The end of the lifting along z.
struct FinishZ<'a> {
    /// The last planes: low, changed once; high; high before the last, changed once.
    low: &'a [f32],
    high: &'a [f32],
    high_1_before: &'a [f32],
    even_before: &'a [f32],
    even: &'a mut [f32],
    odd: &'a mut [f32],
    /// The last plane, if their number is even; else there is none, and none of `high` is left.
    last: &'a mut [f32],
}

impl<S: Simd> Task<S> for FinishZ<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, s: S) {
        let whole = !self.last.is_empty();
        for x in (0..self.low.len()).step_by(S::LANES) {
            let (low_1, high_1_before) = (s.load(&self.low[x..]), s.load(&self.high_1_before[x..]));
            let high_1 = if whole { step(s, s.load(&self.high[x..]), low_1, low_1, -C) } else { high_1_before };
            let low_2 = step(s, low_1, high_1_before, high_1, -B);
            s.store(&mut self.odd[x..], step(s, high_1_before, s.load(&self.even_before[x..]), low_2, -A));
            s.store(&mut self.even[x..], low_2);
            if whole {
                s.store(&mut self.last[x..], step(s, high_1, low_2, low_2, -A));
            }
        }
    }
}
