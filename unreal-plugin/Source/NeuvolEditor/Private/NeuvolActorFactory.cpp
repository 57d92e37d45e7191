// SPDX-License-Identifier: MIT OR Apache-2.0

#include "NeuvolActorFactory.h"

#include "AssetRegistry/AssetData.h"
#include "NeuvolActor.h"
#include "NeuvolAsset.h"
#include "NeuvolComponent.h"

#define LOCTEXT_NAMESPACE "Neuvol"

UNeuvolActorFactory::UNeuvolActorFactory()
{
	DisplayName = LOCTEXT("Volume", "Neuvol Volume");
	NewActorClass = ANeuvolActor::StaticClass();
}

bool UNeuvolActorFactory::CanCreateActorFrom(const FAssetData& AssetData, FText& OutErrorMsg)
{
	if (AssetData.IsValid() && !AssetData.IsInstanceOf(UNeuvolAsset::StaticClass()))
	{
		OutErrorMsg = LOCTEXT("NoVolume", "A Neuvol volume is needed.");
		return false;
	}
	return true;
}

void UNeuvolActorFactory::PostSpawnActor(UObject* Asset, AActor* NewActor)
{
	Super::PostSpawnActor(Asset, NewActor);
	if (UNeuvolAsset* Volume = Cast<UNeuvolAsset>(Asset))
	{
		CastChecked<ANeuvolActor>(NewActor)->Volume->SetAsset(Volume);
	}
}

#undef LOCTEXT_NAMESPACE
