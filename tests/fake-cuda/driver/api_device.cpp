// The interface: versions, errors, devices and contexts.

#include "call.h"
#include "kernels.h"
#include "limits.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>

namespace {

struct Name {
    CUresult code;
    const char* name;
    const char* text;
};

#define NAME(code, text)                                                                                                     \
    { code, #code, text }
constexpr Name NAMES[] = {
    NAME(CUDA_SUCCESS, "no error"),
    NAME(CUDA_ERROR_INVALID_VALUE, "invalid argument"),
    NAME(CUDA_ERROR_OUT_OF_MEMORY, "out of memory"),
    NAME(CUDA_ERROR_NOT_INITIALIZED, "initialization error"),
    NAME(CUDA_ERROR_DEINITIALIZED, "driver shutting down"),
    NAME(CUDA_ERROR_STUB_LIBRARY, "CUDA driver is a stub library"),
    NAME(CUDA_ERROR_DEVICE_UNAVAILABLE, "CUDA-capable device(s) is/are busy or unavailable"),
    NAME(CUDA_ERROR_NO_DEVICE, "no CUDA-capable device is detected"),
    NAME(CUDA_ERROR_INVALID_DEVICE, "invalid device ordinal"),
    NAME(CUDA_ERROR_INVALID_IMAGE, "device kernel image is invalid"),
    NAME(CUDA_ERROR_INVALID_CONTEXT, "invalid device context"),
    NAME(CUDA_ERROR_MAP_FAILED, "mapping of buffer object failed"),
    NAME(CUDA_ERROR_NO_BINARY_FOR_GPU, "no kernel image is available for execution on the device"),
    NAME(CUDA_ERROR_ECC_UNCORRECTABLE, "uncorrectable ECC error encountered"),
    NAME(CUDA_ERROR_INVALID_PTX, "a PTX JIT compilation failed"),
    NAME(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "the provided PTX was compiled with an unsupported toolchain."),
    NAME(CUDA_ERROR_OPERATING_SYSTEM, "OS call failed or operation not supported on this OS"),
    NAME(CUDA_ERROR_INVALID_HANDLE, "invalid resource handle"),
    NAME(CUDA_ERROR_NOT_FOUND, "named symbol not found"),
    NAME(CUDA_ERROR_NOT_READY, "device not ready"),
    NAME(CUDA_ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered"),
    NAME(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "too many resources requested for launch"),
    NAME(CUDA_ERROR_LAUNCH_TIMEOUT, "the launch timed out and was terminated"),
    NAME(CUDA_ERROR_CONTEXT_IS_DESTROYED, "context is destroyed"),
    NAME(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "part or all of the requested memory range is already mapped"),
    NAME(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, "pointer does not correspond to a registered memory region"),
    NAME(CUDA_ERROR_HARDWARE_STACK_ERROR, "hardware stack error"),
    NAME(CUDA_ERROR_ILLEGAL_INSTRUCTION, "an illegal instruction was encountered"),
    NAME(CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned address"),
    NAME(CUDA_ERROR_LAUNCH_FAILED, "unspecified launch failure"),
    NAME(CUDA_ERROR_NOT_PERMITTED, "operation not permitted"),
    NAME(CUDA_ERROR_NOT_SUPPORTED, "operation not supported"),
    NAME(CUDA_ERROR_SYSTEM_NOT_READY, "system not yet initialized"),
    NAME(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, "system has unsupported display driver / cuda driver combination"),
    NAME(CUDA_ERROR_EXTERNAL_DEVICE, "an async error has occurred in external entity outside of CUDA context"),
    NAME(CUDA_ERROR_UNKNOWN, "unknown error"),
};
#undef NAME

const Name* find_name(CUresult code) {
    for (const Name& name : NAMES) {
        if (name.code == code) return &name;
    }
    return nullptr;
}

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

bool find_device(CUdevice device) { return device >= 0 && static_cast<size_t>(device) < settings().devices.size(); }

} // namespace

int most_shared(const Device& device) { return (limits(device).shared - 1) << 10; }
int multiprocessor_shared(const Device& device) { return limits(device).shared == 65 ? 64 << 10 : limits(device).shared << 10; }
int multiprocessor_threads(const Device& device) { return limits(device).threads; }

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

API CUresult cuInit(unsigned int flags) {
    BEGIN(NOTHING);
    if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
    if (settings().devices.empty()) return CUDA_ERROR_NO_DEVICE;
    if (!state().is_initialized) {
        if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
            std::fprintf(stderr, "fake CUDA: kernels are compiled for processors with AVX2, F16C and FMA, which this one lacks\n");
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

API CUresult cuGetErrorName(CUresult code, const char** text) {
    const Name* name = find_name(code);
    *text = name != nullptr ? name->name : nullptr;
    return name != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

API CUresult cuGetErrorString(CUresult code, const char** text) {
    const Name* name = find_name(code);
    *text = name != nullptr ? name->text : nullptr;
    return name != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
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

API CUresult cuDevicePrimaryCtxRetain(CUcontext* result, CUdevice device) {
    BEGIN(INITIALIZED);
    if (result == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
    Context*& primary = state().primaries[device];
    if (primary == nullptr) {
        primary = make_context(device, 0);
        primary->is_primary = true;
    }
    primary->retained++;
    *result = primary;
    return CUDA_SUCCESS;
}

API CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    BEGIN(INITIALIZED);
    if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
    Context* primary = state().primaries[device];
    if (primary == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    if (--primary->retained == 0) {
        state().primaries[device] = nullptr;
        end_context(call.lock, primary);
    }
    return CUDA_SUCCESS;
}

API CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
    BEGIN(INITIALIZED);
    if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
    Context* primary = state().primaries[device];
    if (primary == nullptr) return CUDA_SUCCESS;
    state().primaries[device] = nullptr;
    end_context(call.lock, primary);
    return CUDA_SUCCESS;
}

API CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned int* flags, int* is_active) {
    BEGIN(INITIALIZED);
    if (flags == nullptr || is_active == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
    const Context* primary = state().primaries[device];
    *flags = primary != nullptr ? primary->flags : 0;
    *is_active = primary != nullptr;
    return CUDA_SUCCESS;
}

static CUresult create_context(CUcontext* result, unsigned int flags, CUdevice device) {
    if (result == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (!find_device(device)) return CUDA_ERROR_INVALID_DEVICE;
    *result = make_context(device, flags);
    // A new context is current.
    context_stack().push_back(*result);
    return CUDA_SUCCESS;
}

API CUresult cuCtxCreate_v2(CUcontext* result, unsigned int flags, CUdevice device) {
    BEGIN(INITIALIZED);
    return create_context(result, flags, device);
}

API CUresult cuCtxCreate_v3(CUcontext* result, void*, int, unsigned int flags, CUdevice device) {
    BEGIN(INITIALIZED);
    return create_context(result, flags, device);
}

API CUresult cuCtxCreate_v4(CUcontext* result, void*, unsigned int flags, CUdevice device) {
    BEGIN(INITIALIZED);
    return create_context(result, flags, device);
}

API CUresult cuCtxDestroy_v2(CUcontext handle) {
    BEGIN(INITIALIZED);
    Context* context = living(handle);
    if (context == nullptr || context->is_primary) return CUDA_ERROR_INVALID_CONTEXT;
    if (current_context() == context) context_stack().pop_back();
    end_context(call.lock, context);
    return CUDA_SUCCESS;
}

API CUresult cuCtxPushCurrent_v2(CUcontext handle) {
    BEGIN(INITIALIZED);
    if (living(handle) == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    context_stack().push_back(handle);
    return CUDA_SUCCESS;
}

API CUresult cuCtxPopCurrent_v2(CUcontext* result) {
    BEGIN(INITIALIZED);
    if (context_stack().empty()) return CUDA_ERROR_INVALID_CONTEXT;
    if (result != nullptr) *result = context_stack().back();
    context_stack().pop_back();
    return CUDA_SUCCESS;
}

API CUresult cuCtxSetCurrent(CUcontext handle) {
    BEGIN(INITIALIZED);
    if (handle != nullptr && living(handle) == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    if (!context_stack().empty()) context_stack().pop_back();
    if (handle != nullptr) context_stack().push_back(handle);
    return CUDA_SUCCESS;
}

API CUresult cuCtxGetCurrent(CUcontext* result) {
    BEGIN(INITIALIZED);
    if (result == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *result = current_context();
    return CUDA_SUCCESS;
}

API CUresult cuCtxGetDevice(CUdevice* device) {
    BEGIN(CONTEXT);
    if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *device = call.context->device;
    return CUDA_SUCCESS;
}

API CUresult cuCtxSynchronize(void) {
    BEGIN(CONTEXT);
    return wait_context(call.lock, call.context);
}

API CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    BEGIN(CONTEXT);
    if (least != nullptr) *least = 0;
    if (greatest != nullptr) *greatest = -5;
    return CUDA_SUCCESS;
}
