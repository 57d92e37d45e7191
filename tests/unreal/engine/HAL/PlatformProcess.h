#pragma once

#include "CoreMinimal.h"

struct FPlatformProcess
{
	static void* GetDllHandle(const TCHAR* Path);
	static void* GetDllExport(void* Handle, const TCHAR* Name);
	static void Sleep(float Seconds);
};
