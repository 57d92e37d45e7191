#pragma once

#include "Logging.h"

class FFeedbackContext
{
public:
	template <typename... Types>
	void Logf(ELogVerbosity::Type Verbosity, const TCHAR* Pattern, Types... Arguments)
	{
		Fake::Log("Import", Verbosity, FString::Printf(Pattern, Arguments...));
	}
};
