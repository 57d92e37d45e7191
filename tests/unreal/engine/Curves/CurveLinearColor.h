#pragma once

#include "UObject/Object.h"

#include <functional>

class UCurveLinearColor : public UObject
{
public:
	using Super = UObject;
	static UClass* StaticClass();
	virtual FLinearColor GetLinearColorValue(float At) const { return FakeCurve ? FakeCurve(At) : FLinearColor(); }
	std::function<FLinearColor(float)> FakeCurve;
};
