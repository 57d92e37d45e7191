#pragma once

#include "CoreMinimal.h"

class FPaths
{
public:
	template <typename... Types>
	static FString Combine(const FString& First, const Types&... Rest)
	{
		FString Made = First;
		((Made = Made + TEXT("/") + FString(Rest)), ...);
		return Made;
	}
	static bool IsRelative(const FString& Path) { return !Path.StartsWith(TEXT("/")); }
	static FString ProjectContentDir();
	static FString ConvertRelativePathToFull(const FString& Path);
	static FString ConvertRelativePathToFull(const FString& Base, const FString& Path);
};
