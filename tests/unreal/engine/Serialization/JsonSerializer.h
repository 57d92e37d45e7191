#pragma once

#include "Dom/JsonObject.h"
#include "Serialization/JsonReader.h"

struct FJsonSerializer
{
	static bool Deserialize(const TSharedRef<TJsonReader<TCHAR>>& Reader, TSharedPtr<FJsonObject>& Out);
};
