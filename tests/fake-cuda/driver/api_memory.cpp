// The interface: memory and copies.

#include "call.h"
#include "memory.h"

#include <cstring>
#include <memory>

namespace {

// The device memory of the current context with these bytes, or null.
Range* find_device_bytes(const Call& call, uint64_t address, uint64_t size) {
    Range* range = find_range(address, size);
    return range != nullptr && is_device(*range) && range->context == call.context ? range : nullptr;
}

// Whether these bytes of the host are pinned; `is_broken` if only some are.
bool is_pinned(uint64_t address, uint64_t size, bool& is_broken) {
    Range* range = find_range(address, size);
    is_broken = (range == nullptr || is_device(*range)) && overlaps_host(address, size);
    return range != nullptr && !is_device(*range);
}

void push_copy(const char* name, Stream* stream, std::function<void()> copy, uint64_t size) {
    state().counts.copies++;
    state().counts.copied_bytes += size;
    Operation operation;
    operation.name = name;
    operation.run = [copy] {
        copy();
        return CUDA_SUCCESS;
    };
    push(stream, std::move(operation));
}

CUresult copy_to_device(Call& call, CUdeviceptr to, const void* from, size_t size, CUstream handle, bool waits) {
    if (size == 0) return CUDA_SUCCESS;
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (from == nullptr || find_device_bytes(call, to, size) == nullptr) return CUDA_ERROR_INVALID_VALUE;
    bool is_broken = false;
    void* target = reinterpret_cast<void*>(to);
    if (is_pinned(reinterpret_cast<uint64_t>(from), size, is_broken)) {
        // Read when the stream comes to it.
        push_copy("copy to device", stream, [=] { std::memcpy(target, from, size); }, size);
    } else {
        if (is_broken) return CUDA_ERROR_INVALID_VALUE;
        // Memory that is not pinned was read when the function returns.
        auto bytes = std::make_shared<std::vector<char>>(static_cast<const char*>(from), static_cast<const char*>(from) + size);
        push_copy("copy to device", stream, [=] { std::memcpy(target, bytes->data(), size); }, size);
    }
    return waits ? wait_stream(call.lock, stream) : CUDA_SUCCESS;
}

CUresult copy_to_host(Call& call, void* to, CUdeviceptr from, size_t size, CUstream handle, bool waits) {
    if (size == 0) return CUDA_SUCCESS;
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (to == nullptr || find_device_bytes(call, from, size) == nullptr) return CUDA_ERROR_INVALID_VALUE;
    bool is_broken = false;
    bool pinned = is_pinned(reinterpret_cast<uint64_t>(to), size, is_broken);
    if (is_broken) return CUDA_ERROR_INVALID_VALUE;
    const void* source = reinterpret_cast<const void*>(from);
    push_copy("copy to host", stream, [=] { std::memcpy(to, source, size); }, size);
    // Memory that is not pinned was written when the function returns.
    return waits || !pinned ? wait_stream(call.lock, stream) : CUDA_SUCCESS;
}

CUresult copy_on_device(Call& call, CUdeviceptr to, CUdeviceptr from, size_t size, CUstream handle) {
    if (size == 0) return CUDA_SUCCESS;
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (find_device_bytes(call, to, size) == nullptr || find_device_bytes(call, from, size) == nullptr) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (to < from + size && from < to + size) {
        broke("a copy on the device of %zu bytes overlaps itself", size);
        return CUDA_ERROR_INVALID_VALUE;
    }
    void* target = reinterpret_cast<void*>(to);
    const void* source = reinterpret_cast<const void*>(from);
    push_copy("copy on device", stream, [=] { std::memcpy(target, source, size); }, size);
    return CUDA_SUCCESS;
}

template <typename T> CUresult fill(Call& call, CUdeviceptr to, T value, size_t count, CUstream handle) {
    if (count == 0) return CUDA_SUCCESS;
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (to % sizeof(T) != 0 || find_device_bytes(call, to, count * sizeof(T)) == nullptr) return CUDA_ERROR_INVALID_VALUE;
    T* target = reinterpret_cast<T*>(to);
    push_copy(
        "fill", stream,
        [=] {
            for (size_t i = 0; i < count; i++) target[i] = value;
        },
        count * sizeof(T));
    return CUDA_SUCCESS;
}

} // namespace

API CUresult cuMemGetInfo_v2(size_t* free, size_t* total) {
    BEGIN(CONTEXT);
    if (free == nullptr || total == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *total = settings().memory;
    *free = settings().memory - allocated(call.context->device);
    return CUDA_SUCCESS;
}

API CUresult cuMemAlloc_v2(CUdeviceptr* result, size_t size) {
    BEGIN(CONTEXT);
    if (result == nullptr) return CUDA_ERROR_INVALID_VALUE;
    uint64_t address = 0;
    CUresult made = allocate_device(call.context, size, address);
    if (made == CUDA_SUCCESS) *result = address;
    return made;
}

API CUresult cuMemFree_v2(CUdeviceptr address) {
    BEGIN(CONTEXT);
    if (address == 0) return CUDA_SUCCESS;
    Range* range = find_start(address);
    if (range == nullptr || !is_device(*range)) {
        broke("cuMemFree of %#llx, which is %s", address, describe_address(address).c_str());
        return CUDA_ERROR_INVALID_VALUE;
    }
    // As the driver does, what runs is waited for.
    CUresult error = wait_context(call.lock, range->context);
    range = find_start(address);
    if (range == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (range->imported != nullptr) range->imported->buffers--;
    remove_range(address);
    return error;
}

API CUresult cuMemHostAlloc(void** result, size_t size, unsigned int flags) {
    BEGIN(CONTEXT);
    if (result == nullptr || flags > 7) return CUDA_ERROR_INVALID_VALUE;
    uint64_t address = 0;
    CUresult made = allocate_host(call.context, size, flags, address);
    if (made == CUDA_SUCCESS) *result = reinterpret_cast<void*>(address);
    return made;
}

API CUresult cuMemFreeHost(void* pointer) {
    BEGIN(CONTEXT);
    auto address = reinterpret_cast<uint64_t>(pointer);
    Range* range = find_start(address);
    if (range == nullptr || range->kind != Memory::Allocated) return CUDA_ERROR_INVALID_VALUE;
    CUresult error = wait_context(call.lock, range->context);
    remove_range(address);
    return error;
}

API CUresult cuMemHostRegister_v2(void* pointer, size_t size, unsigned int flags) {
    BEGIN(CONTEXT);
    auto address = reinterpret_cast<uint64_t>(pointer);
    if (pointer == nullptr || size == 0 || flags > 15) return CUDA_ERROR_INVALID_VALUE;
    if (overlaps_host(address, size)) return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
    Range range{Memory::Registered, call.context, address, size};
    range.flags = flags;
    add_range(range);
    return CUDA_SUCCESS;
}

API CUresult cuMemHostUnregister(void* pointer) {
    BEGIN(CONTEXT);
    auto address = reinterpret_cast<uint64_t>(pointer);
    Range* range = find_start(address);
    if (range == nullptr || range->kind != Memory::Registered) return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
    CUresult error = wait_context(call.lock, range->context);
    remove_range(address);
    return error;
}

API CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* result, void* pointer, unsigned int flags) {
    BEGIN(CONTEXT);
    if (result == nullptr || flags != 0) return CUDA_ERROR_INVALID_VALUE;
    Range* range = find_range(reinterpret_cast<uint64_t>(pointer), 1);
    if (range == nullptr || is_device(*range)) return CUDA_ERROR_INVALID_VALUE;
    *result = reinterpret_cast<uint64_t>(pointer);
    return CUDA_SUCCESS;
}

API CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t size, CUstream stream) {
    BEGIN(CONTEXT);
    return copy_to_device(call, to, from, size, stream, false);
}

API CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t size) {
    BEGIN(CONTEXT);
    return copy_to_device(call, to, from, size, nullptr, true);
}

API CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t size, CUstream stream) {
    BEGIN(CONTEXT);
    return copy_to_host(call, to, from, size, stream, false);
}

API CUresult cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t size) {
    BEGIN(CONTEXT);
    return copy_to_host(call, to, from, size, nullptr, true);
}

API CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t size, CUstream stream) {
    BEGIN(CONTEXT);
    return copy_on_device(call, to, from, size, stream);
}

API CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t size) {
    BEGIN(CONTEXT);
    return copy_on_device(call, to, from, size, nullptr);
}

API CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
    BEGIN(CONTEXT);
    return fill(call, to, value, count, stream);
}

API CUresult cuMemsetD32Async(CUdeviceptr to, unsigned int value, size_t count, CUstream stream) {
    BEGIN(CONTEXT);
    return fill(call, to, value, count, stream);
}

API CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) {
    BEGIN(CONTEXT);
    return fill(call, to, value, count, nullptr);
}

API CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned int value, size_t count) {
    BEGIN(CONTEXT);
    return fill(call, to, value, count, nullptr);
}
