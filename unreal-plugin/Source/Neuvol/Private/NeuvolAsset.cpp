// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolAsset.h"

#include "NeuvolFile.h"
#include "NeuvolModule.h"
#include "Serialization/Archive.h"

#define LOCTEXT_NAMESPACE "Neuvol"

namespace
{
	/** Of what Serialize writes. */
	constexpr int32 Version = 1;
}

bool UNeuvolAsset::SetBytes(TArray64<uint8>&& InBytes, const FString& InSourceFile, FText& OutError)
{
	const FNeuvolModule* Module = FNeuvolModule::Get();
	if (Module == nullptr || Module->GetApi() == nullptr)
	{
		OutError = Module != nullptr ? Module->GetLoadError() : LOCTEXT("NoModule", "The module Neuvol is not loaded.");
		return false;
	}
	const TSharedRef<TArray64<uint8>> Taken = MakeShared<TArray64<uint8>>(MoveTemp(InBytes));
	const TSharedPtr<FNeuvolFile> File = FNeuvolFile::OpenBytes(*Module->GetApi(), Taken, InSourceFile, OutError);
	if (!File)
	{
		return false;
	}
	Bytes = Taken;
	Opened = File;
	SourceFile = InSourceFile;
	Variables = File->GetVariables();
	FileBytes = Taken->Num();
	return true;
}

TSharedPtr<FNeuvolFile> UNeuvolAsset::Open(FText& OutError)
{
	if (TSharedPtr<FNeuvolFile> File = Opened.Pin())
	{
		return File;
	}
	const FNeuvolModule* Module = FNeuvolModule::Get();
	if (Module == nullptr || Module->GetApi() == nullptr)
	{
		OutError = Module != nullptr ? Module->GetLoadError() : LOCTEXT("NoModule", "The module Neuvol is not loaded.");
		return nullptr;
	}
	if (!Bytes)
	{
		OutError = FText::Format(LOCTEXT("NoBytes", "The asset {0} is empty: import a .neuvol file again."), FText::FromString(GetName()));
		return nullptr;
	}
	TSharedPtr<FNeuvolFile> File = FNeuvolFile::OpenBytes(*Module->GetApi(), Bytes.ToSharedRef(), SourceFile, OutError);
	Opened = File;
	return File;
}

void UNeuvolAsset::Serialize(FArchive& Ar)
{
	Super::Serialize(Ar);
	if (IsTemplate())
	{
		return;
	}
	int32 Written = Version;
	int64 Count = Bytes ? Bytes->Num() : 0;
	Ar << Written;
	Ar << Count;
	if (Ar.IsLoading())
	{
		if (Written != Version || Count < 0)
		{
			Ar.SetError();
			return;
		}
		Bytes = Count != 0 ? MakeShared<TArray64<uint8>>().ToSharedPtr() : nullptr;
		if (Bytes)
		{
			Bytes->SetNumUninitialized(Count);
		}
		Opened.Reset();
	}
	if (Count != 0)
	{
		Ar.Serialize(Bytes->GetData(), Count);
	}
	if (Ar.IsLoading() && Ar.IsError())
	{
		Bytes.Reset();
	}
}

#undef LOCTEXT_NAMESPACE
