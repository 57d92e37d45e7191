#pragma once

#include "UObject/Object.h"

enum ELevelTick { LEVELTICK_TimeOnly, LEVELTICK_ViewportsOnly, LEVELTICK_All };

namespace ECollisionEnabled
{
	enum Type { NoCollision, QueryOnly };
}

struct FFilePath
{
	FString FilePath;
};

struct FTickFunction
{
	bool bCanEverTick = false;
};

struct FActorComponentTickFunction : FTickFunction
{
};
