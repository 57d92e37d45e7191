// The argument of all kernels, as `native/cuda/kernels` has it.
#pragma once

#include <cuda_fp16.h>

typedef unsigned int u32;

struct Launch {
    const u32* params;
    const u32* models;
    float* work;
    unsigned char* texels;
    u32 first;
    u32 stride;
    u32 reserved[2];
};

extern __shared__ uint4 shared_memory[];
