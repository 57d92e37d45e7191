#pragma once

#include "CoreMinimal.h"

/** Ends the program if the folder is not there, as the engine does. */
void AddShaderSourceDirectoryMapping(const FString& Virtual, const FString& Real);
