#include "geometry.hpp"

namespace convoscope {

Geometry take_geometry(Settings& settings) {
    Geometry g;
    g.kernel = settings.take<Pair>("kernel");
    g.strides = settings.take<Pair>("strides");
    g.dilation = settings.take<Pair>("dilation");
    g.padding = settings.take<Padding>("padding");
    in_range(g.kernel, 1, "a kernel's size");
    in_range(g.strides, 1, "a stride");
    in_range(g.dilation, 1, "a dilation");
    in_range(g.padding);
    for (const std::size_t axis : {0u, 1u}) in_range(g.reach(axis), 1, largest_size, "what a kernel covers");
    return g;
}

}  // namespace convoscope
