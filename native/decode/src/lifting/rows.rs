//! Transforms along x: low and high samples of a row in vectors of their own, neighbours by shifts of one lane.
use super::columns::{step, store};
use super::{A, B, C, D, LANES, LOW};
use crate::aligned::Aligned;
use crate::simd::Simd;

/// Space for one row: whole samples, or low and high ones, with what is mirrored behind them.
#[derive(Debug, Default)]
pub(crate) struct Row {
    low: Aligned<f32>,
    high: Aligned<f32>,
}

/// Samples behind the end of a row that an analysis reads.
const BEHIND: usize = 4;

impl Row {
    pub(super) fn memory_bytes(&self) -> usize {
        self.low.memory_bytes() + self.high.memory_bytes()
    }

    /// Splits a row of 5 samples or more: low samples come first, then the high ones.
    #[inline(always)]
    pub(super) fn analyse<S: Simd>(&mut self, s: S, values: &mut [f32]) {
        let n = values.len();
        let n_low = n.div_ceil(2);
        let n_vectors = (n_low + BEHIND / 2).div_ceil(S::LANES);
        self.low.resize(2 * n_vectors * LANES);
        let samples = &mut self.low[..2 * n_vectors * S::LANES];
        samples[..n].copy_from_slice(values);
        for k in 0..BEHIND {
            samples[n + k] = values[n - 2 - k];
        }
        let (low, high) = values.split_at_mut(n_low);
        let (low_scale, high_scale) = (s.splat(LOW), s.splat(1.0 / LOW));
        let zero = s.splat(0.0);
        let [mut low_0, mut high_0] = [zero; 2];
        let (mut high_1_before, mut low_1_before, mut high_2_before) = (zero, zero, zero);
        // Behind the last vector come two rounds that finish it.
        for vector in 0..n_vectors + 2 {
            let (low_0_next, high_0_next) = match samples.get(2 * vector * S::LANES..) {
                Some(pair) if vector < n_vectors => s.deinterleave(s.load(pair), s.load(&pair[S::LANES..])),
                _ => (zero, zero),
            };
            if vector > 0 {
                let high_1 = step(s, high_0, low_0, s.ahead(low_0, low_0_next), A);
                let before = if vector == 1 { s.first(high_1) } else { high_1_before };
                let low_1 = step(s, low_0, s.behind(before, high_1), high_1, B);
                if vector > 1 {
                    let high_2 = step(s, high_1_before, low_1_before, s.ahead(low_1_before, low_1), C);
                    let before = if vector == 2 { s.first(high_2) } else { high_2_before };
                    let low_2 = step(s, low_1_before, s.behind(before, high_2), high_2, D);
                    store(s, low, (vector - 2) * S::LANES, s.mul(low_2, low_scale));
                    store(s, high, (vector - 2) * S::LANES, s.mul(high_2, high_scale));
                    high_2_before = high_2;
                }
                (high_1_before, low_1_before) = (high_1, low_1);
            }
            (low_0, high_0) = (low_0_next, high_0_next);
        }
    }

    /// Puts a row together again.
    #[inline(always)]
    pub(super) fn synthesise<S: Simd, const SCALED: bool>(&mut self, s: S, values: &mut [f32]) {
        let n = values.len();
        let (n_low, n_high) = (n.div_ceil(2), n / 2);
        let len = padded(n_low);
        self.low.resize(len);
        self.high.resize(len);
        let (low, high) = (&mut self.low[..len], &mut self.high[..len]);
        low[..n_low].copy_from_slice(&values[..n_low]);
        high[..n_high].copy_from_slice(&values[n_low..]);
        mirror(n, low, high);
        synthesise::<S, SCALED>(s, n, low, high, values);
    }
}

/// Length of a half row of `n_low` or fewer samples with what is mirrored behind them, in whole vectors.
pub(crate) fn padded(n_low: usize) -> usize {
    (n_low + 2).next_multiple_of(LANES)
}

/// Sets the two samples behind the low and the high ones of a row of `n`.
#[inline(always)]
pub(crate) fn mirror(n: usize, low: &mut [f32], high: &mut [f32]) {
    let (n_low, n_high) = (n.div_ceil(2), n / 2);
    let odd = n % 2;
    for k in 0..2 {
        low[n_low + k] = low[n_low - 1 - odd - k];
        high[n_high + k] = high[n_high + odd - 2 - k];
    }
}

/// Puts a row of `n` samples (5 or more) together, from low and high ones with what is mirrored behind them. `to` may be
/// longer than `n` and then holds anything behind it. `SCALED`: samples have the scale of the format, else that of the
/// lifting.
#[inline(always)]
pub(crate) fn synthesise<S: Simd, const SCALED: bool>(s: S, n: usize, low: &[f32], high: &[f32], to: &mut [f32]) {
    let n_low = n.div_ceil(2);
    // Without a part of a vector at its end the row is mirrored in registers.
    let whole = n.is_multiple_of(2 * S::LANES);
    let n_vectors = if whole { n_low / S::LANES } else { (n_low + 2).div_ceil(S::LANES) };
    let mut high_0 = load::<S, SCALED>(s, high, 0, LOW);
    let low_0 = load::<S, SCALED>(s, low, 0, 1.0 / LOW);
    let mut low_1 = step(s, low_0, s.behind(s.first(high_0), high_0), high_0, -D);
    let [mut high_1_before, mut low_2_before] = [s.splat(0.0); 2];
    for vector in 1..=n_vectors {
        let (high_0_next, low_1_next) = if vector < n_vectors {
            let next = load::<S, SCALED>(s, high, vector, LOW);
            let low_0 = load::<S, SCALED>(s, low, vector, 1.0 / LOW);
            (next, step(s, low_0, s.behind(high_0, next), next, -D))
        } else {
            (high_0, s.last(low_1))
        };
        let high_1 = step(s, high_0, low_1, s.ahead(low_1, low_1_next), -C);
        let before = if vector == 1 { s.first(high_1) } else { high_1_before };
        let low_2 = step(s, low_1, s.behind(before, high_1), high_1, -B);
        if vector > 1 {
            let high_2 = step(s, high_1_before, low_2_before, s.ahead(low_2_before, low_2), -A);
            put(s, to, vector - 2, [low_2_before, high_2]);
        }
        (high_0, low_1, high_1_before, low_2_before) = (high_0_next, low_1_next, high_1, low_2);
    }
    let after = s.last(low_2_before);
    let high_2 = step(s, high_1_before, low_2_before, s.ahead(low_2_before, after), -A);
    put(s, to, n_vectors - 1, [low_2_before, high_2]);
}

/// A vector, times a scale if there is one.
#[inline(always)]
fn load<S: Simd, const SCALED: bool>(s: S, from: &[f32], vector: usize, scale: f32) -> S::V {
    let value = s.load(&from[vector * S::LANES..]);
    if SCALED { s.mul(value, s.splat(scale)) } else { value }
}

/// Stores vectors of low and high samples, one after the other.
#[inline(always)]
fn put<S: Simd>(s: S, to: &mut [f32], vector: usize, [low_2, high_2]: [S::V; 2]) {
    let (first, second) = s.interleave(low_2, high_2);
    store(s, to, 2 * vector * S::LANES, first);
    store(s, to, (2 * vector + 1) * S::LANES, second);
}
