// Every allocation has pages of its own and ends at a page without access, or less than 256 bytes before it (addresses are
// multiples of 256, as those of devices are). What is between is written with the pattern of unwritten memory, which must still
// be there when the memory is freed. Freed pages stay without access for a while.

#include "memory.h"

#include "../emulated/launch.h"

#include <cstring>
#include <cstdio>
#include <sys/mman.h>
#include <unistd.h>

namespace {

constexpr uint64_t PAGE = 4096, ALIGNMENT = 256;
// Larger ones are filled by mapping a file with the pattern, so that they cost no memory before they are written.
constexpr uint64_t LARGE = 1 << 20, PATTERN_FILE = 4 << 20;
constexpr size_t MOST_FREED = 512;

struct Memories {
    std::map<uint64_t, Range> ranges;
    std::deque<Range> freed;
    uint64_t peak = 0;
    int pattern = -1;
};

Memories& memories() {
    static Memories* memories = new Memories;
    return *memories;
}

uint64_t round_up(uint64_t value, uint64_t step) { return (value + step - 1) / step * step; }

void fill(unsigned char* begin, uint64_t size) {
    auto* word = reinterpret_cast<uint32_t*>(begin);
    for (uint64_t i = 0; i < size / 4; i++) word[i] = emulated::UNWRITTEN;
}

int pattern_file() {
    int& file = memories().pattern;
    if (file < 0) {
        file = memfd_create("unwritten", MFD_CLOEXEC);
        if (file < 0 || ftruncate(file, PATTERN_FILE) != 0) return -1;
        void* mapping = mmap(nullptr, PATTERN_FILE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (mapping == MAP_FAILED) return -1;
        fill(static_cast<unsigned char*>(mapping), PATTERN_FILE);
        munmap(mapping, PATTERN_FILE);
    }
    return file;
}

bool fill_large(unsigned char* begin, uint64_t size) {
    int file = pattern_file();
    for (uint64_t at = 0; at < size; at += PATTERN_FILE) {
        uint64_t part = size - at < PATTERN_FILE ? size - at : PATTERN_FILE;
        void* got = mmap(begin + at, part, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, 0);
        if (got == MAP_FAILED) return false;
    }
    return true;
}

// Pages for `size` bytes that end where the last page does, and guards around them.
bool map_pages(uint64_t size, Range& range) {
    uint64_t body = round_up(size, PAGE);
    range.mapping_size = body + 2 * PAGE;
    void* mapping = mmap(nullptr, range.mapping_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) return false;
    range.mapping = static_cast<unsigned char*>(mapping);
    unsigned char* pages = range.mapping + PAGE;
    if (body >= LARGE) {
        if (!fill_large(pages, body)) return false;
    } else {
        mprotect(pages, body, PROT_READ | PROT_WRITE);
        fill(pages, body);
    }
    range.address = reinterpret_cast<uint64_t>(pages) + body - round_up(size, ALIGNMENT);
    range.size = size;
    return true;
}

// Where bytes around the range are not as they were, or 0.
uint64_t written_around(const Range& range) {
    auto begin = reinterpret_cast<uint64_t>(range.mapping) + PAGE;
    uint64_t end = begin + range.mapping_size - 2 * PAGE;
    auto differs = [](uint64_t at) {
        return *reinterpret_cast<const unsigned char*>(at) != (emulated::UNWRITTEN >> 8 * (at & 3) & 255);
    };
    for (uint64_t at = begin; at < range.address; at++) {
        if (differs(at)) return at;
    }
    for (uint64_t at = range.address + range.size; at < end; at++) {
        if (differs(at)) return at;
    }
    return 0;
}

void check(const Range& range) {
    if (range.mapping == nullptr || range.kind == Memory::Imported) return;
    if (uint64_t at = written_around(range)) broke("bytes were written to %s", describe_address(at).c_str());
}

void release(Range& range) {
    if (range.mapping == nullptr || range.kind == Memory::Imported) return;
    check(range);
    // The bytes go, the addresses stay.
    mmap(range.mapping, range.mapping_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    memories().freed.push_back(range);
    if (memories().freed.size() > MOST_FREED) {
        munmap(memories().freed.front().mapping, memories().freed.front().mapping_size);
        memories().freed.pop_front();
    }
}

} // namespace

bool is_device(const Range& range) { return range.kind == Memory::Device || range.kind == Memory::Imported; }

uint64_t allocated(int device) {
    uint64_t sum = 0;
    for (const auto& [address, range] : memories().ranges) {
        if (range.kind == Memory::Device && range.context->device == device) sum += range.size;
    }
    return sum;
}

CUresult allocate_device(Context* context, uint64_t size, uint64_t& address) {
    if (size == 0) return CUDA_ERROR_INVALID_VALUE;
    uint64_t before = allocated(context->device);
    if (size > settings().memory || before + size > settings().memory) return CUDA_ERROR_OUT_OF_MEMORY;
    Range range{Memory::Device, context, 0, 0};
    if (!map_pages(size, range)) return CUDA_ERROR_OUT_OF_MEMORY;
    add_range(range);
    address = range.address;
    if (before + size > memories().peak) memories().peak = before + size;
    return CUDA_SUCCESS;
}

CUresult allocate_host(Context* context, uint64_t size, unsigned int flags, uint64_t& address) {
    if (size == 0) return CUDA_ERROR_INVALID_VALUE;
    Range range{Memory::Allocated, context, 0, 0};
    range.flags = flags;
    if (!map_pages(size, range)) return CUDA_ERROR_OUT_OF_MEMORY;
    add_range(range);
    address = range.address;
    return CUDA_SUCCESS;
}

void add_range(const Range& range) { memories().ranges.emplace(range.address, range); }

void remove_range(uint64_t address) {
    auto found = memories().ranges.find(address);
    if (found == memories().ranges.end()) return;
    release(found->second);
    memories().ranges.erase(found);
}

Range* find_start(uint64_t address) {
    auto found = memories().ranges.find(address);
    return found == memories().ranges.end() ? nullptr : &found->second;
}

Range* find_range(uint64_t address, uint64_t size) {
    auto found = memories().ranges.upper_bound(address);
    if (found == memories().ranges.begin()) return nullptr;
    Range& range = std::prev(found)->second;
    uint64_t offset = address - range.address;
    return offset <= range.size && size <= range.size - offset ? &range : nullptr;
}

bool overlaps_host(uint64_t address, uint64_t size) {
    for (const auto& [start, range] : memories().ranges) {
        if (!is_device(range) && start < address + size && address < start + range.size) return true;
    }
    return false;
}

void forget_memory(Context* context) {
    auto& ranges = memories().ranges;
    for (auto it = ranges.begin(); it != ranges.end();) {
        if (it->second.context == context) {
            release(it->second);
            it = ranges.erase(it);
        } else {
            it++;
        }
    }
}

void check_memory() {
    for (const auto& [address, range] : memories().ranges) check(range);
}

std::string describe_address(uint64_t address) {
    char text[200];
    auto near = [&](const Range& range, const char* state) {
        auto begin = reinterpret_cast<uint64_t>(range.mapping);
        if (range.mapping == nullptr || address < begin || address >= begin + range.mapping_size) return false;
        long long beyond = static_cast<long long>(address - range.address - range.size);
        long long before = static_cast<long long>(range.address - address);
        if (beyond >= 0) {
            std::snprintf(text, sizeof text, "%lld bytes beyond the end of %llu bytes%s", beyond,
                          static_cast<unsigned long long>(range.size), state);
        } else if (before > 0) {
            std::snprintf(text, sizeof text, "%lld bytes before the begin of %llu bytes%s", before,
                          static_cast<unsigned long long>(range.size), state);
        } else {
            std::snprintf(text, sizeof text, "byte %llu of %llu bytes%s",
                          static_cast<unsigned long long>(address - range.address),
                          static_cast<unsigned long long>(range.size), state);
        }
        return true;
    };
    for (const auto& [start, range] : memories().ranges) {
        if (near(range, " of an allocation")) return text;
    }
    for (const Range& range : memories().freed) {
        if (near(range, " that were freed")) return text;
    }
    if (address < PAGE) return "an offset from a null pointer";
    return "no memory of a device";
}

MemoryCounts count_memory() {
    MemoryCounts counts;
    for (const auto& [address, range] : memories().ranges) {
        switch (range.kind) {
        case Memory::Device:
            counts.device++;
            counts.device_bytes += range.size;
            break;
        case Memory::Imported:
            counts.imported++;
            break;
        case Memory::Allocated:
            counts.host++;
            counts.host_bytes += range.size;
            break;
        case Memory::Registered:
            counts.registered++;
        }
    }
    return counts;
}

uint64_t peak_bytes() { return memories().peak; }
