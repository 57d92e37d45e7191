// Runs the threads of one block as fibers.
//
// A thread runs until it ends, or waits for others; then the next one runs. A thread that ends without having waited leaves
// its stack to the next one, which is a plain call: kernels without barriers are plain loops. Threads are always picked in an
// order that the launch chooses. Kernels with a barrier too few, or a `__syncwarp` too few, have results that depend on it.

#include "emulated.h"
#include "launch.h"
#include "matrix.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>

uint3 threadIdx, blockIdx, blockDim, gridDim;

// The dynamic shared memory of the block; it ends at a page without access where its size is a multiple of pages, and with
// bytes that must not change before one where it is not.
constexpr uint32_t PAGE = 4096;
constexpr uint32_t SHARED_BYTES = (emulated::MOST_SHARED + PAGE - 1) / PAGE * PAGE + PAGE;
alignas(PAGE) __attribute__((visibility("hidden"))) unsigned char shared_memory[SHARED_BYTES];

// Before and behind the static shared memory of the module, see `begin.cpp`.
extern "C" __attribute__((visibility("hidden"))) unsigned char emulated_static_begin[], emulated_static_end[];

// Keeps the registers that a call keeps on the stack, notes where that is, and continues where another was noted.
extern "C" __attribute__((visibility("hidden"))) void emulated_switch(void** from, void* to);
extern "C" __attribute__((visibility("hidden"))) void emulated_continue();
asm(R"(
    .text
    .p2align 4
    .hidden emulated_switch
    .hidden emulated_continue
    .globl emulated_switch
    .globl emulated_continue
    .type emulated_switch, @function
emulated_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
emulated_continue:
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size emulated_switch, . - emulated_switch
)");

namespace emulated {

unsigned int current;

namespace {

enum class Status : uint8_t { Unstarted, Runs, AtBarrier, InWarp, Ended };

struct Warp {
    // Lanes that wait, what they brought and what they get.
    uint32_t arrived;
    const Offer* offers[32];
    unsigned long long results[32];
};

constexpr uint32_t SHUFFLES = 8;

struct Threads {
    // Of threads that wait: where they continue.
    void* stack_pointers[MOST_THREADS];
    Place places[MOST_THREADS];
    uint3 indices[MOST_THREADS];
    uint16_t stacks[MOST_THREADS];
    Status statuses[MOST_THREADS];
    Warp warps[MOST_THREADS / 32];

    // The threads that run before the next barrier, in their order, and how many did.
    const uint16_t* order;
    uint32_t picked;
    // Lanes that run before those, the last one first.
    uint16_t ready[MOST_THREADS];
    uint32_t ready_count;
    // Stacks that no thread is on.
    uint16_t free_stacks[MOST_THREADS];
    uint32_t free_count;
    char* stack_memory;

    uint32_t count, arrived, ended, phase;
    Place barrier_place;
    Votes votes, released;

    // What `orders` and `indices` were made for.
    uint32_t made_order, made_size[3];
    uint32_t shuffle_count;
    uint16_t orders[SHUFFLES][MOST_THREADS];
    uint8_t lane_orders[SHUFFLES][32];

    const Block* block;
    void* host;
    bool has_failed;
    // On a stack of a thread of the block.
    volatile bool is_inside;
    char message[600];
    uint32_t guarded;
};

Threads* threads;

// Stacks are one page (their guard) further apart than they are large, and start at different places of their page, so that
// they do not compete for the same lines of the caches.
constexpr size_t STACK_STEP = STACK + PAGE;

char* stack_top(uint32_t stack) {
    return threads->stack_memory + (stack + 1) * STACK_STEP - 64 - stack % 16 * 192;
}

[[noreturn]] void leave() {
    void* nowhere;
    threads->is_inside = false;
    emulated_switch(&nowhere, threads->host);
    __builtin_unreachable();
}

void describe(char* text, size_t size, uint32_t thread) {
    uint3 index = threads->indices[thread];
    Place place = threads->places[thread];
    switch (threads->statuses[thread]) {
    case Status::Ended:
        std::snprintf(text, size, "thread (%u, %u, %u) has ended", index.x, index.y, index.z);
        break;
    case Status::AtBarrier:
        std::snprintf(text, size, "thread (%u, %u, %u) waits at the barrier in %s:%d", index.x, index.y, index.z, place.file,
                      place.line);
        break;
    case Status::InWarp:
        std::snprintf(text, size, "thread (%u, %u, %u) waits for the lanes 0x%08x of its warp in %s:%d", index.x, index.y,
                      index.z, threads->warps[thread / 32].offers[thread % 32]->mask, place.file, place.line);
        break;
    default:
        std::snprintf(text, size, "thread (%u, %u, %u) runs", index.x, index.y, index.z);
    }
}

// Nothing can run, and there are threads that wait.
[[noreturn]] void diverged() {
    uint32_t first = 0;
    while (threads->statuses[first] == Status::Ended) first++;
    uint32_t other = threads->count;
    for (uint32_t i = 0; i < threads->count && other == threads->count; i++) {
        bool differs = threads->statuses[i] != threads->statuses[first] ||
                       threads->places[i].line != threads->places[first].line;
        if (differs) other = i;
    }
    char one[200], two[200] = "no other can";
    describe(one, sizeof one, first);
    if (other < threads->count) describe(two, sizeof two, other);
    fail("threads diverge: %s, %s", one, two);
}

// The thread that runs next, or the number of threads if none can.
inline uint32_t pick() {
    if (threads->ready_count > 0) return threads->ready[--threads->ready_count];
    if (threads->picked < threads->count) return threads->order[threads->picked++];
    return threads->count;
}

inline void use(uint32_t thread) {
    current = thread;
    threadIdx = threads->indices[thread];
    threads->statuses[thread] = Status::Runs;
}

// What a stack runs: threads that have not started, until one of them waits; then, when it continued and ended, more.
void run_threads() {
    threads->is_inside = true;
    for (;;) {
        threads->block->kernel(threads->block->argument);
        uint32_t ended = current;
        threads->statuses[ended] = Status::Ended;
        threads->ended++;
        uint32_t next = pick();
        if (next == threads->count) {
            if (threads->ended < threads->count) diverged();
            leave();
        }
        uint16_t stack = threads->stacks[ended];
        bool is_new = threads->statuses[next] == Status::Unstarted;
        use(next);
        if (is_new) {
            threads->stacks[next] = stack;
        } else {
            threads->free_stacks[threads->free_count++] = stack;
            void* nowhere;
            emulated_switch(&nowhere, threads->stack_pointers[next]);
            __builtin_unreachable();
        }
    }
}

// A stack pointer that starts `run_threads`.
void* fresh(uint32_t stack) {
    // Six registers, the function, and no caller; the stack is at a multiple of 16 before the call.
    void** top = reinterpret_cast<void**>(stack_top(stack));
    top[-1] = nullptr;
    top[-2] = reinterpret_cast<void*>(&run_threads);
    for (int i = 3; i <= 8; i++) top[-i] = nullptr;
    return top - 8;
}

// Lets others run until the thread, which waits or is ready, is picked.
inline void suspend() {
    uint32_t self = current, next = pick();
    if (next == self) {
        threads->statuses[self] = Status::Runs;
        return;
    }
    if (next == threads->count) diverged();
    void* to;
    if (threads->statuses[next] == Status::Unstarted) {
        uint16_t stack = threads->free_stacks[--threads->free_count];
        threads->stacks[next] = stack;
        to = fresh(stack);
    } else {
        to = threads->stack_pointers[next];
    }
    use(next);
    emulated_switch(&threads->stack_pointers[self], to);
}

uint32_t random(uint32_t& state) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

template <typename T> void make_order(T* order, uint32_t count, uint32_t kind, uint32_t seed) {
    for (uint32_t i = 0; i < count; i++) order[i] = static_cast<T>(kind == BACKWARD ? count - 1 - i : i);
    if (kind <= BACKWARD) return;
    uint32_t state = (kind * 2654435761u ^ seed * 40503u) | 1;
    for (uint32_t i = count - 1; i > 0; i--) {
        uint32_t other = random(state) % (i + 1);
        T one = order[i];
        order[i] = order[other];
        order[other] = one;
    }
}

// The place in `orders` of the order before the next barrier.
uint32_t choose(uint32_t salt) {
    if (threads->shuffle_count == 1) return 0;
    const uint32_t* index = threads->block->index;
    uint32_t state = ((index[0] * 31 + index[1]) * 31 + index[2]) * 2654435761u + salt * 40503u + 1;
    return random(state) % threads->shuffle_count;
}

void start_phase() {
    threads->order = threads->orders[choose(threads->phase)];
    threads->picked = 0;
}

void complete(Warp& warp, const Offer& last) {
    uint32_t mask = last.mask;
    for (uint32_t lanes = mask; lanes != 0; lanes &= lanes - 1) {
        const Offer& offer = *warp.offers[__builtin_ctz(lanes)];
        if (offer.exchange != last.exchange || offer.mask != mask || offer.place.line != last.place.line) {
            fail("lanes of a warp meet in different places: %s:%d with mask 0x%08x, %s:%d with mask 0x%08x", last.place.file,
                 last.place.line, mask, offer.place.file, offer.place.line, offer.mask);
        }
    }
    unsigned long long common = 0;
    switch (last.exchange) {
    case Exchange::Sync:
        break;
    case Exchange::MatrixF16:
        multiply_f16(warp.offers, threads->block->half_depth);
        break;
    case Exchange::MatrixF32:
        multiply_f32(warp.offers);
        break;
    case Exchange::Shuffle:
    case Exchange::Match:
        for (uint32_t lanes = mask; lanes != 0; lanes &= lanes - 1) {
            uint32_t lane = __builtin_ctz(lanes);
            const Offer& offer = *warp.offers[lane];
            if (last.exchange == Exchange::Shuffle) {
                if (offer.source >= 32 || !(mask >> offer.source & 1)) {
                    fail("lane %u reads from lane %u, which is not in the mask 0x%08x, in %s:%d", lane, offer.source, mask,
                         offer.place.file, offer.place.line);
                }
                warp.results[lane] = warp.offers[offer.source]->value;
            } else {
                warp.results[lane] = 0;
                for (uint32_t others = mask; others != 0; others &= others - 1) {
                    uint32_t other = __builtin_ctz(others);
                    if (warp.offers[other]->value == offer.value) warp.results[lane] |= 1u << other;
                }
            }
        }
        break;
    default:
        if (last.exchange == Exchange::MinReduce) common = ~0ull;
        for (uint32_t lanes = mask; lanes != 0; lanes &= lanes - 1) {
            uint32_t lane = __builtin_ctz(lanes);
            unsigned long long value = warp.offers[lane]->value;
            if (last.exchange == Exchange::Ballot) common |= value << lane;
            if (last.exchange == Exchange::AddReduce) common += value;
            if (last.exchange == Exchange::MinReduce && value < common) common = value;
            if (last.exchange == Exchange::MaxReduce && value > common) common = value;
        }
        for (uint32_t lanes = mask; lanes != 0; lanes &= lanes - 1) warp.results[__builtin_ctz(lanes)] = common;
    }
    warp.arrived &= ~mask;
    const uint8_t* order = threads->lane_orders[choose(threads->phase + current)];
    uint32_t first = current & ~31u;
    for (int i = 31; i >= 0; i--) {
        if (mask >> order[i] & 1) threads->ready[threads->ready_count++] = static_cast<uint16_t>(first + order[i]);
    }
}

void prepare(const Block& block) {
    if (threads == nullptr) {
        void* memory = mmap(nullptr, sizeof(Threads), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        void* stacks = mmap(nullptr, STACK_STEP * MOST_THREADS, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED || stacks == MAP_FAILED) {
            std::fprintf(stderr, "fake CUDA: no memory for the stacks of %u threads\n", MOST_THREADS);
            std::abort();
        }
        threads = static_cast<Threads*>(memory);
        threads->stack_memory = static_cast<char*>(stacks);
        for (uint32_t i = 0; i < MOST_THREADS; i++) mprotect(threads->stack_memory + i * STACK_STEP, PAGE, PROT_NONE);
    }
    const uint32_t* size = block.size;
    threads->block = &block;
    threads->count = size[0] * size[1] * size[2];
    if (threads->made_order != block.order || std::memcmp(threads->made_size, size, sizeof threads->made_size) != 0) {
        threads->made_order = block.order;
        std::memcpy(threads->made_size, size, sizeof threads->made_size);
        threads->shuffle_count = block.order <= BACKWARD ? 1 : SHUFFLES;
        for (uint32_t i = 0; i < threads->shuffle_count; i++) {
            make_order(threads->orders[i], threads->count, block.order, i);
            make_order(threads->lane_orders[i], 32, block.order, i);
        }
        for (uint32_t i = 0; i < threads->count; i++) {
            threads->indices[i] = {i % size[0], i / size[0] % size[1], i / size[0] / size[1]};
        }
    }
    std::memset(threads->statuses, 0, threads->count);
    for (uint32_t i = 0; i < (threads->count + 31) / 32; i++) threads->warps[i].arrived = 0;
    for (uint32_t i = 0; i < MOST_THREADS; i++) threads->free_stacks[i] = static_cast<uint16_t>(MOST_THREADS - 1 - i);
    threads->free_count = MOST_THREADS;
    threads->ready_count = threads->arrived = threads->ended = threads->phase = 0;
    threads->votes = {0, false};
    threads->has_failed = false;
    start_phase();
}

void fill(void* begin, void* end) {
    for (uint32_t* word = static_cast<uint32_t*>(begin); word < end; word++) *word = UNWRITTEN;
}

uint32_t to_page(uint32_t bytes) { return (bytes + PAGE - 1) / PAGE * PAGE; }

void guard_shared(uint32_t bytes) {
    uint32_t end = to_page(bytes);
    if (threads->guarded != end + 1) {
        mprotect(shared_memory, SHARED_BYTES, PROT_READ | PROT_WRITE);
        mprotect(shared_memory + end, SHARED_BYTES - end, PROT_NONE);
        threads->guarded = end + 1;
    }
    fill(shared_memory, shared_memory + end);
    fill(emulated_static_begin, emulated_static_end);
}

// The first byte behind the shared memory that was written, or null.
const unsigned char* written_beyond(uint32_t bytes) {
    const unsigned char pattern[4] = {UNWRITTEN & 255, UNWRITTEN >> 8 & 255, UNWRITTEN >> 16 & 255, UNWRITTEN >> 24};
    for (uint32_t i = bytes; i < to_page(bytes); i++) {
        if (shared_memory[i] != pattern[i % 4]) return shared_memory + i;
    }
    return nullptr;
}

const char* run(const Block& block) {
    prepare(block);
    guard_shared(block.shared);
    blockIdx = {block.index[0], block.index[1], block.index[2]};
    blockDim = {block.size[0], block.size[1], block.size[2]};
    gridDim = {block.grid[0], block.grid[1], block.grid[2]};
    uint32_t first = pick();
    uint16_t stack = threads->free_stacks[--threads->free_count];
    threads->stacks[first] = stack;
    use(first);
    emulated_switch(&threads->host, fresh(stack));
    if (threads->has_failed) return threads->message;
    if (const unsigned char* byte = written_beyond(block.shared)) {
        std::snprintf(threads->message, sizeof threads->message,
                      "block (%u, %u, %u) wrote to byte %zu of its dynamic shared memory, which has %u", block.index[0],
                      block.index[1], block.index[2], static_cast<size_t>(byte - shared_memory), block.shared);
        return threads->message;
    }
    return nullptr;
}

Position position() {
    const uint32_t* index = threads->block->index;
    return {{index[0], index[1], index[2]}, {threadIdx.x, threadIdx.y, threadIdx.z}};
}

bool is_inside() { return threads != nullptr && threads->is_inside; }

bool is_stack(const void* address) {
    const char* byte = static_cast<const char*>(address);
    return byte >= threads->stack_memory && byte < threads->stack_memory + STACK_STEP * MOST_THREADS;
}

bool is_shared(const void* address, uint64_t* offset) {
    const unsigned char* byte = static_cast<const unsigned char*>(address);
    *offset = static_cast<uint64_t>(byte - shared_memory);
    return byte >= shared_memory && byte < shared_memory + SHARED_BYTES;
}

void abandon(const char* message, void** instruction, void** stack) {
    std::snprintf(threads->message, sizeof threads->message, "%s", message);
    threads->has_failed = true;
    threads->is_inside = false;
    *instruction = reinterpret_cast<void*>(&emulated_continue);
    *stack = threads->host;
}

} // namespace

void fail(const char* format, ...) {
    Position at = position();
    int length = std::snprintf(threads->message, sizeof threads->message, "block (%u, %u, %u), thread (%u, %u, %u): ",
                               at.block[0], at.block[1], at.block[2], at.thread[0], at.thread[1], at.thread[2]);
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(threads->message + length, sizeof threads->message - length, format, arguments);
    va_end(arguments);
    threads->has_failed = true;
    leave();
}

Votes barrier(Place place, bool value) {
    uint32_t self = current;
    threads->places[self] = place;
    threads->statuses[self] = Status::AtBarrier;
    if (threads->arrived == 0) threads->barrier_place = place;
    if (threads->barrier_place.line != place.line) diverged();
    threads->votes.count += value;
    threads->votes.any |= value;
    if (++threads->arrived == threads->count) {
        threads->arrived = 0;
        threads->released = threads->votes;
        threads->votes = {0, false};
        threads->phase++;
        for (uint32_t i = 0; i < threads->count; i++) threads->statuses[i] = Status::Runs;
        start_phase();
    }
    suspend();
    return threads->released;
}

unsigned long long exchange(const Offer& offer) {
    uint32_t self = current, lane = self & 31;
    Warp& warp = threads->warps[self / 32];
    if (!(offer.mask >> lane & 1)) {
        fail("lane %u is not in its own mask 0x%08x in %s:%d", lane, offer.mask, offer.place.file, offer.place.line);
    }
    threads->places[self] = offer.place;
    threads->statuses[self] = Status::InWarp;
    warp.offers[lane] = &offer;
    warp.arrived |= 1u << lane;
    if ((warp.arrived & offer.mask) == offer.mask) complete(warp, offer);
    suspend();
    return warp.results[lane];
}

} // namespace emulated

extern "C" __attribute__((visibility("default"))) const emulated::Module emulated_module = {
    emulated::run, emulated::position, emulated::is_inside, emulated::is_stack, emulated::is_shared, emulated::abandon,
};
