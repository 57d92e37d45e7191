// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolVulkan.h"

#include "DynamicRHI.h"
#include "Misc/ScopeLock.h"
#include "NeuvolModule.h"
#include "PixelFormat.h"
#include "RenderingThread.h"

#if NEUVOL_WITH_VULKAN
THIRD_PARTY_INCLUDES_START
#include <vulkan/vulkan.h>
THIRD_PARTY_INCLUDES_END
#include "IVulkanDynamicRHI.h"
#endif

#include <limits>

#define LOCTEXT_NAMESPACE "Neuvol"

#if NEUVOL_WITH_VULKAN

namespace
{
	/** Frames of the engine that may be on their way to the device at the same time. */
	constexpr uint32 FramesInFlight = 4;

	/**
	 * Decodes on the engine's device. Textures, ticket and state live in a part that render and RHI commands share, so that this
	 * may go at any time.
	 */
	class FNeuvolVulkanStream final : public FNeuvolStream
	{
	public:
		FNeuvolVulkanStream(const TSharedRef<FNeuvolVulkan>& InDevice, const TSharedRef<FNeuvolFile>& InFile,
			const TSharedRef<FNeuvolTextures>& InTextures)
			: FNeuvolStream(InFile, InTextures), Device(InDevice)
		{
		}

		virtual ~FNeuvolVulkanStream() override
		{
			ENQUEUE_RENDER_COMMAND(NeuvolForget)(
				[Device = this->Device, File = this->File, Textures = this->Textures, Shared = this->Shared, bIsBusy = this->bIsBusy](
					FRHICommandListImmediate& RHICmdList)
				{
					if (bIsBusy)
					{
						Device->EndWriting(RHICmdList, Textures->GetBack(RHICmdList));
					}
					// The textures go when this has run, and the RHI destroys them when the device has finished with them.
					RHICmdList.EnqueueLambda(TEXT("NeuvolForget"), [Device, File, Textures, Shared](FRHICommandListBase&)
					{
						FScopeLock Guard(&Shared->Lock);
						Shared->Ticket.cancel();
						Shared->Registered[0].close();
						Shared->Registered[1].close();
					});
				});
		}

		virtual void Begin(const FNeuvolFrame& Frame, float BudgetMs) override
		{
			check(!bIsBusy);
			bIsBusy = true;
			CurrentBudgetMs = BudgetMs;
			Device->AskForBudget(BudgetMs);
			ENQUEUE_RENDER_COMMAND(NeuvolBegin)(
				[Device = this->Device, File = this->File, Textures = this->Textures, Shared = this->Shared, Frame](
					FRHICommandListImmediate& RHICmdList)
				{
					FRHITexture* Back = Textures->GetBack(RHICmdList);
					const int32 Index = Textures->GetBackIndex();
					Device->BeginWriting(RHICmdList, Back);
					RHICmdList.EnqueueLambda(TEXT("NeuvolSubmit"), [Device, File, Textures, Shared, Frame, Back, Index](FRHICommandListBase&)
					{
						FScopeLock Guard(&Shared->Lock);
						Shared->Submit(*Device, *File, *Textures, Frame, Back, Index);
					});
				});
		}

		virtual ENeuvolProgress Poll(FText& OutError) override
		{
			if (!bIsBusy)
			{
				return ENeuvolProgress::Idle;
			}
			Device->AskForBudget(CurrentBudgetMs);
			const ENeuvolProgress Progress = Look(OutError);
			if (Progress == ENeuvolProgress::Busy)
			{
				return Progress;
			}
			bIsBusy = false;
			// All of it is recorded by now, so that what comes behind this command finds it.
			ENQUEUE_RENDER_COMMAND(NeuvolEnd)(
				[Device = this->Device, Textures = this->Textures, bIsDone = Progress == ENeuvolProgress::Done](
					FRHICommandListImmediate& RHICmdList)
				{
					Device->EndWriting(RHICmdList, Textures->GetBack(RHICmdList));
					if (bIsDone)
					{
						Textures->Swap();
					}
				});
			return Progress;
		}

		virtual ENeuvolBackend GetBackend() const override { return ENeuvolBackend::VulkanCompute; }

	private:
		struct FShared
		{
			FCriticalSection Lock;
			neuvol::Texture Registered[2];
			neuvol::Ticket Ticket;
			FText Error;

			void Submit(const FNeuvolVulkan& Vulkan, const FNeuvolFile& File, const FNeuvolTextures& Textures, const FNeuvolFrame& Frame,
				FRHITexture* Back, int32 Index)
			{
				if (!Registered[Index])
				{
					neuvol::Result<neuvol::Texture> Made = Vulkan.Register(Back, Textures);
					if (!Made && Made.error().code == NEUVOL_ERROR_NO_VULKAN && Textures.GetTexel() == ENeuvolTexel::Float16)
					{
						Error = FText::Format(LOCTEXT("NoHalf",
							"This device's compute shaders cannot store 16-bit floats: choose 32-bit floats as the texel. ({0})"),
							NeuvolText(Made.error().message));
						return;
					}
					if (!Made)
					{
						Error = NeuvolText(Made.error().message);
						return;
					}
					Registered[Index] = MoveTemp(*Made);
				}
				neuvol::Context::Target Target;
				Target.invalid = std::numeric_limits<float>::quiet_NaN();
				Target.time_velocity = Frame.Velocity;
				neuvol::Result<neuvol::Ticket> Made =
					Vulkan.GetContext().submit(File.GetVolume(), Registered[Index], Frame.Request(), Target);
				if (!Made)
				{
					Error = NeuvolText(Made.error().message);
					return;
				}
				Ticket = MoveTemp(*Made);
			}
		};

		/** Where the frame stands. */
		ENeuvolProgress Look(FText& OutError)
		{
			FScopeLock Guard(&Shared->Lock);
			if (Shared->Error.IsEmpty() && Device->GetState() == FNeuvolVulkan::EState::Failed)
			{
				Shared->Error = Device->GetError();
			}
			if (!Shared->Error.IsEmpty())
			{
				OutError = Shared->Error;
				Shared->Error = FText::GetEmpty();
				Shared->Ticket.cancel();
				return ENeuvolProgress::Failed;
			}
			if (!Shared->Ticket)
			{
				// Not submitted yet.
				return ENeuvolProgress::Busy;
			}
			const neuvol::Result<neuvol::State> Got = Shared->Ticket.poll();
			if (Got && *Got == neuvol::State::waiting)
			{
				return ENeuvolProgress::Busy;
			}
			Shared->Ticket.detach();
			if (Got && *Got == neuvol::State::ready)
			{
				return ENeuvolProgress::Done;
			}
			OutError = Got ? LOCTEXT("Cancelled", "The frame was cancelled.") : NeuvolText(Got.error().message);
			return ENeuvolProgress::Failed;
		}

		TSharedRef<FNeuvolVulkan> Device;
		TSharedRef<FShared> Shared = MakeShared<FShared>();
		float CurrentBudgetMs = 0.0f;
		bool bIsBusy = false;
	};

	IVulkanDynamicRHI* GetVulkanRHI()
	{
		return GetDynamicRHI<IVulkanDynamicRHI>();
	}
}

void FNeuvolVulkan::RequestExtensions()
{
	// Memory that another interface of the same GPU can share, for decoders beside Vulkan. Only names can be asked for in all
	// supported versions, no features: what needs one (16-bit floats, dot products) is left to what the engine enables.
#if PLATFORM_WINDOWS
	const ANSICHAR* const Extensions[] = {"VK_KHR_external_memory_win32", "VK_KHR_external_semaphore_win32"};
#else
	const ANSICHAR* const Extensions[] = {"VK_KHR_external_memory_fd", "VK_KHR_external_semaphore_fd"};
#endif
	IVulkanDynamicRHI::AddEnabledDeviceExtensionsAndLayers(Extensions, TArrayView<const ANSICHAR* const>());
}

TSharedPtr<FNeuvolVulkan> FNeuvolVulkan::Create(const neuvol::Api& Api, FText& OutReason)
{
	if (GDynamicRHI == nullptr || GDynamicRHI->GetInterfaceType() != ERHIInterfaceType::Vulkan)
	{
		const FString Name = GDynamicRHI != nullptr ? GDynamicRHI->GetName() : TEXT("none");
		OutReason = FText::Format(LOCTEXT("OtherRhi", "decoding on the graphics device needs Vulkan, and the RHI is {0}"),
			FText::FromString(Name));
		return nullptr;
	}
	const TSharedPtr<FNeuvolVulkan> Made(new FNeuvolVulkan(Api));
	Made->Start();
	return Made;
}

void FNeuvolVulkan::Start()
{
	IVulkanDynamicRHI* RHI = GetVulkanRHI();
	neuvol_vulkan_desc Desc = neuvol::Context::vulkan_desc();
	Desc.queue_family = RHI->RHIGetGraphicsQueueFamilyIndex();
	Desc.instance = RHI->RHIGetVkInstance();
	Desc.physical_device = RHI->RHIGetVkPhysicalDevice();
	Desc.device = RHI->RHIGetVkDevice();
	Desc.get_instance_proc_addr = RHI->RHIGetVkInstanceProcAddr("vkGetInstanceProcAddr");
	Desc.frames = FramesInFlight;
	// The engine stores to such images itself where its RHI says that it can.
	if (UE::PixelFormat::HasCapabilities(PF_R16F, EPixelFormatCapabilities::TypedUAVStore))
	{
		Desc.flags |= NEUVOL_VULKAN_EXTENDED_FORMATS;
	}
	Making = FNeuvolModule::Launch([&Api = this->Api, Desc]
	{
		return MakeShared<neuvol::Result<neuvol::Context>>(neuvol::Context::create_vulkan(Api, Desc)).ToSharedPtr();
	});
}

void FNeuvolVulkan::Tick()
{
	if (State == EState::Starting && Making.IsReady())
	{
		const TSharedPtr<neuvol::Result<neuvol::Context>> Made = Making.Get();
		if (*Made)
		{
			Context = MoveTemp(**Made);
			State = EState::Running;
		}
		else
		{
			Error = NeuvolText(Made->error().message);
			State = EState::Failed;
			UE_LOG(LogNeuvol, Warning, TEXT("no decoding on the graphics device: %s"), *Error.ToString());
		}
	}
	if (State != EState::Running)
	{
		return;
	}
	{
		FScopeLock Guard(&Lock);
		if (!RecordError.IsEmpty())
		{
			Error = RecordError;
			State = EState::Failed;
			UE_LOG(LogNeuvol, Error, TEXT("decoding on the graphics device has ended: %s"), *Error.ToString());
			return;
		}
	}
	if (WantedBudgetMs > 0.0f && WantedBudgetMs != BudgetMs)
	{
		BudgetMs = WantedBudgetMs;
		(void)Context.set_budget(static_cast<uint32>(BudgetMs * 1000.0f));
	}
	WantedBudgetMs = 0.0f;
	ENQUEUE_RENDER_COMMAND(NeuvolRecord)([This = AsShared()](FRHICommandListImmediate& RHICmdList)
	{
		This->Record(RHICmdList);
	});
}

void FNeuvolVulkan::Record(FRHICommandListImmediate& RHICmdList)
{
	while (!InFlight.IsEmpty() && InFlight[0].Fence->Poll())
	{
		SafeFrame = InFlight[0].Frame;
		InFlight.RemoveAt(0);
	}
	// With nothing to write there is nothing to record; with a device that is far behind, this frame does without.
	if (Writing.IsEmpty() || InFlight.Num() >= static_cast<int32>(FramesInFlight))
	{
		return;
	}
	for (FRHITexture* Texture : Writing)
	{
		// Between what the last frame wrote and what this one does.
		RHICmdList.Transition(FRHITransitionInfo(Texture, ERHIAccess::UAVCompute, ERHIAccess::UAVCompute));
	}
	++Frame;
	RHICmdList.EnqueueLambda(TEXT("NeuvolRecord"), [This = AsShared(), Frame = this->Frame, Safe = this->SafeFrame](FRHICommandListBase&)
	{
		IVulkanDynamicRHI* RHI = GetVulkanRHI();
		const VkCommandBuffer Commands = RHI->RHIGetActiveVkCommandBuffer();
		const neuvol::Result<bool> Recorded = This->Context.record(Commands, Frame, Safe);
		if (!Recorded)
		{
			FScopeLock Guard(&This->Lock);
			This->RecordError = NeuvolText(Recorded.error().message);
		}
		else if (*Recorded)
		{
			RHI->RHIFinishExternalComputeWork(Commands);
		}
	});
	FInFlight& Flying = InFlight.AddDefaulted_GetRef();
	Flying.Frame = Frame;
	Flying.Fence = RHICreateGPUFence(TEXT("NeuvolFrame"));
	RHICmdList.WriteGPUFence(Flying.Fence);
}

void FNeuvolVulkan::BeginWriting(FRHICommandListImmediate& RHICmdList, FRHITexture* Texture)
{
	RHICmdList.Transition(FRHITransitionInfo(Texture, ERHIAccess::SRVMask, ERHIAccess::UAVCompute));
	Writing.Add(Texture);
}

void FNeuvolVulkan::EndWriting(FRHICommandListImmediate& RHICmdList, FRHITexture* Texture)
{
	if (Writing.Remove(Texture) != 0)
	{
		RHICmdList.Transition(FRHITransitionInfo(Texture, ERHIAccess::UAVCompute, ERHIAccess::SRVMask));
	}
}

neuvol::Result<neuvol::Texture> FNeuvolVulkan::Register(FRHITexture* Texture, const FNeuvolTextures& Textures) const
{
	neuvol_texture_desc Desc = neuvol::Context::texture_desc();
	Desc.texel = Textures.GetTexel() == ENeuvolTexel::Float16 ? NEUVOL_TEXEL_R16F : NEUVOL_TEXEL_R32F;
	Desc.path = NEUVOL_WRITE_PATH_STORE;
	// 0: the render thread's transitions have it in the layout for stores.
	Desc.layout = 0;
	Desc.dims[0] = static_cast<uint32>(Textures.GetSize().X);
	Desc.dims[1] = static_cast<uint32>(Textures.GetSize().Y);
	Desc.dims[2] = static_cast<uint32>(Textures.GetSize().Z);
	Desc.image = (uint64)GetVulkanRHI()->RHIGetVkImage(Texture);
	return Context.register_texture(Desc);
}

void FNeuvolVulkan::Stop()
{
	if (Making.IsValid() && State == EState::Starting)
	{
		Making.Wait();
	}
	if (!Context)
	{
		State = EState::Failed;
		return;
	}
	ENQUEUE_RENDER_COMMAND(NeuvolStop)([](FRHICommandListImmediate& RHICmdList)
	{
		RHICmdList.BlockUntilGPUIdle();
	});
	FlushRenderingCommands();
	State = EState::Failed;
	Error = LOCTEXT("Stopped", "The engine is shutting down.");
	Context.close();
}

TUniquePtr<FNeuvolStream> FNeuvolVulkan::CreateStream(const TSharedRef<FNeuvolFile>& File, const TSharedRef<FNeuvolTextures>& Textures)
{
	return MakeUnique<FNeuvolVulkanStream>(AsShared(), File, Textures);
}

#else

// A platform without Vulkan.

void FNeuvolVulkan::RequestExtensions() {}

TSharedPtr<FNeuvolVulkan> FNeuvolVulkan::Create(const neuvol::Api&, FText& OutReason)
{
	OutReason = LOCTEXT("NoVulkan", "decoding on the graphics device needs Vulkan, which this platform does not have");
	return nullptr;
}

void FNeuvolVulkan::Tick() {}
void FNeuvolVulkan::Stop() {}

TUniquePtr<FNeuvolStream> FNeuvolVulkan::CreateStream(const TSharedRef<FNeuvolFile>&, const TSharedRef<FNeuvolTextures>&)
{
	return nullptr;
}

#endif

#undef LOCTEXT_NAMESPACE
