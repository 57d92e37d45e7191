//! Values: from r, or from r and what a head adds to it.
use crate::simd::Simd;

/// value = offset + step·(r + what the head adds), limited to a range; NaN becomes min.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) step: f32,
    pub(crate) offset: f32,
    pub(crate) range: (f32, f32),
}

impl Output {
    #[inline(always)]
    pub(crate) fn value<S: Simd>(self, s: S, y: S::V) -> S::V {
        let value = s.fma(y, s.splat(self.step), s.splat(self.offset));
        s.min(s.max(value, s.splat(self.range.0)), s.splat(self.range.1))
    }
}

/// A value limited to a range; NaN becomes its min.
pub(crate) fn limit(value: f32, (min, max): (f32, f32)) -> f32 {
    if value > min { if value < max { value } else { max } } else { min }
}
