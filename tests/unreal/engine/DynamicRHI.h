#pragma once

#include "RHICommandList.h"

enum class ERHIInterfaceType { Hidden, Null, D3D11, D3D12, Vulkan, Metal };

class FDynamicRHI
{
public:
	virtual ~FDynamicRHI() = default;
	virtual const TCHAR* GetName() = 0;
	virtual ERHIInterfaceType GetInterfaceType() const = 0;

	// What the fake's command lists need.
	virtual FRHITexture* FakeCreateTexture(const FRHITextureCreateDesc& Desc) = 0;
	virtual void FakeUpdate(FRHITexture* Texture, const FUpdateTextureRegion3D& Region, uint32 RowPitch, uint32 DepthPitch,
		const uint8* Data) = 0;
	virtual void FakeTransition(FRHITexture* Texture, ERHIAccess Before, ERHIAccess After) = 0;
	virtual FRHIGPUFence* FakeCreateFence() = 0;
	virtual void FakeWriteFence(FRHIGPUFence* Fence) = 0;
	/** Ends a frame: what was recorded goes to the device. */
	virtual void FakeSubmit() = 0;
	virtual void FakeWait() = 0;
	virtual TArray<uint8> FakeRead(FRHITexture* Texture) = 0;
};

extern FDynamicRHI* GDynamicRHI;

template <typename T>
T* GetDynamicRHI()
{
	return static_cast<T*>(GDynamicRHI);
}
