// How the driver behaves. Every setting is an environment variable `NEUVOL_FAKE_CUDA_` and its name, read when the first
// function is called, or set later by `fake_cuda_set`. `src/lib.rs` describes them.
#pragma once

#include "cuda.h"

#include <map>
#include <string>
#include <vector>

struct Device {
    std::string name;
    int major = 8, minor = 9;
    CUuuid uuid{};
    bool has_luid = false;
    unsigned char luid[8]{};
};

// The call number `call` (from 1) of the function fails with the code.
struct Failure {
    std::string function;
    uint64_t call;
    CUresult code;
};

struct Settings {
    int version = 12080;
    std::vector<Device> devices;
    uint64_t memory = 8ull << 30;
    std::vector<Failure> failures;
    // Launches after which the device is lost; 0: never.
    uint64_t lose_after = 0;
    // Before each operation of a stream, in microseconds.
    uint32_t delay = 0;
    uint32_t order = 0;
    uint32_t workers = 2;
    // Seconds that a launch may take.
    uint32_t timeout = 300;
    bool has_semaphores = false;
    bool has_log = false;
    std::string report;
};

// Under the lock of the state.
Settings& settings();
inline bool find_device(CUdevice device) {
    return device >= 0 && static_cast<size_t>(device) < settings().devices.size();
}

// A setting that does not exist, or a value that it cannot have, ends the process: a test must not run with another
// behaviour than the one it asks for.
void set(const std::string& name, const std::string& value);
