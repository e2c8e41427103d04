#include "winograd.hpp"

#include <algorithm>

namespace convoscope {
namespace {

// Transformed tiles and products that leave a second-level cache room for the kernel, or for a part of it.
constexpr std::int64_t block_floats = 128 * 1024;

std::int64_t pairs(std::int64_t n) { return (n + 1) / 2; }

}  // namespace

Winograd::Winograd(const Shape& image, const ConvolutionDescription& c, std::int64_t width, bool pooled)
    : height_(image[0]),
      image_width_(image[1]),
      channels_(image[2]),
      filters_(c.features[2]),
      pad_y_(c.padding[0][0]),
      pad_x_(c.padding[1][0]),
      width_(width),
      tiles_(pairs(width)),
      pooled_(pooled),
      mode_(pooled ? c.pool->mode : PoolMode::max),
      rows_at_once_(std::max<std::int64_t>(block_floats / (16 * tiles_ * (channels_ + filters_)), 1)) {
    for (std::int64_t i = 0; i < channels_; i++) counting_.push_back(i);
}

// A tile's products are 16 for 36, but its transforms cost memory traffic in proportion to channels and filters, and
// maps of odd size waste a part of their last tiles.
std::string Winograd::objection(const Shape& image, const ConvolutionDescription& c, std::int64_t width) {
    const std::int64_t height = c.features[0];
    if (c.kernel != Pair{3, 3}) return "the kernel is not 3×3";
    if (c.strides != Pair{1, 1}) return "the stride is not 1";
    if (c.dilation != Pair{1, 1}) return "the kernel is dilated";
    if (image[2] < 16) return "fewer than 16 channels";
    if (c.features[2] < 16) return "fewer than 16 filters";
    if (16 * pairs(height) * pairs(width) > 6 * height * width) return "the map leaves much of its tiles empty";
    return {};
}

std::optional<Winograd> Winograd::turned(const Shape& image, const ConvolutionDescription& c) {
    if (!pays(image, c, c.features[1])) return std::nullopt;
    ConvolutionDescription turned = c;
    turned.features = image;
    for (Pair& side : turned.padding) {
        side = {2 - side[0], 2 - side[1]};
        if (side[0] < 0 || side[1] < 0) return std::nullopt;
    }
    if (!pays(c.features, turned, image[1])) return std::nullopt;
    return std::optional<Winograd>(std::in_place, c.features, turned, image[1], false);
}

void Winograd::prepare_turned(const Kernels& k, const float* kernel, float* memo) const {
    float* const turned = memo + memo_floats(k);
    const std::int64_t tap = channels_ * filters_;
    for (std::int64_t i = 0; i < 9; i++)
        k.transpose(kernel + (8 - i) * tap, channels_, filters_, channels_, turned + i * tap, filters_);
    prepare(k, turned, memo);
}

void Winograd::forward(const Strip& s) const {
    const Kernels& k = *s.kernels;
    const std::int64_t rows = pairs(s.bottom - s.top), all = s.images * rows;
    const std::int64_t input_matrix = tiles_at_once() * channels_, output_matrix = tiles_at_once() * filters_;
    float* const products = s.scratch + 16 * input_matrix;
    const std::int64_t out_rows = pooled_ ? rows : s.bottom - s.top, out_row = (pooled_ ? tiles_ : width_) * filters_;
    for (std::int64_t first = 0; first < all; first += rows_at_once_) {
        const std::int64_t last = std::min(first + rows_at_once_, all);
        for (std::int64_t row = first; row < last; row++) {
            const float* image = s.input + row / rows * height_ * image_width_ * channels_;
            k.winograd_input({image, height_, image_width_, channels_, s.top + row % rows * 2 - pad_y_, -pad_x_, tiles_,
                              s.scratch + (row - first) * tiles_ * channels_, input_matrix});
        }
        Product p{};
        p.row_step = channels_;
        p.columns = counting_.data();
        p.c_step = filters_;
        p.m = (last - first) * tiles_;
        p.n = filters_;
        p.k = channels_;
        for (std::int64_t i = 0; i < 16; i++) {
            p.a = s.scratch + i * input_matrix;
            p.b = s.memo + i * matrix(k);
            p.c = products + i * output_matrix;
            k.product(p);
        }
        for (std::int64_t row = first; row < last; row++) {
            const WinogradOutput w{products + (row - first) * tiles_ * filters_, output_matrix, tiles_, filters_};
            const std::int64_t pair = row % rows, at = row / rows * out_rows + (pooled_ ? pair : 2 * pair);
            if (pooled_)
                k.winograd_pooled(w, mode_, s.output + at * out_row, s.winners ? s.winners + at * out_row : nullptr);
            else
                k.winograd_features(w, s.output + at * out_row, std::min<std::int64_t>(2, out_rows - 2 * pair), width_);
        }
    }
}

}  // namespace convoscope
