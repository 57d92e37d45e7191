// Wavelet latents: components mixed for one time, and the levels of the transform.
#pragma once
#include "lift.cuh"

// r = sum over k of w_k * q_k: a value of the components mixed for one time, in the order of the entropy coder.
//
// A table of components has a word per brick of 4^3: 0 = empty, else the place of a list, counted from the table: which
// components are not empty (bit k), then for each of these where its coefficients stand: two in a word, or with bit 31 one
// in a word.
INLINE float mixed(const Job& job, u32 table, Three bricks, u32 weights, Three at)
{
    const u32 list = job.bits(table + bricks.index(at.z >> 2, at.y >> 2, at.x >> 2));
    if (list == 0)
        return 0;
    const u32 within = ((at.z & 3) << 4) | ((at.y & 3) << 2) | (at.x & 3);
    u32 next = table + list;
    float sum = 0;
    for (u32 components = job.bits(next); components != 0; components &= components - 1) {
        const u32 entry = job.bits(++next);
        const u32 words = table + (entry & 0x7fffffffu);
        int coefficient;
        if ((entry >> 31) != 0) {
            coefficient = (int)job.bits(words + within);
        } else {
            const u32 pair = job.bits(words + (within >> 1));
            coefficient = (within & 1) != 0 ? (int)pair >> 16 : (int)(pair << 16) >> 16;
        }
        sum += job.number(weights + __ffs(components) - 1) * (float)coefficient;
    }
    return sum;
}

// 0 table of bricks, 1 r, 2..4 extent that is wanted, 5..7 bricks z, y, x, 8.. weights
KERNEL(64) mix(const __grid_constant__ Launch launch)
{
    const Job job(launch);
    const Three extent = job.words3(2);
    const u32 n = blockIdx.x * 64 + threadIdx.x;
    if (n < extent.count())
        job.work[job.word(1) + n] = mixed(job, job.word(0), job.words3(5), 8, extent.place(n));
}

// The coarse levels of a transform, in one block: components are mixed, then every level is put together.
// 0 table of bricks, 1 out, 2 levels, 3..5 bricks z, y, x, 6..37 weights, 38.. extents z, y, x: of the lowest band, then of what
// each level gives; the last has at most 4096 samples
KERNEL(128) small(const __grid_constant__ Launch launch)
{
    constexpr u32 KEPT = LIFT_MOST / LIFT_THREADS;
    __shared__ float numbers[LIFT_MOST];
    const Job job(launch);
    if (blockIdx.x > 0)
        return;
    const u32 thread = threadIdx.x, n_levels = job.word(2);
    const Three top = job.words3(38 + 3 * n_levels);
    const u32 total = top.count();
    for (u32 n = thread; n < total; n += LIFT_THREADS)
        numbers[n] = mixed(job, job.word(0), job.words3(3), 6, top.place(n));
    __syncthreads();
    for (u32 level = 1; level <= n_levels; level++) {
        const Three low = job.words3(38 + 3 * (level - 1)), all = job.words3(38 + 3 * level);
        const u32 count = all.count();
        // Both parts of all lines interleaved: every sample moves.
        float kept[KEPT];
#pragma unroll
        for (u32 k = 0; k < KEPT; k++) {
            const u32 n = k * LIFT_THREADS + thread;
            if (n < count)
                kept[k] = numbers[top.index(all.place(n))];
        }
        __syncthreads();
#pragma unroll
        for (u32 k = 0; k < KEPT; k++) {
            const u32 n = k * LIFT_THREADS + thread;
            if (n < count) {
                Three p = all.place(n);
                float value = kept[k];
                if (low.z != all.z) {
                    value *= gain(p.z, low.z);
                    p.z = interleaved(p.z, low.z);
                }
                if (low.y != all.y) {
                    value *= gain(p.y, low.y);
                    p.y = interleaved(p.y, low.y);
                }
                if (low.x != all.x) {
                    value *= gain(p.x, low.x);
                    p.x = interleaved(p.x, low.x);
                }
                numbers[top.index(p)] = value;
            }
        }
        __syncthreads();
        const u32 slice = top.y * top.x;
        if (low.z != all.z)
            lift(numbers, {all.z, slice, all.x, all.y, 1, top.x});
        if (low.y != all.y)
            lift(numbers, {all.y, top.x, all.x, all.z, 1, slice});
        if (low.x != all.x)
            lift(numbers, {all.x, 1, all.y, all.z, top.x, slice});
    }
    for (u32 n = thread; n < total; n += LIFT_THREADS)
        job.work[job.word(1) + n] = numbers[n];
}

// One level of a transform, along z: its low part comes from the level before, the rest is mixed out of components.
// 0 table of bricks, 1 low part, 2 out, 3..5 extent of the level, 6..8 of its low part, 9..11 bricks z, y, x, 12 lines of a
// block (a power of 2; at most 4096 samples), 13.. weights
KERNEL(128) rise(const __grid_constant__ Launch launch)
{
    __shared__ float numbers[LIFT_MOST];
    const Job job(launch);
    const Three extent = job.words3(3), low = job.words3(6);
    const u32 thread = threadIdx.x, n_lines = job.word(12), slice = extent.y * extent.x;
    if (blockIdx.x * n_lines >= slice)
        return;
    const u32 column = thread & (n_lines - 1), line = blockIdx.x * n_lines + column;
    const u32 y = line / extent.x, x = line % extent.x;
    const bool split = low.z != extent.z;
    if (line < slice)
        for (u32 z = thread / n_lines; z < extent.z; z += LIFT_THREADS / n_lines) {
            const float value = z < low.z && y < low.y && x < low.x ? job.work[job.word(1) + low.index(z, y, x)]
                                                                    : mixed(job, job.word(0), job.words3(9), 13, {z, y, x});
            if (split)
                numbers[interleaved(z, low.z) * n_lines + column] = value * gain(z, low.z);
            else
                job.work[job.word(2) + z * slice + line] = value;
        }
    if (!split)
        return;
    __syncthreads();
    lift(numbers, {extent.z, n_lines, n_lines, 1, 1, 0});
    if (line < slice)
        for (u32 z = thread / n_lines; z < extent.z; z += LIFT_THREADS / n_lines)
            job.work[job.word(2) + z * slice + line] = numbers[z * n_lines + column];
}

// One level of a transform, along y and x, in place: a block has a slice of at most 4096 samples.
// 0 array, 1..3 extent, 4..5 extent of the low part along y and x
KERNEL(128) plane(const __grid_constant__ Launch launch)
{
    __shared__ float numbers[LIFT_MOST];
    const Job job(launch);
    const Three extent = job.words3(1);
    if (blockIdx.x >= extent.z)
        return;
    const u32 thread = threadIdx.x, low_y = job.word(4), low_x = job.word(5);
    const u32 start = job.word(0) + blockIdx.x * extent.y * extent.x;
    const u32 bits = log2_up(extent.x);
    for (u32 item = thread; (item >> bits) < extent.y; item += LIFT_THREADS) {
        u32 y = item >> bits, x = item & ((1u << bits) - 1);
        if (x >= extent.x)
            continue;
        float value = job.work[start + y * extent.x + x];
        if (low_y != extent.y) {
            value *= gain(y, low_y);
            y = interleaved(y, low_y);
        }
        if (low_x != extent.x) {
            value *= gain(x, low_x);
            x = interleaved(x, low_x);
        }
        numbers[y * extent.x + x] = value;
    }
    __syncthreads();
    if (low_y != extent.y)
        lift(numbers, {extent.y, extent.x, extent.x, 1, 1, 0});
    if (low_x != extent.x)
        lift(numbers, {extent.x, 1, extent.y, 1, extent.x, 0});
    for (u32 n = thread; n < extent.y * extent.x; n += LIFT_THREADS)
        job.work[start + n] = numbers[n];
}

constexpr u32 LINES_LINES = 8;
constexpr u32 LINES_THREADS = 64;

INLINE void lift_line(float* line, u32 base, u32 n, u32 first, u32 lane, float factor)
{
    for (u32 i = first + 2 * lane; i < n; i += 2 * (LINES_THREADS / LINES_LINES)) {
        // Mirrored at the first and the last sample.
        const float before = line[base + (i == 0 ? 1 : i - 1)];
        const float after = line[base + (i + 1 == n ? i - 1 : i + 1)];
        line[base + i] -= factor * (before + after);
    }
    __syncthreads();
}

// A sample, or what stands outside: the line goes on straight.
INLINE float sample(const float* line, u32 base, int n, int i)
{
    const int at = inside(i, n - 1);
    const float value = line[base + at];
    if (i == at || n == 1)
        return value;
    return value + (float)(i < at ? at - i : i - at) * (value - line[base + (i < 0 ? 1 : n - 2)]);
}

// Works on lines of an array in place: puts the two parts of a transform together, or moves samples to the middles of their
// voxels (see the specification of the format, section 11.4).
// 0 array, 1..2 lines on two axes, 3..4 their strides, 5 stride along the line, 6 samples, 7 what to do (0 lifting,
// 1 moving), 8 voxels that a sample stands for, 9 voxels of the line, 10 divisor (moving only)
KERNEL(64) lines(const __grid_constant__ Launch launch)
{
    constexpr u32 STEP = LINES_THREADS / LINES_LINES;
    __shared__ float line[LINES_LINES * 256];
    const Job job(launch);
    const u32 n = job.word(6), along = job.word(5), count = job.word(1) * job.word(2), thread = threadIdx.x;
    if (blockIdx.x * LINES_LINES >= count)
        return;
    // Neighbours in memory belong to neighbouring threads.
    const bool by_line = along != 1;
    const u32 row = by_line ? thread % LINES_LINES : thread / STEP;
    const u32 lane = by_line ? thread / LINES_LINES : thread % STEP;
    const u32 number_of_line = blockIdx.x * LINES_LINES + row;
    const bool exists = number_of_line < count;
    const u32 start =
        job.word(0) + number_of_line / job.word(2) * job.word(3) + number_of_line % job.word(2) * job.word(4);
    const u32 base = row * 256;
    float* work = job.work;
    if (job.word(7) == 0) {
        const u32 low = (n + 1) / 2;
        for (u32 i = lane; i < n && exists; i += STEP) {
            const float value = work[start + i * along];
            if (i < low)
                line[base + 2 * i] = value * (LIFT_G / ROOT2);
            else
                line[base + 2 * (i - low) + 1] = value * (ROOT2 / LIFT_G);
        }
        __syncthreads();
        // Lines that do not exist are worked on, too: every thread meets every barrier.
        lift_line(line, base, exists ? n : 0, 0, lane, LIFT_D);
        lift_line(line, base, exists ? n : 0, 1, lane, LIFT_C);
        lift_line(line, base, exists ? n : 0, 0, lane, LIFT_B);
        lift_line(line, base, exists ? n : 0, 1, lane, LIFT_A);
        for (u32 i = lane; i < n && exists; i += STEP)
            work[start + i * along] = line[base + i];
    } else {
        for (u32 i = lane; i < n && exists; i += STEP)
            line[base + i] = work[start + i * along] / job.number(10);
        __syncthreads();
        const u32 of = job.word(8);
        for (u32 i = lane; i < n && exists; i += STEP) {
            const float d = (float)((int)least(of, job.word(9) - of * i) - 1) / (float)(2 * of);
            const float w0 = -d * (d - 1) * (d - 2) / 6;
            const float w1 = (d + 1) * (d - 1) * (d - 2) / 2;
            const float w2 = -(d + 1) * d * (d - 2) / 2;
            const float w3 = (d + 1) * d * (d - 1) / 6;
            work[start + i * along] = w0 * sample(line, base, n, (int)i - 1) + w1 * sample(line, base, n, (int)i)
                + w2 * sample(line, base, n, (int)i + 1) + w3 * sample(line, base, n, (int)i + 2);
        }
    }
}
