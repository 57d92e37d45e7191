#pragma once

#include "Components/PrimitiveComponent.h"

class AActor : public UObject
{
public:
	using Super = UObject;
	static UClass* StaticClass();

	TObjectPtr<USceneComponent> RootComponent;
};
