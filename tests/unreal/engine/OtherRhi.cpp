// An RHI that is not Vulkan's: textures in memory, fences that are done at once.
#include "Host.h"

#include <cstring>

namespace
{
	uint32 TexelBytes(EPixelFormat Format)
	{
		return Format == PF_R16F ? 2 : Format == PF_R32_FLOAT ? 4 : 8;
	}

	class FTextureInMemory : public FRHITexture
	{
	public:
		explicit FTextureInMemory(const FRHITextureCreateDesc& Desc) : FRHITexture(Desc)
		{
			const FIntVector& Size = Desc.FakeSize;
			Texels.resize(size_t(Size.X) * Size.Y * Size.Z * TexelBytes(Desc.FakeFormat), 0xcd);
		}
		std::vector<uint8> Texels;
	};

	class FFence : public FRHIGPUFence
	{
	public:
		virtual bool Poll() const override { return true; }
	};

	class FOtherRhi : public FDynamicRHI
	{
	public:
		virtual const TCHAR* GetName() override { return TEXT("D3D12"); }
		virtual ERHIInterfaceType GetInterfaceType() const override { return ERHIInterfaceType::D3D12; }
		virtual FRHITexture* FakeCreateTexture(const FRHITextureCreateDesc& Desc) override { return new FTextureInMemory(Desc); }
		virtual void FakeUpdate(FRHITexture* Texture, const FUpdateTextureRegion3D& Region, uint32 RowPitch, uint32 DepthPitch,
			const uint8* Data) override
		{
			FTextureInMemory* To = static_cast<FTextureInMemory*>(Texture);
			const FIntVector& Size = To->FakeDesc.FakeSize;
			const uint32 Bytes = TexelBytes(To->FakeDesc.FakeFormat);
			check(Region.DestX + Region.Width <= uint32(Size.X) && Region.DestY + Region.Height <= uint32(Size.Y)
				&& Region.DestZ + Region.Depth <= uint32(Size.Z));
			for (uint32 Z = 0; Z < Region.Depth; ++Z)
			{
				for (uint32 Y = 0; Y < Region.Height; ++Y)
				{
					const size_t At = (size_t(Region.DestZ + Z) * Size.Y + Region.DestY + Y) * Size.X + Region.DestX;
					std::memcpy(To->Texels.data() + At * Bytes, Data + size_t(Z) * DepthPitch + size_t(Y) * RowPitch, Region.Width * Bytes);
				}
			}
		}
		virtual void FakeTransition(FRHITexture*, ERHIAccess, ERHIAccess) override {}
		virtual FRHIGPUFence* FakeCreateFence() override { return new FFence; }
		virtual void FakeWriteFence(FRHIGPUFence*) override {}
		virtual void FakeSubmit() override {}
		virtual void FakeWait() override {}
		virtual TArray<uint8> FakeRead(FRHITexture* Texture) override
		{
			TArray<uint8> Made;
			for (uint8 Byte : static_cast<FTextureInMemory*>(Texture)->Texels) Made.Add(Byte);
			return Made;
		}
	};
}

FDynamicRHI* Fake::MakeOther()
{
	return new FOtherRhi;
}
