//! Transforms along y and z: vectors of columns, all four steps of the lifting in one pass over the rows.
use super::{A, B, C, D, LOW};
use crate::simd::Simd;

/// Rows of columns in memory.
#[derive(Clone, Copy)]
pub(crate) struct Columns {
    /// Rows (5 or more) and columns.
    pub(crate) n: [usize; 2],
    /// Distance between the rows that are read; all of their vectors must be readable.
    pub(crate) from: usize,
    /// Distance between the rows that are written.
    pub(crate) to: usize,
}

/// Vectors at `x` of rows that are read. No closure: that would not always be inlined, and outside of the function that
/// switches them on there are no instructions for vectors.
#[derive(Clone, Copy)]
struct From<'a> {
    rows: &'a [f32],
    distance: usize,
    x: usize,
}

/// The same of rows that are written, each with `n` numbers.
struct To<'a> {
    rows: &'a mut [f32],
    distance: usize,
    n: usize,
    x: usize,
}

impl From<'_> {
    #[inline(always)]
    fn row<S: Simd>(self, s: S, i: usize) -> S::V {
        s.load(&self.rows[i * self.distance + self.x..])
    }

    /// Times a scale, if there is one.
    #[inline(always)]
    fn scaled<S: Simd, const SCALED: bool>(self, s: S, i: usize, scale: f32) -> S::V {
        let value = self.row(s, i);
        if SCALED { s.mul(value, s.splat(scale)) } else { value }
    }
}

impl To<'_> {
    #[inline(always)]
    fn put<S: Simd>(&mut self, s: S, i: usize, value: S::V) {
        store(s, &mut self.rows[i * self.distance..][..self.n], self.x, value);
    }
}

/// v + factor·(a + b)
#[inline(always)]
pub(crate) fn step<S: Simd>(s: S, v: S::V, a: S::V, b: S::V, factor: f32) -> S::V {
    s.fma(s.add(a, b), s.splat(factor), v)
}

/// Splits columns: low rows come first, then the high ones.
///
/// Names in both directions: `high_1` is a high sample after one change, and so on. Beyond the first and the last sample
/// stand their neighbours on the other side.
#[inline(always)]
pub(super) fn analyse<S: Simd>(s: S, columns: Columns, from: &[f32], to: &mut [f32]) {
    let [n, nx] = columns.n;
    let (n_low, n_high) = (n.div_ceil(2), n / 2);
    let (low_scale, high_scale) = (s.splat(LOW), s.splat(1.0 / LOW));
    for x in (0..nx).step_by(S::LANES) {
        let from = From { rows: from, distance: columns.from, x };
        let mut to = To { rows: &mut *to, distance: columns.to, n: nx, x };
        let zero = s.splat(0.0);
        let mut low_0 = from.row(s, 0);
        let (mut high_1_before, mut low_1_before, mut high_2_before) = (zero, zero, zero);
        for j in 0..n_low {
            let low_0_next = if j + 1 < n_low { from.row(s, 2 * j + 2) } else { low_0 };
            let high_1 = if j < n_high { step(s, from.row(s, 2 * j + 1), low_0, low_0_next, A) } else { high_1_before };
            let low_1 = step(s, low_0, if j == 0 { high_1 } else { high_1_before }, high_1, B);
            if j > 0 {
                let high_2 = step(s, high_1_before, low_1_before, low_1, C);
                let low_2 = step(s, low_1_before, if j == 1 { high_2 } else { high_2_before }, high_2, D);
                to.put(s, n_low + j - 1, s.mul(high_2, high_scale));
                to.put(s, j - 1, s.mul(low_2, low_scale));
                high_2_before = high_2;
            }
            (low_0, high_1_before, low_1_before) = (low_0_next, high_1, low_1);
        }
        let mut high_2 = high_2_before;
        if n_high == n_low {
            high_2 = step(s, high_1_before, low_1_before, low_1_before, C);
            to.put(s, n - 1, s.mul(high_2, high_scale));
        }
        to.put(s, n_low - 1, s.mul(step(s, low_1_before, high_2_before, high_2, D), low_scale));
    }
}

/// Puts columns together. `SCALED`: samples have the scale of the format, else that of the lifting.
#[inline(always)]
pub(crate) fn synthesise<S: Simd, const SCALED: bool>(s: S, columns: Columns, from: &[f32], to: &mut [f32]) {
    let [n, nx] = columns.n;
    let (n_low, n_high) = (n.div_ceil(2), n / 2);
    for x in (0..nx).step_by(S::LANES) {
        let from = From { rows: from, distance: columns.from, x };
        let mut to = To { rows: &mut *to, distance: columns.to, n: nx, x };
        let zero = s.splat(0.0);
        let mut high_0_before = from.scaled::<S, SCALED>(s, n_low, LOW);
        let (mut low_1_before, mut high_1_before, mut low_2_before) = (zero, zero, zero);
        for j in 0..n_low {
            let high_0 = if j < n_high { from.scaled::<S, SCALED>(s, n_low + j, LOW) } else { high_0_before };
            let low_1 = step(s, from.scaled::<S, SCALED>(s, j, 1.0 / LOW), high_0_before, high_0, -D);
            if j > 0 {
                let high_1 = step(s, high_0_before, low_1_before, low_1, -C);
                let low_2 = step(s, low_1_before, if j == 1 { high_1 } else { high_1_before }, high_1, -B);
                to.put(s, 2 * j - 2, low_2);
                if j > 1 {
                    to.put(s, 2 * j - 3, step(s, high_1_before, low_2_before, low_2, -A));
                }
                (high_1_before, low_2_before) = (high_1, low_2);
            }
            (high_0_before, low_1_before) = (high_0, low_1);
        }
        if n_high == n_low {
            let high_1 = step(s, high_0_before, low_1_before, low_1_before, -C);
            let low_2 = step(s, low_1_before, high_1_before, high_1, -B);
            to.put(s, n - 3, step(s, high_1_before, low_2_before, low_2, -A));
            to.put(s, n - 2, low_2);
            to.put(s, n - 1, step(s, high_1, low_2, low_2, -A));
        } else {
            let low_2 = step(s, low_1_before, high_1_before, high_1_before, -B);
            to.put(s, n - 2, step(s, high_1_before, low_2_before, low_2, -A));
            to.put(s, n - 1, low_2);
        }
    }
}

/// Stores a vector at `x` of a row, or what of it lies in the row.
#[inline(always)]
pub(crate) fn store<S: Simd>(s: S, row: &mut [f32], x: usize, value: S::V) {
    let Some(row) = row.get_mut(x..) else { return };
    if row.len() >= S::LANES {
        s.store(row, value);
    } else {
        let mut whole = [0f32; super::LANES];
        s.store(&mut whole, value);
        row.copy_from_slice(&whole[..row.len()]);
    }
}
