#include "window.hpp"

namespace convoscope {

Window window_of(Settings settings) {
    static const std::map<std::string, PoolMode> modes = {
        {"max", PoolMode::max}, {"min", PoolMode::min}, {"average", PoolMode::average}};
    Window w;
    w.mode = settings.take("mode", modes);
    w.size = settings.take<Pair>("size");
    w.strides = settings.take<Pair>("strides");
    w.padding = settings.take<Padding>("padding");
    settings.finish();
    return w;
}

void check_window(const Window& w, const Shape& map, const Shape& output) {
    in_range(w.size, 1, "a window's size");
    in_range(w.strides, 1, "a window's stride");
    in_range(w.padding);
    checked_size({w.size[0], w.size[1]}, "a window");
    expect(map[2] == output[2], "a pooling leaves the channels as they are");
    for (const std::size_t axis : {0u, 1u}) {
        expect(w.padding[axis][0] < w.size[axis] && w.padding[axis][1] < w.size[axis],
               "a window must not lie in the padding as a whole");
        expect(
            (output[axis] - 1) * w.strides[axis] + w.size[axis] <= map[axis] + w.padding[axis][0] + w.padding[axis][1],
            "a window leaves the map");
    }
}

PoolRows pool_rows(const Window& window, const Shape& map, std::int64_t out_width) {
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
