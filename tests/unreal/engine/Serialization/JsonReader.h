#pragma once

#include "CoreMinimal.h"

template <typename Character = TCHAR>
class TJsonReader
{
public:
	explicit TJsonReader(const FString& In) : Text(In) {}
	FString Text;
};

template <typename Character = TCHAR>
struct TJsonReaderFactory
{
	static TSharedRef<TJsonReader<Character>> Create(const FString& Text) { return MakeShared<TJsonReader<Character>>(Text); }
};
