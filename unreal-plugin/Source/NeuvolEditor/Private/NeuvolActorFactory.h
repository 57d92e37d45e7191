// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "ActorFactories/ActorFactory.h"
#include "CoreMinimal.h"
#include "NeuvolActorFactory.generated.h"

/** Makes an actor of an asset that is dragged into a level. */
UCLASS()
class UNeuvolActorFactory : public UActorFactory
{
	GENERATED_BODY()

public:
	UNeuvolActorFactory();

	virtual bool CanCreateActorFrom(const FAssetData& AssetData, FText& OutErrorMsg) override;
	virtual void PostSpawnActor(UObject* Asset, AActor* NewActor) override;
};
