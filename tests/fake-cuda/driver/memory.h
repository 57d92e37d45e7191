// Memory of devices, pinned memory of the host, and memory of other interfaces.
#pragma once

#include "state.h"

enum class Memory { Device, Imported, Allocated, Registered };

struct Range {
    Memory kind;
    Context* context;
    uint64_t address;
    uint64_t size;
    // The pages around it, of which the first and the last have no access.
    unsigned char* mapping = nullptr;
    size_t mapping_size = 0;
    unsigned int flags = 0;
    ExternalMemory* imported = nullptr;
};

// All of these are called with the lock held.

CUresult allocate_device(Context* context, uint64_t size, uint64_t& address);
CUresult allocate_host(Context* context, uint64_t size, unsigned int flags, uint64_t& address);
void add_range(const Range& range);
// Takes the range away; of memory of ours the pages have no access from then on, and the bytes around it are checked.
void remove_range(uint64_t address);
// What begins there, or null.
Range* find_start(uint64_t address);
// What the bytes are in, or null; the end of a range is in it if `size` is 0.
Range* find_range(uint64_t address, uint64_t size);
bool is_device(const Range& range);
// The ranges that have any of the bytes.
bool overlaps_host(uint64_t address, uint64_t size);
// Bytes of devices that are allocated on this device.
uint64_t allocated(int device);
// Forgets what a context that ended had.
void forget_memory(Context* context);
// Checks the bytes around all allocations.
void check_memory();
// What an address of a fault is near, for messages.
std::string describe_address(uint64_t address);

struct MemoryCounts {
    uint64_t device = 0, device_bytes = 0, host = 0, host_bytes = 0, registered = 0, imported = 0;
};
MemoryCounts count_memory();
uint64_t peak_bytes();
