// How a description names an activation.
#pragma once

#include "../core/settings.hpp"
#include "../kernels/table.hpp"

namespace convoscope {

// Takes "activation" and "alpha".
Activation take_activation(Settings&);

// Whether each value depends on its whole row: a softmax, or its logarithm.
bool by_row(Activation);

// Whether y = f(x) alone tells f'(x), so that a step that ends in f can go back without having kept x.
bool output_tells_slope(Activation);

}  // namespace convoscope
