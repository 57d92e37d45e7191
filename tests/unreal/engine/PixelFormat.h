#pragma once

#include "CoreTypes.h"

enum EPixelFormat : uint8 { PF_Unknown, PF_R32_FLOAT, PF_R16F, PF_FloatRGBA };

enum class EPixelFormatCapabilities : uint32 { TypedUAVStore = 1, TextureFilterable = 2 };

namespace UE::PixelFormat
{
	bool HasCapabilities(EPixelFormat Format, EPixelFormatCapabilities Wanted);
}
