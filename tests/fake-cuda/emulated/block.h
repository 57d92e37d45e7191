// What a thread knows of its block, and barriers.
#pragma once

// Of the thread that runs. One per copy of a module: `block.cpp` sets them.
extern __attribute__((visibility("hidden"))) uint3 threadIdx, blockIdx;
extern __attribute__((visibility("hidden"))) uint3 blockDim, gridDim;
constexpr int warpSize = 32;

namespace emulated {

// Where in a source something waits.
struct Place {
    const char* file;
    int line;
};

// Number of the thread that runs in its block: 32 that follow each other are a warp.
extern __attribute__((visibility("hidden"))) unsigned int current;

// Ends the launch; the device is lost with this message.
[[noreturn]] __attribute__((visibility("hidden"))) void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

// Waits for all threads of the block. `value` is combined of all threads: the returned are the sum, the or of it.
struct Votes {
    int count;
    bool any;
};
__attribute__((visibility("hidden"))) Votes barrier(Place place, bool value);

} // namespace emulated

// The default arguments are of the caller.
#define EMULATED_PLACE const char *file = __builtin_FILE(), int line = __builtin_LINE()

inline void __syncthreads(EMULATED_PLACE) { emulated::barrier({file, line}, false); }
inline int __syncthreads_count(int predicate, EMULATED_PLACE) { return emulated::barrier({file, line}, predicate != 0).count; }
inline int __syncthreads_or(int predicate, EMULATED_PLACE) { return emulated::barrier({file, line}, predicate != 0).any; }
inline int __syncthreads_and(int predicate, EMULATED_PLACE) { return !emulated::barrier({file, line}, predicate == 0).any; }

inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_system() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
[[noreturn]] inline void __trap() { emulated::fail("__trap()"); }
