#include "winograd.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace convoscope {
namespace {

// Transformed tiles and products that leave a second-level cache room for the kernel, or for a part of it.
constexpr std::int64_t block_floats = 128 * 1024;

constexpr std::int64_t gradient_floats = 3 * 1024;  // of transformed gradients: what stays in a first-level cache
// For sums of 16 matrices to pay: tiles of a strip, and values of a matrix, which are in no cache if they are more.
constexpr std::int64_t enough_tiles = 24, most_sums = 160 * 1024;
constexpr std::int64_t longest = 7;  // taps along a side: more blocks than that are more traffic than they save

std::int64_t pairs(std::int64_t n) { return (n + 1) / 2; }

// So many taps as threes and twos.
std::vector<std::int64_t> parts_of(std::int64_t taps) {
    const std::int64_t count = (taps + 2) / 3;
    std::vector<std::int64_t> parts;
    for (std::int64_t i = 0; i < count; i++) parts.push_back(taps / count + (i < taps % count));
    return parts;
}

// The places of four along an axis that a tile's products have, for all parts of so many taps.
std::int64_t places(std::int64_t taps) {
    const auto parts = parts_of(taps);
    return std::accumulate(parts.begin(), parts.end(), static_cast<std::int64_t>(parts.size()));
}

}  // namespace

Winograd::Winograd(const Shape& image, const ConvolutionSettings& c, std::int64_t width, bool pooled)
    : kernel_(c.kernel),
      blocks_(blocks_of(c.kernel)),
      height_(image[0]),
      image_width_(image[1]),
      channels_(image[2]),
      filters_(c.features[2]),
      pad_y_(c.padding[0][0]),
      pad_x_(c.padding[1][0]),
      width_(width),
      tiles_(pairs(width)),
      pooled_(pooled),
      mode_(pooled ? c.pool->mode : PoolMode::max),
      rows_at_once_(std::max<std::int64_t>(block_floats / (16 * tiles_ * (tile_floats() + filters_)), 1)) {
    for (std::int64_t i = 0; i < 16; i++)
        for (std::size_t block = 0; block < blocks_.size(); block++)
            if (blocks_[block].is_in(i))
                for (std::int64_t channel = 0; channel < channels_; channel++)
                    columns_[i].push_back(static_cast<std::int64_t>(block) * channels_ + channel);
    for (std::int64_t tile = 0; tile < tiles_at_once(); tile++) tile_starts_.push_back(tile * tile_floats());
}

std::vector<Winograd::Block> Winograd::blocks_of(const Pair& kernel) {
    std::vector<Block> blocks;
    std::int64_t y = 0;
    for (const std::int64_t size_y : parts_of(kernel[0])) {
        std::int64_t x = 0;
        for (const std::int64_t size_x : parts_of(kernel[1])) {
            blocks.push_back({y, x, size_y, size_x});
            x += size_x;
        }
        y += size_y;
    }
    return blocks;
}

std::int64_t Winograd::products(const Pair& kernel) { return places(kernel[0]) * places(kernel[1]); }

std::string Winograd::saving(const ConvolutionSettings& c) {
    return std::to_string(products(c.kernel)) + " multiplications for " + std::to_string(4 * c.kernel[0] * c.kernel[1]);
}

// A tile's products are 16 for 36 with 3×3 taps, 49 for 100 with 5×5, but its transforms cost memory traffic in
// proportion to channels and filters, and maps of odd size waste a part of their last tiles.
std::string Winograd::objection(const Shape& image, const ConvolutionSettings& c, std::int64_t width) {
    const std::int64_t height = c.features[0];
    if (std::min(c.kernel[0], c.kernel[1]) < 2) return "the kernel is one pixel wide or high";
    if (std::max(c.kernel[0], c.kernel[1]) > longest) return "the kernel has a side of more than 7 pixels";
    if (c.strides != Pair{1, 1}) return "the stride is not 1";
    if (c.dilation != Pair{1, 1}) return "the kernel is dilated";
    if (image[2] < 16) return "fewer than 16 channels";
    if (c.features[2] < 16) return "fewer than 16 filters";
    const std::int64_t direct = c.kernel[0] * c.kernel[1] * height * width;
    if (3 * products(c.kernel) * pairs(height) * pairs(width) > 2 * direct)
        return "the map leaves much of its tiles empty";
    return {};
}

std::optional<Winograd> Winograd::turned(const Shape& image, const ConvolutionSettings& c) {
    if (!pays(image, c, c.features[1])) return std::nullopt;
    ConvolutionSettings turned = c;
    turned.features = image;
    for (const std::size_t axis : {0u, 1u}) {
        Pair& side = turned.padding[axis];
        side = {c.kernel[axis] - 1 - side[0], c.kernel[axis] - 1 - side[1]};
        if (side[0] < 0 || side[1] < 0) return std::nullopt;
    }
    if (!pays(c.features, turned, image[1])) return std::nullopt;
    return std::optional<Winograd>(std::in_place, c.features, turned, image[1], false);
}

std::int64_t Winograd::memo_floats(const Kernels& k) const {
    std::int64_t floats = 0;
    for (std::size_t i = 0; i < 16; i++) floats += matrix_floats(k, i);
    return floats;
}

void Winograd::prepare(const Kernels& k, const float* kernel, float* memo) const {
    std::int64_t filled[16]{};
    for (const Block& block : blocks_) {
        WinogradKernel w{};
        w.row = kernel_[1] * channels_ * filters_;
        w.taps = kernel + block.y * w.row + block.x * channels_ * filters_;
        w.size_y = block.size_y;
        w.size_x = block.size_x;
        w.channels = channels_;
        w.filters = filters_;
        float* matrix = memo;
        for (std::size_t i = 0; i < 16; i++) {
            w.first[i] = filled[i];
            w.depth[i] = depth(i);
            if (block.is_in(static_cast<std::int64_t>(i))) {
                w.to[i] = matrix;
                filled[i] += channels_;
            }
            matrix += matrix_floats(k, i);
        }
        k.winograd_kernel(w);
    }
}

void Winograd::prepare_turned(const Kernels& k, const float* kernel, float* memo) const {
    float* const turned = memo + memo_floats(k);
    const std::int64_t tap = channels_ * filters_;
    for (std::int64_t i = 0; i < taps(); i++)
        k.transpose(kernel + (taps() - 1 - i) * tap, channels_, filters_, channels_, turned + i * tap, filters_);
    prepare(k, turned, memo);
}

void Winograd::transform(const Kernels& k, const float* input, std::int64_t top, std::int64_t rows, std::int64_t first,
                         std::int64_t last, float* matrices) const {
    const std::int64_t step = tile_floats(), matrix = tiles_at_once() * step;
    for (std::int64_t row = first; row < last; row++) {
        const float* image = input + row / rows * height_ * image_width_ * channels_;
        float* to = matrices + (row - first) * tiles_ * step;
        for (const Block& block : blocks_) {
            k.winograd_input({image, height_, image_width_, channels_, top + row % rows * 2 - pad_y_ + block.y,
                              block.x - pad_x_, tiles_, to, step, matrix});
            to += channels_;
        }
    }
}

void Winograd::forward(const Strip& s) const {
    const Kernels& k = *s.kernels;
    const std::int64_t rows = pairs(s.bottom - s.top), all = s.images * rows;
    const std::int64_t step = tile_floats();
    const std::int64_t input_matrix = tiles_at_once() * step, output_matrix = tiles_at_once() * filters_;
    float* const products = s.scratch + 16 * input_matrix;
    const std::int64_t out_rows = pooled_ ? rows : s.bottom - s.top, out_row = (pooled_ ? tiles_ : width_) * filters_;
    for (std::int64_t first = 0; first < all; first += rows_at_once_) {
        const std::int64_t last = std::min(first + rows_at_once_, all);
        transform(k, s.input, s.top, rows, first, last, s.scratch);
        Product p{};
        p.row_step = step;
        p.c_step = filters_;
        p.m = (last - first) * tiles_;
        p.n = filters_;
        p.b = s.memo;
        for (std::size_t i = 0; i < 16; i++) {
            p.a = s.scratch + static_cast<std::int64_t>(i) * input_matrix;
            p.columns = columns_[i].data();
            p.c = products + static_cast<std::int64_t>(i) * output_matrix;
            p.k = depth(i);
            k.product(p);
            p.b += matrix_floats(k, i);
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

bool Winograd::sums_pay(std::int64_t images, std::int64_t rows) const {
    return std::min(channels_, filters_) >= 32 && blocks_.front().size_y == 3 && blocks_.front().size_x == 3 &&
           images * pairs(rows) * tiles_ >= enough_tiles && tile_floats() * filters_ <= most_sums;
}

std::int64_t Winograd::gradient_scratch_floats() const {
    std::int64_t sums = 0;
    for (std::size_t i = 0; i < 16; i++) sums += depth(i) * filters_;
    return scratch_floats() + sums;
}

void Winograd::add_kernel_gradient(const GradientStrip& s) const {
    const Kernels& k = *s.kernels;
    const std::int64_t out_rows = s.bottom - s.top, rows = pairs(out_rows), all = s.images * rows;
    const std::int64_t input_matrix = tiles_at_once() * tile_floats(), matrix = tiles_at_once() * filters_;
    float* const gradients = s.scratch + 16 * input_matrix;
    float* const sums = gradients + 16 * matrix;
    std::memset(sums, 0, static_cast<std::size_t>(gradient_scratch_floats() - scratch_floats()) * sizeof(float));
    const std::int64_t most = std::max<std::int64_t>(gradient_floats / std::min<std::int64_t>(filters_, k.panel), 1);
    for (std::int64_t first = 0; first < all; first += rows_at_once_) {
        const std::int64_t last = std::min(first + rows_at_once_, all);
        transform(k, s.input, s.top, rows, first, last, s.scratch);
        for (std::int64_t row = first; row < last; row++) {
            const std::int64_t at = row / rows * out_rows + row % rows * 2;
            k.winograd_gradient({s.gradient + at * width_ * filters_,
                                 std::min<std::int64_t>(2, out_rows - row % rows * 2), width_, filters_, tiles_,
                                 gradients + (row - first) * tiles_ * filters_, matrix});
        }
        const std::int64_t tiles = (last - first) * tiles_, parts = (tiles + most - 1) / most;
        Product p{};
        p.b_step = p.c_step = p.n = filters_;
        p.accumulate = true;
        p.c = sums;
        for (std::size_t i = 0; i < 16; i++) {
            p.a = s.scratch + static_cast<std::int64_t>(i) * input_matrix;
            p.rows = columns_[i].data();
            p.m = depth(i);
            for (std::int64_t part = 0; part < parts; part++) {
                const std::int64_t begin = tiles * part / parts;
                p.columns = tile_starts_.data() + begin;
                p.b = gradients + static_cast<std::int64_t>(i) * matrix + begin * filters_;
                p.k = tiles * (part + 1) / parts - begin;
                k.product(p);
            }
            p.c += depth(i) * filters_;
        }
    }
    std::int64_t taken[16]{};
    for (const Block& block : blocks_) {
        WinogradKernelGradient w{};
        w.row = kernel_[1] * channels_ * filters_;
        w.taps = s.kernel_gradient + block.y * w.row + block.x * channels_ * filters_;
        w.size_y = block.size_y;
        w.size_x = block.size_x;
        w.channels = channels_;
        w.filters = filters_;
        const float* sum = sums;
        for (std::size_t i = 0; i < 16; i++) {
            if (block.is_in(static_cast<std::int64_t>(i))) {
                w.from[i] = sum + taken[i] * filters_;
                taken[i] += channels_;
            }
            sum += depth(i) * filters_;
        }
        k.winograd_kernel_gradient(w);
    }
}

}  // namespace convoscope
