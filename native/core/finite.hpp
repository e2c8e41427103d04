// Whether all of many numbers are finite, by all threads.
#pragma once

#include <cstdint>

#include "interrupt.hpp"

namespace convoscope {

// Throws Interrupted.
bool all_finite(const float* values, std::int64_t count, Interrupt&);

}  // namespace convoscope
