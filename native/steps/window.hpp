// From a pooling's description to the kernels' arguments.
#pragma once

#include "../core/description.hpp"

namespace convoscope {

// A global pooling's output has no rows and columns left: it is one of each.
inline Shape map_of(const Shape& shape) { return shape.size() == 3 ? shape : Shape{1, 1, shape.back()}; }

inline PoolRows pool_rows(const WindowDescription& window, const Shape& map, std::int64_t out_width) {
    PoolRows rows{};
    rows.height = map[0];
    rows.width = map[1];
    rows.channels = map[2];
    rows.mode = window.mode;
    rows.size_y = window.size[0];
    rows.size_x = window.size[1];
    rows.stride_y = window.strides[0];
    rows.stride_x = window.strides[1];
    rows.pad_y = window.padding[0][0];
    rows.pad_x = window.padding[1][0];
    rows.out_width = out_width;
    return rows;
}

}  // namespace convoscope
