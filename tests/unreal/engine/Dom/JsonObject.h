#pragma once

#include "Dom/JsonValue.h"

#include <vector>

class FJsonObject
{
public:
	std::vector<std::pair<FString, TSharedPtr<FJsonValue>>> Members;

	bool TryGetStringField(const FString& Name, FString& Out) const
	{
		const FJsonValue* Found = Find(Name);
		if (Found == nullptr || Found->Kind != FJsonValue::EKind::Text) return false;
		Out = Found->Text;
		return true;
	}
	bool TryGetArrayField(const FString& Name, const TArray<TSharedPtr<FJsonValue>>*& Out) const
	{
		const FJsonValue* Found = Find(Name);
		if (Found == nullptr || Found->Kind != FJsonValue::EKind::List) return false;
		Out = &Found->List;
		return true;
	}

private:
	const FJsonValue* Find(const FString& Name) const
	{
		for (const auto& [Known, Value] : Members)
			if (Known.Equals(Name)) return Value.Get();
		return nullptr;
	}
};
