#pragma once

#include "Containers/Array.h"
#include "CoreTypes.h"

#include <cctype>
#include <string>

namespace Fake
{
	std::string Narrow(const TCHAR* Text);
	std::u16string Wide(const char* Text);
	/** As printf with texts of TCHAR; knows %s %d %i %u %lld %llu %f %g. */
	struct FArgument
	{
		enum class EKind { Text, Integer, Real } Kind;
		const TCHAR* Text = nullptr;
		int64 Integer = 0;
		double Real = 0;
		FArgument(const TCHAR* In) : Kind(EKind::Text), Text(In) {}
		FArgument(double In) : Kind(EKind::Real), Real(In) {}
		template <typename T, typename = std::enable_if_t<std::is_integral_v<T>>>
		FArgument(T In) : Kind(EKind::Integer), Integer(static_cast<int64>(In))
		{
		}
	};
	std::u16string Format(const TCHAR* Pattern, std::initializer_list<FArgument> Arguments);
}

namespace ESearchCase
{
	enum Type { CaseSensitive, IgnoreCase };
}

class FString
{
public:
	FString() = default;
	FString(const TCHAR* In) : Text(In == nullptr ? u"" : In) {}
	explicit FString(std::u16string In) : Text(std::move(In)) {}

	const TCHAR* operator*() const { return Text.c_str(); }
	bool IsEmpty() const { return Text.empty(); }
	int32 Len() const { return static_cast<int32>(Text.size()); }
	bool operator==(const FString& Other) const { return Equals(Other, ESearchCase::IgnoreCase); }
	bool Equals(const FString& Other, ESearchCase::Type Case = ESearchCase::CaseSensitive) const
	{
		return Text.size() == Other.Text.size() && std::equal(Text.begin(), Text.end(), Other.Text.begin(), [&](TCHAR A, TCHAR B)
		{
			return A == B || (Case == ESearchCase::IgnoreCase && A < 128 && B < 128 && std::tolower(A) == std::tolower(B));
		});
	}
	bool StartsWith(const TCHAR* Part) const { return Text.rfind(Part, 0) == 0; }
	bool EndsWith(const TCHAR* Part) const
	{
		const std::u16string End(Part);
		return Text.size() >= End.size() && Text.compare(Text.size() - End.size(), End.size(), End) == 0;
	}
	bool Contains(const TCHAR* Part) const { return Text.find(Part) != std::u16string::npos; }
	friend FString operator+(const FString& A, const FString& B) { return FString(A.Text + B.Text); }
	int32 ParseIntoArrayLines(TArray<FString>& Lines) const;
	static FString Join(const TArray<FString>& Parts, const TCHAR* Between);

	template <typename... Types>
	static FString Printf(const TCHAR* Pattern, Types... Arguments)
	{
		return FString(Fake::Format(Pattern, {Fake::FArgument(Arguments)...}));
	}

private:
	std::u16string Text;
};

namespace Fake
{
	/** What conversion macros give: lives to the end of the full expression. */
	struct FWide
	{
		explicit FWide(const char* In) : Text(Wide(In)) {}
		operator const TCHAR*() const { return Text.c_str(); }
		std::u16string Text;
	};
	struct FNarrow
	{
		explicit FNarrow(const TCHAR* In) : Text(Narrow(In)) {}
		operator const char*() const { return Text.c_str(); }
		operator std::string_view() const { return Text; }
		std::string Text;
	};
}

#define UTF8_TO_TCHAR(Text) (static_cast<const TCHAR*>(Fake::FWide(Text)))
#define TCHAR_TO_UTF8(Text) (static_cast<const char*>(Fake::FNarrow(Text)))

class FTCHARToUTF8
{
public:
	explicit FTCHARToUTF8(const TCHAR* In) : Text(Fake::Narrow(In)) {}
	const ANSICHAR* Get() const { return Text.c_str(); }
	int32 Length() const { return static_cast<int32>(Text.size()); }

private:
	std::string Text;
};

class FName
{
public:
	FName() = default;
	FName(const TCHAR* In) : Text(In) {}
	FString ToString() const { return Text; }

private:
	FString Text;
};
