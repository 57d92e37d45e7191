// Kernels of every block: values, wavelet latents, cores and their matrices, levels of detail, texels.
#include "common.cuh"
#include "wavelet.cuh"

// Values that need no decoding: a constant, plain values out of `models`, and the interpolation of two of these.
// 0 values, 1 count, 2 first values in `models`, 3 later ones, 4 share of the later ones, 5 smallest, 6 largest value,
// 7 1 = constant: the value of 5
KERNEL(64) copy(const __grid_constant__ Launch launch)
{
    const Job job(launch);
    const u32 n = blockIdx.x * 64 + threadIdx.x;
    if (n >= job.word(1))
        return;
    const float low = job.number(5), high = job.number(6), share = job.number(4);
    float value = low;
    if (job.word(7) == 0) {
        value = limited(job.model(job.word(2) + n), low, high);
        if (share != 0) {
            const float later = limited(job.model(job.word(3) + n), low, high);
            value = limited(value * (1 - share) + later * share, low, high);
        }
    }
    job.work[job.word(0) + n] = value;
}

// Means of 2 neighbours along an axis, at an odd end the last one alone.
// 0 from, 1 to, 2..4 extent of the result, 5..7 extent before, 8 axis
KERNEL(64) halve(const __grid_constant__ Launch launch)
{
    const Job job(launch);
    const Three extent = job.words3(2), before = job.words3(5);
    const u32 n = blockIdx.x * 64 + threadIdx.x;
    if (n >= extent.count())
        return;
    const u32 axis = job.word(8);
    Three first = extent.place(n);
    Three second = first;
    if (axis == 0) {
        first.z *= 2;
        second.z = least(first.z + 1, before.z - 1);
    } else if (axis == 1) {
        first.y *= 2;
        second.y = least(first.y + 1, before.y - 1);
    } else {
        first.x *= 2;
        second.x = least(first.x + 1, before.x - 1);
    }
    const float* from = job.work + job.word(0);
    job.work[job.word(1) + n] = (from[before.index(first)] + from[before.index(second)]) / 2;
}

// Means of 5^3 voxels around each; places outside the block are limited to it.
// 0 from, 1 to, 2..4 extent
KERNEL(128) mean(const __grid_constant__ Launch launch)
{
    // A block works on DEPTH * ROWS * WIDTH voxels, a thread on 2 columns of them.
    constexpr u32 DEPTH = 4, ROWS = 8, WIDTH = 32, THREADS = 128, TALL = ROWS + 4;
    // 12 KiB: sums along x.
    __shared__ float sums[(DEPTH + 4) * TALL * WIDTH];
    const Job job(launch);
    const Three extent = job.words3(2), tile = {DEPTH, ROWS, WIDTH}, tiles = extent.tiles(tile);
    if (blockIdx.x >= tiles.count())
        return;
    const Three origin = tiles.place(blockIdx.x) * tile;
    const u32 column = threadIdx.x % WIDTH;
    const float* from = job.work + job.word(0);
    u32 xs[5];
#pragma unroll
    for (int d = 0; d < 5; d++)
        xs[d] = (u32)inside((int)(origin.x + column) + d - 2, (int)extent.x - 1);
    for (u32 row = threadIdx.x / WIDTH; row < (DEPTH + 4) * TALL; row += THREADS / WIDTH) {
        const u32 z = (u32)inside((int)(origin.z + row / TALL) - 2, (int)extent.z - 1);
        const u32 y = (u32)inside((int)(origin.y + row % TALL) - 2, (int)extent.y - 1);
        const float* start = from + extent.index(z, y, 0);
        float sum = 0;
#pragma unroll
        for (int d = 0; d < 5; d++)
            sum += start[xs[d]];
        sums[row * WIDTH + column] = sum;
    }
    __syncthreads();
    for (u32 row = threadIdx.x / WIDTH; row < ROWS; row += THREADS / WIDTH) {
        float along_y[DEPTH + 4];
#pragma unroll
        for (u32 z = 0; z < DEPTH + 4; z++) {
            float sum = 0;
#pragma unroll
            for (u32 d = 0; d < 5; d++)
                sum += sums[(z * TALL + row + d) * WIDTH + column];
            along_y[z] = sum;
        }
#pragma unroll
        for (u32 v = 0; v < DEPTH; v++) {
            const Three at = origin + Three{v, row, column};
            float sum = 0;
#pragma unroll
            for (u32 d = 0; d < 5; d++)
                sum += along_y[v + d];
            if (extent.holds(at))
                job.work[job.word(1) + extent.index(at)] = sum / 125;
        }
    }
}

// out[a][i][b] = sum over k of m[i][k] * in[a][k][b]: one axis of an array multiplied by a matrix.
// 0 in, 1 whether it stands in `models`, 2 out (in `work`), 3 length of a, 4 of k, 5 of b, 6 of i, 7 matrix in `models`,
// 8 1 = the matrix is the record's words from 9 on (one row)
KERNEL(64) contract(const __grid_constant__ Launch launch)
{
    const Job job(launch);
    const u32 n_k = job.word(4), n_b = job.word(5), n_i = job.word(6);
    const u32 n = blockIdx.x * 64 + threadIdx.x;
    if (n >= job.word(3) * n_i * n_b)
        return;
    const u32 b = n % n_b, i = n / n_b % n_i, a = n / (n_b * n_i);
    float sum = 0;
    for (u32 k = 0; k < n_k; k++) {
        const u32 at = job.word(0) + (a * n_k + k) * n_b + b;
        const float value = job.word(1) != 0 ? job.model(at) : job.work[at];
        sum += (job.word(8) != 0 ? job.number(9 + k) : job.model(job.word(7) + i * n_k + k)) * value;
    }
    job.work[job.word(2) + n] = sum;
}

// Element by element: a residual is added to the values of a step, two steps are interpolated, or values are made of r.
// Then they are limited.
// 0 values, 1 count, 2 what to do (0 residual, 1 interpolation, 2 offset + step * r), 3 residual (a word per value), later
// values, or r, 4 quantum, share of the later ones, or step, 5 smallest, 6 largest value, 7 offset
KERNEL(64) finish(const __grid_constant__ Launch launch)
{
    const Job job(launch);
    const u32 n = blockIdx.x * 64 + threadIdx.x;
    if (n >= job.word(1))
        return;
    const u32 at = job.word(0) + n, other = job.word(3) + n, what = job.word(2);
    const float factor = job.number(4);
    float value;
    if (what == 0)
        value = job.work[at] + factor * (float)(int)job.bits(other);
    else if (what == 1)
        value = job.work[at] * (1 - factor) + job.work[other] * factor;
    else
        value = job.number(7) + factor * job.work[other];
    job.work[at] = limited(value, job.number(5), job.number(6));
}

constexpr u32 ALL_VALID = 0xffffffffu;
constexpr u32 NONE_VALID = 0xfffffffeu;
constexpr u32 IN_WORK = 0xfffffffdu;

INLINE bool is_valid_in(const Job& job, u32 at, u32 bits)
{
    if (bits >= NONE_VALID)
        return bits == ALL_VALID;
    return (job.bits(bits + (at >> 5)) >> (at & 31) & 1) != 0;
}

// A level of detail that no file stores: means of the valid voxels among 2 x 2 x 2 children, and which of them have any.
// 0 from, 1 to, 2..4 extent of the result, 5..7 extent before, 8 and 9 bits of validity in `models` (0xffffffff = all valid,
// 0xfffffffe = none), 10 where the validity before stands in `work` (1 or 0 per voxel) instead, or 0xffffffff, 11 where that
// of the result goes
KERNEL(64) reduce(const __grid_constant__ Launch launch)
{
    const Job job(launch);
    const Three extent = job.words3(2), before = job.words3(5);
    const u32 n = blockIdx.x * 64 + threadIdx.x;
    if (n >= extent.count())
        return;
    const Three at = extent.place(n);
    float sum = 0, count = 0;
    for (u32 z = 2 * at.z; z < least(2 * at.z + 2, before.z); z++)
        for (u32 y = 2 * at.y; y < least(2 * at.y + 2, before.y); y++)
            for (u32 x = 2 * at.x; x < least(2 * at.x + 2, before.x); x++) {
                const u32 child = before.index(z, y, x);
                const bool valid = job.word(10) != ALL_VALID
                    ? job.work[job.word(10) + child] != 0
                    : is_valid_in(job, child, job.word(8)) && is_valid_in(job, child, job.word(9));
                if (valid) {
                    sum += job.work[job.word(0) + child];
                    count += 1;
                }
            }
    job.work[job.word(1) + n] = count > 0 ? sum / count : 0;
    job.work[job.word(11) + n] = count > 0 ? 1 : 0;
}

INLINE bool is_valid(const Job& job, u32 at)
{
    if (job.word(21) == IN_WORK)
        return job.work[job.word(14) + at] != 0;
    return is_valid_in(job, at, job.word(14)) && is_valid_in(job, at, job.word(21));
}

// Half the difference of the neighbours along an axis, the whole one at an end; `stride` is the distance of two in memory.
INLINE float slope(const Job& job, u32 at, u32 place, u32 length, u32 stride)
{
    const u32 before = place == 0 ? 0 : 1, after = place + 1 < length ? 1 : 0;
    if (before + after == 0 || !is_valid(job, at - before * stride) || !is_valid(job, at + after * stride))
        return 0;
    const float* values = job.work + job.word(0);
    return (values[at + after * stride] - values[at - before * stride]) / (float)(before + after);
}

// Texels of a box of a block, packed for a copy into a texture: rows begin with a word.
// 0 values, 1..3 extent of the block, 4..6 first voxel of the box, 7..9 extent of the box, 10..12 where it goes in the
// texture, 13 what a texel is (0 R32F, 1 R16F, 2 R8, 3 R16, 4 RG16F: value and validity, 5 RGBA16F: value, gradient
// z, y, x per voxel), 14 bits of validity in `models` (0xffffffff = all valid, 0xfffffffe = none), 15 value of
// invalid voxels, 16 value that becomes 0 and 17 the factor behind it (R8, R16), 18 first word in `texels`, 19 words of a
// row, 20 words of a slice, 21 like 14: a voxel must be
// valid in both; 0xfffffffd = 14 is a place in `work`, with 1 or 0 per voxel
KERNEL(64) store_buffer(const __grid_constant__ Launch launch)
{
    const Job job(launch);
    const Three extent = job.words3(1), first = job.words3(4), box = job.words3(7);
    const u32 kind = job.word(13);
    // One word: 1, 2 or 4 texels of a row, or a half of one of two words.
    const u32 per_word = kind == 2 ? 4 : kind == 1 || kind == 3 ? 2 : 1;
    const u32 cells = (box.x + per_word - 1) / per_word;
    const Three groups = {box.z, (box.y + 7) / 8, (cells + 7) / 8};
    const Three group = groups.place(blockIdx.x);
    const u32 y = group.y * 8 + threadIdx.x / 8, cell = group.x * 8 + threadIdx.x % 8;
    if (group.z >= box.z || y >= box.y || cell >= cells)
        return;
    u32 packed = 0, second = 0;
    for (u32 n = 0; n < per_word; n++) {
        const u32 x = cell * per_word + n;
        if (x >= box.x)
            break;
        const Three at = first + Three{group.z, y, x};
        const u32 from = extent.index(at);
        const bool valid = is_valid(job, from);
        const float value = valid ? job.work[job.word(0) + from] : job.number(15);
        if (kind == 2 || kind == 3) {
            const float steps = kind == 2 ? 255.0f : 65535.0f;
            const float share = valid ? fminf(fmaxf((value - job.number(16)) * job.number(17), 0.0f), 1.0f) : value;
            packed |= (u32)floorf(share * steps + 0.5f) << ((kind == 2 ? 8 : 16) * n);
        } else if (kind == 0) {
            packed = __float_as_uint(value);
        } else if (kind == 1) {
            packed |= half_bits(value) << (16 * n);
        } else if (kind == 4) {
            packed = half_bits(value) | half_bits(valid ? 1.0f : 0.0f) << 16;
        } else {
            packed = half_bits(value) | half_bits(slope(job, from, at.z, extent.z, extent.y * extent.x)) << 16;
            second = half_bits(slope(job, from, at.y, extent.y, extent.x)) | half_bits(slope(job, from, at.x, extent.x, 1)) << 16;
        }
    }
    u32* to = job.texels + job.word(18) + group.z * job.word(20) + y * job.word(19) + cell * (kind == 5 ? 2 : 1);
    to[0] = packed;
    if (kind == 5)
        to[1] = second;
}
