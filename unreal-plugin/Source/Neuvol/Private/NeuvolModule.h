// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "Async/Async.h"
#include "Containers/Ticker.h"
#include "CoreMinimal.h"
#include "Modules/ModuleInterface.h"
#include "NeuvolNative.h"

#include <atomic>

DECLARE_LOG_CATEGORY_EXTERN(LogNeuvol, Log, All);

class FNeuvolRenderer;
class FNeuvolVulkan;

/** The loaded decoder, and what all volumes share. */
class FNeuvolModule : public IModuleInterface
{
public:
	/** Null before the module has started and after it has ended. */
	static FNeuvolModule* Get();

	//~ Begin IModuleInterface
	virtual void StartupModule() override;
	virtual void ShutdownModule() override;
	//~ End IModuleInterface

	/** The decoder's functions; null if it could not be loaded, which GetLoadError tells. */
	const neuvol::Api* GetApi() const { return bIsLoaded ? &Api : nullptr; }
	const FText& GetLoadError() const { return LoadError; }

	/** The decoder on the engine's Vulkan device. Null on another RHI; GetNoVulkanReason tells. Game thread. */
	TSharedPtr<FNeuvolVulkan> GetVulkan();
	const FText& GetNoVulkanReason() const { return NoVulkanReason; }

	FNeuvolRenderer* GetRenderer() const { return Renderer.Get(); }

	/** Runs something in the background. The library stays loaded until it has ended. */
	template <typename FunctionType>
	static auto Launch(FunctionType&& Function) -> TFuture<decltype(Function())>
	{
		Running.fetch_add(1);
		return Async(EAsyncExecution::ThreadPool, [Function = MoveTemp(Function)]() mutable
		{
			// What the function holds goes before it no longer counts as running.
			struct FEnd
			{
				~FEnd() { Running.fetch_sub(1); }
			} End;
			auto Taken = MoveTemp(Function);
			return Taken();
		});
	}

private:
	void LoadLibrary();
	void Stop();
	bool Tick(float DeltaTime);

	neuvol::Api Api;
	bool bIsLoaded = false;
	void* Library = nullptr;
	FText LoadError;

	TSharedPtr<FNeuvolVulkan> Vulkan;
	bool bHasAskedForVulkan = false;
	FText NoVulkanReason;

	TUniquePtr<FNeuvolRenderer> Renderer;
	FTSTicker::FDelegateHandle Ticker;
	FDelegateHandle PostEngineInit;
	FDelegateHandle EnginePreExit;

	static inline std::atomic<int32> Running{0};
};
