#pragma once

#include "Containers/Array.h"
#include "Containers/UnrealString.h"
#include "CoreTypes.h"
#include "Internationalization.h"
#include "Logging.h"
#include "Math.h"
#include "Templates.h"

#include <cstring>

struct FMemory
{
	static void* Memcpy(void* To, const void* From, SIZE_T Bytes) { return std::memcpy(To, From, Bytes); }
};
