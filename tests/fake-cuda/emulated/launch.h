// Between the driver and the copies of a module.
#pragma once

#include <cstdint>

namespace emulated {

// The one argument of every kernel of ours; its fields are the kernels' own business.
struct Argument {
    unsigned char bytes[48];
};

constexpr uint32_t MOST_THREADS = 1024;
// Bytes of a thread's stack.
constexpr uint32_t STACK = 64 << 10;
// Bytes of shared memory that any device has for a block.
constexpr uint32_t MOST_SHARED = 227 << 10;
// What nobody wrote: NaN as a 32-bit float and as two 16-bit floats.
constexpr uint32_t UNWRITTEN = 0x7fc17fc1;

// The order in which threads run between two barriers, and lanes between what they do together.
enum Order : uint32_t { FORWARD = 0, BACKWARD = 1 /* more: shuffled with this seed */ };

struct Block {
    void (*kernel)(Argument);
    Argument argument;
    uint32_t grid[3], size[3], index[3];
    // Bytes of dynamic shared memory.
    uint32_t shared;
    uint32_t order;
    // Sums of 16-bit matrix products are rounded after 8 products, as on devices of capability 7.5.
    bool half_depth;
};

// Where a thread is, for messages.
struct Position {
    uint32_t block[3], thread[3];
};

// What a copy of a module has; it is its only exported variable beside the kernels, `emulated_module`.
struct Module {
    // Runs one block; the failure, or null.
    const char* (*run)(const Block&);
    // For signal handlers, of the thread of the host that runs a block: the thread that runs.
    Position (*position)();
    // Whether it runs code of a kernel, so that it can be abandoned.
    bool (*is_inside)();
    // Whether the address is in a guard page of the stack of some thread.
    bool (*is_stack)(const void* address);
    // Whether the address is in shared memory beyond what the launch has; then its offset.
    bool (*is_shared)(const void* address, uint64_t* offset);
    // Where the handler must continue, with which stack pointer, so that `run` returns `message`.
    void (*abandon)(const char* message, void** instruction, void** stack);
};

} // namespace emulated
