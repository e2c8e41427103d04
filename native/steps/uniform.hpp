// Random words as numbers, for the steps that draw some for each image.
#pragma once

#include <cstdint>

#include "../core/description.hpp"

namespace convoscope {

// In [0, 1).
inline double uniform(std::uint32_t word) { return word / 4294967296.0; }

inline double between(const Bounds& ends, std::uint32_t word) { return ends[0] + (ends[1] - ends[0]) * uniform(word); }

}  // namespace convoscope
