#pragma once

#include <mutex>

/** Recursive, as Unreal's. */
using FCriticalSection = std::recursive_mutex;
