#include "state.h"

#include <cstdarg>
#include <cstdio>

State& state() {
    // Never destroyed: threads may run when the process ends.
    static State* state = new State;
    return *state;
}

void broke(const char* format, ...) {
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    std::fprintf(stderr, "fake CUDA: a rule is broken: %s\n", text);
    if (state().rules.size() < 100) state().rules.emplace_back(text);
}

void failed(const std::string& message) {
    std::fprintf(stderr, "fake CUDA: %s\n", message.c_str());
    if (state().failures.size() < 100) state().failures.push_back(message);
}

std::vector<Context*>& context_stack() {
    static thread_local std::vector<Context*> stack;
    return stack;
}

Context* current_context() { return context_stack().empty() ? nullptr : context_stack().back(); }

bool is_sticky(CUresult code) {
    switch (code) {
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_LAUNCH_FAILED:
    case CUDA_ERROR_EXTERNAL_DEVICE:
        return true;
    default:
        return false;
    }
}
