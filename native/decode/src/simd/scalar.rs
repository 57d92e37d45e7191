use super::{Simd, Task};

/// Portable: arrays that the compiler turns into whatever vectors the target has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar;

const LANES: usize = 8;
type V = [f32; LANES];

#[inline(always)]
fn each(f: impl Fn(usize) -> f32) -> V {
    let mut v = [0.0; LANES];
    for (i, v) in v.iter_mut().enumerate() {
        *v = f(i);
    }
    v
}

impl Simd for Scalar {
    const LANES: usize = LANES;
    const BLOCK: usize = 2;
    type V = V;

    #[inline(always)]
    fn call<T: Task<Self>>(self, task: T) -> T::Output {
        task.run(self)
    }
    #[inline(always)]
    fn splat(self, value: f32) -> V {
        [value; LANES]
    }
    #[inline(always)]
    fn load(self, from: &[f32]) -> V {
        let mut v = [0.0; LANES];
        v.copy_from_slice(&from[..LANES]);
        v
    }
    #[inline(always)]
    fn store(self, to: &mut [f32], value: V) {
        to[..LANES].copy_from_slice(&value);
    }
    #[inline(always)]
    fn load_i8(self, from: &[i8]) -> V {
        let from = &from[..LANES];
        each(|i| f32::from(from[i]))
    }
    #[inline(always)]
    fn load_i16(self, from: &[i16]) -> V {
        let from = &from[..LANES];
        each(|i| f32::from(from[i]))
    }
    #[inline(always)]
    fn add(self, a: V, b: V) -> V {
        each(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn mul(self, a: V, b: V) -> V {
        each(|i| a[i] * b[i])
    }
    #[inline(always)]
    fn fma(self, a: V, b: V, c: V) -> V {
        // Two roundings: `f32::mul_add` would call a library function where the target has no such instruction.
        each(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    fn max(self, a: V, b: V) -> V {
        each(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn min(self, a: V, b: V) -> V {
        each(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn interleave(self, even: V, odd: V) -> (V, V) {
        let at = |i: usize| if i.is_multiple_of(2) { even[i / 2] } else { odd[i / 2] };
        (each(at), each(|i| at(i + LANES)))
    }
    #[inline(always)]
    fn deinterleave(self, first: V, second: V) -> (V, V) {
        let at = |i: usize| if i < LANES { first[i] } else { second[i - LANES] };
        (each(|i| at(2 * i)), each(|i| at(2 * i + 1)))
    }
    #[inline(always)]
    fn behind(self, before: V, here: V) -> V {
        each(|i| if i == 0 { before[LANES - 1] } else { here[i - 1] })
    }
    #[inline(always)]
    fn ahead(self, here: V, after: V) -> V {
        each(|i| if i == LANES - 1 { after[0] } else { here[i + 1] })
    }
    #[inline(always)]
    fn first(self, v: V) -> V {
        [v[0]; LANES]
    }
    #[inline(always)]
    fn last(self, v: V) -> V {
        [v[LANES - 1]; LANES]
    }
}
