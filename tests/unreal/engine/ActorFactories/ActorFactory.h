#pragma once

#include "AssetRegistry/AssetData.h"
#include "GameFramework/Actor.h"

class UActorFactory : public UObject
{
public:
	using Super = UObject;
	static UClass* StaticClass();
	FText DisplayName;
	TSubclassOf<AActor> NewActorClass;
	virtual bool CanCreateActorFrom(const FAssetData&, FText&) { return false; }
	virtual void PostSpawnActor(UObject*, AActor*) {}
};
