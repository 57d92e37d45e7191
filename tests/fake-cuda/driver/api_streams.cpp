// The interface: streams and events.

#include "call.h"

#include <algorithm>

namespace {

CUresult create_stream(Call& call, CUstream* result, unsigned int flags, int priority) {
    if (result == nullptr || flags > CU_STREAM_NON_BLOCKING) return CUDA_ERROR_INVALID_VALUE;
    auto* stream = add(new Stream, call.context);
    stream->flags = flags;
    stream->is_blocking = flags != CU_STREAM_NON_BLOCKING;
    // Out of the range: the nearest in it.
    stream->priority = std::max(-5, std::min(0, priority));
    call.context->streams.insert(stream);
    *result = stream;
    return CUDA_SUCCESS;
}

bool has_happened(const Event* event) { return event->happened >= event->recorded; }

} // namespace

API CUresult cuStreamCreate(CUstream* result, unsigned int flags) {
    BEGIN(CONTEXT);
    return create_stream(call, result, flags, 0);
}

API CUresult cuStreamCreateWithPriority(CUstream* result, unsigned int flags, int priority) {
    BEGIN(CONTEXT);
    return create_stream(call, result, flags, priority);
}

API CUresult cuStreamGetPriority(CUstream handle, int* priority) {
    BEGIN(CONTEXT);
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    *priority = stream->priority;
    return CUDA_SUCCESS;
}

API CUresult cuStreamDestroy_v2(CUstream handle) {
    Call call(__func__, Call::CONTEXT);
    // Of a lost device, streams are destroyed all the same.
    if (call.result != CUDA_SUCCESS && !(call.context != nullptr && call.result == call.context->error)) return call.result;
    if (living(handle) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    // What it has to do is done.
    handle->is_alive = false;
    if (handle->operations.empty()) handle->context->streams.erase(handle);
    return call.result;
}

API CUresult cuStreamSynchronize(CUstream handle) {
    BEGIN(CONTEXT);
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    return wait_stream(call.lock, stream);
}

API CUresult cuStreamQuery(CUstream handle) {
    BEGIN(CONTEXT);
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    return stream->operations.empty() ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

API CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned int flags) {
    BEGIN(CONTEXT);
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr || living(event) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (flags > 1) return CUDA_ERROR_INVALID_VALUE;
    if (event->recorded == 0) return CUDA_SUCCESS;
    uint64_t until = event->recorded;
    Operation operation;
    operation.name = "wait for event";
    operation.is_ready = [=] { return event->happened >= until || event->context->error != CUDA_SUCCESS; };
    push(stream, std::move(operation));
    return CUDA_SUCCESS;
}

API CUresult cuEventCreate(CUevent* result, unsigned int flags) {
    BEGIN(CONTEXT);
    if (result == nullptr || flags > 7) return CUDA_ERROR_INVALID_VALUE;
    auto* event = add(new Event, call.context);
    event->flags = flags;
    *result = event;
    return CUDA_SUCCESS;
}

API CUresult cuEventDestroy_v2(CUevent event) {
    Call call(__func__, Call::CONTEXT);
    if (call.result != CUDA_SUCCESS && !(call.context != nullptr && call.result == call.context->error)) return call.result;
    if (living(event) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    event->is_alive = false;
    return call.result;
}

API CUresult cuEventRecord(CUevent event, CUstream handle) {
    BEGIN(CONTEXT);
    Stream* stream = find_stream(call.context, handle);
    if (stream == nullptr || living(event) == nullptr || event->context != call.context) return CUDA_ERROR_INVALID_HANDLE;
    uint64_t number = ++event->recorded;
    Operation operation;
    operation.name = "record event";
    operation.run = [=] {
        Lock lock(state().mutex);
        event->happened = number;
        event->time = Clock::now();
        return CUDA_SUCCESS;
    };
    push(stream, std::move(operation));
    return CUDA_SUCCESS;
}

API CUresult cuEventQuery(CUevent event) {
    BEGIN(CONTEXT);
    if (living(event) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    return has_happened(event) ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

API CUresult cuEventSynchronize(CUevent event) {
    BEGIN(CONTEXT);
    if (living(event) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    const Context* context = event->context;
    state().changed.wait(call.lock, [&] { return has_happened(event) || context->error != CUDA_SUCCESS; });
    return context->error;
}

static CUresult elapsed(float* milliseconds, CUevent start, CUevent end) {
    if (milliseconds == nullptr) return CUDA_ERROR_INVALID_VALUE;
    for (const Event* event : {start, end}) {
        bool is_timed = living(const_cast<Event*>(event)) != nullptr && !(event->flags & CU_EVENT_DISABLE_TIMING);
        if (!is_timed || event->recorded == 0) return CUDA_ERROR_INVALID_HANDLE;
    }
    if (!has_happened(start) || !has_happened(end)) return CUDA_ERROR_NOT_READY;
    *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
    return CUDA_SUCCESS;
}

API CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
    BEGIN(CONTEXT);
    return elapsed(milliseconds, start, end);
}

API CUresult cuEventElapsedTime_v2(float* milliseconds, CUevent start, CUevent end) {
    BEGIN(CONTEXT);
    return elapsed(milliseconds, start, end);
}
