#pragma once

#include "RenderGraphBuilder.h"
