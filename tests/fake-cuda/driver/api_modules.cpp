// The interface: modules, functions and launches.

#include "call.h"
#include "kernels.h"
#include "limits.h"
#include "memory.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace {

constexpr int STATIC_LIMIT = 48 << 10;

const Device& device_of(const Context* context) { return settings().devices[static_cast<size_t>(context->device)]; }

CUresult load(Call& call, CUmodule* result, const void* image) {
    if (result == nullptr || image == nullptr) return CUDA_ERROR_INVALID_VALUE;
    auto* module = new ModuleObject;
    std::string reason;
    CUresult read = read_image(image, settings().version, device_of(call.context), module->image, reason);
    if (read != CUDA_SUCCESS) {
        delete module;
        std::fprintf(stderr, "fake CUDA: cuModuleLoadData: %s\n", reason.c_str());
        return read;
    }
    *result = add(module, call.context);
    return CUDA_SUCCESS;
}

// The pointers that an argument of a kernel begins with must be of memory that is there.
void check_pointers(const Context* context, const std::string& kernel, const emulated::Argument& argument) {
    static const char* const names[] = {"params", "models", "work", "texels"};
    for (int i = 0; i < 4; i++) {
        uint64_t address;
        std::memcpy(&address, argument.bytes + 8 * i, 8);
        if (address == 0) continue;
        const Range* range = find_range(address, 0);
        if (range == nullptr) {
            broke("kernel %s: `%s` is %#llx, %s", kernel.c_str(), names[i], static_cast<unsigned long long>(address),
                  describe_address(address).c_str());
        } else if (is_device(*range) && range->context != context) {
            broke("kernel %s: `%s` is memory of another context", kernel.c_str(), names[i]);
        }
    }
}

struct Shape {
    uint32_t grid[3], block[3], shared;
};

CUresult check_shape(const Function* function, const Shape& shape, std::string& reason) {
    const uint32_t most_block[3] = {1024, 1024, 64}, most_grid[3] = {2147483647, 65535, 65535};
    char text[200];
    for (int i = 0; i < 3; i++) {
        if (shape.block[i] == 0 || shape.block[i] > most_block[i] || shape.grid[i] == 0 || shape.grid[i] > most_grid[i]) {
            std::snprintf(text, sizeof text, "a grid of %u, %u, %u blocks of %u, %u, %u threads", shape.grid[0], shape.grid[1],
                          shape.grid[2], shape.block[0], shape.block[1], shape.block[2]);
            reason = text;
            return CUDA_ERROR_INVALID_VALUE;
        }
    }
    uint64_t threads = static_cast<uint64_t>(shape.block[0]) * shape.block[1] * shape.block[2];
    const Entry& entry = function->entry;
    uint32_t most = entry.most_threads > 0 ? entry.most_threads : emulated::MOST_THREADS;
    if (threads > most) {
        std::snprintf(text, sizeof text, "%llu threads of a block, of at most %u", static_cast<unsigned long long>(threads),
                      most);
        reason = text;
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (entry.registers * ((threads + 31) / 32 * 32) > 65536) {
        reason = "more registers than a multiprocessor has";
        return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
    }
    uint32_t most_dynamic = static_cast<uint32_t>(function->most_dynamic_shared);
    // Without `cuFuncSetAttribute`, static and dynamic shared memory share 48 KiB.
    if (function->most_dynamic_shared == STATIC_LIMIT) most_dynamic -= std::min(most_dynamic, entry.static_shared);
    if (shape.shared > most_dynamic) {
        std::snprintf(text, sizeof text, "%u bytes of dynamic shared memory, of at most %u (cuFuncSetAttribute)", shape.shared,
                      most_dynamic);
        reason = text;
        return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}

// Copies what the caller gave for the one argument.
bool read_argument(void** parameters, void** extra, emulated::Argument& argument) {
    if (parameters != nullptr) {
        std::memcpy(argument.bytes, parameters[0], sizeof argument.bytes);
        return extra == nullptr;
    }
    const void* pointer = nullptr;
    size_t size = 0;
    for (; extra != nullptr && *extra != nullptr; extra += 2) {
        if (*extra == reinterpret_cast<void*>(1)) pointer = extra[1];
        if (*extra == reinterpret_cast<void*>(2)) size = *static_cast<size_t*>(extra[1]);
    }
    if (pointer == nullptr || size != sizeof argument.bytes) return false;
    std::memcpy(argument.bytes, pointer, size);
    return true;
}

} // namespace

API CUresult cuModuleLoadData(CUmodule* result, const void* image) {
    BEGIN(CONTEXT);
    return load(call, result, image);
}

API CUresult cuModuleLoadDataEx(CUmodule* result, const void* image, unsigned int count, int* options, void** values) {
    BEGIN(CONTEXT);
    (void)count, (void)options, (void)values;
    return load(call, result, image);
}

API CUresult cuModuleUnload(CUmodule module) {
    BEGIN(CONTEXT);
    if (living(module) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    CUresult error = wait_context(call.lock, module->context);
    module->is_alive = false;
    for (auto& function : module->functions) function.second->is_alive = false;
    return error;
}

API CUresult cuModuleGetFunction(CUfunction* result, CUmodule module, const char* name) {
    BEGIN(CONTEXT);
    if (result == nullptr || name == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (living(module) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    auto known = module->functions.find(name);
    if (known != module->functions.end()) {
        *result = known->second;
        return CUDA_SUCCESS;
    }
    const std::vector<Entry>& entries = module->image.entries;
    auto entry = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.name == name; });
    if (entry == entries.end()) return CUDA_ERROR_NOT_FOUND;
    size_t kernel = find_kernel(name);
    if (kernel == NO_KERNEL) {
        broke("the module has a kernel %s, the sources that were compiled for the host have none", name);
        return CUDA_ERROR_NOT_FOUND;
    }
    if (entry->argument != 0 && entry->argument != sizeof(emulated::Argument)) {
        broke("kernel %s has arguments of %u bytes; here all have one of %zu", name, entry->argument,
              sizeof(emulated::Argument));
        return CUDA_ERROR_NOT_SUPPORTED;
    }
    auto* function = add(new Function, call.context);
    function->module = module;
    function->entry = *entry;
    function->kernel = kernel;
    module->functions[name] = function;
    *result = function;
    return CUDA_SUCCESS;
}

API CUresult cuFuncGetAttribute(int* value, int attribute, CUfunction function) {
    BEGIN(CONTEXT);
    if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (living(function) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    const Entry& entry = function->entry;
    const Image& image = function->module->image;
    const Device& device = device_of(call.context);
    int architecture = image.is_ptx ? device.major * 10 + device.minor : image.architecture;
    switch (attribute) {
    case 0:
        *value = static_cast<int>(entry.most_threads > 0 ? entry.most_threads : emulated::MOST_THREADS);
        break;
    case 1:
        *value = static_cast<int>(entry.static_shared);
        break;
    case 2:
        *value = 0;
        break;
    case 3:
        *value = static_cast<int>(entry.local);
        break;
    case 4:
        *value = static_cast<int>(entry.registers);
        break;
    case 5:
        *value = image.is_ptx ? image.architecture : architecture;
        break;
    case 6:
        *value = architecture;
        break;
    case 8:
        *value = function->most_dynamic_shared;
        break;
    case 9:
        *value = -1;
        break;
    default:
        return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}

API CUresult cuFuncSetAttribute(CUfunction function, int attribute, int value) {
    BEGIN(CONTEXT);
    if (living(function) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    switch (attribute) {
    case 8:
        if (value < 0 || value > most_shared(device_of(call.context)) - static_cast<int>(function->entry.static_shared)) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        function->most_dynamic_shared = value;
        return CUDA_SUCCESS;
    case 9:
        return value >= -1 && value <= 100 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    default:
        return CUDA_ERROR_INVALID_VALUE;
    }
}

API CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction function, int threads, size_t shared) {
    BEGIN(CONTEXT);
    if (blocks == nullptr || threads <= 0) return CUDA_ERROR_INVALID_VALUE;
    if (living(function) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    const Device& device = device_of(call.context);
    int warps = (threads + 31) / 32;
    size_t bytes = shared + function->entry.static_shared + 1024;
    int of_threads = multiprocessor_threads(device) / (warps * 32);
    int of_shared = static_cast<int>(static_cast<size_t>(multiprocessor_shared(device)) / bytes);
    // Registers are given out in units of 8 for each thread.
    int registers = static_cast<int>(std::max(1u, function->entry.registers) + 7) / 8 * 8;
    *blocks = std::min({of_threads, of_shared, 65536 / (registers * warps * 32), 16});
    return CUDA_SUCCESS;
}

API CUresult cuLaunchKernel(CUfunction function, unsigned int grid_x, unsigned int grid_y, unsigned int grid_z,
                            unsigned int block_x, unsigned int block_y, unsigned int block_z, unsigned int shared,
                            CUstream handle, void** parameters, void** extra) {
    BEGIN(CONTEXT);
    if (living(function) == nullptr || function->context != call.context) return CUDA_ERROR_INVALID_HANDLE;
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    Shape shape{{grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared};
    std::string reason;
    CUresult fits = check_shape(function, shape, reason);
    if (fits != CUDA_SUCCESS) {
        std::fprintf(stderr, "fake CUDA: cuLaunchKernel of %s: %s\n", function->entry.name.c_str(), reason.c_str());
        return fits;
    }
    Grid grid{};
    if (!read_argument(parameters, extra, grid.argument)) return CUDA_ERROR_INVALID_VALUE;
    grid.kernel = function->kernel;
    grid.name = function->entry.name;
    std::memcpy(grid.grid, shape.grid, sizeof grid.grid);
    std::memcpy(grid.size, shape.block, sizeof grid.size);
    grid.shared = shared;
    const Device& device = device_of(call.context);
    grid.half_depth = device.major * 10 + device.minor < 80;
    Context* context = call.context;
    uint64_t number = ++state().counts.launches;
    state().counts.kernels[grid.name]++;
    state().counts.blocks += static_cast<uint64_t>(grid_x) * grid_y * grid_z;
    bool loses = settings().lose_after > 0 && number > settings().lose_after;
    Operation operation;
    operation.name = "launch";
    operation.run = [=]() mutable {
        if (loses) return CUDA_ERROR_ILLEGAL_ADDRESS;
        {
            Lock lock(state().mutex);
            grid.order = settings().order;
            grid.workers = settings().workers;
            grid.timeout = settings().timeout;
            check_pointers(context, grid.name, grid.argument);
        }
        std::string message;
        CUresult result = run_grid(grid, message);
        if (result != CUDA_SUCCESS) {
            Lock lock(state().mutex);
            failed(message);
        }
        return result;
    };
    push(stream, std::move(operation));
    return CUDA_SUCCESS;
}
