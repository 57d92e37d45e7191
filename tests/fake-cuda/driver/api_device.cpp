// The interface: versions and devices.

#include "call.h"
#include "kernels.h"
#include "limits.h"

#include <cstdio>
#include <cstring>
#include <dlfcn.h>

API CUresult cuInit(unsigned int flags) {
    BEGIN(NOTHING);
    if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
    if (settings().devices.empty()) return CUDA_ERROR_NO_DEVICE;
    if (!state().is_initialized) {
        if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
            std::fprintf(stderr, "fake CUDA: kernels need a processor with AVX2, F16C and FMA\n");
            return CUDA_ERROR_SYSTEM_NOT_READY;
        }
        load_kernels();
    }
    state().is_initialized = true;
    return CUDA_SUCCESS;
}

API CUresult cuDriverGetVersion(int* version) {
    BEGIN(NOTHING);
    if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *version = settings().version;
    return CUDA_SUCCESS;
}

API CUresult cuGetProcAddress_v2(const char* symbol, void** function, int version, unsigned long long flags, int* status) {
    BEGIN(NOTHING);
    (void)flags;
    if (symbol == nullptr || function == nullptr) return CUDA_ERROR_INVALID_VALUE;
    // The newest variant of the name that this driver has.
    Dl_info own;
    dladdr(reinterpret_cast<void*>(&cuInit), &own);
    void* library = dlopen(own.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    *function = nullptr;
    for (const char* suffix : {"_v2", ""}) {
        if (*function == nullptr) *function = dlsym(library, (std::string(symbol) + suffix).c_str());
    }
    constexpr int FOUND = 0, NOT_FOUND = 1, VERSION_TOO_OLD = 2;
    bool is_new = version > settings().version;
    if (is_new) *function = nullptr;
    if (status != nullptr) *status = is_new ? VERSION_TOO_OLD : *function == nullptr ? NOT_FOUND : FOUND;
    return *function != nullptr || status != nullptr ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

API CUresult cuDeviceGetCount(int* count) {
    BEGIN(INITIALIZED);
    if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *count = static_cast<int>(settings().devices.size());
    return CUDA_SUCCESS;
}

API CUresult cuDeviceGet(CUdevice* device, int ordinal) {
    BEGIN(INITIALIZED);
    if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!find_device(ordinal)) return CUDA_ERROR_INVALID_DEVICE;
    *device = ordinal;
    return CUDA_SUCCESS;
}

API CUresult cuDeviceGetName(char* name, int size, CUdevice device) {
    BEGIN(INITIALIZED);
    if (name == nullptr || size <= 0) return CUDA_ERROR_INVALID_VALUE;
    if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
    std::snprintf(name, static_cast<size_t>(size), "%s", settings().devices[device].name.c_str());
    return CUDA_SUCCESS;
}

static CUresult get_uuid(CUuuid* uuid, CUdevice device) {
    if (uuid == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
    *uuid = settings().devices[device].uuid;
    return CUDA_SUCCESS;
}

API CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice device) {
    BEGIN(INITIALIZED);
    return get_uuid(uuid, device);
}

API CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice device) {
    BEGIN(INITIALIZED);
    return get_uuid(uuid, device);
}

API CUresult cuDeviceGetLuid(char* luid, unsigned int* node_mask, CUdevice device) {
    BEGIN(INITIALIZED);
    if (luid == nullptr || node_mask == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
    // As on Linux, where there is none.
    if (!settings().devices[device].has_luid) return CUDA_ERROR_NOT_SUPPORTED;
    std::memcpy(luid, settings().devices[device].luid, 8);
    *node_mask = 1;
    return CUDA_SUCCESS;
}

API CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
    BEGIN(INITIALIZED);
    if (bytes == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
    *bytes = settings().memory;
    return CUDA_SUCCESS;
}

API CUresult cuDeviceGetAttribute(int* value, int attribute, CUdevice device) {
    BEGIN(INITIALIZED);
    if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
    const Device& of = settings().devices[device];
    // By the numbers that the documentation of CUdevice_attribute gives.
    const std::map<int, int> values = {
        {1, 1024},              // threads of a block
        {2, 1024},              // x, y, z of a block
        {3, 1024},
        {4, 64},
        {5, 2147483647},        // x, y, z of a grid
        {6, 65535},
        {7, 65535},
        {8, 48 << 10},          // shared memory of a block
        {9, 64 << 10},          // constant memory
        {10, 32},               // warp
        {12, 65536},            // registers of a block
        {13, 1500000},          // kHz
        {14, 512},              // alignment of textures
        {16, 4},                // multiprocessors
        {17, 0},                // a limit of run time
        {18, 0},                // integrated
        {19, 1},                // can map host memory
        {20, 0},                // compute mode: default
        {31, 1},                // concurrent kernels
        {32, 0},                // ECC
        {33, 1 + device},       // PCI bus, device
        {34, 0},
        {35, 0},                // TCC
        {36, 8000000},          // memory: kHz, bits
        {37, 256},
        {38, 4 << 20},          // L2
        {39, multiprocessor_threads(of)},
        {40, 2},                // copy engines
        {41, 1},                // unified addresses
        {50, 0},                // PCI domain
        {75, of.major},
        {76, of.minor},
        {78, 1},                // priorities of streams
        {79, 1},                // caches of L1
        {80, 1},
        {81, multiprocessor_shared(of)},
        {82, 65536},            // registers of a multiprocessor
        {83, 1},                // managed memory
        {91, 1},                // host pointers of registered memory
        {97, most_shared(of)},  // shared memory of a block, if asked for
        {99, 1},                // registers host memory
        {103, 1},               // exports file descriptors
        {106, 16},              // blocks of a multiprocessor
        {111, 1024},            // reserved shared memory
        {114, settings().has_semaphores},
        {115, 0},               // memory pools
    };
    auto found = values.find(attribute);
    if (found == values.end()) {
        std::fprintf(stderr, "fake CUDA: cuDeviceGetAttribute(%d): not known here\n", attribute);
        return CUDA_ERROR_INVALID_VALUE;
    }
    *value = found->second;
    return CUDA_SUCCESS;
}
