// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolAssetFactory.h"

#include "Misc/FeedbackContext.h"
#include "Misc/FileHelper.h"
#include "NeuvolAsset.h"

#define LOCTEXT_NAMESPACE "Neuvol"

UNeuvolAssetFactory::UNeuvolAssetFactory()
{
	SupportedClass = UNeuvolAsset::StaticClass();
	Formats.Add(TEXT("neuvol;Neuvol volume"));
	bEditorImport = true;
	bCreateNew = false;
}

UObject* UNeuvolAssetFactory::FactoryCreateFile(UClass* InClass, UObject* InParent, FName InName, EObjectFlags Flags,
	const FString& Filename, const TCHAR*, FFeedbackContext* Warn, bool& bOutOperationCanceled)
{
	bOutOperationCanceled = false;
	TArray64<uint8> Bytes;
	if (!FFileHelper::LoadFileToArray(Bytes, *Filename))
	{
		Warn->Logf(ELogVerbosity::Error, TEXT("%s cannot be read."), *Filename);
		return nullptr;
	}
	UNeuvolAsset* Asset = NewObject<UNeuvolAsset>(InParent, InClass, InName, Flags);
	FText Error;
	if (!Asset->SetBytes(MoveTemp(Bytes), Filename, Error))
	{
		Warn->Logf(ELogVerbosity::Error, TEXT("%s"), *Error.ToString());
		return nullptr;
	}
	return Asset;
}

#undef LOCTEXT_NAMESPACE
