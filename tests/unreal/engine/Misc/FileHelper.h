#pragma once

#include "CoreMinimal.h"

struct FFileHelper
{
	static bool LoadFileToArray(TArray64<uint8>& Out, const TCHAR* Path);
};
