#include "limits.h"

namespace {

// Of architectures: shared memory of a multiprocessor in KiB, of which a block can have all but 1, and its threads.
struct Limits {
    int shared, threads;
};

Limits limits(const Device& device) {
    switch (device.major * 10 + device.minor) {
    case 75:
        return {65, 1024};
    case 80:
    case 87:
        return {164, 2048};
    case 86:
    case 89:
    case 120:
    case 121:
        return {100, 1536};
    case 90:
    case 100:
    case 103:
        return {228, 2048};
    default:
        return {64 + 1, 2048};
    }
}

} // namespace

int most_shared(const Device& device) { return (limits(device).shared - 1) << 10; }
int multiprocessor_shared(const Device& device) { return limits(device).shared == 65 ? 64 << 10 : limits(device).shared << 10; }
int multiprocessor_threads(const Device& device) { return limits(device).threads; }
