// A pooling's window, on its own and behind a convolution.
#pragma once

#include "../core/checks.hpp"
#include "../kernels/table.hpp"

namespace convoscope {

struct Window {
    PoolMode mode;
    Pair size, strides;
    Padding padding;
};

// From "mode", "size", "strides" and "padding".
Window window_of(Settings);

// Each place of the window must have at least one pixel of the map that is not padding.
void check_window(const Window&, const Shape& map, const Shape& output);

// A global pooling's output has no rows and columns left: it is one of each.
inline Shape map_of(const Shape& shape) { return shape.size() == 3 ? shape : Shape{1, 1, size_of(shape)}; }

// The kernels' arguments.
PoolRows pool_rows(const Window& window, const Shape& map, std::int64_t out_width);

}  // namespace convoscope
