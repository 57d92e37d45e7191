#pragma once

#include "Delegates.h"

struct FCoreDelegates
{
	static FSimpleMulticastDelegate OnPostEngineInit;
	static FSimpleMulticastDelegate OnEnginePreExit;
};
