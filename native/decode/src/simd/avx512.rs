use super::{Simd, Task};
use std::arch::x86_64::*;

/// AVX-512 (F, BW, DQ, VL): 16 lanes of f32.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

/// The same with products of bf16 pairs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512Bf16(());

impl Avx512 {
    pub(crate) fn detect() -> Option<Self> {
        let there = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && super::Avx2::detect().is_some();
        there.then_some(Avx512(()))
    }
}

impl Avx512Bf16 {
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512bf16") && Avx512::detect().is_some()).then_some(Avx512Bf16(()))
    }

    /// bf16 pairs: lane i holds the bits of (first[i], second[i]).
    #[inline(always)]
    pub(crate) fn pair(self, first: __m512, second: __m512) -> __m512 {
        const PAIRS: [u16; 32] = {
            let mut order = [0; 32];
            let mut i = 0;
            while i < 16 {
                order[2 * i] = i as u16;
                order[2 * i + 1] = 16 + i as u16;
                i += 1;
            }
            order
        };
        // SAFETY: `self` proves that the CPU has the instructions; both vector types are 64 bytes of plain numbers.
        unsafe {
            let both = std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(second, first));
            _mm512_castsi512_ps(_mm512_permutexvar_epi16(_mm512_loadu_si512(PAIRS.as_ptr().cast()), both))
        }
    }

    /// sum + a.first·b.first + a.second·b.second in every lane; `b` is one pair for all lanes.
    #[inline(always)]
    pub(crate) fn dot(self, sum: __m512, a: __m512, b: u32) -> __m512 {
        // SAFETY: `self` proves that the CPU has the instructions; both vector types are 64 bytes of plain numbers.
        unsafe {
            let b = _mm512_set1_epi32(b.cast_signed());
            let a = std::mem::transmute::<__m512, __m512bh>(a);
            _mm512_dpbf16_ps(sum, a, std::mem::transmute::<__m512i, __m512bh>(b))
        }
    }
}

macro_rules! avx512_simd {
    ($token:ident, $features:literal) => {
        impl Simd for $token {
            const LANES: usize = 16;
            const BLOCK: usize = 8;
            type V = __m512;

            #[inline(always)]
            fn call<T: Task<Self>>(self, task: T) -> T::Output {
                #[target_feature(enable = $features)]
                fn inner<T: Task<$token>>(simd: $token, task: T) -> T::Output {
                    task.run(simd)
                }
                // SAFETY: `self` proves that the CPU has the instructions.
                unsafe { inner(self, task) }
            }
            #[inline(always)]
            fn splat(self, value: f32) -> __m512 {
                // SAFETY: `self` proves that the CPU has the instruction.
                unsafe { _mm512_set1_ps(value) }
            }
            #[inline(always)]
            fn load(self, from: &[f32]) -> __m512 {
                assert!(from.len() >= Self::LANES);
                // SAFETY: `self` proves that the CPU has the instruction; the slice has 16 elements.
                unsafe { _mm512_loadu_ps(from.as_ptr()) }
            }
            #[inline(always)]
            fn store(self, to: &mut [f32], value: __m512) {
                assert!(to.len() >= Self::LANES);
                // SAFETY: `self` proves that the CPU has the instruction; the slice has 16 elements.
                unsafe { _mm512_storeu_ps(to.as_mut_ptr(), value) }
            }
            #[inline(always)]
            fn load_i8(self, from: &[i8]) -> __m512 {
                assert!(from.len() >= Self::LANES);
                // SAFETY: `self` proves that the CPU has the instructions; the slice has 16 bytes.
                unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.as_ptr().cast()))) }
            }
            #[inline(always)]
            fn load_i16(self, from: &[i16]) -> __m512 {
                assert!(from.len() >= Self::LANES);
                // SAFETY: `self` proves that the CPU has the instructions; the slice has 32 bytes.
                unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256(from.as_ptr().cast()))) }
            }
            #[inline(always)]
            fn add(self, a: __m512, b: __m512) -> __m512 {
                // SAFETY: `self` proves that the CPU has the instruction.
                unsafe { _mm512_add_ps(a, b) }
            }
            #[inline(always)]
            fn mul(self, a: __m512, b: __m512) -> __m512 {
                // SAFETY: `self` proves that the CPU has the instruction.
                unsafe { _mm512_mul_ps(a, b) }
            }
            #[inline(always)]
            fn fma(self, a: __m512, b: __m512, c: __m512) -> __m512 {
                // SAFETY: `self` proves that the CPU has the instruction.
                unsafe { _mm512_fmadd_ps(a, b, c) }
            }
            #[inline(always)]
            fn max(self, a: __m512, b: __m512) -> __m512 {
                // SAFETY: `self` proves that the CPU has the instruction.
                unsafe { _mm512_max_ps(a, b) }
            }
            #[inline(always)]
            fn min(self, a: __m512, b: __m512) -> __m512 {
                // SAFETY: `self` proves that the CPU has the instruction.
                unsafe { _mm512_min_ps(a, b) }
            }
            #[inline(always)]
            fn interleave(self, even: __m512, odd: __m512) -> (__m512, __m512) {
                // SAFETY: `self` proves that the CPU has the instructions.
                unsafe {
                    let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
                    let high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
                    (_mm512_permutex2var_ps(even, low, odd), _mm512_permutex2var_ps(even, high, odd))
                }
            }
            #[inline(always)]
            fn deinterleave(self, first: __m512, second: __m512) -> (__m512, __m512) {
                // SAFETY: `self` proves that the CPU has the instructions.
                unsafe {
                    let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
                    let odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
                    (_mm512_permutex2var_ps(first, even, second), _mm512_permutex2var_ps(first, odd, second))
                }
            }
            #[inline(always)]
            fn behind(self, before: __m512, here: __m512) -> __m512 {
                // SAFETY: `self` proves that the CPU has the instructions.
                unsafe {
                    let (before, here) = (_mm512_castps_si512(before), _mm512_castps_si512(here));
                    _mm512_castsi512_ps(_mm512_alignr_epi32::<15>(here, before))
                }
            }
            #[inline(always)]
            fn ahead(self, here: __m512, after: __m512) -> __m512 {
                // SAFETY: `self` proves that the CPU has the instructions.
                unsafe {
                    let (here, after) = (_mm512_castps_si512(here), _mm512_castps_si512(after));
                    _mm512_castsi512_ps(_mm512_alignr_epi32::<1>(after, here))
                }
            }
            #[inline(always)]
            fn first(self, v: __m512) -> __m512 {
                // SAFETY: `self` proves that the CPU has the instruction.
                unsafe { _mm512_broadcastss_ps(_mm512_castps512_ps128(v)) }
            }
            #[inline(always)]
            fn last(self, v: __m512) -> __m512 {
                // SAFETY: `self` proves that the CPU has the instructions.
                unsafe { _mm512_permutexvar_ps(_mm512_set1_epi32(15), v) }
            }
        }
    };
}

avx512_simd!(Avx512, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c");
avx512_simd!(Avx512Bf16, "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c");
