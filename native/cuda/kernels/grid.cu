// Grid networks (codec 3). Layer 1 is linear before its ReLU, as are the interpolation and the tables: it is folded into a
// lattice on the finest grid, which the voxels interpolate.
//
// A network: 0 levels, 1 neurons (a multiple of 16, those that fill up are 0), 2 hidden layers, 3 outputs of a block, 4 log2 of
// the finest cell, 5..7 finest vertices, 8 weights of layer 1 [input][neuron], 9 biases, 10 the other layers: of hidden ones
// weights [block of outputs][input][output of the block] and biases, of the one output [input] and its bias; 11 reserved,
// then per level: log2 of the cell, features, vertices z, y, x, entries of a hashed table - 1 (0 = dense), table of halves,
// reserved. Places are counted from the network.
#include "common.cuh"
#include "grid_fused.cuh"

// The folded lattice: layer 1 at every vertex of the finest grid, all levels together, for one time.
// 0 network, 1 lattice [neuron][vertex], 2 whether there are gains, 3 reserved, 4.. time code [neuron], gains [input]
KERNEL(128) fold(const __grid_constant__ Launch launch)
{
    constexpr u32 THREADS = 128, FEATURES = 32;
    // Weights of one level for 16 neurons.
    __shared__ float weights[FEATURES * 16];
    const Job job(launch);
    const u32 network = job.word(0), n_neurons = job.bits(network + 1);
    const Three vertices = {job.bits(network + 5), job.bits(network + 6), job.bits(network + 7)};
    const u32 n_vertices = vertices.count(), n_blocks = n_neurons / 16;
    if (blockIdx.x / n_blocks * THREADS >= n_vertices)
        return;
    // A block has 16 neurons of 128 vertices.
    const u32 neuron = blockIdx.x % n_blocks * 16;
    const u32 number_of_vertex = blockIdx.x / n_blocks * THREADS + threadIdx.x;
    const Three vertex = vertices.place(least(number_of_vertex, n_vertices - 1));
    const bool gains = job.word(2) != 0;
    const u32 finest = job.bits(network + 4), first_weight = network + job.bits(network + 8);
    float sums[16];
#pragma unroll
    for (u32 k = 0; k < 16; k++)
        sums[k] = job.model(network + job.bits(network + 9) + neuron + k) + job.number(4 + neuron + k);
    u32 input = 0;
    const u32 n_levels = job.bits(network);
    for (u32 n = 0; n < n_levels; n++) {
        const GridLevel level(job, network, n);
        __syncthreads();
        for (u32 i = threadIdx.x; i < 16 * level.n_features; i += THREADS) {
            const float gain = gains ? job.number(4 + n_neurons + input + i / 16) : 1;
            weights[i] = gain * job.model(first_weight + (input + i / 16) * n_neurons + neuron + i % 16);
        }
        __syncthreads();
        // Grids are nested: a vertex of the finest one lies at vertex / 2^shift of this one.
        const u32 shift = level.log2_cell - finest, rest = (1u << shift) - 1;
        const float unit = 1.0f / (float)(1u << shift);
        const u32 low_z = vertex.z >> shift, low_y = vertex.y >> shift, low_x = vertex.x >> shift;
        const u32 high_z = least(low_z + 1, level.size.z - 1), high_y = least(low_y + 1, level.size.y - 1);
        const u32 high_x = least(low_x + 1, level.size.x - 1);
        const float share_z = (float)(vertex.z & rest) * unit, share_y = (float)(vertex.y & rest) * unit;
        const float share_x = (float)(vertex.x & rest) * unit;
        u32 entries[8];
        float corners[8];
#pragma unroll
        for (u32 corner = 0; corner < 8; corner++) {
            const bool z = (corner & 4) != 0, y = (corner & 2) != 0, x = (corner & 1) != 0;
            entries[corner] = level.entry(z ? high_z : low_z, y ? high_y : low_y, x ? high_x : low_x);
            corners[corner] = (z ? share_z : 1 - share_z) * (y ? share_y : 1 - share_y) * (x ? share_x : 1 - share_x);
        }
        for (u32 feature = 0; feature < level.n_features; feature++) {
            float value = 0;
#pragma unroll
            for (u32 corner = 0; corner < 8; corner++)
                value += corners[corner] * __half2float(job.half_at(level.table, entries[corner] + feature));
#pragma unroll
            for (u32 k = 0; k < 16; k++)
                sums[k] += weights[16 * feature + k] * value;
        }
        input += level.n_features;
    }
    if (number_of_vertex < n_vertices)
#pragma unroll
        for (u32 k = 0; k < 16; k++)
            job.work[job.word(1) + (neuron + k) * n_vertices + number_of_vertex] = sums[k];
}

// Values of a network of 1 or 2 hidden layers out of its lattice. BLOCKS of 4 neurons of layer 2 are computed together, so
// that all numbers of a voxel stay in registers: neurons of layer 1 are interpolated one after the other and go straight into
// them.
// 0 network, 1 lattice, 2 values, 3..5 extent, 6 smallest, 7 largest value
template <u32 BLOCKS, u32 HIDDEN, u32 CELL> INLINE void grid_values(const Launch& launch)
{
    // Voxels of a thread, along z: each weight that is read serves them all. A block works on DEPTH * ROWS * WIDTH voxels.
    constexpr u32 DEPTH = 4, ROWS = 4, WIDTH = 32, THREADS = ROWS * WIDTH;
    // Vertices around the voxels of a thread, along z.
    constexpr u32 AROUND = ((DEPTH - 1) >> CELL) + 2;
    constexpr u32 OUTPUTS = 4 * BLOCKS, INPUTS = 2048 / OUTPUTS;
    // 8 KiB: weights of INPUTS neurons of layer 1.
    __shared__ float4 weights[HIDDEN > 1 ? 512 : 1];
    const Job job(launch);
    const Three extent = job.words3(3), tile = {DEPTH, ROWS, WIDTH}, tiles = extent.tiles(tile);
    if (blockIdx.x >= tiles.count())
        return;
    const Three here = tiles.place(blockIdx.x) * tile + Three{0, threadIdx.x / WIDTH, threadIdx.x % WIDTH};
    const u32 network = job.word(0), n_neurons = job.bits(network + 1);
    const Three vertices = {job.bits(network + 5), job.bits(network + 6), job.bits(network + 7)};
    const u32 slice = vertices.y * vertices.x;

    // The cell of the voxels along y and x; threads behind the end do what the last one does.
    const u32 y = least(here.y, extent.y - 1), x = least(here.x, extent.x - 1);
    const u32 low_y = y >> CELL, low_x = x >> CELL;
    const u32 high_y = least(low_y + 1, vertices.y - 1), high_x = least(low_x + 1, vertices.x - 1);
    constexpr float UNIT = 1.0f / (float)(1u << CELL);
    const float share_y = (float)(y & ((1u << CELL) - 1)) * UNIT, share_x = (float)(x & ((1u << CELL) - 1)) * UNIT;
    const u32 corners[4] = {low_y * vertices.x + low_x, low_y * vertices.x + high_x, high_y * vertices.x + low_x,
        high_y * vertices.x + high_x};
    u32 planes[AROUND];
#pragma unroll
    for (u32 p = 0; p < AROUND; p++)
        planes[p] = least((here.z >> CELL) + p, vertices.z - 1) * slice;

    const u32 layer = network + job.bits(network + 10), biases = layer + n_neurons * n_neurons;
    const u32 output = HIDDEN > 1 ? biases + n_neurons : layer;
    float sum[DEPTH];
#pragma unroll
    for (u32 v = 0; v < DEPTH; v++)
        sum[v] = job.model(output + n_neurons);
    const u32 n_passes = HIDDEN > 1 ? n_neurons / OUTPUTS : 1;
    for (u32 pass = 0; pass < n_passes; pass++) {
        float sums[HIDDEN > 1 ? OUTPUTS * DEPTH : 1];
        if (HIDDEN > 1)
#pragma unroll
            for (u32 o = 0; o < OUTPUTS; o++)
#pragma unroll
                for (u32 v = 0; v < DEPTH; v++)
                    sums[o * DEPTH + v] = job.model(biases + pass * OUTPUTS + o);
        for (u32 first = 0; first < n_neurons; first += INPUTS) {
            const u32 end = least(first + INPUTS, n_neurons);
            if (HIDDEN > 1) {
                __syncthreads();
                const u32 from = layer + OUTPUTS * (pass * n_neurons + first);
                for (u32 i = threadIdx.x; i < BLOCKS * (end - first); i += THREADS)
                    weights[i] = make_float4(job.model(from + 4 * i), job.model(from + 4 * i + 1), job.model(from + 4 * i + 2),
                        job.model(from + 4 * i + 3));
                __syncthreads();
            }
            for (u32 c = first; c < end; c++) {
                const float* lattice = job.work + job.word(1) + c * vertices.z * slice;
                float along_z[AROUND];
#pragma unroll
                for (u32 p = 0; p < AROUND; p++) {
                    const float* plane = lattice + planes[p];
                    const float a = lerp(plane[corners[0]], plane[corners[1]], share_x);
                    const float b = lerp(plane[corners[2]], plane[corners[3]], share_x);
                    along_z[p] = lerp(a, b, share_y);
                }
                float h[DEPTH];
#pragma unroll
                for (u32 v = 0; v < DEPTH; v++)
                    h[v] = fmaxf(lerp(along_z[v >> CELL], along_z[(v >> CELL) + 1], (float)(v & ((1u << CELL) - 1)) * UNIT), 0.0f);
                if (HIDDEN > 1) {
#pragma unroll
                    for (u32 b = 0; b < BLOCKS; b++) {
                        const float4 weight = weights[(c - first) * BLOCKS + b];
#pragma unroll
                        for (u32 v = 0; v < DEPTH; v++) {
                            sums[(4 * b) * DEPTH + v] += weight.x * h[v];
                            sums[(4 * b + 1) * DEPTH + v] += weight.y * h[v];
                            sums[(4 * b + 2) * DEPTH + v] += weight.z * h[v];
                            sums[(4 * b + 3) * DEPTH + v] += weight.w * h[v];
                        }
                    }
                } else {
                    const float weight = job.model(output + c);
#pragma unroll
                    for (u32 v = 0; v < DEPTH; v++)
                        sum[v] += weight * h[v];
                }
            }
        }
        if (HIDDEN > 1)
#pragma unroll
            for (u32 o = 0; o < OUTPUTS; o++) {
                const float weight = job.model(output + pass * OUTPUTS + o);
#pragma unroll
                for (u32 v = 0; v < DEPTH; v++)
                    sum[v] += weight * fmaxf(sums[o * DEPTH + v], 0.0f);
            }
    }
    const float low = job.number(6), high = job.number(7);
#pragma unroll
    for (u32 v = 0; v < DEPTH; v++) {
        const Three at = here + Three{v, 0, 0};
        if (extent.holds(at))
            job.work[job.word(2) + extent.index(at)] = limited(low + (high - low) * sum[v], low, high);
    }
}

#define GRID(blocks, hidden, cell)                                                                                     \
    KERNEL(128) grid_##blocks##_##hidden##_##cell(const __grid_constant__ Launch launch)                               \
    {                                                                                                                  \
        grid_values<blocks, hidden, cell>(launch);                                                                     \
    }
GRID(4, 1, 1)
GRID(4, 1, 2)
GRID(4, 2, 1)
GRID(4, 2, 2)
GRID(8, 2, 1)
GRID(8, 2, 2)

// The same for any number of hidden layers, neurons and cells, in the memory of a block: many times slower. A block has 64 voxels
// one after the other, or (shape[0] = 1) the tile of grid_values.
KERNEL(32) grid_deep(const __grid_constant__ Launch launch)
{
    constexpr u32 THREADS = 32, MOST = 128;
    __shared__ float layers[2][MOST * THREADS];
    const Job job(launch);
    const Three extent = job.words3(3), tile = {4, 4, 32}, tiles = extent.tiles(tile);
    const bool by_tiles = launch.shape[0] != 0;
    const u32 lane = threadIdx.x;
    for (u32 line = 0; line < (by_tiles ? tile.z * tile.y : 2); line++) {
        Three at;
        if (by_tiles)
            at = tiles.place(blockIdx.x) * tile + Three{line / tile.y, line % tile.y, lane};
        else
            at = extent.place(blockIdx.x * 64 + line * THREADS + lane);
        if (!extent.holds(at))
            continue;
        const u32 network = job.word(0), n_neurons = job.bits(network + 1);
        const Three vertices = {job.bits(network + 5), job.bits(network + 6), job.bits(network + 7)};
        const u32 n_vertices = vertices.count(), log2_cell = job.bits(network + 4), rest = (1u << log2_cell) - 1;
        const float unit = 1.0f / (float)(1u << log2_cell);
        const Three low = {at.z >> log2_cell, at.y >> log2_cell, at.x >> log2_cell};
        const Three high = {least(low.z + 1, vertices.z - 1), least(low.y + 1, vertices.y - 1), least(low.x + 1, vertices.x - 1)};
        const float share_z = (float)(at.z & rest) * unit, share_y = (float)(at.y & rest) * unit;
        const float share_x = (float)(at.x & rest) * unit;
        float* h = layers[0];
        float* g = layers[1];
        for (u32 c = 0; c < n_neurons; c++) {
            const float* lattice = job.work + job.word(1) + c * n_vertices;
            float sum = 0;
#pragma unroll
            for (u32 corner = 0; corner < 8; corner++) {
                const bool z = (corner & 4) != 0, y = (corner & 2) != 0, x = (corner & 1) != 0;
                sum += (z ? share_z : 1 - share_z) * (y ? share_y : 1 - share_y) * (x ? share_x : 1 - share_x)
                    * lattice[vertices.index(z ? high.z : low.z, y ? high.y : low.y, x ? high.x : low.x)];
            }
            h[c * THREADS + lane] = fmaxf(sum, 0.0f);
        }
        const u32 block = job.bits(network + 3), n_hidden = job.bits(network + 2);
        u32 layer = network + job.bits(network + 10);
        for (u32 k = 1; k < n_hidden; k++) {
            for (u32 c = 0; c < n_neurons; c++) {
                float sum = job.model(layer + n_neurons * n_neurons + c);
                for (u32 i = 0; i < n_neurons; i++)
                    sum += job.model(layer + (c / block * n_neurons + i) * block + c % block) * h[i * THREADS + lane];
                g[c * THREADS + lane] = fmaxf(sum, 0.0f);
            }
            float* const other = h;
            h = g;
            g = other;
            layer += n_neurons * n_neurons + n_neurons;
        }
        float sum = job.model(layer + n_neurons);
        for (u32 i = 0; i < n_neurons; i++)
            sum += job.model(layer + i) * h[i * THREADS + lane];
        const float smallest = job.number(6), largest = job.number(7);
        job.work[job.word(2) + extent.index(at)] = limited(smallest + (largest - smallest) * sum, smallest, largest);
    }
}

GRID_FUSED(16, 8, 4, 3)
GRID_FUSED(32, 8, 2, 2)
GRID_FUSED(64, 4, 1, 1)
