// Whether descriptions can be meant at all: each number within its range, sizes that fit together, weights as large as
// they must be. What passes can be run without a read or a write outside of an array.
#pragma once

#include "description.hpp"

namespace convoscope {

// The same bounds as in checks.py.
constexpr std::int64_t most_values = std::int64_t{1} << 28;  // of one sample between two steps, and of one weight
constexpr std::int64_t largest_size = std::int64_t{1} << 24;  // of a side, kernel, window, stride, factor, padding

// The number of values, or std::invalid_argument where an axis is no length or there are more than `most_values`.
std::int64_t checked_size(const Shape& shape, const char* what);

// Throws std::invalid_argument, which says what is wrong.
void check_step(const StepDescription& step, const std::vector<Weight>& weights);

}  // namespace convoscope
