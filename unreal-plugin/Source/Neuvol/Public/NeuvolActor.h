// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "GameFramework/Actor.h"
#include "NeuvolActor.generated.h"

class UNeuvolComponent;

/** A volume in a level: what dragging an asset into it makes. */
UCLASS(BlueprintType)
class NEUVOL_API ANeuvolActor : public AActor
{
	GENERATED_BODY()

public:
	ANeuvolActor();

	UPROPERTY(VisibleAnywhere, BlueprintReadOnly, Category = "Neuvol")
	TObjectPtr<UNeuvolComponent> Volume;
};
