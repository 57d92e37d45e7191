#pragma once

#include "CoreMinimal.h"
#include "PixelFormat.h"

#include <atomic>

enum class ERHIAccess : uint32 { Unknown, SRVMask, UAVCompute, CopyDest };

enum class ETextureCreateFlags : uint64 { None = 0, ShaderResource = 1, UAV = 2 };
inline ETextureCreateFlags operator|(ETextureCreateFlags A, ETextureCreateFlags B)
{
	return static_cast<ETextureCreateFlags>(static_cast<uint64>(A) | static_cast<uint64>(B));
}
inline bool EnumHasAnyFlags(ETextureCreateFlags A, ETextureCreateFlags B)
{
	return (static_cast<uint64>(A) & static_cast<uint64>(B)) != 0;
}

/** Counted; the RHI destroys it when the device has finished with it. */
class FRHIResource
{
public:
	void AddRef() { ++Count; }
	void Release()
	{
		if (--Count == 0) FakeEnd();
	}

protected:
	virtual ~FRHIResource() = default;
	virtual void FakeEnd() { delete this; }

private:
	std::atomic<int32> Count{0};
};

struct FRHITextureCreateDesc
{
	static FRHITextureCreateDesc Create3D(const TCHAR* Name, const FIntVector& Size, EPixelFormat Format)
	{
		FRHITextureCreateDesc Made;
		Made.FakeName = Name;
		Made.FakeSize = Size;
		Made.FakeFormat = Format;
		Made.bFakeIs3D = true;
		return Made;
	}
	static FRHITextureCreateDesc Create2D(const TCHAR* Name, int32 Width, int32 Height, EPixelFormat Format)
	{
		FRHITextureCreateDesc Made = Create3D(Name, FIntVector(Width, Height, 1), Format);
		Made.bFakeIs3D = false;
		return Made;
	}
	FRHITextureCreateDesc& SetFlags(ETextureCreateFlags In)
	{
		FakeFlags = In;
		return *this;
	}
	FRHITextureCreateDesc& SetInitialState(ERHIAccess In)
	{
		FakeState = In;
		return *this;
	}

	const TCHAR* FakeName = nullptr;
	FIntVector FakeSize;
	EPixelFormat FakeFormat = PF_Unknown;
	ETextureCreateFlags FakeFlags = ETextureCreateFlags::None;
	ERHIAccess FakeState = ERHIAccess::Unknown;
	bool bFakeIs3D = false;
};

class FRHITexture : public FRHIResource
{
public:
	explicit FRHITexture(const FRHITextureCreateDesc& In) : FakeDesc(In), FakeState(In.FakeState) {}
	FRHITextureCreateDesc FakeDesc;
	/** What the commands so far leave it in: of the render thread. */
	ERHIAccess FakeState;
};
using FTextureRHIRef = TRefCountPtr<FRHITexture>;

class FRHIGPUFence : public FRHIResource
{
public:
	virtual bool Poll() const = 0;
};
using FGPUFenceRHIRef = TRefCountPtr<FRHIGPUFence>;

class FRHISamplerState;
class FRHIBlendState;

struct FUpdateTextureRegion3D
{
	uint32 DestX, DestY, DestZ;
	int32 SrcX, SrcY, SrcZ;
	uint32 Width, Height, Depth;
	FUpdateTextureRegion3D(uint32 InDestX, uint32 InDestY, uint32 InDestZ, int32 InSrcX, int32 InSrcY, int32 InSrcZ, uint32 InWidth,
		uint32 InHeight, uint32 InDepth)
		: DestX(InDestX), DestY(InDestY), DestZ(InDestZ), SrcX(InSrcX), SrcY(InSrcY), SrcZ(InSrcZ), Width(InWidth), Height(InHeight),
		  Depth(InDepth)
	{
	}
};

struct FUpdateTextureRegion2D
{
	uint32 DestX, DestY;
	int32 SrcX, SrcY;
	uint32 Width, Height;
	FUpdateTextureRegion2D(uint32 InDestX, uint32 InDestY, int32 InSrcX, int32 InSrcY, uint32 InWidth, uint32 InHeight)
		: DestX(InDestX), DestY(InDestY), SrcX(InSrcX), SrcY(InSrcY), Width(InWidth), Height(InHeight)
	{
	}
};
