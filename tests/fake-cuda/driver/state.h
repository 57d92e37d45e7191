// What the driver knows: contexts and what they have.
#pragma once

#include "cuda.h"
#include "image.h"
#include "settings.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

using Clock = std::chrono::steady_clock;

// Something with a handle. Objects are never freed, so that a handle of a destroyed one is known to be that.
enum class Kind { Context, Stream, Event, Module, Function, ExternalMemory, ExternalSemaphore };

struct Object {
    explicit Object(Kind kind) : kind(kind) {}
    Kind kind;
    Context* context = nullptr;
    bool is_alive = true;
};

// What a stream has to do. `is_ready` is asked with the lock held, `run` is called without it.
struct Operation {
    const char* name;
    uint64_t number = 0;
    std::function<bool()> is_ready;
    std::function<CUresult()> run;
    // It becomes ready by something outside of the driver.
    bool is_polled = false;
};

struct Stream : Object {
    Stream() : Object(Kind::Stream) {}
    bool is_legacy = false, is_blocking = true;
    int priority = 0;
    unsigned int flags = 0;
    std::deque<Operation> operations;
    uint64_t finished = 0;
};

struct Event : Object {
    Event() : Object(Kind::Event) {}
    unsigned int flags = 0;
    // How often it was recorded, in calls and by streams.
    uint64_t recorded = 0, happened = 0;
    Clock::time_point time;
};

struct ModuleObject : Object {
    ModuleObject() : Object(Kind::Module) {}
    Image image;
    std::map<std::string, CUfunction> functions;
};

struct Function : Object {
    Function() : Object(Kind::Function) {}
    ModuleObject* module = nullptr;
    Entry entry;
    size_t kernel = 0;
    int most_dynamic_shared = 48 << 10;
};

struct ExternalMemory : Object {
    ExternalMemory() : Object(Kind::ExternalMemory) {}
    void* mapping = nullptr;
    size_t mapping_size = 0;
    unsigned char* data = nullptr;
    uint64_t size = 0;
    uint32_t buffers = 0;
};

struct ExternalSemaphore : Object {
    ExternalSemaphore() : Object(Kind::ExternalSemaphore) {}
    uint64_t* counter = nullptr;
    bool is_timeline = false;
};

struct Context : Object {
    Context() : Object(Kind::Context) {}
    int device = 0;
    unsigned int flags = 0;
    bool is_primary = false;
    uint32_t retained = 0;
    // Stays: the device is lost.
    CUresult error = CUDA_SUCCESS;
    Stream* legacy = nullptr;
    std::set<Stream*> streams;
    bool must_end = false;
    bool is_running = false;
    std::thread executor;
    uint32_t random = 1;
};

struct Counts {
    uint64_t launches = 0, blocks = 0, copies = 0, copied_bytes = 0;
    std::map<std::string, uint64_t> calls, kernels;
};

struct State {
    std::mutex mutex;
    // Whenever an operation has ended or was added.
    std::condition_variable changed;
    bool is_initialized = false;
    std::unordered_set<const void*> objects;
    std::map<int, Context*> primaries;
    uint64_t operations = 0;
    Counts counts;
    std::vector<std::string> rules;
    std::vector<std::string> failures;
};

State& state();
using Lock = std::unique_lock<std::mutex>;

// Notes that a rule of the interface was broken. The lock is held.
void broke(const char* format, ...) __attribute__((format(printf, 1, 2)));
// Notes that a kernel failed, and says so on the standard error.
void failed(const std::string& message);

// The object of a handle if it is alive, or null.
template <typename T> T* living(T* handle) {
    return handle != nullptr && state().objects.count(handle) != 0 && handle->is_alive ? handle : nullptr;
}
template <typename T> T* add(T* object, Context* context) {
    object->context = context;
    state().objects.insert(object);
    return object;
}

// Contexts of the calling thread; the last one is current.
std::vector<Context*>& context_stack();
Context* current_context();

Context* make_context(int device, unsigned int flags);
// Waits for what runs, drops the rest, and ends what the context has.
void end_context(Lock& lock, Context* context);
// The stream of a handle (null: the legacy one) if it belongs to the context.
Stream* find_stream(Context* context, CUstream handle);
void push(Stream* stream, Operation operation);
// Waits until the stream, or everything of the context, is done; an error if the context is lost.
CUresult wait_stream(Lock& lock, Stream* stream);
CUresult wait_context(Lock& lock, Context* context);
// Codes after which a context is of no use.
bool is_sticky(CUresult code);
