#pragma once

#include "RHIResources.h"

extern uint32 GMaxVolumeTextureDimensions;
