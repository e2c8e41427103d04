// How a description names an activation.
#pragma once

#include "../core/settings.hpp"
#include "../kernels/table.hpp"

namespace convoscope {

// Takes "activation" and "alpha".
Activation take_activation(Settings&);

}  // namespace convoscope
