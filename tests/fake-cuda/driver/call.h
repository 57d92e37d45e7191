// What every function of the interface begins with.
#pragma once

#include "state.h"

// Locks the state and counts the call. `result` is not success if the call must fail at once: as a test asks for it, without
// `cuInit`, without a current context, or because the device was lost.
class Call {
public:
    enum Needs { NOTHING, INITIALIZED, CONTEXT };
    Call(const char* function, Needs needs);

    CUresult result = CUDA_SUCCESS;
    // The current context if the call needs one.
    Context* context = nullptr;
    Lock lock;
};

#define BEGIN(needs)                                                                                                         \
    Call call(__func__, Call::needs);                                                                                        \
    if (call.result != CUDA_SUCCESS) return call.result
