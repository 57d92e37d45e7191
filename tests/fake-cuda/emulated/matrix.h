// Products of matrices by a warp.
#pragma once

#include "emulated.h"

namespace emulated {

// c = a b + c of 16 x 16, 16 x 8 and 16 x 8 numbers, whose fragments the 32 lanes offer.
__attribute__((visibility("hidden"))) void multiply_f16(const Offer* const (&lanes)[32], bool half_depth);
__attribute__((visibility("hidden"))) void multiply_f32(const Offer* const (&lanes)[32]);

} // namespace emulated
