// Heads of wavelet latents: values out of r, offset + step * (r + correction), limited (format specification, section 11.4).
//
// 0 r, 1 means of 5^3 voxels, 2 values, 3..5 extent, 6 parameters of the head, 7 step, 8 offset, 9 mean, 10 standard deviation
// of the second input, 11 smallest, 12 largest value; 14 limit of inputs and 15 parameters of head_fused
// The parameters: of the convolution [input][place in 3^3][channel], biases; of every hidden layer [block of 4 outputs][input]
// [output of the block], biases; of the output [channel], bias. Channels that fill the last block up are 0.
#include "common.cuh"

INLINE float leaky(float value) { return fmaxf(value, 0.1f * value); }

// What the record says, and both inputs of a place.
struct Head {
    Three extent;
    const float* r;
    const float* means;
    float step, offset, mean, deviation;

    explicit INLINE Head(const Job& job)
        : extent(job.words3(3)), r(job.work + job.word(0)), means(job.work + job.word(1)), step(job.number(7)),
          offset(job.number(8)), mean(job.number(9)), deviation(job.number(10))
    {
    }
    // Places outside the block are limited to it.
    INLINE u32 nearest(int z, int y, int x) const
    {
        return extent.index((u32)inside(z, (int)extent.z - 1), (u32)inside(y, (int)extent.y - 1), (u32)inside(x, (int)extent.x - 1));
    }
    INLINE float first(u32 at) const { return 2 * (r[at] - means[at]); }
    INLINE float second(u32 at) const { return (step * means[at] + offset - mean) / deviation; }
    INLINE void put(const Job& job, u32 at, float correction) const
    {
        job.work[job.word(2) + at] = limited(offset + step * (r[at] + correction), job.number(11), job.number(12));
    }
};

// Numbers from word `at` on, for all threads.
INLINE void stage(const Job& job, float* numbers, u32 at, u32 n)
{
    __syncthreads();
    for (u32 i = threadIdx.x; i < n; i += 128)
        numbers[i] = job.model(at + i);
    __syncthreads();
}

// A head of at most one hidden layer; all numbers of a voxel stay in registers. Voxels of a thread stand along z: each weight
// that is read serves them all. A block works on DEPTH x 4 x 32 voxels.
template <u32 BLOCKS, u32 HIDDEN> INLINE void head_values(const Launch& launch)
{
    constexpr u32 DEPTH = BLOCKS <= 4 ? 4 : BLOCKS <= 8 ? 2 : 1, ROWS = 4, WIDTH = 32, THREADS = ROWS * WIDTH;
    constexpr u32 CHANNELS = 4 * BLOCKS, AROUND = (DEPTH + 2) * (ROWS + 2) * (WIDTH + 2);
    __shared__ float first[AROUND];
    __shared__ float second[AROUND];
    __shared__ float weights[27 * CHANNELS > CHANNELS * CHANNELS ? 27 * CHANNELS : CHANNELS * CHANNELS];
    const Job job(launch);
    const Head head(job);
    const Three tile = {DEPTH, ROWS, WIDTH}, tiles = head.extent.tiles(tile), around_tile = {DEPTH + 2, ROWS + 2, WIDTH + 2};
    if (blockIdx.x >= tiles.count())
        return;
    const Three origin = tiles.place(blockIdx.x) * tile;
    const u32 row = threadIdx.x / WIDTH, column = threadIdx.x % WIDTH;
    for (u32 n = threadIdx.x; n < AROUND; n += THREADS) {
        const Three at = origin + around_tile.place(n);
        const u32 from = head.nearest((int)at.z - 1, (int)at.y - 1, (int)at.x - 1);
        first[n] = head.first(from);
        second[n] = head.second(from);
    }

    float h[CHANNELS * DEPTH];
    u32 at = job.word(6);
#pragma unroll
    for (u32 c = 0; c < CHANNELS; c++)
#pragma unroll
        for (u32 v = 0; v < DEPTH; v++)
            h[c * DEPTH + v] = job.model(at + 54 * CHANNELS + c);
#pragma unroll 1
    for (u32 input = 0; input < 2; input++) {
        stage(job, weights, at, 27 * CHANNELS);
        const float* numbers = input == 0 ? first : second;
#pragma unroll 1
        for (u32 yx = 0; yx < 9; yx++) {
            const float* from = numbers + (row + yx / 3) * (WIDTH + 2) + column + yx % 3;
            float around[DEPTH + 2];
#pragma unroll
            for (u32 z = 0; z < DEPTH + 2; z++)
                around[z] = from[z * (ROWS + 2) * (WIDTH + 2)];
#pragma unroll
            for (u32 z = 0; z < 3; z++)
#pragma unroll
                for (u32 c = 0; c < CHANNELS; c++) {
                    const float weight = weights[(9 * z + yx) * CHANNELS + c];
#pragma unroll
                    for (u32 v = 0; v < DEPTH; v++)
                        h[c * DEPTH + v] = fmaf(weight, around[z + v], h[c * DEPTH + v]);
                }
        }
        at += 27 * CHANNELS;
    }
    at += CHANNELS;
#pragma unroll
    for (u32 c = 0; c < CHANNELS * DEPTH; c++)
        h[c] = leaky(h[c]);
    const u32 biases = at + CHANNELS * CHANNELS, output = HIDDEN > 0 ? biases + CHANNELS : at;
    float correction[DEPTH];
#pragma unroll
    for (u32 v = 0; v < DEPTH; v++)
        correction[v] = job.model(output + CHANNELS);
    if (HIDDEN > 0) {
        // What the layer gives goes straight into the output.
        stage(job, weights, at, CHANNELS * CHANNELS);
#pragma unroll 1
        for (u32 c = 0; c < CHANNELS; c++) {
            const float* rows = weights + c / 4 * 4 * CHANNELS + c % 4;
            float sums[DEPTH];
#pragma unroll
            for (u32 v = 0; v < DEPTH; v++)
                sums[v] = job.model(biases + c);
#pragma unroll
            for (u32 i = 0; i < CHANNELS; i++) {
                const float weight = rows[4 * i];
#pragma unroll
                for (u32 v = 0; v < DEPTH; v++)
                    sums[v] = fmaf(weight, h[i * DEPTH + v], sums[v]);
            }
            const float weight = job.model(output + c);
#pragma unroll
            for (u32 v = 0; v < DEPTH; v++)
                correction[v] = fmaf(weight, leaky(sums[v]), correction[v]);
        }
    } else {
#pragma unroll
        for (u32 c = 0; c < CHANNELS; c++) {
            const float weight = job.model(output + c);
#pragma unroll
            for (u32 v = 0; v < DEPTH; v++)
                correction[v] = fmaf(weight, h[c * DEPTH + v], correction[v]);
        }
    }
#pragma unroll
    for (u32 v = 0; v < DEPTH; v++) {
        const Three here = origin + Three{v, row, column};
        if (head.extent.holds(here))
            head.put(job, head.extent.index(here), correction[v]);
    }
}

// `residents`: blocks of threads that a multiprocessor is to hold at once, as many as the registers allow without spilling.
#define HEAD(blocks, residents)                                                                                        \
    KERNEL_OF(128, residents) head_##blocks##_0(const __grid_constant__ Launch launch)                                 \
    {                                                                                                                  \
        head_values<blocks, 0>(launch);                                                                                \
    }                                                                                                                  \
    KERNEL_OF(128, residents) head_##blocks##_1(const __grid_constant__ Launch launch)                                 \
    {                                                                                                                  \
        head_values<blocks, 1>(launch);                                                                                \
    }
HEAD(1, 8)
HEAD(2, 6)
HEAD(3, 4)
HEAD(4, 3)
HEAD(6, 4)
HEAD(8, 3)

// A head of any shape (blocks of 4 channels, hidden layers: of the launch), in the memory of a block: many times slower.
// `tile` is that of head_values.
KERNEL(32) head_any(const __grid_constant__ Launch launch)
{
    constexpr u32 THREADS = 32, MOST = 64;
    __shared__ float layers[2][MOST * THREADS];
    const Job job(launch);
    const Head head(job);
    const u32 lane = threadIdx.x, blocks = launch.shape[0], channels = 4 * blocks;
    const Three tile = {blocks <= 4 ? 4u : blocks <= 8 ? 2u : 1u, 4, 32}, tiles = head.extent.tiles(tile);
    if (blockIdx.x >= tiles.count())
        return;
    const Three origin = tiles.place(blockIdx.x) * tile;
    for (u32 line = 0; line < tile.z * tile.y; line++) {
        const Three here = origin + Three{line / tile.y, line % tile.y, lane};
        if (!head.extent.holds(here))
            continue;
        float* h = layers[0];
        float* g = layers[1];
        u32 at = job.word(6);
        for (u32 c = 0; c < channels; c++)
            h[c * THREADS + lane] = job.model(at + 54 * channels + c);
        for (u32 place = 0; place < 27; place++) {
            const u32 from = head.nearest((int)here.z + (int)(place / 9) - 1, (int)here.y + (int)(place / 3 % 3) - 1,
                (int)here.x + (int)(place % 3) - 1);
            const float first = head.first(from), second = head.second(from);
            for (u32 c = 0; c < channels; c++)
                h[c * THREADS + lane] +=
                    job.model(at + place * channels + c) * first + job.model(at + (27 + place) * channels + c) * second;
        }
        at += 55 * channels;
        for (u32 c = 0; c < channels; c++)
            h[c * THREADS + lane] = leaky(h[c * THREADS + lane]);
        for (u32 layer = 0; layer < launch.shape[1]; layer++) {
            for (u32 c = 0; c < channels; c++) {
                float sum = job.model(at + channels * channels + c);
                for (u32 i = 0; i < channels; i++)
                    sum += job.model(at + (c / 4 * channels + i) * 4 + c % 4) * h[i * THREADS + lane];
                g[c * THREADS + lane] = leaky(sum);
            }
            float* const other = h;
            h = g;
            g = other;
            at += channels * channels + channels;
        }
        float correction = job.model(at + channels);
        for (u32 c = 0; c < channels; c++)
            correction += job.model(at + c) * h[c * THREADS + lane];
        head.put(job, head.extent.index(here), correction);
    }
}

INLINE u32 leaky_both(u32 both)
{
    const __half2 value = halves(both);
    return bits_of(__hmax2(value, __hmul2(value, __float2half2_rn(0.1f))));
}

// A head of at most one hidden layer and NT tiles of 8 channels on the matrix units. The convolution is a product of 16 voxels
// along x with 27 places of two inputs each: a pair of inputs is a word, so that a lane reads a fragment word by word from the
// tile, as it stands. A block of 8 warps works on 8 x 8 x 32 voxels.
// The parameters: halves of the convolution [54 inputs: place in 3^3, input; bias, what is left of it, 0 up to 64][channel] and
// of the hidden layer [input][output], two in a word, then 32-bit floats: bias of the hidden layer and weight of the output per
// channel, bias of the output. Channels are filled up to a multiple of 16.
template <u32 NT, u32 HIDDEN> INLINE void head_fused(const Launch& launch)
{
    constexpr u32 THREADS = 256, DEPTH = 8, ROWS = 8, WIDTH = 32;
    constexpr u32 KT = (NT + 1) / 2, PADDED = 16 * KT;
    constexpr u32 LINE = WIDTH + 2, SLICE = (ROWS + 2) * LINE;
    __shared__ u32 inputs[(DEPTH + 2) * SLICE];
    const Job job(launch);
    const Head head(job);
    const Three tile = {DEPTH, ROWS, WIDTH}, tiles = head.extent.tiles(tile), around_tile = {DEPTH + 2, ROWS + 2, WIDTH + 2};
    if (blockIdx.x >= tiles.count())
        return;
    const Three origin = tiles.place(blockIdx.x) * tile;
    const float limit = job.number(14);
    for (u32 n = threadIdx.x; n < around_tile.count(); n += THREADS) {
        const Three at = origin + around_tile.place(n);
        const u32 from = head.nearest((int)at.z - 1, (int)at.y - 1, (int)at.x - 1);
        inputs[n] = bits_of(__floats2half2_rn(
            fminf(fmaxf(head.first(from), -limit), limit), fminf(fmaxf(head.second(from), -limit), limit)));
    }
    const u32 lane = threadIdx.x & 31, warp = threadIdx.x >> 5, g = lane >> 2, t = lane & 3;
    const u32 parameters = job.word(15), hidden = parameters + 64 * PADDED / 2;
    const u32 behind = hidden + (HIDDEN > 0 ? PADDED * PADDED / 2 : 0);
    u32 convolution[4 * NT * 2];
#pragma unroll
    for (u32 i = 0; i < 4 * NT; i++) {
        const u32 at = (16 * (i / NT) + 2 * t) * PADDED + 8 * (i % NT) + g;
        convolution[2 * i] = pair(job.half_at(parameters, at), job.half_at(parameters, at + PADDED));
        convolution[2 * i + 1] = pair(job.half_at(parameters, at + 8 * PADDED), job.half_at(parameters, at + 9 * PADDED));
    }
    u32 layer[HIDDEN > 0 ? KT * NT * 2 : 1], bias[NT];
    if constexpr (HIDDEN > 0)
#pragma unroll
        for (u32 i = 0; i < KT * NT; i++) {
            const u32 at = (16 * (i / NT) + 2 * t) * PADDED + 8 * (i % NT) + g;
            layer[2 * i] = pair(job.half_at(hidden, at), job.half_at(hidden, at + PADDED));
            layer[2 * i + 1] = pair(job.half_at(hidden, at + 8 * PADDED), job.half_at(hidden, at + 9 * PADDED));
        }
#pragma unroll
    for (u32 n = 0; n < NT; n++)
        bias[n] = bits_of(__floats2half2_rn(job.model(behind + 2 * (8 * n + 2 * t)), job.model(behind + 2 * (8 * n + 2 * t + 1))));
    u32 output[KT][2];
#pragma unroll
    for (u32 k = 0; k < KT; k++)
#pragma unroll
        for (u32 i = 0; i < 2; i++) {
            const u32 at = behind + 2 * (16 * k + 8 * i + 2 * t) + 1;
            output[k][i] = bits_of(__floats2half2_rn(job.model(at), job.model(at + 2)));
        }
    const float output_bias = job.model(behind + 2 * PADDED);
    // Where the places of a lane stand from the first voxel around: 8k + t and 8k + 4 + t. Place 27 are the biases, those
    // behind have no weights.
    u32 places[8];
#pragma unroll
    for (u32 i = 0; i < 8; i++) {
        const u32 place = least(4 * i + t, 26);
        places[i] = place / 9 * SLICE + place / 3 % 3 * LINE + place % 3;
    }
    __syncthreads();
    constexpr u32 ONES = 0x3c003c00u;
#pragma unroll 1
    for (u32 pass = 0; pass < ROWS / 2; pass++) {
        float y[4] = {output_bias, 0, output_bias, 0};
#pragma unroll
        for (u32 j = 0; j < 4; j++) {
            // Two rows of two runs of 16.
            const u32* from = inputs + warp * SLICE + (2 * pass + (j >> 1)) * LINE + 16 * (j & 1) + g;
            u32 sums[2 * KT][2];
#pragma unroll
            for (u32 n = 0; n < 2 * KT; n++)
                sums[n][0] = sums[n][1] = 0;
#pragma unroll
            for (u32 k = 0; k < 4; k++) {
                u32 a[4] = {from[places[2 * k]], from[places[2 * k] + 8], 0, 0};
                if (k < 3) {
                    a[2] = from[places[2 * k + 1]];
                    a[3] = from[places[2 * k + 1] + 8];
                } else if (t == 3) {
                    a[0] = a[1] = ONES;
                }
#pragma unroll
                for (u32 n = 0; n < NT; n++)
                    mma_f16(sums[n], a, convolution[2 * (k * NT + n)], convolution[2 * (k * NT + n) + 1]);
            }
#pragma unroll
            for (u32 n = 0; n < NT; n++) {
                sums[n][0] = leaky_both(sums[n][0]);
                sums[n][1] = leaky_both(sums[n][1]);
            }
            if constexpr (HIDDEN > 0) {
                u32 next[2 * KT][2];
#pragma unroll
                for (u32 n = 0; n < 2 * KT; n++)
                    next[n][0] = next[n][1] = n < NT ? bias[least(n, NT - 1)] : 0;
#pragma unroll
                for (u32 k = 0; k < KT; k++) {
                    const u32 a[4] = {sums[2 * k][0], sums[2 * k][1], sums[2 * k + 1][0], sums[2 * k + 1][1]};
#pragma unroll
                    for (u32 n = 0; n < NT; n++)
                        mma_f16(next[n], a, layer[2 * (k * NT + n)], layer[2 * (k * NT + n) + 1]);
                }
#pragma unroll
                for (u32 n = 0; n < NT; n++) {
                    sums[n][0] = leaky_both(next[n][0]);
                    sums[n][1] = leaky_both(next[n][1]);
                }
            }
            // The output stands in column 2j: after all four runs each lane has two voxels.
            const bool mine = g == 2 * j;
#pragma unroll
            for (u32 k = 0; k < KT; k++) {
                const u32 a[4] = {sums[2 * k][0], sums[2 * k][1], sums[2 * k + 1][0], sums[2 * k + 1][1]};
                mma_f32(y, a, mine ? output[k][0] : 0u, mine ? output[k][1] : 0u);
            }
        }
        const Three here = origin + Three{warp, 2 * pass + (t >> 1), 16 * (t & 1) + g};
#pragma unroll
        for (u32 i = 0; i < 2; i++) {
            const Three at = here + Three{0, 0, 8 * i};
            if (head.extent.holds(at))
                head.put(job, head.extent.index(at), y[2 * i]);
        }
    }
}

#define HEAD_FUSED(tiles)                                                                                              \
    KERNEL(256) head_fused_##tiles##_0(const __grid_constant__ Launch launch) { head_fused<tiles, 0>(launch); }        \
    KERNEL(256) head_fused_##tiles##_1(const __grid_constant__ Launch launch) { head_fused<tiles, 1>(launch); }
HEAD_FUSED(1)
HEAD_FUSED(2)
HEAD_FUSED(3)
HEAD_FUSED(4)
