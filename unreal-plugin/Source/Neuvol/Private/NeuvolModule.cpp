// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolModule.h"

#include "HAL/PlatformProcess.h"
#include "Interfaces/IPluginManager.h"
#include "Misc/CoreDelegates.h"
#include "Misc/Paths.h"
#include "Modules/ModuleManager.h"
#include "NeuvolRenderer.h"
#include "NeuvolVulkan.h"
#include "RenderingThread.h"
#include "ShaderCore.h"

#define LOCTEXT_NAMESPACE "Neuvol"

DEFINE_LOG_CATEGORY(LogNeuvol);

namespace
{
	FNeuvolModule* Instance = nullptr;
}

FNeuvolModule* FNeuvolModule::Get()
{
	return Instance;
}

void FNeuvolModule::StartupModule()
{
	Instance = this;
	const TSharedPtr<IPlugin> Plugin = IPluginManager::Get().FindPlugin(TEXT("Neuvol"));
	AddShaderSourceDirectoryMapping(TEXT("/Plugin/Neuvol"), FPaths::Combine(Plugin->GetBaseDir(), TEXT("Shaders")));
	LoadLibrary();
	// The RHI starts after this module, and reads then what was asked for.
	FNeuvolVulkan::RequestExtensions();
	Renderer = MakeUnique<FNeuvolRenderer>();
	// The renderer's module is there once the engine is.
	PostEngineInit = FCoreDelegates::OnPostEngineInit.AddLambda([this]
	{
		Renderer->Register();
	});
	// The last moment at which the graphics device is surely alive.
	EnginePreExit = FCoreDelegates::OnEnginePreExit.AddLambda([this]
	{
		Stop();
	});
	Ticker = FTSTicker::GetCoreTicker().AddTicker(FTickerDelegate::CreateRaw(this, &FNeuvolModule::Tick));
}

void FNeuvolModule::ShutdownModule()
{
	FTSTicker::GetCoreTicker().RemoveTicker(Ticker);
	FCoreDelegates::OnPostEngineInit.Remove(PostEngineInit);
	FCoreDelegates::OnEnginePreExit.Remove(EnginePreExit);
	Stop();
	// What is still in a scene finds no renderer to leave any more.
	Instance = nullptr;
	FlushRenderingCommands();
	Renderer.Reset();
	while (Running.load() != 0)
	{
		FPlatformProcess::Sleep(0.001f);
	}
	// Not freed: files that objects still hold are closed through it, and those may go after the modules.
	bIsLoaded = false;
}

void FNeuvolModule::Stop()
{
	if (Renderer)
	{
		Renderer->Unregister();
	}
	if (Vulkan)
	{
		Vulkan->Stop();
		Vulkan.Reset();
	}
	bHasAskedForVulkan = true;
	NoVulkanReason = LOCTEXT("Ending", "the engine is shutting down");
}

void FNeuvolModule::LoadLibrary()
{
#if PLATFORM_WINDOWS
	const TCHAR* Name = TEXT("Win64/neuvol.dll");
#else
	const TCHAR* Name = TEXT("Linux/libneuvol.so");
#endif
	const FString Base = IPluginManager::Get().FindPlugin(TEXT("Neuvol"))->GetBaseDir();
	const FString Path = FPaths::ConvertRelativePathToFull(FPaths::Combine(Base, TEXT("Source/ThirdParty/Neuvol/lib"), Name));
	Library = FPlatformProcess::GetDllHandle(*Path);
	if (Library == nullptr)
	{
		LoadError = FText::Format(LOCTEXT("NoLibrary",
			"The decoder {0} cannot be loaded: it is missing, or not for this system. Install the packaged plugin, which has it."),
			FText::FromString(Path));
		UE_LOG(LogNeuvol, Error, TEXT("%s"), *LoadError.ToString());
		return;
	}
	neuvol::Result<neuvol::Api> Loaded = neuvol::Api::load([this](const char* Function)
	{
		return FPlatformProcess::GetDllExport(Library, UTF8_TO_TCHAR(Function));
	});
	if (!Loaded)
	{
		LoadError = FText::Format(LOCTEXT("WrongLibrary", "The decoder {0} does not fit this plugin: {1}"), FText::FromString(Path),
			NeuvolText(Loaded.error().message));
		UE_LOG(LogNeuvol, Error, TEXT("%s"), *LoadError.ToString());
		return;
	}
	Api = *Loaded;
	bIsLoaded = true;
	UE_LOG(LogNeuvol, Log, TEXT("decoder %s from %s"), UTF8_TO_TCHAR(Api.version_string()), *Path);
}

TSharedPtr<FNeuvolVulkan> FNeuvolModule::GetVulkan()
{
	if (!bHasAskedForVulkan && bIsLoaded)
	{
		bHasAskedForVulkan = true;
		Vulkan = FNeuvolVulkan::Create(Api, NoVulkanReason);
	}
	return Vulkan;
}

bool FNeuvolModule::Tick(float)
{
	if (bIsLoaded)
	{
		if (Vulkan)
		{
			Vulkan->Tick();
		}
		TArray<FString> Lines;
		NeuvolString(Api.drain_log()).ParseIntoArrayLines(Lines);
		for (const FString& Line : Lines)
		{
			if (Line.StartsWith(TEXT("ERROR")))
			{
				UE_LOG(LogNeuvol, Error, TEXT("%s"), *Line);
			}
			else if (Line.StartsWith(TEXT("WARN")))
			{
				UE_LOG(LogNeuvol, Warning, TEXT("%s"), *Line);
			}
			else
			{
				UE_LOG(LogNeuvol, Log, TEXT("%s"), *Line);
			}
		}
	}
	return true;
}

IMPLEMENT_MODULE(FNeuvolModule, Neuvol)

#undef LOCTEXT_NAMESPACE
