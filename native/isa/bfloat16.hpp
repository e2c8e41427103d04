// What multiplies in bfloat16: the processor's own instructions where it has some, else software.
#pragma once

#include <string>
#include <vector>

#include "../kernels/table.hpp"

namespace convoscope {

// What goes with these kernels. The first call may ask the system for AMX, which makes the frames of signals larger in
// this process: only who multiplies so has them.
const Bfloat16& bfloat16(const Kernels&);

// The units that this build and this processor have for the best kernels, the fastest last; the first is software.
std::vector<std::string> bfloat16_units();

// Use the unit of that name, or the fastest for "auto". Throws std::invalid_argument for any other. Programs that were
// made before may not be used any more.
void set_bfloat16_unit(const std::string& name);

}  // namespace convoscope
