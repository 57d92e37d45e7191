// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "Async/Future.h"
#include "CoreMinimal.h"
#include "HAL/CriticalSection.h"
#include "NeuvolStream.h"
#include "RHI.h"

/**
 * The decoder on the engine's Vulkan device: it records compute work into the engine's own command buffers.
 *
 *   thread   what happens there
 *   game     frames are asked for, and their state is polled; once per frame, a render command that records
 *   render   states of the textures (transitions), which GPU frames are finished (fences)
 *   RHI      the decoder is handed the command buffer; textures are registered, decodes submitted
 *
 * The order of commands is all that keeps these apart: a decode is submitted behind the transition that makes its texture
 * writable, and a texture is drawn from behind the commands that wrote it.
 */
class FNeuvolVulkan : public TSharedFromThis<FNeuvolVulkan>
{
public:
	/** Asks for device extensions, before the RHI starts. */
	static void RequestExtensions();

	/** Null, with the reason, if the engine does not run on Vulkan. */
	static TSharedPtr<FNeuvolVulkan> Create(const neuvol::Api& Api, FText& OutReason);

	enum class EState : uint8
	{
		/** Pipelines are being made. */
		Starting,
		Running,
		/** The device cannot do it, or is lost: GetError tells. */
		Failed
	};

	EState GetState() const { return State; }
	const FText& GetError() const { return Error; }

	/** Once per frame. */
	void Tick();

	/** Waits for the device and ends; to be called before this goes, which may be on another thread. */
	void Stop();

	TUniquePtr<FNeuvolStream> CreateStream(const TSharedRef<FNeuvolFile>& File, const TSharedRef<FNeuvolTextures>& Textures);

	/** The largest budget that is asked for in a frame counts. */
	void AskForBudget(float Milliseconds) { WantedBudgetMs = FMath::Max(WantedBudgetMs, Milliseconds); }

	/** Render thread: from now on, until it ends, a texture is written to. */
	void BeginWriting(FRHICommandListImmediate& RHICmdList, FRHITexture* Texture);
	void EndWriting(FRHICommandListImmediate& RHICmdList, FRHITexture* Texture);

	/** RHI thread. */
	neuvol::Result<neuvol::Texture> Register(FRHITexture* Texture, const FNeuvolTextures& Textures) const;
	const neuvol::Context& GetContext() const { return Context; }

private:
	struct FInFlight
	{
		uint64 Frame = 0;
		FGPUFenceRHIRef Fence;
	};

	explicit FNeuvolVulkan(const neuvol::Api& InApi) : Api(InApi) {}
	void Start();
	void Record(FRHICommandListImmediate& RHICmdList);

	const neuvol::Api& Api;
	EState State = EState::Starting;
	FText Error;
	TFuture<TSharedPtr<neuvol::Result<neuvol::Context>>> Making;
	// Written while nothing records: before the first frame, and after the last one.
	neuvol::Context Context;
	float WantedBudgetMs = 0.0f;
	float BudgetMs = 0.0f;

	// Of the render thread.
	TArray<FRHITexture*> Writing;
	TArray<FInFlight> InFlight;
	uint64 Frame = 0;
	uint64 SafeFrame = 0;

	// Written by the RHI thread, read by the game thread.
	FCriticalSection Lock;
	FText RecordError;
};
