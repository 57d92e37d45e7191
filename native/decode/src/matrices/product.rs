//! Products of matrices, some rows and two vectors at a time.
use crate::lifting::columns::store;
use crate::output::Output;
use crate::simd::Simd;

/// The left matrix: rows of `columns` numbers, `pitch` apart.
#[derive(Clone, Copy)]
pub(super) struct Factor<'a> {
    pub(super) numbers: &'a [f32],
    pub(super) pitch: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// What becomes of a product. A trait and no closure, which would not always be inlined.
pub(super) trait Sink<S: Simd> {
    fn put(&mut self, s: S, row: usize, at: usize, value: S::V);
}

/// Rows of whole vectors, `pitch` apart.
pub(super) struct Store<'a> {
    pub(super) to: &'a mut [f32],
    pub(super) pitch: usize,
}

impl<S: Simd> Sink<S> for Store<'_> {
    #[inline(always)]
    fn put(&mut self, s: S, row: usize, at: usize, value: S::V) {
        s.store(&mut self.to[row * self.pitch + at..], value);
    }
}

/// Rows of `nx` values out of rows of r.
pub(super) struct Values<'a> {
    pub(super) output: Output,
    pub(super) out: &'a mut [f32],
    pub(super) nx: usize,
}

impl<S: Simd> Sink<S> for Values<'_> {
    #[inline(always)]
    fn put(&mut self, s: S, row: usize, at: usize, value: S::V) {
        // Rows end in whole pieces, values may end before.
        if at < self.nx {
            store(s, &mut self.out[row * self.nx..][..self.nx], at, self.output.value(s, value));
        }
    }
}

/// Left times right: `factor.columns` rows of `n` numbers, `pitch` apart; `n` is a multiple of the vectors' length.
#[inline(always)]
pub(super) fn product<S: Simd, T: Sink<S>>(s: S, left: Factor<'_>, right: &[f32], pitch: usize, n: usize, to: &mut T) {
    let mut row = 0;
    while row + 6 <= left.rows {
        strip::<S, T, 6>(s, left, row, right, pitch, n, to);
        row += 6;
    }
    if row + 4 <= left.rows {
        strip::<S, T, 4>(s, left, row, right, pitch, n, to);
        row += 4;
    }
    while row < left.rows {
        strip::<S, T, 1>(s, left, row, right, pitch, n, to);
        row += 1;
    }
}

/// `R` rows of a product.
#[inline(always)]
fn strip<S: Simd, T: Sink<S>, const R: usize>(
    s: S,
    left: Factor<'_>,
    row: usize,
    right: &[f32],
    pitch: usize,
    n: usize,
    to: &mut T,
) {
    let mut rows = [&left.numbers[..0]; R];
    for (number, of) in rows.iter_mut().enumerate() {
        *of = &left.numbers[(row + number) * left.pitch..][..left.columns];
    }
    let mut at = 0;
    while at + 2 * S::LANES <= n {
        tile::<S, T, R, 2>(s, &rows, row, right, pitch, at, to);
        at += 2 * S::LANES;
    }
    if at < n {
        tile::<S, T, R, 1>(s, &rows, row, right, pitch, at, to);
    }
}

/// `R` rows of `V` vectors of a product.
#[inline(always)]
fn tile<S: Simd, T: Sink<S>, const R: usize, const V: usize>(
    s: S,
    rows: &[&[f32]; R],
    row: usize,
    right: &[f32],
    pitch: usize,
    at: usize,
    to: &mut T,
) {
    let mut sums = [[s.splat(0.0); V]; R];
    for k in 0..rows[0].len() {
        let right = &right[k * pitch + at..][..V * S::LANES];
        let mut vectors = [s.splat(0.0); V];
        for (v, vector) in vectors.iter_mut().enumerate() {
            *vector = s.load(&right[v * S::LANES..]);
        }
        for (sums, row) in sums.iter_mut().zip(rows) {
            let factor = s.splat(row[k]);
            for (sum, &vector) in sums.iter_mut().zip(&vectors) {
                *sum = s.fma(factor, vector, *sum);
            }
        }
    }
    for (number, sums) in sums.iter().enumerate() {
        for (v, &sum) in sums.iter().enumerate() {
            to.put(s, row + number, at + v * S::LANES, sum);
        }
    }
}
