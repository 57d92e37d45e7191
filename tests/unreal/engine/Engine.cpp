// The engine's core: threads, modules, objects, frames.
#include "ActorFactories/ActorFactory.h"
#include "AssetDefinitionDefault.h"
#include "Async/Async.h"
#include "Containers/Ticker.h"
#include "Curves/CurveLinearColor.h"
#include "Factories/Factory.h"
#include "GlobalShader.h"
#include "HAL/PlatformProcess.h"
#include "Host.h"
#include "Interfaces/IPluginManager.h"
#include "Misc/CoreDelegates.h"
#include "Misc/Paths.h"
#include "Modules/ModuleManager.h"
#include "PrimitiveSceneProxy.h"
#include "RendererInterface.h"
#include "RenderingThread.h"
#include "ShaderCore.h"

#include <condition_variable>
#include <deque>
#include <dlfcn.h>
#include <mutex>
#include <sys/stat.h>
#include <thread>

FSimpleMulticastDelegate FCoreDelegates::OnPostEngineInit;
FSimpleMulticastDelegate FCoreDelegates::OnEnginePreExit;
FDynamicRHI* GDynamicRHI = nullptr;
uint32 GMaxVolumeTextureDimensions = 2048;

namespace
{
	/** Runs tasks in their order. */
	class FThread
	{
	public:
		FThread() : Thread([this] { Run(); }) {}
		~FThread()
		{
			{
				std::lock_guard<std::mutex> Guard(Lock);
				bEnds = true;
			}
			Changed.notify_all();
			Thread.join();
		}
		void Add(std::function<void()> Task)
		{
			{
				std::lock_guard<std::mutex> Guard(Lock);
				Tasks.push_back(std::move(Task));
			}
			Changed.notify_all();
		}
		void Wait()
		{
			check(!IsCurrent());
			std::unique_lock<std::mutex> Guard(Lock);
			Changed.wait(Guard, [this] { return Tasks.empty() && !bIsBusy; });
		}
		bool IsCurrent() const { return std::this_thread::get_id() == Thread.get_id(); }

	private:
		void Run()
		{
			std::unique_lock<std::mutex> Guard(Lock);
			while (true)
			{
				Changed.wait(Guard, [this] { return bEnds || !Tasks.empty(); });
				if (Tasks.empty()) return;
				std::function<void()> Task = std::move(Tasks.front());
				Tasks.pop_front();
				bIsBusy = true;
				Guard.unlock();
				Task();
				Task = nullptr;
				Guard.lock();
				bIsBusy = false;
				Changed.notify_all();
			}
		}

		std::mutex Lock;
		std::condition_variable Changed;
		std::deque<std::function<void()>> Tasks;
		bool bIsBusy = false;
		bool bEnds = false;
		std::thread Thread;
	};

	class FScene : public FSceneInterface
	{
	};

	struct FState
	{
		Fake::FOptions Options;
		std::unique_ptr<FThread> Render, Rhi;
		std::vector<std::thread> Pool;
		std::mutex PoolLock, ProblemLock, DrawnLock;
		std::vector<std::string> Broken, Complaints, Messages, Extensions;
		std::vector<std::pair<std::string, IModuleInterface* (*)()>> Makers;
		std::vector<std::pair<std::string, std::unique_ptr<IModuleInterface>>> Modules;
		std::vector<UPrimitiveComponent*> Ticking;
		std::vector<Fake::FDrawn> Drawn;
		std::map<FDelegateHandle, FPostOpaqueRenderDelegate> PostOpaque;
		FMatrix View, Projection;
		FScene Scenes[2];
		bool bSeesOther = false;
		uint32 Frame = 0;
		FRHICommandListImmediate Commands;
		FTSTicker Ticker;
	};

	FState& State()
	{
		static FState Made;
		return Made;
	}

	class FRenderer : public IRendererModule
	{
	public:
		virtual FDelegateHandle RegisterPostOpaqueRenderDelegate(const FPostOpaqueRenderDelegate& Delegate) override
		{
			const FDelegateHandle Handle(++Last);
			FlushRenderingCommands();
			State().PostOpaque[Handle] = Delegate;
			return Handle;
		}
		virtual void RemovePostOpaqueRenderDelegate(FDelegateHandle Handle) override
		{
			FlushRenderingCommands();
			State().PostOpaque.erase(Handle);
		}

	private:
		uint64 Last = 0;
	};

	class FPlugin : public IPlugin
	{
	public:
		virtual const FString& GetBaseDir() const override
		{
			static FString Dir;
			Dir = FString(Fake::FWide(State().Options.Plugin.c_str()));
			return Dir;
		}
	};

	class FPlugins : public IPluginManager
	{
	public:
		virtual TSharedPtr<IPlugin> FindPlugin(const FString& Name) override
		{
			check(Name == TEXT("Neuvol"));
			return MakeShared<FPlugin>();
		}
	};

	void DrawView(FRHICommandListImmediate& Commands)
	{
		{
			std::lock_guard<std::mutex> Guard(State().DrawnLock);
			State().Drawn.clear();
		}
		FRDGBuilder Builder(Commands);
		FRDGTexture Color, Depth;
		FSceneViewFamily Family;
		Family.Scene = &State().Scenes[State().bSeesOther ? 1 : 0];
		Family.FrameNumber = State().Frame;
		FSceneView View;
		View.Family = &Family;
		FPostOpaqueRenderParameters Parameters;
		Parameters.ViewportRect = {{16, 8}, {16 + 640, 8 + 360}};
		Parameters.ViewMatrix = State().View;
		Parameters.ProjMatrix = State().Projection;
		Parameters.ColorTexture = &Color;
		Parameters.DepthTexture = &Depth;
		Parameters.GraphBuilder = &Builder;
		Parameters.View = reinterpret_cast<const FViewInfo*>(&View);
		for (const auto& [Handle, Delegate] : State().PostOpaque)
		{
			Delegate.Execute(Parameters);
		}
	}
}

// ------------------------------------------------------------------------------------------------------------- threads

void Fake::EnqueueRender(std::function<void(FRHICommandListImmediate&)> Command)
{
	check(State().Render);
	State().Render->Add([Command = std::move(Command)] { Command(State().Commands); });
}

void FRHICommandListBase::FakeEnqueue(std::function<void(FRHICommandListBase&)> Function)
{
	check(Fake::IsRenderThread());
	State().Rhi->Add([Function = std::move(Function)] { Function(State().Commands); });
}

void FlushRenderingCommands()
{
	check(!Fake::IsRenderThread() && !Fake::IsRhiThread());
	if (State().Render)
	{
		State().Render->Wait();
		State().Rhi->Wait();
	}
}

void Fake::RunInPool(std::function<void()> Task)
{
	std::lock_guard<std::mutex> Guard(State().PoolLock);
	State().Pool.emplace_back(std::move(Task));
}

bool Fake::IsRenderThread()
{
	return State().Render && State().Render->IsCurrent();
}

bool Fake::IsRhiThread()
{
	return State().Rhi && State().Rhi->IsCurrent();
}

void Fake::OnRhiThread(const std::function<void()>& Function)
{
	FlushRenderingCommands();
	State().Rhi->Add(Function);
	State().Rhi->Wait();
}

FTextureRHIRef FRHICommandListBase::CreateTexture(const FRHITextureCreateDesc& Desc)
{
	check(Fake::IsRenderThread());
	return FTextureRHIRef(GDynamicRHI->FakeCreateTexture(Desc));
}

void FRHICommandListBase::UpdateTexture3D(FRHITexture* Texture, uint32 Mip, const FUpdateTextureRegion3D& Region, uint32 RowPitch,
	uint32 DepthPitch, const uint8* Data)
{
	check(Mip == 0);
	if (Texture->FakeState != ERHIAccess::SRVMask) Fake::Broken("a texture is updated that is being written to");
	FakeEnqueue([Texture = FTextureRHIRef(Texture), Region, RowPitch, DepthPitch, Data](FRHICommandListBase&)
	{
		GDynamicRHI->FakeUpdate(Texture, Region, RowPitch, DepthPitch, Data);
	});
}

void FRHICommandListBase::UpdateTexture2D(FRHITexture* Texture, uint32 Mip, const FUpdateTextureRegion2D& R, uint32 Pitch, const uint8* Data)
{
	UpdateTexture3D(Texture, Mip, FUpdateTextureRegion3D(R.DestX, R.DestY, 0, R.SrcX, R.SrcY, 0, R.Width, R.Height, 1), Pitch,
		Pitch * R.Height, Data);
}

void FRHICommandListBase::Transition(const FRHITransitionInfo& Info)
{
	check(Fake::IsRenderThread());
	if (Info.Texture->FakeState != Info.Before) Fake::Broken("a transition starts from a state that the texture is not in");
	Info.Texture->FakeState = Info.After;
	FakeEnqueue([Texture = FTextureRHIRef(Info.Texture), Before = Info.Before, After = Info.After](FRHICommandListBase&)
	{
		GDynamicRHI->FakeTransition(Texture, Before, After);
	});
}

void FRHICommandList::WriteGPUFence(FRHIGPUFence* Fence)
{
	FakeEnqueue([Fence = FGPUFenceRHIRef(Fence)](FRHICommandListBase&) { GDynamicRHI->FakeWriteFence(Fence); });
}

void FRHICommandListImmediate::BlockUntilGPUIdle()
{
	FakeEnqueue([](FRHICommandListBase&)
	{
		GDynamicRHI->FakeSubmit();
		GDynamicRHI->FakeWait();
	});
	State().Rhi->Wait();
}

FGPUFenceRHIRef RHICreateGPUFence(const FName&)
{
	return FGPUFenceRHIRef(GDynamicRHI->FakeCreateFence());
}

// ------------------------------------------------------------------------------------------------- modules and delegates

void Fake::AddModule(const char* Name, IModuleInterface* (*Make)())
{
	State().Makers.emplace_back(Name, Make);
}

IModuleInterface* Fake::FindModule(const FString& Name)
{
	for (const auto& [Known, Module] : State().Modules)
	{
		if (Name == FString(FWide(Known.c_str()))) return Module.get();
	}
	return nullptr;
}

FTSTicker& FTSTicker::GetCoreTicker()
{
	return State().Ticker;
}

FTSTicker::FDelegateHandle FTSTicker::AddTicker(const FTickerDelegate& Delegate, float)
{
	Delegates[++Last] = Delegate;
	return {Last};
}

void FTSTicker::RemoveTicker(FDelegateHandle Handle)
{
	State().Ticker.Delegates.erase(Handle.Number);
}

void FTSTicker::Tick(float DeltaTime)
{
	const auto Copy = Delegates;
	for (const auto& [Number, Delegate] : Copy) check(Delegate.Execute(DeltaTime));
}

IPluginManager& IPluginManager::Get()
{
	static FPlugins Made;
	return Made;
}

void* FPlatformProcess::GetDllHandle(const TCHAR* Path)
{
	return dlopen(Fake::Narrow(Path).c_str(), RTLD_NOW | RTLD_LOCAL);
}

void* FPlatformProcess::GetDllExport(void* Handle, const TCHAR* Name)
{
	return dlsym(Handle, Fake::Narrow(Name).c_str());
}

void FPlatformProcess::Sleep(float Seconds)
{
	std::this_thread::sleep_for(std::chrono::duration<float>(Seconds));
}

void AddShaderSourceDirectoryMapping(const FString& Virtual, const FString& Real)
{
	struct stat Found;
	check(Virtual == TEXT("/Plugin/Neuvol") && stat(Fake::Narrow(*Real).c_str(), &Found) == 0);
}

FString FPaths::ProjectContentDir()
{
	return FString(Fake::FWide(State().Options.Content.c_str()));
}

FGlobalShaderMap* GetGlobalShaderMap(ERHIFeatureLevel::Type)
{
	static FGlobalShaderMap Made;
	return &Made;
}

// ------------------------------------------------------------------------------------------------------------- objects

#define FAKE_CLASS(Name, Super, Make)                       \
	UClass* Name::StaticClass()                             \
	{                                                       \
		static UClass Made(TEXT(#Name), Super, Make);       \
		return &Made;                                       \
	}
FAKE_CLASS(UObject, nullptr, nullptr)
FAKE_CLASS(UActorComponent, UObject::StaticClass(), nullptr)
FAKE_CLASS(USceneComponent, UActorComponent::StaticClass(), nullptr)
FAKE_CLASS(UPrimitiveComponent, USceneComponent::StaticClass(), nullptr)
FAKE_CLASS(AActor, UObject::StaticClass(), nullptr)
FAKE_CLASS(UCurveLinearColor, UObject::StaticClass(), [] () -> UObject* { return new UCurveLinearColor; })
FAKE_CLASS(UFactory, UObject::StaticClass(), nullptr)
FAKE_CLASS(UActorFactory, UObject::StaticClass(), nullptr)
FAKE_CLASS(UAssetDefinitionDefault, UObject::StaticClass(), nullptr)

void UActorComponent::RegisterComponent()
{
	bIsRegistered = true;
	OnRegister();
	FakeCreateRenderState();
	bIsDataDirty = true;
	FakeEndOfFrame();
}

void UActorComponent::UnregisterComponent()
{
	FakeDestroyRenderState();
	OnUnregister();
	bIsRegistered = false;
}

void UActorComponent::FakeEndOfFrame()
{
	if (std::exchange(bIsTransformDirty, false)) FakeSendTransform();
	if (std::exchange(bIsDataDirty, false)) SendRenderDynamicData_Concurrent();
}

FPrimitiveSceneProxy::FPrimitiveSceneProxy(const UPrimitiveComponent* Component)
	: FakeScene(Fake::GetScene()), FakeLocalToWorld(Component->GetComponentTransform().ToMatrixWithScale()), FakeBounds(Component->Bounds)
{
}

void UPrimitiveComponent::FakeCreateRenderState()
{
	UpdateBounds();
	SceneProxy = CreateSceneProxy();
	ENQUEUE_RENDER_COMMAND(AddPrimitive)([Proxy = SceneProxy](FRHICommandListImmediate& Commands)
	{
		if (Proxy != nullptr) Proxy->CreateRenderThreadResources(Commands);
	});
}

void UPrimitiveComponent::FakeDestroyRenderState()
{
	ENQUEUE_RENDER_COMMAND(RemovePrimitive)([Proxy = SceneProxy](FRHICommandListImmediate&)
	{
		if (Proxy != nullptr) Proxy->DestroyRenderThreadResources();
		delete Proxy;
	});
	SceneProxy = nullptr;
}

void UPrimitiveComponent::FakeSendTransform()
{
	UpdateBounds();
	ENQUEUE_RENDER_COMMAND(Transform)([Proxy = SceneProxy, Matrix = FakeTransform.ToMatrixWithScale(), Bounds = this->Bounds](
		FRHICommandListImmediate&)
	{
		if (Proxy != nullptr)
		{
			Proxy->FakeLocalToWorld = Matrix;
			Proxy->FakeBounds = Bounds;
		}
	});
}

// ---------------------------------------------------------------------------------------------------------------- host

bool Fake::Start(const FOptions& Options)
{
	State().Options = Options;
	State().Modules.emplace_back("Renderer", std::make_unique<FRenderer>());
	// PostConfigInit: before the RHI, the threads and the engine.
	const auto Load = [](const std::string& Wanted)
	{
		for (const auto& [Name, Make] : State().Makers)
		{
			if (Name != Wanted) continue;
			State().Modules.emplace_back(Name, std::unique_ptr<IModuleInterface>(Make()));
			State().Modules.back().second->StartupModule();
		}
	};
	Load("Neuvol");
	GDynamicRHI = Options.Kind == EKind::Vulkan ? MakeVulkan(Options.bHasExtendedFormats, State().Messages) : MakeOther();
	if (GDynamicRHI == nullptr) return false;
	State().Rhi = std::make_unique<FThread>();
	State().Render = std::make_unique<FThread>();
	Load("NeuvolEditor");
	FCoreDelegates::OnPostEngineInit.Broadcast();
	return true;
}

void Fake::PreExit()
{
	FCoreDelegates::OnEnginePreExit.Broadcast();
}

std::vector<std::string> Fake::Stop()
{
	PreExit();
	while (!State().Modules.empty())
	{
		State().Modules.back().second->ShutdownModule();
		State().Modules.pop_back();
	}
	FlushRenderingCommands();
	State().Rhi->Add([]
	{
		GDynamicRHI->FakeSubmit();
		GDynamicRHI->FakeWait();
	});
	State().Rhi->Wait();
	for (std::thread& Task : State().Pool) Task.join();
	State().Pool.clear();
	State().Render.reset();
	State().Rhi.reset();
	delete GDynamicRHI;
	GDynamicRHI = nullptr;
	std::vector<std::string> All = State().Broken;
	All.insert(All.end(), State().Messages.begin(), State().Messages.end());
	return All;
}

void Fake::Tick(UPrimitiveComponent* Component)
{
	State().Ticking.push_back(Component);
}

void Fake::Forget(UPrimitiveComponent* Component)
{
	auto& All = State().Ticking;
	All.erase(std::remove(All.begin(), All.end(), Component), All.end());
}

void Fake::Frame(float DeltaTime)
{
	State().Frame += 1;
	for (UPrimitiveComponent* Component : State().Ticking)
	{
		if (Component->PrimaryComponentTick.bCanEverTick)
		{
			Component->TickComponent(DeltaTime, LEVELTICK_All, &Component->PrimaryComponentTick);
		}
	}
	State().Ticker.Tick(DeltaTime);
	for (UPrimitiveComponent* Component : State().Ticking) Component->FakeEndOfFrame();
	ENQUEUE_RENDER_COMMAND(Frame)([](FRHICommandListImmediate& Commands)
	{
		DrawView(Commands);
		Commands.FakeEnqueue([](FRHICommandListBase&) { GDynamicRHI->FakeSubmit(); });
	});
	// The game is at most about a frame ahead of the render thread.
	State().Render->Wait();
}

void Fake::SetView(const FMatrix& View, const FMatrix& Projection)
{
	FlushRenderingCommands();
	State().View = View;
	State().Projection = Projection;
}

void Fake::Drawn(const FDrawn& What)
{
	check(IsRenderThread());
	if (What.Volume->FakeState != ERHIAccess::SRVMask) Broken("a texture is drawn that is being written to");
	std::lock_guard<std::mutex> Guard(State().DrawnLock);
	State().Drawn.push_back(What);
}

std::vector<Fake::FDrawn> Fake::GetDrawn()
{
	FlushRenderingCommands();
	std::lock_guard<std::mutex> Guard(State().DrawnLock);
	return State().Drawn;
}

FSceneInterface* Fake::GetScene()
{
	return &State().Scenes[0];
}

void Fake::SeeAnotherScene(bool bOther)
{
	FlushRenderingCommands();
	State().bSeesOther = bOther;
}

TArray<uint8> Fake::Read(FRHITexture* Texture)
{
	TArray<uint8> Made;
	OnRhiThread([&] { Made = GDynamicRHI->FakeRead(Texture); });
	return Made;
}

std::vector<std::string> Fake::GetRequestedExtensions()
{
	return State().Extensions;
}

void Fake::Broken(const std::string& Rule)
{
	std::lock_guard<std::mutex> Guard(State().ProblemLock);
	State().Broken.push_back(Rule);
}

std::vector<std::string> Fake::TakeComplaints()
{
	std::lock_guard<std::mutex> Guard(State().ProblemLock);
	return std::exchange(State().Complaints, {});
}

void Fake::Log(const char* Category, ELogVerbosity::Type Verbosity, const FString& Text)
{
	const std::string Line = std::string(Category) + ": " + Narrow(*Text);
	if (Verbosity == ELogVerbosity::Log) return;
	std::lock_guard<std::mutex> Guard(State().ProblemLock);
	State().Complaints.push_back(Line);
}

// In the RHI's header, but asked for before there is one.
#include "IVulkanDynamicRHI.h"

void IVulkanDynamicRHI::AddEnabledDeviceExtensionsAndLayers(TArrayView<const ANSICHAR* const> Extensions,
	TArrayView<const ANSICHAR* const> Layers)
{
	if (GDynamicRHI != nullptr) Fake::Broken("extensions are asked for when the RHI has started");
	for (const ANSICHAR* Name : Extensions) State().Extensions.push_back(Name);
	check(Layers.Num() == 0);
}
