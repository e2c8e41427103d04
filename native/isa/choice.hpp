// Which instruction set's kernels are used: chosen once for the processor, and forcible for tests.
#pragma once

#include <string>
#include <vector>

#include "../kernels/table.hpp"

namespace convoscope {

// The kernels in use. Programs look once a call, so a change does not tear one apart.
const Kernels& kernels();

// The names of the sets that this build and this processor have, the best last.
std::vector<std::string> available_isas();

// Use the set of that name, or the best one for "auto". Throws std::invalid_argument for any other.
void set_isa(const std::string& name);

}  // namespace convoscope
