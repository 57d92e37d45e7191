//! Vectors of f32 behind one trait.
//!
//! A value of a type that implements [`Simd`] is a proof that the CPU has its instructions: the types of x86 can only be
//! made by [`detect`](Avx2::detect)-like functions. So the trait is safe to use, and the `unsafe` calls of intrinsics
//! stay in this module.
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod scalar;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::{Avx512, Avx512Bf16};
pub(crate) use scalar::Scalar;

/// Work that is compiled once per instruction set. `run` and all it calls must be `#[inline(always)]`, so that they
/// end up inside the function of [`Simd::call`] that switches the instructions on.
pub(crate) trait Task<S> {
    type Output;
    fn run(self, simd: S) -> Self::Output;
}

pub(crate) trait Simd: Copy {
    /// f32 per vector.
    const LANES: usize;
    /// Outputs of a layer that are computed together, for two vectors of voxels each: as many as registers allow.
    const BLOCK: usize;
    type V: Copy;

    /// Runs a task with the instructions switched on.
    fn call<T: Task<Self>>(self, task: T) -> T::Output;

    fn splat(self, value: f32) -> Self::V;
    /// The first LANES elements.
    fn load(self, from: &[f32]) -> Self::V;
    /// Into the first LANES elements.
    fn store(self, to: &mut [f32], value: Self::V);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// a·b + c, fused where the CPU can.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The larger one; b where a is NaN.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// The smaller one; b where a is NaN.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// (e0 o0 e1 o1 ...) as two vectors.
    fn interleave(self, even: Self::V, odd: Self::V) -> (Self::V, Self::V);
}
