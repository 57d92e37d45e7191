#pragma once

#include "RHI.h"

#include <functional>

struct FRHITransitionInfo
{
	FRHITransitionInfo(FRHITexture* InTexture, ERHIAccess InBefore, ERHIAccess InAfter)
		: Texture(InTexture), Before(InBefore), After(InAfter)
	{
	}
	FRHITexture* Texture;
	ERHIAccess Before, After;
};

/** Render thread; what it records runs on the RHI thread, in its order. */
class FRHICommandListBase
{
public:
	FTextureRHIRef CreateTexture(const FRHITextureCreateDesc& Desc);
	/** The source is read until the RHI thread has passed this. */
	void UpdateTexture3D(FRHITexture* Texture, uint32 Mip, const FUpdateTextureRegion3D& Region, uint32 RowPitch, uint32 DepthPitch,
		const uint8* Data);
	void UpdateTexture2D(FRHITexture* Texture, uint32 Mip, const FUpdateTextureRegion2D& Region, uint32 Pitch, const uint8* Data);
	void Transition(const FRHITransitionInfo& Info);

	template <typename Lambda>
	void EnqueueLambda(const TCHAR*, Lambda&& Function)
	{
		FakeEnqueue(std::forward<Lambda>(Function));
	}

	void FakeEnqueue(std::function<void(FRHICommandListBase&)> Function);
};

class FRHICommandList : public FRHICommandListBase
{
public:
	void WriteGPUFence(FRHIGPUFence* Fence);
};

class FRHICommandListImmediate : public FRHICommandList
{
public:
	void BlockUntilGPUIdle();
};

FGPUFenceRHIRef RHICreateGPUFence(const FName& Name);
