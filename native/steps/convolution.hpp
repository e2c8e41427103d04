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
    bool addend = false;  // whether a second input, as large as the features, is added before the activation
    Precision precision = Precision::float32;
};

}  // namespace convoscope
