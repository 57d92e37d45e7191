// The interface: contexts.

#include "call.h"

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
