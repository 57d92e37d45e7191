#pragma once

#include "CoreMinimal.h"

class FJsonObject;

class FJsonValue
{
public:
	enum class EKind { Null, Bool, Number, Text, List, Object } Kind = EKind::Null;
	double Number = 0;
	FString Text;
	TArray<TSharedPtr<FJsonValue>> List;
	TSharedPtr<FJsonObject> Object;

	bool TryGetObject(const TSharedPtr<FJsonObject>*& Out) const
	{
		Out = &Object;
		return Kind == EKind::Object;
	}
};
