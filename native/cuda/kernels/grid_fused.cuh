// A whole grid network of 2 hidden layers in one kernel: a block of threads folds layer 1 into the lattice of its own tile of
// voxels, level by level from coarse to fine, and the matrix units do the rest. Only tables are read, only voxels are written.
//
// A tile is 2 NZ x 16 x 16 voxels, NZ x 8 x 8 cells of the finest grid (of 2^3 voxels). Levels of 8 voxels and more are looked
// up at the (NZ / 4 + 1) x 3 x 3 corners 8 voxels apart, in 32-bit floats; from there the sums are interpolated to corners 4
// and 2 voxels apart, where each finer level adds its features. Voxels lie on corners of the last, or midway.
//
// Voxels of a warp are 2 x 2 runs of 16 along x: even ones in rows 0..7 of a matrix, odd ones in rows 8..15. Neurons stand in
// memory in the order in which a lane needs them, so that what it reads of a corner are the numbers of its fragment, and the
// interpolation is a mean of registers.
//
// 0 network, 1 values, 2 what a texel is (see store_buffer; 0..3), or 0xffffffff: values go to `work`, 3..5 extent, 6 smallest,
// 7 largest value, 8 limit of neurons within which nothing overflows, 9 parameters, 10 whether there are gains, 11 inputs,
// 12 first word in `texels`, 13 words of a row, 14 words of a slice, 15 value that becomes 0 and 16 the factor behind it (R8,
// R16), 17 later times, 18.. time code [neuron], gains [input]; without gains, for each later time: where its values go (as 1 or
// 12), and its time code [neuron]
// The parameters: halves of layer 2 [input][output], two in a word, then 32-bit floats: bias of layer 2 and weight of the output
// per neuron, bias of the output.
#pragma once
#include "common.cuh"

constexpr u32 TO_WORK = 0xffffffffu;

template <u32 H, u32 NZ> struct Fused {
    static constexpr u32 THREADS = 256;
    // Neurons of an item: 8.
    static constexpr u32 GROUPS = H / 8;
    // Corners 8, 4 and 2 voxels apart.
    static constexpr u32 COARSE = (NZ / 4 + 1) * 9, MIDDLE = (NZ / 2 + 1) * 25, FINE = (NZ + 1) * 81;
    // Tiles of 16 inputs and of 8 outputs.
    static constexpr u32 KT = H / 16, NT = H / 8;
    // Fragments of layer 2 that do not fit the registers stand in shared memory.
    static constexpr bool SHARED_WEIGHTS = H > 32;

    // The neuron at a place of a record.
    static INLINE u32 neuron(u32 place)
    {
        const u32 t = place / (H / 4), q = place % (H / 4);
        return 16 * (q / 4) + 8 * (q / 2 % 2) + 2 * t + q % 2;
    }
};

// A level of a network: see grid.cu.
struct GridLevel {
    u32 log2_cell, n_features;
    Three size;
    u32 mask, table;

    INLINE GridLevel(const Job& job, u32 network, u32 n)
    {
        const u32 at = network + 12 + 8 * n;
        log2_cell = job.bits(at);
        n_features = job.bits(at + 1);
        size = {job.bits(at + 2), job.bits(at + 3), job.bits(at + 4)};
        mask = job.bits(at + 5);
        table = network + job.bits(at + 6);
    }
    // Corners of a tile that stands out may lie behind the last vertex; no voxel needs them.
    INLINE u32 entry(u32 z, u32 y, u32 x) const
    {
        z = least(z, size.z - 1);
        y = least(y, size.y - 1);
        x = least(x, size.x - 1);
        return n_features * (mask == 0 ? size.index(z, y, x) : (x ^ (y * 2654435761u) ^ (z * 805459861u)) & mask);
    }
};

// Adds the features of the levels of one cell size at a vertex to 8 neurons.
template <u32 H>
INLINE void add_features(const Job& job, u32 network, u32 n_levels, u32 log2_cell, Three vertex, const __half* weights, u32 group, float (&sums)[8])
{
    u32 input = 0;
    for (u32 n = 0; n < n_levels; n++) {
        const GridLevel level(job, network, n);
        if (level.log2_cell == log2_cell) {
            const u32 entry = level.entry(vertex.z, vertex.y, vertex.x);
            for (u32 f = 0; f < level.n_features; f++) {
                const float value = __half2float(job.half_at(level.table, entry + f));
                const uint4 row = *reinterpret_cast<const uint4*>(weights + (input + f) * H + 8 * group);
                const u32 words[4] = {row.x, row.y, row.z, row.w};
#pragma unroll
                for (u32 i = 0; i < 4; i++) {
                    const float2 both = __half22float2(halves(words[i]));
                    sums[2 * i] = fmaf(value, both.x, sums[2 * i]);
                    sums[2 * i + 1] = fmaf(value, both.y, sums[2 * i + 1]);
                }
            }
        }
        input += level.n_features;
    }
}

// Corners of one parity: means of the 1, 2, 4 or 8 corners around them on the coarser lattice of CZ x C x C. `store` gets the
// place of a corner, the group of its neurons and the sums.
template <u32 H, u32 CZ, u32 C, u32 PZ, u32 PY, u32 PX, class Store>
INLINE void rise_class(const float* coarse, const Store& store)
{
    constexpr u32 GROUPS = H / 8;
    constexpr u32 NZ = PZ ? CZ - 1 : CZ, NY = PY ? C - 1 : C, NX = PX ? C - 1 : C;
    constexpr float SHARE = 1.0f / (float)((1 + PZ) * (1 + PY) * (1 + PX));
    for (u32 item = threadIdx.x; item < NZ * NY * NX * GROUPS; item += 256) {
        const u32 group = item % GROUPS, corner = item / GROUPS;
        const u32 x = corner % NX, y = corner / NX % NY, z = corner / (NX * NY);
        float sums[8];
#pragma unroll
        for (u32 i = 0; i < 8; i++)
            sums[i] = 0;
#pragma unroll
        for (u32 q = 0; q < 8; q++) {
            const u32 dz = q >> 2, dy = q >> 1 & 1, dx = q & 1;
            if (dz > PZ || dy > PY || dx > PX)
                continue;
            const float4* from = reinterpret_cast<const float4*>(coarse + (((z + dz) * C + y + dy) * C + x + dx) * H + 8 * group);
            const float4 low = from[0], high = from[1];
            sums[0] += low.x;
            sums[1] += low.y;
            sums[2] += low.z;
            sums[3] += low.w;
            sums[4] += high.x;
            sums[5] += high.y;
            sums[6] += high.z;
            sums[7] += high.w;
        }
#pragma unroll
        for (u32 i = 0; i < 8; i++)
            sums[i] *= SHARE;
        store(Three{2 * z + PZ, 2 * y + PY, 2 * x + PX}, group, sums);
    }
}

// All corners of the finer lattice. Those of one parity follow each other, so that the threads of a warp do the same.
template <u32 H, u32 CZ, u32 C, class Store> INLINE void rise_lattice(const float* coarse, const Store& store)
{
    rise_class<H, CZ, C, 0, 0, 0>(coarse, store);
    rise_class<H, CZ, C, 0, 0, 1>(coarse, store);
    rise_class<H, CZ, C, 0, 1, 0>(coarse, store);
    rise_class<H, CZ, C, 0, 1, 1>(coarse, store);
    rise_class<H, CZ, C, 1, 0, 0>(coarse, store);
    rise_class<H, CZ, C, 1, 0, 1>(coarse, store);
    rise_class<H, CZ, C, 1, 1, 0>(coarse, store);
    rise_class<H, CZ, C, 1, 1, 1>(coarse, store);
}

// What a lane needs of a corner.
template <u32 H> struct Row {
    u32 words[H / 8];

    INLINE void load(const __half* fine, u32 corner, u32 t)
    {
        const __half* from = fine + corner * H + t * (H / 4);
        if constexpr (H == 16) {
            const uint2 both = *reinterpret_cast<const uint2*>(from);
            words[0] = both.x;
            words[1] = both.y;
        } else {
#pragma unroll
            for (u32 i = 0; i < H / 32; i++) {
                const uint4 four = reinterpret_cast<const uint4*>(from)[i];
                words[4 * i] = four.x;
                words[4 * i + 1] = four.y;
                words[4 * i + 2] = four.z;
                words[4 * i + 3] = four.w;
            }
        }
    }
};

template <u32 H> INLINE Row<H> mean_of(const Row<H>& a, const Row<H>& b)
{
    const __half2 half = __float2half2_rn(0.5f);
    Row<H> row;
#pragma unroll
    for (u32 i = 0; i < H / 8; i++)
        row.words[i] = bits_of(__hmul2(__hadd2(halves(a.words[i]), halves(b.words[i])), half));
    return row;
}

INLINE u32 relu(u32 both) { return bits_of(__hmax2(halves(both), __float2half2_rn(0.0f))); }

// Where the values of a tile go.
struct Target {
    u32 kind, first, row, slice;
    float low, factor;
    float smallest, largest;
    Three extent;

    INLINE Target(const Job& job)
        : kind(job.word(2)), first(kind == TO_WORK ? job.word(1) : job.word(12)), row(job.word(13)), slice(job.word(14)),
          low(job.number(15)), factor(job.number(16)), smallest(job.number(6)), largest(job.number(7)), extent(job.words3(3))
    {
    }
    INLINE float value(float y) const { return limited(fmaf(largest - smallest, y, smallest), smallest, largest); }
    INLINE u32 unorm(float value, float steps) const
    {
        return (u32)floorf(fminf(fmaxf((value - low) * factor, 0.0f), 1.0f) * steps + 0.5f);
    }
    // Two neighbours along x, the first at an even place.
    INLINE void put(const Job& job, Three at, float even, float odd) const
    {
        if (!extent.holds(at))
            return;
        const bool both = at.x + 1 < extent.x;
        const float a = value(even), b = both ? value(odd) : 0.0f;
        if (kind == TO_WORK) {
            float* to = job.work + first + extent.index(at);
            to[0] = a;
            if (both)
                to[1] = b;
            return;
        }
        u32* line = job.texels + first + at.z * slice + at.y * row;
        if (kind == 0) {
            line[at.x] = __float_as_uint(a);
            if (both)
                line[at.x + 1] = __float_as_uint(b);
        } else if (kind == 1) {
            line[at.x / 2] = half_bits(a) | half_bits(b) << 16;
        } else if (kind == 3) {
            line[at.x / 2] = unorm(a, 65535.0f) | (both ? unorm(b, 65535.0f) : 0) << 16;
        } else {
            const u32 pair = unorm(a, 255.0f) | (both ? unorm(b, 255.0f) : 0) << 8;
            reinterpret_cast<u16*>(line)[at.x / 2] = (u16)pair;
            // The word is written as a whole.
            if (at.x % 4 == 0 && at.x + 2 >= extent.x)
                reinterpret_cast<u16*>(line)[at.x / 2 + 1] = 0;
        }
    }
};

// With STEPS, several times share the lattice of a tile: their codes are added to what a lane reads of it.
template <u32 H, u32 NZ, bool STEPS> INLINE void grid_fused(const Launch& launch)
{
    typedef Fused<H, NZ> F;
    extern __shared__ uint4 shared_memory[];
    const Job job(launch);
    Target target(job);
    const Three tile_size = {2 * NZ, 16, 16}, tiles = target.extent.tiles(tile_size);
    if (blockIdx.x >= tiles.count())
        return;
    const Three tile = tiles.place(blockIdx.x);
    const u32 network = job.word(0), parameters = job.word(9), n_inputs = job.word(11), n_levels = job.bits(network);
    const bool gains = job.word(10) != 0;

    __half* fine = reinterpret_cast<__half*>(shared_memory);
    float* middle = reinterpret_cast<float*>(fine + F::FINE * H);
    float* coarse = middle + F::MIDDLE * H;
    float* biases = coarse + F::COARSE * H;
    __half* weights = reinterpret_cast<__half*>(biases + H);
    uint2* fragments = reinterpret_cast<uint2*>(weights + n_inputs * H);
    float* features = reinterpret_cast<float*>(fragments + (F::SHARED_WEIGHTS ? F::KT * F::NT * 32 : 0));

    // Layer 1 in the order of records; the features of coarse levels at coarse corners.
    for (u32 i = threadIdx.x; i < n_inputs * H; i += F::THREADS) {
        const u32 input = i / H, neuron = F::neuron(i % H);
        const float gain = gains ? job.number(18 + H + input) : 1.0f;
        weights[i] = __float2half_rn(gain * job.model(network + job.bits(network + 8) + input * H + neuron));
    }
    for (u32 i = threadIdx.x; i < H; i += F::THREADS)
        biases[i] = job.model(network + job.bits(network + 9) + F::neuron(i)) + (STEPS ? 0.0f : job.number(18 + F::neuron(i)));
    if (F::SHARED_WEIGHTS)
        for (u32 i = threadIdx.x; i < F::KT * F::NT * 32; i += F::THREADS) {
            const u32 lane = i % 32, g = lane >> 2, t = lane & 3, n = i / 32 % F::NT, k = i / 32 / F::NT;
            const u32 at = (16 * k + 2 * t) * H + 8 * n + g;
            fragments[i] = make_uint2(pair(job.half_at(parameters, at), job.half_at(parameters, at + H)),
                pair(job.half_at(parameters, at + 8 * H), job.half_at(parameters, at + 9 * H)));
        }
    for (u32 i = threadIdx.x; i < F::COARSE * n_inputs; i += F::THREADS) {
        const u32 corner = i / n_inputs;
        u32 feature = i % n_inputs, n = 0;
        GridLevel level(job, network, 0);
        while (feature >= level.n_features) {
            feature -= level.n_features;
            level = GridLevel(job, network, ++n);
        }
        float value = 0;
        if (level.log2_cell >= 3) {
            // In vertices of the finest grid.
            const Three at = tile * Three{NZ, 8, 8} + Three{corner / 9 * 4, corner / 3 % 3 * 4, corner % 3 * 4};
            const u32 shift = level.log2_cell - 1, rest = (1u << shift) - 1;
            const float unit = 1.0f / (float)(1u << shift);
            const float z = (float)(at.z & rest) * unit, y = (float)(at.y & rest) * unit, x = (float)(at.x & rest) * unit;
#pragma unroll
            for (u32 q = 0; q < 8; q++) {
                const u32 dz = q >> 2, dy = q >> 1 & 1, dx = q & 1;
                const float share = (dz ? z : 1 - z) * (dy ? y : 1 - y) * (dx ? x : 1 - x);
                const u32 entry = level.entry((at.z >> shift) + dz, (at.y >> shift) + dy, (at.x >> shift) + dx);
                value = fmaf(share, __half2float(job.half_at(level.table, entry + feature)), value);
            }
        }
        features[i] = value;
    }
    __syncthreads();
    for (u32 i = threadIdx.x; i < F::COARSE * H; i += F::THREADS) {
        const u32 corner = i / H, place = i % H;
        float sum = biases[place];
        for (u32 input = 0; input < n_inputs; input++)
            sum = fmaf(features[corner * n_inputs + input], __half2float(weights[input * H + place]), sum);
        coarse[i] = sum;
    }
    __syncthreads();
    rise_lattice<H, NZ / 4 + 1, 3>(coarse, [&](Three at, u32 group, float(&sums)[8]) {
        add_features<H>(job, network, n_levels, 2, tile * Three{NZ / 2, 4, 4} + at, weights, group, sums);
        float4* to = reinterpret_cast<float4*>(middle + ((at.z * 5 + at.y) * 5 + at.x) * H + 8 * group);
        to[0] = make_float4(sums[0], sums[1], sums[2], sums[3]);
        to[1] = make_float4(sums[4], sums[5], sums[6], sums[7]);
    });
    __syncthreads();
    const float limit = job.number(8);
    rise_lattice<H, NZ / 2 + 1, 5>(middle, [&](Three at, u32 group, float(&sums)[8]) {
        add_features<H>(job, network, n_levels, 1, tile * Three{NZ, 8, 8} + at, weights, group, sums);
        u32 words[4];
#pragma unroll
        for (u32 i = 0; i < 4; i++)
            words[i] = bits_of(__floats2half2_rn(fminf(fmaxf(sums[2 * i], -limit), limit), fminf(fmaxf(sums[2 * i + 1], -limit), limit)));
        *reinterpret_cast<uint4*>(fine + ((at.z * 9 + at.y) * 9 + at.x) * H + 8 * group) = make_uint4(words[0], words[1], words[2], words[3]);
    });
    __syncthreads();

    const u32 lane = threadIdx.x & 31, warp = threadIdx.x >> 5, g = lane >> 2, t = lane & 3;
    u32 layer[F::SHARED_WEIGHTS ? 1 : F::KT * F::NT * 2];
    if (!F::SHARED_WEIGHTS)
#pragma unroll
        for (u32 i = 0; i < F::KT * F::NT; i++) {
            const u32 at = (16 * (i / F::NT) + 2 * t) * H + 8 * (i % F::NT) + g;
            layer[2 * i] = pair(job.half_at(parameters, at), job.half_at(parameters, at + H));
            layer[2 * i + 1] = pair(job.half_at(parameters, at + 8 * H), job.half_at(parameters, at + 9 * H));
        }
    const u32 behind = parameters + H * H / 2;
    u32 bias[F::NT];
#pragma unroll
    for (u32 n = 0; n < F::NT; n++)
        bias[n] = bits_of(__floats2half2_rn(job.model(behind + 2 * (8 * n + 2 * t)), job.model(behind + 2 * (8 * n + 2 * t + 1))));
    u32 output[F::KT][2];
#pragma unroll
    for (u32 k = 0; k < F::KT; k++)
#pragma unroll
        for (u32 i = 0; i < 2; i++) {
            const u32 at = behind + 2 * (16 * k + 8 * i + 2 * t) + 1;
            output[k][i] = bits_of(__floats2half2_rn(job.model(at), job.model(at + 2)));
        }
    const float output_bias = job.model(behind + 2 * H);
    // 8 warps: a layer of cells each, or a half of one.
    constexpr u32 SHARES = 8 / NZ, CELLS = 8 / SHARES;
    const u32 cz = warp / SHARES, first_cy = warp % SHARES * CELLS;
    const u32 n_times = STEPS ? 1 + job.word(17) : 1;
#pragma unroll 1
    for (u32 time = 0; time < n_times; time++) {
        u32 code[STEPS ? H / 8 : 1];
        if constexpr (STEPS) {
            // The first time's code stands before the others, each of which has a word before its own.
            const u32 at = 18 + time * (H + 1);
            if (time > 0)
                target.first = job.word(at - 1);
#pragma unroll
            for (u32 i = 0; i < H / 8; i++) {
                const u32 neuron = 16 * (i / 2) + 8 * (i % 2) + 2 * t;
                code[i] = bits_of(__floats2half2_rn(job.number(at + neuron), job.number(at + neuron + 1)));
            }
        }
        const auto active = [&](u32 both, u32 i) {
            if constexpr (STEPS)
                return relu(bits_of(__hadd2(halves(both), halves(code[i]))));
            else
                return relu(both);
        };
        // Even voxels of a run lie on corners, odd ones between two.
        Row<H> even0, odd0, even1, odd1, next;
        const u32 corner = (cz * 9 + first_cy) * 9 + g;
        even0.load(fine, corner, t);
        next.load(fine, corner + 1, t);
        odd0 = mean_of<H>(even0, next);
        even1.load(fine, corner + 81, t);
        next.load(fine, corner + 82, t);
        odd1 = mean_of<H>(even1, next);
#pragma unroll 1
        for (u32 cy = first_cy; cy < first_cy + CELLS; cy++) {
            Row<H> even2, odd2, even3, odd3;
            const u32 above = (cz * 9 + cy + 1) * 9 + g;
            even2.load(fine, above, t);
            next.load(fine, above + 1, t);
            odd2 = mean_of<H>(even2, next);
            even3.load(fine, above + 81, t);
            next.load(fine, above + 82, t);
            odd3 = mean_of<H>(even3, next);
            float y[4] = {output_bias, 0, output_bias, 0};
#pragma unroll
            for (u32 j = 0; j < 4; j++) {
                // Which of the 2 x 2 runs: 2 (z odd) + (y odd).
                const Row<H> even = j == 0 ? even0 : j == 1 ? mean_of<H>(even0, even2)
                    : j == 2 ? mean_of<H>(even0, even1) : mean_of<H>(mean_of<H>(even0, even2), mean_of<H>(even1, even3));
                const Row<H> odd = j == 0 ? odd0 : j == 1 ? mean_of<H>(odd0, odd2)
                    : j == 2 ? mean_of<H>(odd0, odd1) : mean_of<H>(mean_of<H>(odd0, odd2), mean_of<H>(odd1, odd3));
                u32 sums[F::NT][2];
#pragma unroll
                for (u32 n = 0; n < F::NT; n++)
                    sums[n][0] = sums[n][1] = bias[n];
#pragma unroll
                for (u32 k = 0; k < F::KT; k++) {
                    const u32 a[4] = {active(even.words[2 * k], 2 * k), active(odd.words[2 * k], 2 * k),
                        active(even.words[2 * k + 1], 2 * k + 1), active(odd.words[2 * k + 1], 2 * k + 1)};
#pragma unroll
                    for (u32 n = 0; n < F::NT; n++) {
                        if (F::SHARED_WEIGHTS) {
                            const uint2 b = fragments[(k * F::NT + n) * 32 + lane];
                            mma_f16(sums[n], a, b.x, b.y);
                        } else {
                            mma_f16(sums[n], a, layer[2 * (k * F::NT + n)], layer[2 * (k * F::NT + n) + 1]);
                        }
                    }
                }
                // What layer 2 gives is the fragment of its transpose already. The output stands in column 2j: after all four runs
                // each lane has the two voxels that it writes.
                const bool mine = g == 2 * j;
#pragma unroll
                for (u32 k = 0; k < F::KT; k++) {
                    const u32 a[4] = {relu(sums[2 * k][0]), relu(sums[2 * k][1]), relu(sums[2 * k + 1][0]), relu(sums[2 * k + 1][1])};
                    mma_f32(y, a, mine ? output[k][0] : 0u, mine ? output[k][1] : 0u);
                }
            }
            target.put(job, tile * tile_size + Three{2 * cz + (t >> 1), 2 * cy + (t & 1), 2 * g}, y[0], y[2]);
            even0 = even2;
            odd0 = odd2;
            even1 = even3;
            odd1 = odd3;
        }
    }
}

// `blocks` of threads, and those for several times, are to fit a multiprocessor at once: as many as spill no registers.
#define GRID_FUSED(neurons, cells, blocks, steps_blocks)                                                               \
    KERNEL_OF(256, blocks) grid_fused_##neurons(const __grid_constant__ Launch launch)                                 \
    {                                                                                                                  \
        grid_fused<neurons, cells, false>(launch);                                                                     \
    }                                                                                                                  \
    KERNEL_OF(256, steps_blocks) grid_steps_##neurons(const __grid_constant__ Launch launch)                           \
    {                                                                                                                  \
        grid_fused<neurons, cells, true>(launch);                                                                      \
    }
