#include "frame.hpp"

#include <algorithm>

#include "../winograd.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t strip_floats = 16 * 1024;  // of feature map: what leaves room in a second-level cache
// A strip of so many pixels is worth more room: the kernel, and its gradient, are gone through once for each strip.
constexpr std::int64_t least_pixels = 64;
// Of a map that Winograd makes: whole, it gives the input's gradient in the same way, which is worth some traffic.
constexpr std::int64_t whole_floats = 4 * strip_floats;

constexpr std::int64_t rounded_pixels = 400;  // of a strip, where products are so fast that packing must be shared

// Columns of the feature map that anything is made of: a pooling may leave some out at the right.
std::int64_t used_width(const ConvolutionSettings& c, const Shape& output) {
    if (!c.pool) return c.features[1];
    return std::min(c.features[1], (output[1] - 1) * c.pool->strides[1] - c.pool->padding[1][0] + c.pool->size[1]);
}

}  // namespace

Frame::Frame(const Shape& of_image, const ConvolutionSettings& c, const Shape& output)
    : settings(c),
      image(of_image),
      input_size(size_of(of_image)),
      filters(c.features[2]),
      height(c.features[0]),
      width(used_width(c, output)),
      multiplier(c.precision, c.kernel[0] * c.kernel[1] * of_image[2], filters),
      pooled(c.pool.has_value()),
      out_rows(output[0]),
      out_width(output[1]),
      pool(used_pool()),
      pairs(pooled_in_pairs()),
      against_winograd(Winograd::objection(of_image, c, width)),
      tiled(against_winograd.empty()),
      tile(tiled ? Winograd::tile_for(of_image, c, width) : 1),
      rows(rows_at_once()),
      images(images_at_once()),
      patches(of_image, c, width, strip_rows(rows), images) {}

PoolRows Frame::used_pool() const {
    PoolRows used = pooled ? pool_rows(*settings.pool, settings.features, out_width) : PoolRows{};
    used.width = width;
    return used;
}

bool Frame::pooled_in_pairs() const {
    return pooled && pool.mode != PoolMode::average && settings.pool->size == Pair{2, 2} &&
           settings.pool->strides == Pair{2, 2} && pool.pad_y == 0 && pool.pad_x == 0 && 2 * out_rows <= height &&
           2 * out_width <= width;
}

std::int64_t Frame::top_of(std::int64_t begin) const {
    return pooled ? std::max<std::int64_t>(begin * pool.stride_y - pool.pad_y, 0) : begin;
}

std::int64_t Frame::bottom_of(std::int64_t end) const {
    return pooled ? std::min((end - 1) * pool.stride_y - pool.pad_y + pool.size_y, height) : end;
}

std::int64_t Frame::strip_rows(std::int64_t of_output) const {
    if (of_output == out_rows) return bottom_of(of_output) - top_of(0);
    return pooled ? std::min((of_output - 1) * pool.stride_y + pool.size_y, height) : of_output;
}

std::int64_t Frame::rows_at_once() const {
    const std::int64_t most = (tiled && !pooled) || multiplier.rounds() ? whole_floats : strip_floats;
    std::int64_t count = std::min(tile_rows(), out_rows);
    const auto fits = [&](std::int64_t pixels) {
        return pixels * filters <= most || (pixels <= least_pixels && pixels * filters <= whole_floats);
    };
    while (count < out_rows && fits(strip_rows(count + 1) * width)) count++;
    return count < out_rows ? count / tile_rows() * tile_rows() : count;
}

// Output rows that whole tiles make; 1 where a pooling's windows are not theirs.
std::int64_t Frame::tile_rows() const {
    if (pairs) return std::max<std::int64_t>(tile / 2, 1);
    return pooled ? 1 : tile;
}

// A strip may begin at every so many output rows without changing which features share a tile.
std::int64_t Frame::row_step() const {
    return tiled && pooled && !pairs ? rows : tile_rows();
}

// The kernel is read less often, the more images share it: the more of them the larger it is.
std::int64_t Frame::images_at_once() const {
    if (rows < out_rows) return 1;
    const std::int64_t kernel_floats = settings.kernel[0] * settings.kernel[1] * image[2] * filters;
    const std::int64_t scale = kernel_floats > 64 * strip_floats ? 16 : kernel_floats > 4 * strip_floats ? 4 : 1;
    const std::int64_t map_pixels = strip_rows(rows) * width;
    if (multiplier.rounds())
        return std::clamp<std::int64_t>(std::min(rounded_pixels / map_pixels, whole_floats / (map_pixels * filters)), 1, 32);
    // Of tiles of four, whose kernels are larger and whose products have fewer rows.
    const std::int64_t tiles = padded(strip_rows(rows), 4) * padded(width, 4) / 16;
    if (tile == 4) return std::clamp<std::int64_t>((scale > 1 ? 64 : 32) / tiles, 1, 16);
    const std::int64_t enough = tiled ? 208 : 96;  // four pixels are one row of Winograd's products
    return std::clamp<std::int64_t>(
        std::min(scale * enough / map_pixels, scale * strip_floats / (map_pixels * filters)), 1, 32);
}

}  // namespace convoscope
