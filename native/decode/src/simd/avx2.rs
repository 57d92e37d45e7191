use super::{Simd, Task};
use std::arch::x86_64::*;

/// AVX2 with FMA and F16C (x86-64-v3): 8 lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(crate) fn detect() -> Option<Self> {
        let there =
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
        there.then_some(Avx2(()))
    }
}

impl Simd for Avx2 {
    const LANES: usize = 8;
    const BLOCK: usize = 4;
    type V = __m256;

    #[inline(always)]
    fn call<T: Task<Self>>(self, task: T) -> T::Output {
        #[target_feature(enable = "avx2,fma,f16c")]
        fn inner<T: Task<Avx2>>(simd: Avx2, task: T) -> T::Output {
            task.run(simd)
        }
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe { inner(self, task) }
    }
    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm256_set1_ps(value) }
    }
    #[inline(always)]
    fn load(self, from: &[f32]) -> __m256 {
        assert!(from.len() >= Self::LANES);
        // SAFETY: `self` proves that the CPU has the instruction; the slice has 8 elements.
        unsafe { _mm256_loadu_ps(from.as_ptr()) }
    }
    #[inline(always)]
    fn store(self, to: &mut [f32], value: __m256) {
        assert!(to.len() >= Self::LANES);
        // SAFETY: `self` proves that the CPU has the instruction; the slice has 8 elements.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), value) }
    }
    #[inline(always)]
    fn load_i8(self, from: &[i8]) -> __m256 {
        assert!(from.len() >= Self::LANES);
        // SAFETY: `self` proves that the CPU has the instructions; the slice has 8 bytes.
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.as_ptr().cast()))) }
    }
    #[inline(always)]
    fn load_i16(self, from: &[i16]) -> __m256 {
        assert!(from.len() >= Self::LANES);
        // SAFETY: `self` proves that the CPU has the instructions; the slice has 16 bytes.
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128(from.as_ptr().cast()))) }
    }
    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm256_mul_ps(a, b) }
    }
    #[inline(always)]
    fn fma(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm256_max_ps(a, b) }
    }
    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm256_min_ps(a, b) }
    }
    #[inline(always)]
    fn interleave(self, even: __m256, odd: __m256) -> (__m256, __m256) {
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe {
            let (low, high) = (_mm256_unpacklo_ps(even, odd), _mm256_unpackhi_ps(even, odd));
            (_mm256_permute2f128_ps::<0x20>(low, high), _mm256_permute2f128_ps::<0x31>(low, high))
        }
    }
    #[inline(always)]
    fn deinterleave(self, first: __m256, second: __m256) -> (__m256, __m256) {
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe {
            let low = _mm256_permute2f128_ps::<0x20>(first, second);
            let high = _mm256_permute2f128_ps::<0x31>(first, second);
            (_mm256_shuffle_ps::<0x88>(low, high), _mm256_shuffle_ps::<0xdd>(low, high))
        }
    }
    #[inline(always)]
    fn behind(self, before: __m256, here: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe {
            let between = _mm256_castps_si256(_mm256_permute2f128_ps::<0x21>(before, here));
            _mm256_castsi256_ps(_mm256_alignr_epi8::<12>(_mm256_castps_si256(here), between))
        }
    }
    #[inline(always)]
    fn ahead(self, here: __m256, after: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe {
            let between = _mm256_castps_si256(_mm256_permute2f128_ps::<0x21>(here, after));
            _mm256_castsi256_ps(_mm256_alignr_epi8::<4>(between, _mm256_castps_si256(here)))
        }
    }
    #[inline(always)]
    fn first(self, v: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has the instruction.
        unsafe { _mm256_broadcastss_ps(_mm256_castps256_ps128(v)) }
    }
    #[inline(always)]
    fn last(self, v: __m256) -> __m256 {
        // SAFETY: `self` proves that the CPU has the instructions.
        unsafe { _mm256_permutevar8x32_ps(v, _mm256_set1_epi32(7)) }
    }
}
