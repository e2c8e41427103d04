// What a convolution is told.
#pragma once

#include <optional>

#include "geometry.hpp"
#include "window.hpp"

namespace convoscope {

struct ConvolutionSettings : Geometry {
    Shape features;  // before the pooling
    Activation activation;
    std::optional<Window> pool;
};

}  // namespace convoscope
