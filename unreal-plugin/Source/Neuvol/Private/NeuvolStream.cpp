// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolStream.h"

#include "NeuvolModule.h"
#include "RenderingThread.h"

namespace
{
	/** As much as a frame copies to a texture at most, but at least one slice: about 1 ms of a desktop's bus. */
	constexpr int64 UploadBytesPerFrame = 8 << 20;
}

FRHITexture* FNeuvolTextures::GetBack(FRHICommandListBase& RHICmdList)
{
	FTextureRHIRef& Back = Textures[GetBackIndex()];
	if (!Back)
	{
		const EPixelFormat Format = Texel == ENeuvolTexel::Float16 ? PF_R16F : PF_R32_FLOAT;
		const FRHITextureCreateDesc Desc = FRHITextureCreateDesc::Create3D(TEXT("NeuvolVolume"), Size, Format)
			.SetFlags(ETextureCreateFlags::UAV | ETextureCreateFlags::ShaderResource)
			.SetInitialState(ERHIAccess::SRVMask);
		Back = RHICmdList.CreateTexture(Desc);
	}
	return Back;
}

void FNeuvolTextures::Swap()
{
	Front = GetBackIndex();
	bHasFront = true;
}

void FNeuvolUploadStream::Begin(const FNeuvolFrame& Frame, float)
{
	check(!bIsBusy);
	bIsBusy = true;
	NextSlice = 0;
	const bool bIsHalf = Textures->GetTexel() == ENeuvolTexel::Float16;
	const int64 Bytes = int64(Textures->GetSize().X) * Textures->GetSize().Y * Textures->GetSize().Z * Textures->GetTexelBytes();
	Decoding = FNeuvolModule::Launch([File = this->File, Frame, bIsHalf, Bytes]
	{
		TSharedPtr<FDecoded> Made = MakeShared<FDecoded>();
		const neuvol::Volume& Volume = File->GetVolume();
		const auto Desc = Volume.describe(Frame.Request(), bIsHalf ? NEUVOL_FORMAT_F16 : NEUVOL_FORMAT_F32);
		if (!Desc)
		{
			Made->Error = NeuvolText(Desc.error().message);
			return Made;
		}
		Made->Texels.SetNumUninitialized(Bytes);
		if (const auto Got = Volume.decode_into(*Desc, Made->Texels.GetData(), static_cast<size_t>(Bytes)); !Got)
		{
			Made->Error = NeuvolText(Got.error().message);
		}
		return Made;
	});
}

ENeuvolProgress FNeuvolUploadStream::Poll(FText& OutError)
{
	if (!bIsBusy)
	{
		return ENeuvolProgress::Idle;
	}
	if (!Decoded)
	{
		if (!Decoding.IsReady())
		{
			return ENeuvolProgress::Busy;
		}
		Decoded = Decoding.Get();
		if (!Decoded->Error.IsEmpty())
		{
			OutError = Decoded->Error;
			Decoded.Reset();
			bIsBusy = false;
			return ENeuvolProgress::Failed;
		}
	}
	const FIntVector Size = Textures->GetSize();
	const int64 RowBytes = int64(Size.X) * Textures->GetTexelBytes();
	const int64 SliceBytes = RowBytes * Size.Y;
	const int32 Slices = static_cast<int32>(FMath::Min<int64>(FMath::Max<int64>(UploadBytesPerFrame / SliceBytes, 1), Size.Z - NextSlice));
	const bool bIsLast = NextSlice + Slices == Size.Z;
	ENQUEUE_RENDER_COMMAND(NeuvolUpload)(
		[Textures = this->Textures, Decoded = this->Decoded, First = NextSlice, Slices, RowBytes, SliceBytes, bIsLast](
			FRHICommandListImmediate& RHICmdList)
		{
			const FIntVector& Whole = Textures->GetSize();
			const FUpdateTextureRegion3D Region(0, 0, First, 0, 0, 0, Whole.X, Whole.Y, Slices);
			RHICmdList.UpdateTexture3D(Textures->GetBack(RHICmdList), 0, Region, static_cast<uint32>(RowBytes),
				static_cast<uint32>(SliceBytes), Decoded->Texels.GetData() + First * SliceBytes);
			// Held until the RHI thread has passed the copy.
			RHICmdList.EnqueueLambda(TEXT("NeuvolUploaded"), [Decoded](FRHICommandListBase&) {});
			if (bIsLast)
			{
				Textures->Swap();
			}
		});
	NextSlice += Slices;
	if (!bIsLast)
	{
		return ENeuvolProgress::Busy;
	}
	Decoded.Reset();
	bIsBusy = false;
	return ENeuvolProgress::Done;
}
