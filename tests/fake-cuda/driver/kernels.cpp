// Shared memory is static memory of a module, so that each thread that runs blocks has a copy of all modules of its own.

#include "kernels.h"

#include "memory.h"
#include "state.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

namespace {

using Entrance = void (*)(emulated::Argument);

constexpr uint32_t WORKERS = 2;

struct Library {
    void* handles[WORKERS];
    const emulated::Module* modules[WORKERS];
};

struct Kernel {
    std::string name;
    size_t library;
    Entrance entrances[WORKERS];
};

struct Kernels {
    std::vector<Library> libraries;
    std::map<std::string, size_t> numbers;
    std::vector<Kernel> kernels;
    // One grid runs at a time.
    std::mutex mutex;
    struct sigaction before[5];
};

Kernels& kernels() {
    static Kernels* kernels = new Kernels;
    return *kernels;
}

// Of a thread that runs a block: its module, for the handler of signals.
struct Running {
    const emulated::Module* module;
    const char* kernel;
    CUresult error;
};
thread_local Running running;

constexpr int SIGNALS[5] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGURG};
// What the watch sends to a thread whose launch takes too long. It is ignored by whoever does not expect it.
constexpr int TOO_LONG = SIGURG;

// A fault of a kernel ends its block. The kernel holds no lock, so that the state can be locked here.
void handle(int signal, siginfo_t* info, void* raw) {
    auto* machine = static_cast<ucontext_t*>(raw);
    if (signal == TOO_LONG && running.module != nullptr && !running.module->is_inside()) return;
    if (running.module == nullptr) {
        // Not of a kernel: whoever was there before.
        for (int i = 0; i < 5; i++) {
            if (SIGNALS[i] != signal) continue;
            const struct sigaction& before = kernels().before[i];
            if (before.sa_flags & SA_SIGINFO) before.sa_sigaction(signal, info, raw);
            else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) before.sa_handler(signal);
            else if (signal != TOO_LONG) sigaction(signal, &before, nullptr);
        }
        return;
    }
    const emulated::Module& module = *running.module;
    emulated::Position at = module.position();
    char what[300];
    auto address = reinterpret_cast<uint64_t>(info->si_addr);
    uint64_t offset = 0;
    bool is_write = machine->uc_mcontext.gregs[REG_ERR] & 2;
    running.error = CUDA_ERROR_ILLEGAL_ADDRESS;
    if (signal == TOO_LONG) {
        running.error = CUDA_ERROR_LAUNCH_TIMEOUT;
        std::snprintf(what, sizeof what, "still runs when the time of its launch is over");
    } else if (signal == SIGFPE) {
        running.error = CUDA_ERROR_LAUNCH_FAILED;
        std::snprintf(what, sizeof what, "divides an integer by zero");
    } else if (signal == SIGILL) {
        running.error = CUDA_ERROR_MISALIGNED_ADDRESS;
        std::snprintf(what, sizeof what, "uses an address that is not a multiple of the size of what it loads or stores, or "
                                         "an index beyond the end of an array");
    } else if (info->si_code == SI_KERNEL) {
        running.error = CUDA_ERROR_MISALIGNED_ADDRESS;
        std::snprintf(what, sizeof what, "uses a misaligned address, or one that cannot be");
    } else if (module.is_stack(info->si_addr)) {
        running.error = CUDA_ERROR_HARDWARE_STACK_ERROR;
        std::snprintf(what, sizeof what, "needs more than %u bytes of stack", emulated::STACK);
    } else if (module.is_shared(info->si_addr, &offset)) {
        std::snprintf(what, sizeof what, "%s byte %llu of its dynamic shared memory, which is smaller",
                      is_write ? "writes" : "reads", static_cast<unsigned long long>(offset));
    } else {
        Lock lock(state().mutex);
        std::snprintf(what, sizeof what, "%s address 0x%llx: %s", is_write ? "writes" : "reads",
                      static_cast<unsigned long long>(address), describe_address(address).c_str());
    }
    char message[500];
    std::snprintf(message, sizeof message, "block (%u, %u, %u), thread (%u, %u, %u) %s", at.block[0], at.block[1], at.block[2],
                  at.thread[0], at.thread[1], at.thread[2], what);
    void *instruction, *stack;
    module.abandon(message, &instruction, &stack);
    machine->uc_mcontext.gregs[REG_RIP] = reinterpret_cast<greg_t>(instruction);
    machine->uc_mcontext.gregs[REG_RSP] = reinterpret_cast<greg_t>(stack);
}

void catch_faults() {
    struct sigaction action{};
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < 5; i++) sigaction(SIGNALS[i], &action, &kernels().before[i]);
}

// A stack for the handler; the one of a fiber may be what is full.
void prepare_thread() {
    static thread_local void* memory = nullptr;
    if (memory != nullptr) return;
    constexpr size_t SIZE = 64 << 10;
    memory = mmap(nullptr, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack{};
    stack.ss_sp = memory;
    stack.ss_size = SIZE;
    sigaltstack(&stack, nullptr);
}

[[noreturn]] void refuse(const std::string& path, const char* why) {
    std::fprintf(stderr, "fake CUDA: %s: %s\n", path.c_str(), why);
    std::_Exit(99);
}

// Opens a copy of the library that shares nothing with another one. Its file stays open: the name must stay its own.
void* open_copy(const std::string& path) {
    int file = open(path.c_str(), O_RDONLY | O_CLOEXEC), copy = memfd_create("kernels", MFD_CLOEXEC);
    struct stat status;
    if (file < 0 || copy < 0 || fstat(file, &status) != 0) refuse(path, "cannot be read");
    for (off_t left = status.st_size; left > 0;) {
        ssize_t sent = sendfile(copy, file, nullptr, static_cast<size_t>(left));
        if (sent <= 0) refuse(path, "cannot be copied");
        left -= sent;
    }
    close(file);
    std::string name = "/proc/self/fd/" + std::to_string(copy);
    void* handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) refuse(path, dlerror());
    return handle;
}

// The threads that help: one. It waits for a grid.
struct Helper {
    std::mutex mutex;
    std::condition_variable changed;
    const std::function<void()>* work = nullptr;
    bool is_busy = false;

    Helper() {
        std::thread([this] { loop(); }).detach();
    }

    void loop() {
        prepare_thread();
        std::unique_lock<std::mutex> lock(mutex);
        for (;;) {
            changed.wait(lock, [&] { return work != nullptr; });
            const std::function<void()>* mine = work;
            work = nullptr;
            lock.unlock();
            (*mine)();
            lock.lock();
            is_busy = false;
            changed.notify_all();
        }
    }

    void start(const std::function<void()>& task) {
        std::lock_guard<std::mutex> lock(mutex);
        work = &task;
        is_busy = true;
        changed.notify_all();
    }

    void finish() {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [&] { return !is_busy; });
    }
};

// Ends launches that take too long: kernels that never end would keep a test for ever.
struct Watch {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<pthread_t> threads;
    bool is_on = false;
    Clock::time_point end;

    Watch() {
        std::thread([this] { loop(); }).detach();
    }

    void loop() {
        std::unique_lock<std::mutex> lock(mutex);
        for (;;) {
            if (!is_on) {
                changed.wait(lock);
            } else if (Clock::now() < end) {
                changed.wait_until(lock, end);
            } else {
                for (pthread_t thread : threads) pthread_kill(thread, TOO_LONG);
                // One that was between two blocks did not hear it.
                changed.wait_for(lock, std::chrono::milliseconds(50));
            }
        }
    }

    void start(uint32_t seconds) {
        std::lock_guard<std::mutex> lock(mutex);
        is_on = true;
        end = Clock::now() + std::chrono::seconds(seconds);
        changed.notify_all();
    }

    void stop() {
        std::lock_guard<std::mutex> lock(mutex);
        is_on = false;
    }

    void enter() {
        std::lock_guard<std::mutex> lock(mutex);
        threads.push_back(pthread_self());
    }

    void leave() {
        std::lock_guard<std::mutex> lock(mutex);
        for (size_t i = 0; i < threads.size(); i++) {
            if (pthread_equal(threads[i], pthread_self())) {
                threads.erase(threads.begin() + static_cast<std::ptrdiff_t>(i));
                return;
            }
        }
    }
};

uint64_t common_divisor(uint64_t a, uint64_t b) {
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

} // namespace

void load_kernels() {
    Dl_info own;
    dladdr(reinterpret_cast<void*>(&load_kernels), &own);
    std::string folder = own.dli_fname;
    folder = folder.substr(0, folder.rfind('/') + 1);
    DIR* directory = opendir(folder.empty() ? "." : folder.c_str());
    if (directory == nullptr) refuse(folder, "cannot be read");
    std::set<std::string> names;
    while (dirent* file = readdir(directory)) {
        std::string name = file->d_name;
        const std::string prefix = "libneuvol-kernels-", suffix = ".so";
        bool is_module = name.size() > prefix.size() + suffix.size() && name.compare(0, prefix.size(), prefix) == 0 &&
                         name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
        if (is_module) names.insert(name);
    }
    closedir(directory);
    for (const std::string& name : names) {
        Library library;
        for (uint32_t i = 0; i < WORKERS; i++) {
            // The first one is the file itself, for debuggers.
            library.handles[i] = i == 0 ? dlopen((folder + name).c_str(), RTLD_NOW | RTLD_LOCAL) : open_copy(folder + name);
            if (library.handles[i] == nullptr) refuse(folder + name, dlerror());
            library.modules[i] = static_cast<const emulated::Module*>(dlsym(library.handles[i], "emulated_module"));
            if (library.modules[i] == nullptr) refuse(folder + name, "is no module of kernels");
        }
        kernels().libraries.push_back(library);
    }
    catch_faults();
}

size_t find_kernel(const std::string& name) {
    auto known = kernels().numbers.find(name);
    if (known != kernels().numbers.end()) return known->second;
    for (size_t i = 0; i < kernels().libraries.size(); i++) {
        const Library& library = kernels().libraries[i];
        Kernel kernel{name, i, {}};
        for (uint32_t worker = 0; worker < WORKERS; worker++) {
            kernel.entrances[worker] = reinterpret_cast<Entrance>(dlsym(library.handles[worker], name.c_str()));
        }
        // `dlsym` finds what libraries that a module needs have, too.
        Dl_info place;
        if (kernel.entrances[0] == nullptr || dladdr(reinterpret_cast<void*>(kernel.entrances[0]), &place) == 0 ||
            std::strstr(place.dli_fname, "libneuvol-kernels-") == nullptr) {
            continue;
        }
        kernels().kernels.push_back(kernel);
        return kernels().numbers[name] = kernels().kernels.size() - 1;
    }
    return NO_KERNEL;
}

CUresult run_grid(const Grid& grid, std::string& message) {
    std::lock_guard<std::mutex> alone(kernels().mutex);
    const Kernel kernel = [&] {
        Lock lock(state().mutex);
        return kernels().kernels[grid.kernel];
    }();
    const Library& library = kernels().libraries[kernel.library];
    uint64_t count = static_cast<uint64_t>(grid.grid[0]) * grid.grid[1] * grid.grid[2];
    // Shuffled: every `step`-th block, where the step has no divisor in common with their number.
    uint64_t step = 1;
    if (grid.order > emulated::BACKWARD && count > 1) {
        step = (grid.order * 2654435761ull) % count | 1;
        while (common_divisor(step, count) != 1) step++;
    }
    std::atomic<uint64_t> next{0};
    std::atomic<bool> must_stop{false};
    std::mutex result;
    CUresult error = CUDA_SUCCESS;
    static Watch* watch = new Watch;
    auto work = [&](uint32_t worker) {
        const emulated::Module& module = *library.modules[worker];
        emulated::Block block{kernel.entrances[worker], grid.argument, {}, {}, {}, grid.shared, grid.order, grid.half_depth};
        std::memcpy(block.grid, grid.grid, sizeof block.grid);
        std::memcpy(block.size, grid.size, sizeof block.size);
        running = {&module, kernel.name.c_str(), CUDA_ERROR_LAUNCH_FAILED};
        watch->enter();
        while (!must_stop) {
            uint64_t i = next++;
            if (i >= count) break;
            uint64_t number = grid.order == emulated::BACKWARD ? count - 1 - i : i * step % count;
            block.index[0] = static_cast<uint32_t>(number % grid.grid[0]);
            block.index[1] = static_cast<uint32_t>(number / grid.grid[0] % grid.grid[1]);
            block.index[2] = static_cast<uint32_t>(number / grid.grid[0] / grid.grid[1]);
            if (const char* why = module.run(block)) {
                std::lock_guard<std::mutex> lock(result);
                if (error == CUDA_SUCCESS) {
                    error = running.error;
                    message = "kernel " + kernel.name + ": " + why;
                }
                must_stop = true;
            }
        }
        watch->leave();
        running = {};
    };
    prepare_thread();
    watch->start(grid.timeout);
    if (count > 1 && grid.workers > 1) {
        static Helper* helper = new Helper;
        const std::function<void()> second = [&] { work(1); };
        helper->start(second);
        work(0);
        helper->finish();
    } else {
        work(0);
    }
    watch->stop();
    return error;
}
