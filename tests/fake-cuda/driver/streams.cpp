// The thread of a context, which runs what its streams have to do: in the order of each stream, and of the streams that can
// go on a random one, so that a missing wait between streams is seen.

#include "memory.h"
#include "state.h"

#include <algorithm>

namespace {

// Whether the legacy stream and the blocking ones are in order.
bool is_in_turn(const Context* context, const Stream* stream, const Operation& operation) {
    for (const Stream* other : context->streams) {
        bool matters = stream->is_legacy ? other->is_blocking : stream->is_blocking && other->is_legacy;
        if (other == stream || !matters || other->operations.empty()) continue;
        if (other->operations.front().number < operation.number) return false;
    }
    return true;
}

uint32_t random(Context* context) {
    context->random = context->random * 1664525u + 1013904223u;
    return context->random >> 8;
}

// A stream that can go on, or null; `polls` if one waits for something outside.
Stream* choose(Context* context, bool& polls) {
    std::vector<Stream*> ready;
    for (Stream* stream : context->streams) {
        if (stream->operations.empty()) continue;
        const Operation& operation = stream->operations.front();
        // A lost context drops what it has, in any order.
        bool can = context->error != CUDA_SUCCESS || context->must_end ||
                   (is_in_turn(context, stream, operation) && (!operation.is_ready || operation.is_ready()));
        if (can) ready.push_back(stream);
        else if (operation.is_polled) polls = true;
    }
    if (ready.empty()) return nullptr;
    // The set is ordered by addresses, which differ from run to run.
    std::sort(ready.begin(), ready.end(), [](Stream* a, Stream* b) {
        return a->operations.front().number < b->operations.front().number;
    });
    return ready[random(context) % ready.size()];
}

void forget_streams(Context* context) {
    for (auto it = context->streams.begin(); it != context->streams.end();) {
        bool is_done = !(*it)->is_alive && (*it)->operations.empty();
        it = is_done ? context->streams.erase(it) : std::next(it);
    }
}

void execute(Context* context) {
    Lock lock(state().mutex);
    for (;;) {
        bool polls = false;
        Stream* stream = choose(context, polls);
        if (stream == nullptr) {
            if (context->must_end) return;
            if (polls) state().changed.wait_for(lock, std::chrono::microseconds(100));
            else state().changed.wait(lock);
            continue;
        }
        std::function<CUresult()> run = std::move(stream->operations.front().run);
        if (context->error == CUDA_SUCCESS && !context->must_end && run) {
            context->is_running = true;
            uint32_t delay = settings().delay;
            lock.unlock();
            if (delay > 0) std::this_thread::sleep_for(std::chrono::microseconds(delay));
            CUresult result = run();
            lock.lock();
            context->is_running = false;
            if (result != CUDA_SUCCESS && context->error == CUDA_SUCCESS) context->error = result;
        }
        stream->operations.pop_front();
        stream->finished++;
        forget_streams(context);
        state().changed.notify_all();
    }
}

} // namespace

Context* make_context(int device, unsigned int flags) {
    Context* context = add(new Context, nullptr);
    context->context = context;
    context->device = device;
    context->flags = flags;
    context->random = settings().order + 1;
    context->legacy = add(new Stream, context);
    context->legacy->is_legacy = true;
    context->streams.insert(context->legacy);
    context->executor = std::thread(execute, context);
    return context;
}

void end_context(Lock& lock, Context* context) {
    context->must_end = true;
    state().changed.notify_all();
    std::thread executor = std::move(context->executor);
    lock.unlock();
    executor.join();
    lock.lock();
    context->is_alive = false;
    // The driver frees what the context has; handles of it are of no use.
    for (const void* address : state().objects) {
        auto* object = static_cast<Object*>(const_cast<void*>(address));
        if (object->context == context) object->is_alive = false;
    }
    forget_memory(context);
}

Stream* find_stream(Context* context, CUstream handle) {
    // Null and 1 are the legacy stream, 2 the one of the thread, which is taken for the same.
    if (reinterpret_cast<uintptr_t>(handle) <= 2) return context->legacy;
    Stream* stream = living(handle);
    return stream != nullptr && stream->context == context ? stream : nullptr;
}

void push(Stream* stream, Operation operation) {
    operation.number = ++state().operations;
    stream->operations.push_back(std::move(operation));
    state().changed.notify_all();
}

CUresult wait_stream(Lock& lock, Stream* stream) {
    uint64_t until = stream->finished + stream->operations.size();
    state().changed.wait(lock, [&] { return stream->finished >= until; });
    return stream->context->error;
}

CUresult wait_context(Lock& lock, Context* context) {
    uint64_t until = state().operations;
    state().changed.wait(lock, [&] {
        for (const Stream* stream : context->streams) {
            if (!stream->operations.empty() && stream->operations.front().number <= until) return false;
        }
        return true;
    });
    return context->error;
}
