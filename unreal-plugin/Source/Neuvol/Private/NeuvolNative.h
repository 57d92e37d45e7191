// SPDX-License-Identifier: MIT OR Apache-2.0

#pragma once

// The decoder's interface. Its header and this module both have a macro NEUVOL_API: that of the module is put aside meanwhile.
#pragma push_macro("NEUVOL_API")
#undef NEUVOL_API
THIRD_PARTY_INCLUDES_START
#include "neuvol.hpp"
#include "neuvol_time.hpp"
THIRD_PARTY_INCLUDES_END
#pragma pop_macro("NEUVOL_API")

#include "CoreMinimal.h"

/** Text of the decoder as one of Unreal's. */
inline FString NeuvolString(const std::string& Text)
{
	return FString(UTF8_TO_TCHAR(Text.c_str()));
}

inline FText NeuvolText(const std::string& Text)
{
	return FText::FromString(NeuvolString(Text));
}
