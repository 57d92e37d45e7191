// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolPlayer.h"

#include "NeuvolAsset.h"
#include "NeuvolModule.h"
#include "NeuvolVulkan.h"

#define LOCTEXT_NAMESPACE "Neuvol"

namespace
{
	FIntVector SizeOnLevel(const FIntVector& Size, int32 Level)
	{
		const auto Halved = [Level](int32 Voxels) { return ((Voxels - 1) >> Level) + 1; };
		return FIntVector(Halved(Size.X), Halved(Size.Y), Halved(Size.Z));
	}
}

FNeuvolPlayer::FNeuvolPlayer(const FString& Path)
{
	const FNeuvolModule* Module = FNeuvolModule::Get();
	if (Module == nullptr || Module->GetApi() == nullptr)
	{
		Fail(Module != nullptr ? Module->GetLoadError() : LOCTEXT("NoModule", "The module Neuvol is not loaded."));
		return;
	}
	Opening = FNeuvolModule::Launch([Api = Module->GetApi(), Path]
	{
		TSharedPtr<FOpened> Made = MakeShared<FOpened>();
		Made->File = FNeuvolFile::OpenPath(*Api, Path, Made->Error);
		return Made;
	});
}

FNeuvolPlayer::FNeuvolPlayer(UNeuvolAsset& Asset)
{
	FText Why;
	File = Asset.Open(Why);
	if (!File)
	{
		Fail(Why);
	}
}

void FNeuvolPlayer::Fail(const FText& Why)
{
	Error = Why;
	bIsSettled = true;
	UE_LOG(LogNeuvol, Warning, TEXT("%s"), *Why.ToString());
}

void FNeuvolPlayer::Tick(const FNeuvolWish& Wish)
{
	if (Opening.IsValid() && Opening.IsReady())
	{
		const TSharedPtr<FOpened> Opened = Opening.Get();
		Opening = {};
		File = Opened->File;
		if (!File)
		{
			Fail(Opened->Error);
		}
	}
	if (!File)
	{
		return;
	}
	if (Stream)
	{
		FText Why;
		const ENeuvolProgress Progress = Stream->Poll(Why);
		if (Progress == ENeuvolProgress::Busy)
		{
			bIsSettled = false;
			return;
		}
		if (Progress == ENeuvolProgress::Done)
		{
			Shown = Current;
			ShownTextures = Stream->GetTextures().ToSharedPtr();
			Error = FText::GetEmpty();
		}
		else if (Progress == ENeuvolProgress::Failed)
		{
			const TSharedPtr<FNeuvolVulkan> Vulkan = FNeuvolModule::Get() != nullptr ? FNeuvolModule::Get()->GetVulkan() : nullptr;
			const bool bHasLostDevice = Stream->GetBackend() == ENeuvolBackend::VulkanCompute
				&& (!Vulkan || Vulkan->GetState() == FNeuvolVulkan::EState::Failed);
			if (bHasLostDevice)
			{
				// The processor goes on where the device cannot.
				Stream.Reset();
			}
			else
			{
				Refused = Current;
				Fail(Why);
			}
		}
	}
	const TOptional<FNeuvolFrame> Frame = Resolve(Wish);
	const auto Is = [&](const TOptional<FNeuvolFrame>& Other) { return Other && Other->IsSameAs(*Frame); };
	bIsSettled = !Frame || Is(Refused) || Is(Shown);
	if (bIsSettled)
	{
		return;
	}
	Refused.Reset();
	MakeStream(*Frame);
	if (Stream)
	{
		Current = Frame;
		Stream->Begin(*Frame, Wish.BudgetMs);
	}
}

TOptional<FNeuvolFrame> FNeuvolPlayer::Resolve(const FNeuvolWish& Wish)
{
	FNeuvolFrame Frame;
	Frame.Variable = File->FindVariable(Wish.Variable);
	if (Frame.Variable == INDEX_NONE)
	{
		TArray<FString> Names;
		for (const FNeuvolVariable& Known : File->GetVariables())
		{
			Names.Add(Known.Name);
		}
		const FText Why = FText::Format(LOCTEXT("NoVariable", "{0} has no variable \"{1}\"; it has {2}."),
			FText::FromString(File->GetName()), FText::FromString(Wish.Variable), FText::FromString(FString::Join(Names, TEXT(", "))));
		if (!Error.EqualTo(Why))
		{
			Fail(Why);
		}
		return {};
	}
	const FNeuvolVariable& Known = File->GetVariables()[Frame.Variable];
	Frame.Level = FMath::Clamp(Wish.Level, 0, Known.Levels - 1);
	Frame.Quality = FMath::Clamp(Wish.Quality, 0, Known.Qualities - 1);
	Frame.Texel = Wish.Texel;
	Frame.Time = FMath::Clamp(Wish.Time, 0.0, static_cast<double>(Known.Steps - 1));
	Frame.Velocity = Wish.Velocity;
	return Frame;
}

void FNeuvolPlayer::MakeStream(const FNeuvolFrame& Frame)
{
	const FIntVector Size = SizeOnLevel(File->GetVariables()[Frame.Variable].Size, Frame.Level);
	FNeuvolModule* Module = FNeuvolModule::Get();
	if (Module == nullptr)
	{
		Stream.Reset();
		return;
	}
	const TSharedPtr<FNeuvolVulkan> Vulkan = Module->GetVulkan();
	if (Vulkan && Vulkan->GetState() == FNeuvolVulkan::EState::Starting)
	{
		return;
	}
	if (Stream && Stream->GetTextures()->GetSize() == Size && Stream->GetTextures()->GetTexel() == Frame.Texel)
	{
		return;
	}
	const int32 Most = static_cast<int32>(GMaxVolumeTextureDimensions);
	if (Size.GetMax() > Most)
	{
		Refused = Frame;
		Stream.Reset();
		Fail(FText::Format(LOCTEXT("TooLarge",
			"The volume has {0} voxels along its longest axis, and volume textures of this device {1} at most: choose a coarser level."),
			FText::AsNumber(Size.GetMax()), FText::AsNumber(Most)));
		return;
	}
	const TSharedRef<FNeuvolTextures> Textures = MakeShared<FNeuvolTextures>(Size, Frame.Texel);
	if (Vulkan && Vulkan->GetState() == FNeuvolVulkan::EState::Running)
	{
		Stream = Vulkan->CreateStream(File.ToSharedRef(), Textures);
		UploadReason = FText::GetEmpty();
	}
	else
	{
		Stream = MakeUnique<FNeuvolUploadStream>(File.ToSharedRef(), Textures);
		UploadReason = Vulkan ? Vulkan->GetError() : Module->GetNoVulkanReason();
	}
}

ENeuvolState FNeuvolPlayer::GetState() const
{
	if (!Error.IsEmpty())
	{
		return ENeuvolState::Failed;
	}
	return Shown ? ENeuvolState::Ready : ENeuvolState::Loading;
}

FText FNeuvolPlayer::GetStatus() const
{
	if (!Error.IsEmpty())
	{
		return Error;
	}
	if (!File)
	{
		return LOCTEXT("Opening", "Opening the file.");
	}
	if (!Shown)
	{
		return Stream ? LOCTEXT("Decoding", "Decoding the first frame.") : LOCTEXT("Starting", "Starting the decoder on the graphics device.");
	}
	const FNeuvolVariable& Known = File->GetVariables()[Shown->Variable];
	const TOptional<neuvol::Date> Date = File->GetDate(Shown->Variable, Shown->Time);
	const FString When = Date ? NeuvolString(Date->text()) + TEXT(" UTC") : FString::Printf(TEXT("step %g"), Shown->Time);
	const FText Shows = FText::Format(LOCTEXT("Shows", "Shows {0} at {1}, level {2}."), FText::FromString(Known.Name),
		FText::FromString(When), FText::AsNumber(Shown->Level));
	if (UploadReason.IsEmpty())
	{
		return FText::Format(LOCTEXT("ByVulkan", "{0} Decoded on the graphics device (Vulkan)."), Shows);
	}
	return FText::Format(LOCTEXT("ByProcessor", "{0} Decoded on the processor: {1}."), Shows, UploadReason);
}

#undef LOCTEXT_NAMESPACE
