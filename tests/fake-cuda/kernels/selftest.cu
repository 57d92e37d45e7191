// Kernels that test the emulator itself: some are right, some break a rule on purpose.

#include "selftest.cuh"

// out[i] = in[i] of the mirrored thread of the block.
extern "C" __global__ void __launch_bounds__(1024) selftest_barrier(const __grid_constant__ Launch launch) {
    __shared__ u32 row[1024];
    u32 i = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z), count = blockDim.x * blockDim.y * blockDim.z;
    u32 offset = (blockIdx.x + gridDim.x * blockIdx.z) * count;
    u32* out = reinterpret_cast<u32*>(launch.work);
    for (u32 round = 0; round < launch.first; round++) {
        row[i] = (round == 0 ? launch.params[offset + i] : out[offset + i]) + round;
        __syncthreads();
        out[offset + i] = row[count - 1 - i];
        __syncthreads();
    }
}

// As `selftest_barrier` for one round, with the barrier left out.
extern "C" __global__ void __launch_bounds__(1024) selftest_no_barrier(const __grid_constant__ Launch launch) {
    __shared__ u32 row[1024];
    row[threadIdx.x] = launch.params[threadIdx.x];
    reinterpret_cast<u32*>(launch.work)[threadIdx.x] = row[blockDim.x - 1 - threadIdx.x];
}

// The same within warps; `first` says whether they wait.
extern "C" __global__ void __launch_bounds__(1024) selftest_warp(const __grid_constant__ Launch launch) {
    volatile u32* row = reinterpret_cast<volatile u32*>(shared_memory);
    row[threadIdx.x] = launch.params[threadIdx.x];
    if (launch.first) __syncwarp();
    reinterpret_cast<u32*>(launch.work)[threadIdx.x] = row[threadIdx.x ^ 31];
}

// work[0..]: for each thread, an xor butterfly sum, the value of lane 3 of groups of 8, those of the lanes above and below, a
// ballot, a reduction.
extern "C" __global__ void __launch_bounds__(256) selftest_shuffle(const __grid_constant__ Launch launch) {
    u32 i = threadIdx.x;
    u32 value = launch.params[i], sum = value;
    u32* out = reinterpret_cast<u32*>(launch.work) + 6 * i;
    for (int bits = 16; bits > 0; bits >>= 1) sum += __shfl_xor_sync(0xffffffffu, sum, bits);
    out[0] = sum;
    out[1] = __shfl_sync(0xffffffffu, value, 3, 8);
    out[2] = __shfl_up_sync(0xffffffffu, value, 1);
    out[3] = __float_as_uint(__shfl_down_sync(0xffffffffu, static_cast<float>(value), 2, 16));
    out[4] = __ballot_sync(0xffffffffu, value & 1);
    // Halves of the warp that do not wait for each other.
    out[5] = i & 16 ? __reduce_max_sync(0xffff0000u, value) : __reduce_add_sync(0x0000ffffu, value);
}

// One product of matrices for each warp: params has, for each lane, a (4), b (2), c (4 floats or 2 pairs of halves, and 2
// unused); work gets c.
template <bool F32> __device__ void product(const Launch& launch) {
    u32 i = blockIdx.x * blockDim.x + threadIdx.x;
    const u32* in = launch.params + 10 * i;
    u32 a[4] = {in[0], in[1], in[2], in[3]};
    if (F32) {
        float c[4];
        for (int k = 0; k < 4; k++) c[k] = __uint_as_float(in[6 + k]);
        emulated_mma_f32(c, a, in[4], in[5]);
        for (int k = 0; k < 4; k++) launch.work[4 * i + k] = c[k];
    } else {
        u32 c[2] = {in[6], in[7]};
        emulated_mma_f16(c, a, in[4], in[5]);
        reinterpret_cast<uint2*>(launch.work)[i] = {c[0], c[1]};
    }
}
extern "C" __global__ void __launch_bounds__(128) selftest_mma_f32(const __grid_constant__ Launch launch) {
    product<true>(launch);
}
extern "C" __global__ void __launch_bounds__(128) selftest_mma_f16(const __grid_constant__ Launch launch) {
    product<false>(launch);
}

// Operations on 16-bit floats: params has triples of pairs, work gets eight pairs for each.
extern "C" __global__ void __launch_bounds__(256) selftest_half(const __grid_constant__ Launch launch) {
    u32 i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= launch.stride) return;
    const __half2* in = reinterpret_cast<const __half2*>(launch.params) + 3 * i;
    __half2* out = reinterpret_cast<__half2*>(launch.work) + 8 * i;
    __half2 a = in[0], b = in[1], c = in[2];
    out[0] = __hadd2(a, b);
    out[1] = __hsub2(a, b);
    out[2] = __hmul2(a, b);
    out[3] = __hfma2(a, b, c);
    out[4] = __hmax2(a, b);
    out[5] = __hmin2(a, b);
    out[6] = __floats2half2_rn(__low2float(a) * 0.3333333f, __high2float(b) * 1.7f);
    out[7] = __halves2half2(__hfma(a.x, b.x, c.x), __hdiv(a.y, b.y));
}

// What 32-bit functions give for params; work gets eight words for each.
extern "C" __global__ void __launch_bounds__(256) selftest_words(const __grid_constant__ Launch launch) {
    u32 i = threadIdx.x;
    u32 a = launch.params[2 * i], b = launch.params[2 * i + 1];
    u32* out = reinterpret_cast<u32*>(launch.work) + 8 * i;
    out[0] = __byte_perm(a, b, 0x5410);
    out[1] = __byte_perm(a, b, 0x9876);
    out[2] = __clz(static_cast<int>(a));
    out[3] = __popc(a);
    out[4] = __float_as_uint(fmaxf(__uint_as_float(a), __uint_as_float(b)));
    out[5] = __float2uint_rn(__uint_as_float(a));
    out[6] = __umulhi(a, b);
    out[7] = static_cast<u32>(__dp4a(static_cast<int>(a), static_cast<int>(b), 7));
}

// Reads words of dynamic shared memory that nobody wrote, of static, and of `work`.
extern "C" __global__ void __launch_bounds__(32) selftest_unwritten(const __grid_constant__ Launch launch) {
    __shared__ u32 row[32];
    u32* out = reinterpret_cast<u32*>(launch.texels);
    out[threadIdx.x] = reinterpret_cast<u32*>(shared_memory)[threadIdx.x];
    out[32 + threadIdx.x] = row[threadIdx.x];
    out[64 + threadIdx.x] = reinterpret_cast<u32*>(launch.work)[threadIdx.x];
    __syncthreads();
    // What a block leaves is not seen by the next one.
    row[threadIdx.x] = reinterpret_cast<u32*>(shared_memory)[threadIdx.x] = 1;
}

// One thread does not come to the barrier.
extern "C" __global__ void __launch_bounds__(64) selftest_divergent(const __grid_constant__ Launch launch) {
    if (threadIdx.x == launch.first) return;
    __syncthreads();
    launch.work[threadIdx.x] = 1.0f;
}

// Threads come to different barriers.
extern "C" __global__ void __launch_bounds__(64) selftest_two_barriers(const __grid_constant__ Launch launch) {
    if (threadIdx.x < 32) {
        launch.work[threadIdx.x] = 1.0f;
        __syncthreads();
    } else {
        __syncthreads();
        launch.work[threadIdx.x] = 2.0f;
    }
}

// A lane of the mask has ended.
extern "C" __global__ void __launch_bounds__(32) selftest_lost_lane(const __grid_constant__ Launch launch) {
    if (threadIdx.x == 7) return;
    launch.work[threadIdx.x] = __shfl_sync(0xffffffffu, 1.0f, 0);
}

// Writes one float at the index `first` of work.
extern "C" __global__ void __launch_bounds__(64) selftest_write(const __grid_constant__ Launch launch) {
    if (threadIdx.x == 5 && blockIdx.x == gridDim.x - 1) launch.work[static_cast<int>(launch.first)] = 1.0f;
}

// Writes a word at the index `first` of dynamic shared memory.
extern "C" __global__ void __launch_bounds__(64) selftest_write_shared(const __grid_constant__ Launch launch) {
    if (threadIdx.x == 5) reinterpret_cast<volatile u32*>(shared_memory)[launch.first] = 1;
}

// Loads sixteen bytes at the byte `first` of params.
extern "C" __global__ void __launch_bounds__(64) selftest_load(const __grid_constant__ Launch launch) {
    const unsigned char* bytes = reinterpret_cast<const unsigned char*>(launch.params) + launch.first;
    reinterpret_cast<uint4*>(launch.work)[threadIdx.x] = *reinterpret_cast<const uint4*>(bytes);
}

// Calls itself until the stack is full.
__device__ __noinline__ u32 descend(volatile u32* bytes, u32 depth) {
    volatile u32 more[64];
    more[depth & 63] = bytes[0];
    if (depth == 0) return more[0];
    return descend(more, depth - 1) + more[depth & 63];
}
extern "C" __global__ void __launch_bounds__(1) selftest_stack(const __grid_constant__ Launch launch) {
    u32 start[1] = {0};
    reinterpret_cast<u32*>(launch.work)[0] = descend(start, launch.first);
}

// Never ends, in one thread.
extern "C" __global__ void __launch_bounds__(64) selftest_endless(const __grid_constant__ Launch launch) {
    volatile float* work = launch.work;
    while (threadIdx.x == 3 && work[0] == 0.0f) {
    }
    __syncthreads();
}

// work = work / 2 + 1, `first` times.
extern "C" __global__ void __launch_bounds__(256) selftest_plain(const __grid_constant__ Launch launch) {
    u32 i = blockIdx.x * blockDim.x + threadIdx.x;
    float value = launch.work[i];
    for (u32 k = 0; k < launch.first; k++) value = fmaf(value, 0.5f, 1.0f);
    launch.work[i] = value;
}

// Divides by `first`.
extern "C" __global__ void __launch_bounds__(32) selftest_divide(const __grid_constant__ Launch launch) {
    reinterpret_cast<u32*>(launch.work)[threadIdx.x] /= launch.first;
}
