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

use crate::kernel::Kernel;

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
    /// The first LANES elements as floats.
    fn load_i8(self, from: &[i8]) -> Self::V;
    /// The first LANES elements as floats.
    fn load_i16(self, from: &[i16]) -> Self::V;
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
    /// The inverse: lanes of even and of odd numbers of two vectors.
    fn deinterleave(self, first: Self::V, second: Self::V) -> (Self::V, Self::V);
    /// Every lane from one lower: the first one is the last one of `before`.
    fn behind(self, before: Self::V, here: Self::V) -> Self::V;
    /// Every lane from one higher: the last one is the first one of `after`.
    fn ahead(self, here: Self::V, after: Self::V) -> Self::V;
    /// The first lane in all of them.
    fn first(self, v: Self::V) -> Self::V;
    /// The last lane in all of them.
    fn last(self, v: Self::V) -> Self::V;
}

/// Work for any of the f32 instruction sets.
#[cfg(target_arch = "x86_64")]
pub(crate) trait AnyTask:
    Task<Scalar> + Task<Avx2, Output = Out<Self>> + Task<Avx512, Output = Out<Self>>
{
}
#[cfg(target_arch = "x86_64")]
impl<T: Task<Scalar> + Task<Avx2, Output = Out<T>> + Task<Avx512, Output = Out<T>>> AnyTask for T {}
#[cfg(not(target_arch = "x86_64"))]
pub(crate) trait AnyTask: Task<Scalar> {}
#[cfg(not(target_arch = "x86_64"))]
impl<T: Task<Scalar>> AnyTask for T {}

type Out<T> = <T as Task<Scalar>>::Output;

/// Runs a task with the f32 instructions of a kernel, as far as the CPU has them.
pub(crate) fn call<T: AnyTask>(kernel: Kernel, task: T) -> Out<T> {
    #[cfg(target_arch = "x86_64")]
    match kernel {
        Kernel::Scalar => {}
        Kernel::Avx2 => {
            if let Some(avx2) = Avx2::detect() {
                return avx2.call(task);
            }
        }
        Kernel::Avx512 | Kernel::Bf16 | Kernel::Vnni => {
            if let Some(avx512) = Avx512::detect() {
                return avx512.call(task);
            }
            return call(Kernel::Avx2, task);
        }
    }
    let _ = kernel;
    Scalar.call(task)
}
