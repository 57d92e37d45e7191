// UE_LOG and its categories. What is logged goes to the host, which counts warnings and errors.
#pragma once

#include "Containers/UnrealString.h"

namespace ELogVerbosity
{
	enum Type { Error, Warning, Log };
}

namespace Fake
{
	void Log(const char* Category, ELogVerbosity::Type Verbosity, const FString& Text);
}

struct FLogCategory
{
	const char* Name;
};

#define DECLARE_LOG_CATEGORY_EXTERN(Category, Default, Compiled) extern FLogCategory Category
#define DEFINE_LOG_CATEGORY(Category) FLogCategory Category{#Category}
#define UE_LOG(Category, Verbosity, Pattern, ...) \
	Fake::Log(Category.Name, ELogVerbosity::Verbosity, FString::Printf(Pattern, ##__VA_ARGS__))
