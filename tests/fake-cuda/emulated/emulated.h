// CUDA C++ on the CPU, as far as our kernels use it: a kernel's source is compiled by g++ with `NEUVOL_EMULATED` defined and
// this folder in its include path, and `block.cpp` runs the threads of a block as fibers.
//
// What is emulated exactly: blocks, threads, warps of 32 lanes, barriers, shuffles, shared memory, 16-bit floats, the
// fragments of matrix products. What is not: the order of threads (it is chosen by a seed, see `launch.h`), the fusing of
// `a * b + c` into one rounding by a CUDA compiler (here every operation rounds, unless the source says `fmaf`), bits of NaN
// of 32-bit floats.
#pragma once

#ifndef NEUVOL_EMULATED
#error "emulated.h is for builds with NEUVOL_EMULATED; a CUDA compiler has all of this itself"
#endif
#if !defined(__x86_64__) || !defined(__AVX2__) || !defined(__F16C__) || !defined(__FMA__)
#error "emulated.h needs x86-64 with -mavx2 -mf16c -mfma"
#endif

// What redefines nothing of ours must come before the keywords.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>
#include <type_traits>

#define __global__ __attribute__((visibility("default")))
#define __device__
#define __host__
#define __constant__ const
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __builtin_assume(condition) ((void)0)
// One block runs at a time in each copy of a module, so that shared memory is static memory. The build turns
// `extern __shared__` into `extern`.
#define __shared__ static

// Of the architectures, the emulated one has every instruction that has a function here.
#define __CUDA_ARCH__ 900

#include "vectors.h"

#include "block.h"

#include "half.h"

#include "intrinsics.h"

#include "warp.h"
