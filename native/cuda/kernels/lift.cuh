// Inverse CDF 9/7 transform by lifting, of lines in the memory of a block of 128 threads.
#pragma once
#include "common.cuh"

constexpr float LIFT_A = -1.586134342059924f;
constexpr float LIFT_B = -0.052980118572961f;
constexpr float LIFT_C = 0.882911075530934f;
constexpr float LIFT_D = 0.443506852043971f;
constexpr float LIFT_G = 1.230174104914001f;
constexpr float ROOT2 = 1.41421356f;

constexpr u32 LIFT_THREADS = 128;
// 16 KiB.
constexpr u32 LIFT_MOST = 4096;

// Where sample i of the two parts of a line goes, low part first, and the factor that it gets.
INLINE u32 interleaved(u32 i, u32 n_low) { return i < n_low ? 2 * i : 2 * (i - n_low) + 1; }
INLINE float gain(u32 i, u32 n_low) { return i < n_low ? LIFT_G / ROOT2 : ROOT2 / LIFT_G; }

INLINE u32 log2_up(u32 n) { return n <= 1 ? 0 : 32 - __clz(n - 1); }

// All lines along one axis of an array: their samples, the distance of two, the lines on the other two axes and their distances.
struct Lines {
    u32 n, along;
    u32 count_a, count_b, across_a, across_b;
};

INLINE void lift_step(float* numbers, Lines lines, u32 first, float factor)
{
    // Bits of an item say which sample and which line on each axis: no divisions. Neighbouring threads have neighbours in
    // memory, as others would wait for the same bank.
    const u32 bits_n = log2_up((lines.n + 1) / 2), bits_a = log2_up(lines.count_a), bits_b = log2_up(lines.count_b);
    const bool by_line = lines.along != 1;
    const u32 total = 1u << (bits_n + bits_a + bits_b);
    for (u32 item = threadIdx.x; item < total; item += LIFT_THREADS) {
        const u32 rest = by_line ? item : item >> bits_n;
        const u32 a = rest & ((1u << bits_a) - 1), b = (rest >> bits_a) & ((1u << bits_b) - 1);
        const u32 pair = by_line ? item >> (bits_a + bits_b) : item & ((1u << bits_n) - 1);
        const u32 i = first + 2 * pair;
        if (i >= lines.n || a >= lines.count_a || b >= lines.count_b)
            continue;
        // Mirrored at the first and the last sample.
        const u32 at = a * lines.across_a + b * lines.across_b + i * lines.along;
        const float before = numbers[i == 0 ? at + lines.along : at - lines.along];
        const float after = numbers[i + 1 == lines.n ? at - lines.along : at + lines.along];
        numbers[at] -= factor * (before + after);
    }
    __syncthreads();
}

// All samples must be there; they are behind it, too.
INLINE void lift(float* numbers, Lines lines)
{
    lift_step(numbers, lines, 0, LIFT_D);
    lift_step(numbers, lines, 1, LIFT_C);
    lift_step(numbers, lines, 0, LIFT_B);
    lift_step(numbers, lines, 1, LIFT_A);
}
