#pragma once

#include "UObject/Object.h"

struct FAssetData
{
	FAssetData() = default;
	explicit FAssetData(UObject* In) : Object(In) {}
	bool IsValid() const { return Object != nullptr; }
	bool IsInstanceOf(const UClass* Class) const { return Object->GetClass()->IsChildOf(Class); }

private:
	UObject* Object = nullptr;
};
