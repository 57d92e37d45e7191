// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "CoreMinimal.h"
#include "Factories/Factory.h"
#include "NeuvolAssetFactory.generated.h"

/** Imports a .neuvol file: drop it into the Content Browser. */
UCLASS()
class UNeuvolAssetFactory : public UFactory
{
	GENERATED_BODY()

public:
	UNeuvolAssetFactory();

	virtual UObject* FactoryCreateFile(UClass* InClass, UObject* InParent, FName InName, EObjectFlags Flags, const FString& Filename,
		const TCHAR* Parms, FFeedbackContext* Warn, bool& bOutOperationCanceled) override;
};
