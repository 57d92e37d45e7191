// 16-bit floats as of `cuda_fp16.h`: every operation is rounded once to the nearest (ties to even), subnormal numbers are
// kept, NaN results are 0x7fff as on devices.
#pragma once

struct __half_raw {
    unsigned short x;
};
struct __half2_raw {
    unsigned short x, y;
};

struct alignas(2) __half {
    unsigned short bits;
    __half() = default;
    __half(__half_raw raw) : bits(raw.x) {}
    inline __half(float value);
    explicit inline __half(double value);
    explicit inline __half(int value);
    explicit inline __half(unsigned int value);
    inline operator float() const;
    operator __half_raw() const { return {bits}; }
};

struct alignas(4) __half2 {
    __half x, y;
    __half2() = default;
    __half2(__half x, __half y) : x(x), y(y) {}
    __half2(__half2_raw raw) : x(__half_raw{raw.x}), y(__half_raw{raw.y}) {}
};

using half = __half;
using half2 = __half2;

namespace emulated {

inline __m128 widen(__half value) { return _mm_cvtph_ps(_mm_cvtsi32_si128(value.bits)); }

inline __m128 widen(__half2 value) {
    int bits;
    std::memcpy(&bits, &value, 4);
    return _mm_cvtph_ps(_mm_cvtsi32_si128(bits));
}

// The 16-bit floats nearest to lanes 0 and 1.
inline int narrow(__m128 value) {
    __m128i bits = _mm_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m128i nan = _mm_castps_si128(_mm_cmpunord_ps(value, value));
    nan = _mm_packs_epi32(nan, nan);
    bits = _mm_or_si128(_mm_andnot_si128(nan, bits), _mm_and_si128(nan, _mm_set1_epi16(0x7fff)));
    return _mm_cvtsi128_si32(bits);
}

inline __half narrow1(__m128 value) { return __half_raw{static_cast<unsigned short>(narrow(value))}; }

inline __half2 narrow2(__m128 value) {
    int bits = narrow(value);
    __half2 result;
    std::memcpy(&result, &bits, 4);
    return result;
}

// Doubles as floats whose last bit is set if anything was cut off ("round to odd"). Rounding them to 16 bits is rounding the
// doubles once.
inline __m128 cut(__m128d value) {
    const __m128i below = _mm_set1_epi64x((1ll << 29) - 1), last = _mm_set1_epi64x(1ll << 29);
    __m128i bits = _mm_castpd_si128(value);
    __m128i exact = _mm_cmpeq_epi64(_mm_and_si128(bits, below), _mm_setzero_si128());
    bits = _mm_or_si128(_mm_andnot_si128(below, bits), _mm_andnot_si128(exact, last));
    return _mm_cvtpd_ps(_mm_castsi128_pd(bits));
}

// a * b + c of lanes 0 and 1, for rounding to 16 bits. Where the sum does not fit a double, the smaller part is far below the
// last bit of the result and of what decides a tie.
inline __m128 multiply_add(__m128 a, __m128 b, __m128 c) {
    return cut(_mm_fmadd_pd(_mm_cvtps_pd(a), _mm_cvtps_pd(b), _mm_cvtps_pd(c)));
}

// 0 or 1 as a 16-bit float.
inline __half truth(bool value) { return __half_raw{static_cast<unsigned short>(value ? 0x3c00 : 0)}; }

} // namespace emulated

inline __half __float2half_rn(float value) { return emulated::narrow1(_mm_set_ss(value)); }
inline __half __float2half(float value) { return __float2half_rn(value); }
inline __half __float2half_rz(float value) {
    if (value != value) return __half_raw{0x7fff};
    return __half_raw{static_cast<unsigned short>(_cvtss_sh(value, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC))};
}
inline float __half2float(__half value) { return _mm_cvtss_f32(emulated::widen(value)); }
inline __half __double2half(double value) {
    return emulated::narrow1(emulated::cut(_mm_set_sd(value)));
}
inline __half::__half(float value) : __half(__float2half_rn(value)) {}
inline __half::__half(double value) : __half(__double2half(value)) {}
inline __half::__half(int value) : __half(static_cast<float>(value)) {}
inline __half::__half(unsigned int value) : __half(static_cast<float>(value)) {}
inline __half::operator float() const { return __half2float(*this); }

inline __half __int2half_rn(int value) { return __float2half_rn(static_cast<float>(value)); }
inline __half __uint2half_rn(unsigned int value) { return __float2half_rn(static_cast<float>(value)); }
inline __half __ushort2half_rn(unsigned short value) { return __float2half_rn(static_cast<float>(value)); }
inline unsigned short __half_as_ushort(__half value) { return value.bits; }
inline short __half_as_short(__half value) { return static_cast<short>(value.bits); }
inline __half __ushort_as_half(unsigned short bits) { return __half_raw{bits}; }
inline __half __short_as_half(short bits) { return __half_raw{static_cast<unsigned short>(bits)}; }

inline __half2 __halves2half2(__half low, __half high) { return {low, high}; }
inline __half2 make_half2(__half low, __half high) { return {low, high}; }
inline __half2 __half2half2(__half value) { return {value, value}; }
inline __half2 __floats2half2_rn(float low, float high) { return emulated::narrow2(_mm_setr_ps(low, high, 0, 0)); }
inline __half2 __float2half2_rn(float value) { return __floats2half2_rn(value, value); }
inline __half2 __float22half2_rn(float2 value) { return __floats2half2_rn(value.x, value.y); }
inline float2 __half22float2(__half2 value) {
    float2 result;
    _mm_storel_pi(reinterpret_cast<__m64*>(&result), emulated::widen(value));
    return result;
}
inline float __low2float(__half2 value) { return __half2float(value.x); }
inline float __high2float(__half2 value) { return __half2float(value.y); }
inline __half __low2half(__half2 value) { return value.x; }
inline __half __high2half(__half2 value) { return value.y; }
inline __half2 __low2half2(__half2 value) { return {value.x, value.x}; }
inline __half2 __high2half2(__half2 value) { return {value.y, value.y}; }
inline __half2 __lows2half2(__half2 a, __half2 b) { return {a.x, b.x}; }
inline __half2 __highs2half2(__half2 a, __half2 b) { return {a.y, b.y}; }
inline __half2 __lowhigh2highlow(__half2 value) { return {value.y, value.x}; }

// A sum, difference, product or quotient of 11-bit numbers that is rounded to 24 bits and then to 11 is the one that is
// rounded once: 24 >= 2 * 11 + 2.
#define EMULATED_BINARY(name, operation)                                                                                     \
    inline __half __h##name(__half a, __half b) {                                                                            \
        return emulated::narrow1(operation(emulated::widen(a), emulated::widen(b)));                                         \
    }                                                                                                                        \
    inline __half2 __h##name##2(__half2 a, __half2 b) {                                                                      \
        return emulated::narrow2(operation(emulated::widen(a), emulated::widen(b)));                                         \
    }
EMULATED_BINARY(add, _mm_add_ps)
EMULATED_BINARY(sub, _mm_sub_ps)
EMULATED_BINARY(mul, _mm_mul_ps)
#undef EMULATED_BINARY
inline __half __hadd_rn(__half a, __half b) { return __hadd(a, b); }
inline __half __hsub_rn(__half a, __half b) { return __hsub(a, b); }
inline __half __hmul_rn(__half a, __half b) { return __hmul(a, b); }
inline __half2 __hadd2_rn(__half2 a, __half2 b) { return __hadd2(a, b); }
inline __half2 __hsub2_rn(__half2 a, __half2 b) { return __hsub2(a, b); }
inline __half2 __hmul2_rn(__half2 a, __half2 b) { return __hmul2(a, b); }
inline __half __hdiv(__half a, __half b) { return __float2half_rn(__half2float(a) / __half2float(b)); }
inline __half2 __h2div(__half2 a, __half2 b) { return {__hdiv(a.x, b.x), __hdiv(a.y, b.y)}; }

inline __half __hfma(__half a, __half b, __half c) {
    return emulated::narrow1(emulated::multiply_add(emulated::widen(a), emulated::widen(b), emulated::widen(c)));
}
inline __half2 __hfma2(__half2 a, __half2 b, __half2 c) {
    return emulated::narrow2(emulated::multiply_add(emulated::widen(a), emulated::widen(b), emulated::widen(c)));
}

inline bool __hisnan(__half value) { return (value.bits & 0x7fff) > 0x7c00; }
inline int __hisinf(__half value) { return value.bits == 0x7c00 ? 1 : value.bits == 0xfc00 ? -1 : 0; }
inline __half __hneg(__half value) {
    return __half_raw{static_cast<unsigned short>(__hisnan(value) ? 0x7fff : value.bits ^ 0x8000)};
}
inline __half __habs(__half value) {
    return __half_raw{static_cast<unsigned short>(__hisnan(value) ? 0x7fff : value.bits & 0x7fff)};
}
inline __half2 __hneg2(__half2 value) { return {__hneg(value.x), __hneg(value.y)}; }
inline __half2 __habs2(__half2 value) { return {__habs(value.x), __habs(value.y)}; }

namespace emulated {

// A number that orders 16-bit floats as integers; +0 is above -0.
inline int ordered(__half value) { return value.bits & 0x8000 ? -(value.bits & 0x7fff) - 1 : value.bits; }

} // namespace emulated

// Of a number and NaN, the number.
inline __half __hmax(__half a, __half b) {
    if (__hisnan(a)) return __hisnan(b) ? __half(__half_raw{0x7fff}) : b;
    if (__hisnan(b)) return a;
    return emulated::ordered(a) >= emulated::ordered(b) ? a : b;
}
inline __half __hmin(__half a, __half b) {
    if (__hisnan(a)) return __hisnan(b) ? __half(__half_raw{0x7fff}) : b;
    if (__hisnan(b)) return a;
    return emulated::ordered(a) <= emulated::ordered(b) ? a : b;
}
// NaN if one is.
inline __half __hmax_nan(__half a, __half b) { return __hisnan(a) || __hisnan(b) ? __half(__half_raw{0x7fff}) : __hmax(a, b); }
inline __half __hmin_nan(__half a, __half b) { return __hisnan(a) || __hisnan(b) ? __half(__half_raw{0x7fff}) : __hmin(a, b); }
inline __half2 __hmax2(__half2 a, __half2 b) { return {__hmax(a.x, b.x), __hmax(a.y, b.y)}; }
inline __half2 __hmin2(__half2 a, __half2 b) { return {__hmin(a.x, b.x), __hmin(a.y, b.y)}; }
inline __half2 __hmax2_nan(__half2 a, __half2 b) { return {__hmax_nan(a.x, b.x), __hmax_nan(a.y, b.y)}; }
inline __half2 __hmin2_nan(__half2 a, __half2 b) { return {__hmin_nan(a.x, b.x), __hmin_nan(a.y, b.y)}; }
inline __half __hfma_relu(__half a, __half b, __half c) { return __hmax_nan(__hfma(a, b, c), __half_raw{0}); }
inline __half2 __hfma2_relu(__half2 a, __half2 b, __half2 c) {
    return {__hfma_relu(a.x, b.x, c.x), __hfma_relu(a.y, b.y, c.y)};
}
inline __half __hadd_sat(__half a, __half b) { return __hmin(__hmax(__hadd(a, b), __half_raw{0}), __half_raw{0x3c00}); }
inline __half2 __hadd2_sat(__half2 a, __half2 b) { return {__hadd_sat(a.x, b.x), __hadd_sat(a.y, b.y)}; }

#define EMULATED_COMPARE(name, operation)                                                                                    \
    inline bool __h##name(__half a, __half b) { return __half2float(a) operation __half2float(b); }                          \
    inline __half2 __h##name##2(__half2 a, __half2 b) {                                                                      \
        return {emulated::truth(__h##name(a.x, b.x)), emulated::truth(__h##name(a.y, b.y))};                                 \
    }
EMULATED_COMPARE(eq, ==)
EMULATED_COMPARE(ne, !=)
EMULATED_COMPARE(lt, <)
EMULATED_COMPARE(le, <=)
EMULATED_COMPARE(gt, >)
EMULATED_COMPARE(ge, >=)
#undef EMULATED_COMPARE

#define EMULATED_OPERATOR(operation, name)                                                                                   \
    inline __half operator operation(__half a, __half b) { return __h##name(a, b); }                                         \
    inline __half& operator operation##=(__half& a, __half b) { return a = __h##name(a, b); }
EMULATED_OPERATOR(+, add)
EMULATED_OPERATOR(-, sub)
EMULATED_OPERATOR(*, mul)
EMULATED_OPERATOR(/, div)
#undef EMULATED_OPERATOR
inline __half operator-(__half value) { return __hneg(value); }
inline __half2 operator+(__half2 a, __half2 b) { return __hadd2(a, b); }
inline __half2 operator-(__half2 a, __half2 b) { return __hsub2(a, b); }
inline __half2 operator*(__half2 a, __half2 b) { return __hmul2(a, b); }
inline __half2& operator+=(__half2& a, __half2 b) { return a = __hadd2(a, b); }
inline __half2& operator-=(__half2& a, __half2 b) { return a = __hsub2(a, b); }
inline __half2& operator*=(__half2& a, __half2 b) { return a = __hmul2(a, b); }
inline __half2 operator-(__half2 value) { return __hneg2(value); }

inline __half hsqrt(__half value) { return __float2half_rn(std::sqrt(__half2float(value))); }
