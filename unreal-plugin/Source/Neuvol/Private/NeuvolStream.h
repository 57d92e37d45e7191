// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "Async/Future.h"
#include "CoreMinimal.h"
#include "NeuvolFile.h"
#include "NeuvolTypes.h"
#include "RHI.h"
#include "RHICommandList.h"
#include "RHIResources.h"

/** One frame of a variable. */
struct FNeuvolFrame
{
	int32 Variable = 0;
	int32 Level = 0;
	int32 Quality = 0;
	ENeuvolTexel Texel = ENeuvolTexel::Float32;
	double Time = 0.0;
	/** Steps per second; what comes next is read ahead. */
	double Velocity = 0.0;

	bool IsSameAs(const FNeuvolFrame& Other) const
	{
		return Variable == Other.Variable && Level == Other.Level && Quality == Other.Quality && Texel == Other.Texel
			&& Time == Other.Time;
	}

	neuvol::Request Request() const
	{
		neuvol::Request Made;
		Made.variable = static_cast<uint32>(Variable);
		Made.level = static_cast<uint32>(Level);
		Made.quality = static_cast<uint32>(Quality);
		Made.time = Time;
		return Made;
	}
};

/**
 * Two volume textures of the engine, so that one is drawn while the other is written. All but the constructor is for the render
 * thread.
 */
class FNeuvolTextures
{
public:
	FNeuvolTextures(const FIntVector& InSize, ENeuvolTexel InTexel) : Size(InSize), Texel(InTexel) {}

	const FIntVector& GetSize() const { return Size; }
	ENeuvolTexel GetTexel() const { return Texel; }
	uint32 GetTexelBytes() const { return Texel == ENeuvolTexel::Float16 ? 2u : 4u; }

	/** What is drawn; null before there is a first frame. */
	FRHITexture* GetFront() const { return bHasFront ? Textures[Front].GetReference() : nullptr; }
	/** What is written; made by the first call. */
	FRHITexture* GetBack(FRHICommandListBase& RHICmdList);
	/** Which of the two GetBack() is. */
	int32 GetBackIndex() const { return bHasFront ? 1 - Front : Front; }
	/** From now on, what was written is drawn. */
	void Swap();

private:
	FIntVector Size;
	ENeuvolTexel Texel;
	FTextureRHIRef Textures[2];
	int32 Front = 0;
	bool bHasFront = false;
};

enum class ENeuvolProgress : uint8
{
	Idle,
	Busy,
	/** The frame that was begun is the one that is drawn from the render commands on that come now. */
	Done,
	Failed
};

/** Decodes frames into a pair of textures, one at a time. Game thread; what it starts elsewhere outlives it. */
class FNeuvolStream
{
public:
	FNeuvolStream(const TSharedRef<FNeuvolFile>& InFile, const TSharedRef<FNeuvolTextures>& InTextures)
		: File(InFile), Textures(InTextures)
	{
	}
	virtual ~FNeuvolStream() = default;

	/** Begins a frame. Not while one is on its way. */
	virtual void Begin(const FNeuvolFrame& Frame, float BudgetMs) = 0;
	/** Goes on. Done and Failed are told once. */
	virtual ENeuvolProgress Poll(FText& OutError) = 0;
	virtual ENeuvolBackend GetBackend() const = 0;

	const TSharedRef<FNeuvolTextures>& GetTextures() const { return Textures; }

protected:
	TSharedRef<FNeuvolFile> File;
	TSharedRef<FNeuvolTextures> Textures;
};

/** Decodes on the processor and copies to the textures, a few megabytes per frame. Works on every RHI. */
class FNeuvolUploadStream final : public FNeuvolStream
{
public:
	using FNeuvolStream::FNeuvolStream;

	virtual void Begin(const FNeuvolFrame& Frame, float BudgetMs) override;
	virtual ENeuvolProgress Poll(FText& OutError) override;
	virtual ENeuvolBackend GetBackend() const override { return ENeuvolBackend::CpuUpload; }

private:
	struct FDecoded
	{
		TArray64<uint8> Texels;
		FText Error;
	};

	TFuture<TSharedPtr<FDecoded>> Decoding;
	TSharedPtr<FDecoded> Decoded;
	int32 NextSlice = 0;
	bool bIsBusy = false;
};
