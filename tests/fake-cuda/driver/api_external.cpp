// The interface: memory and semaphores of Vulkan.
//
// Memory that Mesa's lavapipe exports is a file in memory: a header (size, offset of the data, 16 bytes that name the build),
// then, from that offset, what the VkDeviceMemory holds. It is mapped, so that both see what either writes.

#include "call.h"
#include "memory.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

struct Header {
    uint64_t size, offset;
    unsigned char build[16];
};

// Null with a message if it is no such file.
ExternalMemory* map_exported(int fd, uint64_t size) {
    Header header;
    struct stat status;
    if (fstat(fd, &status) != 0 || pread(fd, &header, sizeof header, 0) != sizeof header) {
        std::fprintf(stderr, "fake CUDA: cuImportExternalMemory: file %d cannot be read\n", fd);
        return nullptr;
    }
    bool is_header = header.size == static_cast<uint64_t>(status.st_size) && header.offset >= sizeof header &&
                     header.offset % 4096 == 0 && header.offset <= header.size;
    if (!is_header || size > header.size - header.offset) {
        std::fprintf(stderr,
                     "fake CUDA: cuImportExternalMemory: %llu bytes of a file of %lld that says it has %llu, from %llu\n",
                     static_cast<unsigned long long>(size), static_cast<long long>(status.st_size),
                     static_cast<unsigned long long>(header.size), static_cast<unsigned long long>(header.offset));
        return nullptr;
    }
    void* mapping = mmap(nullptr, header.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapping == MAP_FAILED) return nullptr;
    auto* memory = new ExternalMemory;
    memory->mapping = mapping;
    memory->mapping_size = header.size;
    memory->data = static_cast<unsigned char*>(mapping) + header.offset;
    memory->size = size;
    return memory;
}

struct Awaited {
    ExternalSemaphore* semaphore;
    uint64_t value;
};

bool find_semaphores(const Call& call, const CUexternalSemaphore* handles, unsigned int count) {
    for (unsigned int i = 0; i < count; i++) {
        if (living(handles[i]) == nullptr || handles[i]->context != call.context) return false;
    }
    return true;
}

} // namespace

API CUresult cuImportExternalMemory(CUexternalMemory* result, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC* description) {
    BEGIN(CONTEXT);
    if (result == nullptr || description == nullptr || description->size == 0) return CUDA_ERROR_INVALID_VALUE;
    // 1: the memory is of one resource.
    if (description->flags > 1) return CUDA_ERROR_INVALID_VALUE;
    for (unsigned int reserved : description->reserved) {
        if (reserved != 0) return CUDA_ERROR_INVALID_VALUE;
    }
    if (description->type != CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD) return CUDA_ERROR_NOT_SUPPORTED;
    ExternalMemory* memory = map_exported(description->handle.fd, description->size);
    if (memory == nullptr) return CUDA_ERROR_INVALID_VALUE;
    // The file is the driver's from here on.
    close(description->handle.fd);
    *result = add(memory, call.context);
    return CUDA_SUCCESS;
}

API CUresult cuExternalMemoryGetMappedBuffer(CUdeviceptr* result, CUexternalMemory memory,
                                             const CUDA_EXTERNAL_MEMORY_BUFFER_DESC* description) {
    BEGIN(CONTEXT);
    if (result == nullptr || description == nullptr || description->flags != 0) return CUDA_ERROR_INVALID_VALUE;
    if (living(memory) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    uint64_t offset = description->offset, size = description->size;
    if (size == 0 || offset > memory->size || size > memory->size - offset) return CUDA_ERROR_INVALID_VALUE;
    Range range{Memory::Imported, memory->context, reinterpret_cast<uint64_t>(memory->data + offset), size};
    if (find_start(range.address) != nullptr) {
        broke("a second buffer of external memory begins at byte %llu of it", description->offset);
        return CUDA_ERROR_MAP_FAILED;
    }
    range.mapping = static_cast<unsigned char*>(memory->mapping);
    range.mapping_size = memory->mapping_size;
    range.imported = memory;
    add_range(range);
    memory->buffers++;
    *result = range.address;
    return CUDA_SUCCESS;
}

API CUresult cuDestroyExternalMemory(CUexternalMemory memory) {
    BEGIN(CONTEXT);
    if (living(memory) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (memory->buffers > 0) broke("external memory is destroyed before the %u buffers of it are freed", memory->buffers);
    CUresult error = wait_context(call.lock, memory->context);
    memory->is_alive = false;
    if (memory->buffers == 0) munmap(memory->mapping, memory->mapping_size);
    return error;
}

API CUresult cuImportExternalSemaphore(CUexternalSemaphore* result, const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* description) {
    BEGIN(CONTEXT);
    if (result == nullptr || description == nullptr || description->flags != 0) return CUDA_ERROR_INVALID_VALUE;
    bool is_timeline = description->type == CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD;
    if (!settings().has_semaphores) return CUDA_ERROR_NOT_SUPPORTED;
    if (!is_timeline && description->type != CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD) return CUDA_ERROR_NOT_SUPPORTED;
    int fd = description->handle.fd;
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size < static_cast<off_t>(sizeof(uint64_t))) return CUDA_ERROR_INVALID_VALUE;
    void* mapping = mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapping == MAP_FAILED) return CUDA_ERROR_INVALID_VALUE;
    close(fd);
    auto* semaphore = add(new ExternalSemaphore, call.context);
    semaphore->counter = static_cast<uint64_t*>(mapping);
    semaphore->is_timeline = is_timeline;
    *result = semaphore;
    return CUDA_SUCCESS;
}

API CUresult cuSignalExternalSemaphoresAsync(const CUexternalSemaphore* handles,
                                             const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* parameters, unsigned int count,
                                             CUstream handle) {
    BEGIN(CONTEXT);
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr || !find_semaphores(call, handles, count)) return CUDA_ERROR_INVALID_HANDLE;
    std::vector<Awaited> signals;
    for (unsigned int i = 0; i < count; i++) signals.push_back({handles[i], parameters[i].value});
    Operation operation;
    operation.name = "signal semaphores";
    operation.run = [signals] {
        for (const Awaited& signal : signals) {
            uint64_t before = __atomic_load_n(signal.semaphore->counter, __ATOMIC_ACQUIRE);
            uint64_t after = signal.semaphore->is_timeline ? signal.value : before + 1;
            if (after <= before) {
                Lock lock(state().mutex);
                broke("a timeline semaphore at %llu is signalled with %llu", static_cast<unsigned long long>(before),
                      static_cast<unsigned long long>(after));
            }
            __atomic_store_n(signal.semaphore->counter, after, __ATOMIC_RELEASE);
        }
        return CUDA_SUCCESS;
    };
    push(stream, std::move(operation));
    return CUDA_SUCCESS;
}

API CUresult cuWaitExternalSemaphoresAsync(const CUexternalSemaphore* handles,
                                           const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* parameters, unsigned int count,
                                           CUstream handle) {
    BEGIN(CONTEXT);
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr || !find_semaphores(call, handles, count)) return CUDA_ERROR_INVALID_HANDLE;
    std::vector<Awaited> waits;
    for (unsigned int i = 0; i < count; i++) waits.push_back({handles[i], parameters[i].value});
    Operation operation;
    operation.name = "wait for semaphores";
    operation.is_polled = true;
    operation.is_ready = [waits] {
        return std::all_of(waits.begin(), waits.end(), [](const Awaited& wait) {
            uint64_t now = __atomic_load_n(wait.semaphore->counter, __ATOMIC_ACQUIRE);
            return now >= (wait.semaphore->is_timeline ? wait.value : 1);
        });
    };
    operation.run = [waits] {
        for (const Awaited& wait : waits) {
            if (!wait.semaphore->is_timeline) __atomic_fetch_sub(wait.semaphore->counter, 1, __ATOMIC_ACQ_REL);
        }
        return CUDA_SUCCESS;
    };
    push(stream, std::move(operation));
    return CUDA_SUCCESS;
}

API CUresult cuDestroyExternalSemaphore(CUexternalSemaphore semaphore) {
    BEGIN(CONTEXT);
    if (living(semaphore) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    CUresult error = wait_context(call.lock, semaphore->context);
    semaphore->is_alive = false;
    munmap(semaphore->counter, sizeof(uint64_t));
    return error;
}
