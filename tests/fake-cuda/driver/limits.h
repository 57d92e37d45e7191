// Numbers of architectures.
#pragma once

#include "settings.h"

// Bytes of shared memory that a block can have if a kernel asks for them, and those of a multiprocessor.
int most_shared(const Device& device);
int multiprocessor_shared(const Device& device);
int multiprocessor_threads(const Device& device);
