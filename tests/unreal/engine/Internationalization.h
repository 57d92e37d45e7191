// FText, LOCTEXT.
#pragma once

#include "Containers/UnrealString.h"

class FText
{
public:
	FText() = default;
	static FText FromString(const FString& In) { return FText(In); }
	static FText GetEmpty() { return FText(); }
	static FText AsNumber(int32 Number) { return FText(FString::Printf(TEXT("%d"), Number)); }
	const FString& ToString() const { return Text; }
	bool IsEmpty() const { return Text.IsEmpty(); }
	bool EqualTo(const FText& Other) const { return Text.Equals(Other.Text); }

	/** Replaces {0}, {1}, ...; a number that has no argument ends the program. */
	template <typename... Types>
	static FText Format(const FText& Pattern, const Types&... Arguments)
	{
		return FText(Filled(Pattern.Text, {Arguments.Text...}));
	}

private:
	explicit FText(FString In) : Text(std::move(In)) {}
	static FString Filled(const FString& Pattern, std::initializer_list<FString> Arguments);
	FString Text;
};

#define NSLOCTEXT(Namespace, Key, Text) FText::FromString(TEXT(Text))
// As in Unreal, only where a file has defined its namespace.
#define LOCTEXT(Key, Text) NSLOCTEXT(LOCTEXT_NAMESPACE, Key, Text)
