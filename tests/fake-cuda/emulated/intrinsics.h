// CUDA's functions on numbers and memory that C++ does not have.
#pragma once

// Loads and stores with a hint for caches.
template <typename T> inline T __ldg(const T* address) { return *address; }
template <typename T> inline T __ldca(const T* address) { return *address; }
template <typename T> inline T __ldcg(const T* address) { return *address; }
template <typename T> inline T __ldcs(const T* address) { return *address; }
template <typename T> inline T __ldlu(const T* address) { return *address; }
template <typename T> inline void __stcg(T* address, T value) { *address = value; }
template <typename T> inline void __stcs(T* address, T value) { *address = value; }
template <typename T> inline void __stwb(T* address, T value) { *address = value; }
template <typename T> inline void __stwt(T* address, T value) { *address = value; }

namespace emulated {

template <typename To, typename From> inline To same_bits(From value) {
    static_assert(sizeof(To) == sizeof(From), "a cast of bits keeps the size");
    To result;
    std::memcpy(&result, &value, sizeof result);
    return result;
}

// As devices convert: NaN is 0, what does not fit becomes the nearest that does.
inline int to_int(float value) {
    if (value != value) return 0;
    if (value >= 2147483648.0f) return 2147483647;
    if (value < -2147483648.0f) return -2147483647 - 1;
    return static_cast<int>(value);
}
inline unsigned int to_uint(float value) {
    if (!(value > 0)) return 0;
    if (value >= 4294967296.0f) return 4294967295u;
    return static_cast<unsigned int>(value);
}

} // namespace emulated

inline unsigned int __float_as_uint(float value) { return emulated::same_bits<unsigned int>(value); }
inline int __float_as_int(float value) { return emulated::same_bits<int>(value); }
inline float __uint_as_float(unsigned int bits) { return emulated::same_bits<float>(bits); }
inline float __int_as_float(int bits) { return emulated::same_bits<float>(bits); }

inline int __float2int_rn(float value) { return emulated::to_int(std::nearbyint(value)); }
inline int __float2int_rz(float value) { return emulated::to_int(value); }
inline int __float2int_rd(float value) { return emulated::to_int(std::floor(value)); }
inline int __float2int_ru(float value) { return emulated::to_int(std::ceil(value)); }
inline unsigned int __float2uint_rn(float value) { return emulated::to_uint(std::nearbyint(value)); }
inline unsigned int __float2uint_rz(float value) { return emulated::to_uint(value); }
inline unsigned int __float2uint_rd(float value) { return emulated::to_uint(std::floor(value)); }
inline unsigned int __float2uint_ru(float value) { return emulated::to_uint(std::ceil(value)); }
inline float __int2float_rn(int value) { return static_cast<float>(value); }
inline float __uint2float_rn(unsigned int value) { return static_cast<float>(value); }

// Of a number and NaN, the number; +0 is above -0.
inline float emulated_fmaxf(float a, float b) {
    if (a == b) return __uint_as_float(__float_as_uint(a) & __float_as_uint(b));
    return a > b || b != b ? a : b;
}
inline float emulated_fminf(float a, float b) {
    if (a == b) return __uint_as_float(__float_as_uint(a) | __float_as_uint(b));
    return a < b || b != b ? a : b;
}
#define fmaxf emulated_fmaxf
#define fminf emulated_fminf
inline float __saturatef(float value) { return fminf(fmaxf(value, 0.0f), 1.0f); }

inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float value) { return 1.0f / value; }
inline float __fsqrt_rn(float value) { return std::sqrt(value); }
inline float rsqrtf(float value) { return 1.0f / std::sqrt(value); }
// Approximations of devices are exact here.
inline float __fdividef(float a, float b) { return a / b; }
inline float __expf(float value) { return std::exp(value); }
inline float __logf(float value) { return std::log(value); }
inline float __powf(float base, float exponent) { return std::pow(base, exponent); }
inline float __sinf(float value) { return std::sin(value); }
inline float __cosf(float value) { return std::cos(value); }

inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline unsigned int min(unsigned int a, unsigned int b) { return a < b ? a : b; }
inline unsigned int max(unsigned int a, unsigned int b) { return a > b ? a : b; }
inline unsigned int min(int a, unsigned int b) { return min(static_cast<unsigned int>(a), b); }
inline unsigned int max(int a, unsigned int b) { return max(static_cast<unsigned int>(a), b); }
inline unsigned int min(unsigned int a, int b) { return min(a, static_cast<unsigned int>(b)); }
inline unsigned int max(unsigned int a, int b) { return max(a, static_cast<unsigned int>(b)); }
inline long long min(long long a, long long b) { return a < b ? a : b; }
inline long long max(long long a, long long b) { return a > b ? a : b; }
inline unsigned long long min(unsigned long long a, unsigned long long b) { return a < b ? a : b; }
inline unsigned long long max(unsigned long long a, unsigned long long b) { return a > b ? a : b; }
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }

inline int __clz(int value) { return value == 0 ? 32 : __builtin_clz(static_cast<unsigned int>(value)); }
inline int __clzll(long long value) { return value == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(value)); }
inline int __ffs(int value) { return __builtin_ffs(value); }
inline int __ffsll(long long value) { return __builtin_ffsll(value); }
inline int __popc(unsigned int value) { return __builtin_popcount(value); }
inline int __popcll(unsigned long long value) { return __builtin_popcountll(value); }
inline unsigned int __brev(unsigned int value) {
    value = (value >> 1 & 0x55555555u) | (value & 0x55555555u) << 1;
    value = (value >> 2 & 0x33333333u) | (value & 0x33333333u) << 2;
    value = (value >> 4 & 0x0f0f0f0fu) | (value & 0x0f0f0f0fu) << 4;
    return __builtin_bswap32(value);
}
inline unsigned int __umulhi(unsigned int a, unsigned int b) { return static_cast<unsigned int>(1ull * a * b >> 32); }
inline int __mulhi(int a, int b) { return static_cast<int>(1ll * a * b >> 32); }
inline unsigned int __umul24(unsigned int a, unsigned int b) { return (a & 0xffffffu) * (b & 0xffffffu); }
inline unsigned int __usad(unsigned int a, unsigned int b, unsigned int sum) { return (a > b ? a - b : b - a) + sum; }

// The bytes that the four lowest nibbles of `selector` name, of the eight bytes of x (0 to 3) and y (4 to 7); bit 3 of a
// nibble copies the sign of the byte instead.
inline unsigned int __byte_perm(unsigned int x, unsigned int y, unsigned int selector) {
    unsigned long long bytes = static_cast<unsigned long long>(y) << 32 | x;
    unsigned int result = 0;
    for (int i = 0; i < 4; i++) {
        unsigned int nibble = selector >> 4 * i & 15;
        unsigned int byte = bytes >> 8 * (nibble & 7) & 255;
        if (nibble & 8) byte = byte & 128 ? 255 : 0;
        result |= byte << 8 * i;
    }
    return result;
}
inline unsigned int __funnelshift_l(unsigned int low, unsigned int high, unsigned int shift) {
    return static_cast<unsigned int>((static_cast<unsigned long long>(high) << 32 | low) << (shift & 31) >> 32);
}
inline unsigned int __funnelshift_r(unsigned int low, unsigned int high, unsigned int shift) {
    return static_cast<unsigned int>((static_cast<unsigned long long>(high) << 32 | low) >> (shift & 31));
}
inline int __dp4a(int a, int b, int sum) {
    for (int i = 0; i < 4; i++) sum += static_cast<signed char>(a >> 8 * i) * static_cast<signed char>(b >> 8 * i);
    return sum;
}
inline unsigned int __dp4a(unsigned int a, unsigned int b, unsigned int sum) {
    for (int i = 0; i < 4; i++) sum += (a >> 8 * i & 255) * (b >> 8 * i & 255);
    return sum;
}

// Atomic operations return what was there before. Blocks run on several threads of the host.
inline int atomicAdd(int* address, int value) { return __atomic_fetch_add(address, value, __ATOMIC_RELAXED); }
inline unsigned int atomicAdd(unsigned int* address, unsigned int value) {
    return __atomic_fetch_add(address, value, __ATOMIC_RELAXED);
}
inline unsigned long long atomicAdd(unsigned long long* address, unsigned long long value) {
    return __atomic_fetch_add(address, value, __ATOMIC_RELAXED);
}
inline unsigned int atomicSub(unsigned int* address, unsigned int value) {
    return __atomic_fetch_sub(address, value, __ATOMIC_RELAXED);
}
inline unsigned int atomicOr(unsigned int* address, unsigned int value) {
    return __atomic_fetch_or(address, value, __ATOMIC_RELAXED);
}
inline unsigned int atomicAnd(unsigned int* address, unsigned int value) {
    return __atomic_fetch_and(address, value, __ATOMIC_RELAXED);
}
inline unsigned int atomicXor(unsigned int* address, unsigned int value) {
    return __atomic_fetch_xor(address, value, __ATOMIC_RELAXED);
}
inline unsigned int atomicExch(unsigned int* address, unsigned int value) {
    return __atomic_exchange_n(address, value, __ATOMIC_RELAXED);
}
inline unsigned int atomicCAS(unsigned int* address, unsigned int expected, unsigned int value) {
    __atomic_compare_exchange_n(address, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return expected;
}

namespace emulated {

template <typename T, typename Change> inline T update(T* address, Change change) {
    static_assert(sizeof(T) == 4, "32 bits");
    unsigned int* bits = reinterpret_cast<unsigned int*>(address);
    unsigned int before = __atomic_load_n(bits, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(bits, &before, same_bits<unsigned int>(change(same_bits<T>(before))), true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return same_bits<T>(before);
}

} // namespace emulated

inline float atomicAdd(float* address, float value) {
    return emulated::update(address, [=](float before) { return before + value; });
}
template <typename T> inline T atomicMin(T* address, T value) {
    return emulated::update(address, [=](T before) { return before < value ? before : value; });
}
template <typename T> inline T atomicMax(T* address, T value) {
    return emulated::update(address, [=](T before) { return before > value ? before : value; });
}
