// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

#include "AssetDefinitionDefault.h"
#include "CoreMinimal.h"
#include "NeuvolAsset.h"
#include "NeuvolAssetDefinition.generated.h"

/** How assets look in the Content Browser. */
UCLASS()
class UNeuvolAssetDefinition : public UAssetDefinitionDefault
{
	GENERATED_BODY()

public:
	virtual FText GetAssetDisplayName() const override { return NSLOCTEXT("Neuvol", "Asset", "Neuvol Volume"); }
	virtual FLinearColor GetAssetColor() const override { return FLinearColor(0.1f, 0.6f, 0.7f); }
	virtual TSoftClassPtr<UObject> GetAssetClass() const override { return UNeuvolAsset::StaticClass(); }
	virtual TConstArrayView<FAssetCategoryPath> GetAssetCategories() const override
	{
		static const FAssetCategoryPath Categories[] = {EAssetCategoryPaths::Texture};
		return Categories;
	}
};
