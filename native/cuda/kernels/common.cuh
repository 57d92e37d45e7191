// What all kernels share. Records of jobs are those of the plans (native/plan), as the Vulkan kernels read them: job n is z of
// the grid, its record stands at first + n * stride in `params`; what a record holds is written beside each kernel, in words;
// `work`, `models` and `texels` are counted in words, too. Axes stand in the order z, y, x; arrays have x fastest.
#pragma once

#ifdef NEUVOL_EMULATED
#include "emulated.h"
#else
#include <cuda_fp16.h>
#endif

typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned long long u64;

// The only argument of every kernel.
struct Launch {
    const u32* params;
    const u32* models;
    float* work;
    u32* texels;
    u32 first;
    u32 stride;
    // What a kernel is made for that is not in its name: see head_any.
    u32 shape[2];
};

#define KERNEL(threads) extern "C" __global__ void __launch_bounds__(threads)
#define KERNEL_OF(threads, blocks) extern "C" __global__ void __launch_bounds__(threads, blocks)
#define INLINE __device__ __forceinline__

// z, y, x.
struct Three {
    u32 z, y, x;

    INLINE u32 count() const { return z * y * x; }
    // Number of an element in an array of this extent.
    INLINE u32 index(u32 at_z, u32 at_y, u32 at_x) const { return (at_z * y + at_y) * x + at_x; }
    INLINE u32 index(Three at) const { return index(at.z, at.y, at.x); }
    // Place of an element.
    INLINE Three place(u32 n) const { return {n / (x * y), n / x % y, n % x}; }
    INLINE bool holds(Three at) const { return at.z < z && at.y < y && at.x < x; }
    // How many tiles cover it.
    INLINE Three tiles(Three tile) const { return {(z + tile.z - 1) / tile.z, (y + tile.y - 1) / tile.y, (x + tile.x - 1) / tile.x}; }
    INLINE u32 axis(u32 n) const { return n == 0 ? z : n == 1 ? y : x; }
};

INLINE Three operator*(Three a, Three b) { return {a.z * b.z, a.y * b.y, a.x * b.x}; }
INLINE Three operator+(Three a, Three b) { return {a.z + b.z, a.y + b.y, a.x + b.x}; }

struct Job {
    const u32* words;
    const u32* __restrict__ models;
    float* work;
    u32* texels;

    explicit INLINE Job(const Launch& launch)
        : words(launch.params + launch.first + (u64)blockIdx.z * launch.stride), models(launch.models), work(launch.work),
          texels(launch.texels)
    {
    }
    INLINE u32 word(u32 n) const { return words[n]; }
    INLINE float number(u32 n) const { return __uint_as_float(words[n]); }
    INLINE Three words3(u32 n) const { return {words[n], words[n + 1], words[n + 2]}; }
    INLINE u32 bits(u32 at) const { return __ldg(models + at); }
    INLINE float model(u32 at) const { return __uint_as_float(__ldg(models + at)); }
    // Half number `n` of those that stand from word `at` on.
    INLINE __half half_at(u32 at, u32 n) const { return __ushort_as_half(__ldg((const u16*)(models + at) + n)); }
};

INLINE u32 least(u32 a, u32 b) { return a < b ? a : b; }
INLINE int inside(int value, int last) { return value < 0 ? 0 : value > last ? last : value; }
INLINE float lerp(float a, float b, float share) { return a + (b - a) * share; }
// A value limited to a range; NaN becomes its lower end.
INLINE float limited(float value, float low, float high) { return value >= low ? fminf(value, high) : low; }
INLINE u32 half_bits(float value) { return __half_as_ushort(__float2half_rn(value)); }
INLINE u32 bits_of(__half2 value) { return *reinterpret_cast<u32*>(&value); }
INLINE __half2 halves(u32 bits) { return *reinterpret_cast<__half2*>(&bits); }
INLINE u32 pair(__half low, __half high) { return (u32)__half_as_ushort(low) | (u32)__half_as_ushort(high) << 16; }

// D = A B + C on the matrix units, by a whole warp: A 16 x 16, B 16 x 8, C and D 16 x 8. With g = lane / 4, t = lane % 4, numbers
// of a lane are (PTX ISA, section "Matrix fragments for mma.m16n8k16"): a[0] row g, columns 2t and 2t + 1; a[1] the same of row
// g + 8; a[2] and a[3] these of columns 8 further; b0 rows 2t and 2t + 1, b1 8 further, of column g; c row g and then row g + 8,
// columns 2t and 2t + 1.
INLINE void mma_f16(u32 (&c)[2], const u32 (&a)[4], u32 b0, u32 b1)
{
#if defined(NEUVOL_EMULATED)
    emulated_mma_f16(c, a, b0, b1);
#elif __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%0,%1},{%2,%3,%4,%5},{%6,%7},{%0,%1};"
        : "+r"(c[0]), "+r"(c[1])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    asm("mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 {%0,%1},{%2,%3},{%4},{%0,%1};"
        : "+r"(c[0]), "+r"(c[1])
        : "r"(a[0]), "r"(a[1]), "r"(b0));
    asm("mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 {%0,%1},{%2,%3},{%4},{%0,%1};"
        : "+r"(c[0]), "+r"(c[1])
        : "r"(a[2]), "r"(a[3]), "r"(b1));
#endif
}

// The same with sums in 32 bits: c[0], c[1] of row g, c[2], c[3] of row g + 8.
INLINE void mma_f32(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1)
{
#if defined(NEUVOL_EMULATED)
    emulated_mma_f32(c, a, b0, b1);
#elif __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5},{%6},{%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(b0));
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5},{%6},{%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[2]), "r"(a[3]), "r"(b1));
#endif
}
