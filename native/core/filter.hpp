// A small kernel over one image, by all threads.
#pragma once

#include "../kernels/table.hpp"
#include "interrupt.hpp"

namespace convoscope {

// Computes `rows` rows of output. Throws Interrupted.
void filter(const Filter&, std::int64_t rows, Interrupt&);

}  // namespace convoscope
