#pragma once

#include "UObject/Object.h"

struct FAssetCategoryPath
{
	FAssetCategoryPath(FText In) : Name(std::move(In)) {}
	FText Name;
};

struct EAssetCategoryPaths
{
	static inline const FAssetCategoryPath Texture{FText::FromString(TEXT("Texture"))};
};

class UAssetDefinitionDefault : public UObject
{
public:
	using Super = UObject;
	static UClass* StaticClass();
	virtual FText GetAssetDisplayName() const = 0;
	virtual FLinearColor GetAssetColor() const = 0;
	virtual TSoftClassPtr<UObject> GetAssetClass() const = 0;
	virtual TConstArrayView<FAssetCategoryPath> GetAssetCategories() const { return {}; }
};
