// SPDX-License-Identifier: MIT OR Apache-2.0

#include "Modules/ModuleManager.h"

// The classes of this module are found by the editor.
IMPLEMENT_MODULE(FDefaultModuleImpl, NeuvolEditor)
