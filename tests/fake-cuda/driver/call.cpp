#include "call.h"

#include <cstdio>

Call::Call(const char* function, Needs needs) : lock(state().mutex) {
    uint64_t count = ++state().counts.calls[function];
    if (settings().has_log) std::fprintf(stderr, "fake CUDA: %s\n", function);
    if (needs != NOTHING && !state().is_initialized) {
        result = CUDA_ERROR_NOT_INITIALIZED;
        return;
    }
    if (needs == CONTEXT) {
        context = current_context();
        if (context != nullptr && !context->is_alive) {
            result = CUDA_ERROR_CONTEXT_IS_DESTROYED;
            return;
        }
        if (context == nullptr) {
            result = CUDA_ERROR_INVALID_CONTEXT;
            return;
        }
    }
    for (const Failure& failure : settings().failures) {
        if (failure.function != function || failure.call != count) continue;
        result = failure.code;
        if (context != nullptr && is_sticky(result)) context->error = result;
        return;
    }
    if (context != nullptr) result = context->error;
}
