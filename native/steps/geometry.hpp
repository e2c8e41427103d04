// How a kernel lies on an image, where it steps, and how far its taps are apart.
#pragma once

#include "../core/checks.hpp"

namespace convoscope {

struct Geometry {
    Pair kernel, strides, dilation;
    Padding padding;

    // The pixels that the kernel covers along an axis.
    std::int64_t reach(std::size_t axis) const { return (kernel[axis] - 1) * dilation[axis] + 1; }
};

// Takes "kernel", "strides", "dilation" and "padding", each within its range.
Geometry take_geometry(Settings&);

}  // namespace convoscope
