#pragma once

#include "HAL/CriticalSection.h"

class FScopeLock
{
public:
	explicit FScopeLock(FCriticalSection* In) : Lock(*In) {}

private:
	std::lock_guard<FCriticalSection> Lock;
};
