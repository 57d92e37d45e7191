// What a test does with the fake engine. Threads are real: the game's (the caller's), the render thread, the RHI thread, a pool.
#pragma once

#include "CoreMinimal.h"
#include "DynamicRHI.h"
#include "PixelShaderUtils.h"
#include "SceneInterface.h"

#include <string>
#include <vector>

class UPrimitiveComponent;

namespace Fake
{
	enum class EKind
	{
		/** On a real Vulkan device, with validation layers. */
		Vulkan,
		/** Any other: textures in memory. */
		Other,
	};

	struct FOptions
	{
		EKind Kind = EKind::Vulkan;
		/** Folder of the plugin. */
		std::string Plugin;
		/** Folder that relative paths of files start from. */
		std::string Content;
		/** Whether the RHI says that it stores to 16-bit images. */
		bool bHasExtendedFormats = true;
	};

	/** Starts the modules, then the RHI, then the rest, in the engine's order. False without a Vulkan device. */
	bool Start(const FOptions& Options);
	/** Ends everything in the engine's order. Gives what went wrong: broken rules, messages of the layers, leaks. */
	std::vector<std::string> Stop();
	/** As Stop, but the graphics device goes on living: only what is said before the end of the engine. */
	void PreExit();

	/** A component that is registered ticks in each frame. */
	void Tick(UPrimitiveComponent* Component);
	void Forget(UPrimitiveComponent* Component);

	/** One frame: ticks, drawing, submitting. */
	void Frame(float DeltaTime = 1.0f / 60.0f);
	/** Where the eye is, for the frames to come. */
	void SetView(const FMatrix& View, const FMatrix& Projection);
	/** What the last frame drew, in order. */
	std::vector<FDrawn> GetDrawn();
	/** The scene that components are put into; the one that is seen is the first. */
	FSceneInterface* GetScene();
	void SeeAnotherScene(bool bOther);

	/** What is in a texture, x fastest. Waits. */
	TArray<uint8> Read(FRHITexture* Texture);

	/** Names that were asked for before the RHI started. */
	std::vector<std::string> GetRequestedExtensions();
	/** Lines that were logged as errors or warnings since the last call. */
	std::vector<std::string> TakeComplaints();

	void Broken(const std::string& Rule);
	bool IsRenderThread();
	bool IsRhiThread();
	/** Runs on the RHI thread, and waits. */
	void OnRhiThread(const std::function<void()>& Function);

	FDynamicRHI* MakeVulkan(bool bHasExtendedFormats, std::vector<std::string>& Messages);
	FDynamicRHI* MakeOther();
}
