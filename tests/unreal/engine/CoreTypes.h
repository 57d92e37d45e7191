// Numbers, texts' characters, checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <utility>

using int8 = std::int8_t;
using int16 = std::int16_t;
using int32 = std::int32_t;
using int64 = long long;
using uint8 = std::uint8_t;
using uint16 = std::uint16_t;
using uint32 = std::uint32_t;
using uint64 = unsigned long long;
using SIZE_T = std::size_t;
// As on Linux. Windows has wchar_t: code must not count on either.
using TCHAR = char16_t;
using ANSICHAR = char;

#define TEXT(x) u##x
#define PLATFORM_WINDOWS 0
#define WITH_EDITOR 1
#define INDEX_NONE (-1)
#define UE_SMALL_NUMBER (1.e-8f)
#define FORCEINLINE inline

#define check(expression)                                                                     \
	do                                                                                        \
	{                                                                                         \
		if (!(expression))                                                                    \
		{                                                                                     \
			std::fprintf(stderr, "%s:%d: check(%s) failed\n", __FILE__, __LINE__, #expression); \
			std::abort();                                                                     \
		}                                                                                     \
	} while (false)
// Unreal has these as macros, too: names that headers of others must not use.
#define verify(expression) check(expression)
#define ensure(expression) (expression)

#define THIRD_PARTY_INCLUDES_START
#define THIRD_PARTY_INCLUDES_END

template <typename T>
constexpr std::remove_reference_t<T>&& MoveTemp(T&& Value)
{
	static_assert(!std::is_const_v<std::remove_reference_t<T>>, "MoveTemp of a const object copies");
	return static_cast<std::remove_reference_t<T>&&>(Value);
}
