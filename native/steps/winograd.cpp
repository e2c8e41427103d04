#include "winograd.hpp"

#include <algorithm>
#include <cstring>

#include "multiplier.hpp"

namespace convoscope {
namespace {

// Transformed tiles and products that leave a second-level cache room for the kernel, or for a part of it. A kernel
// that is in no such cache is read once for each block: then they may be a quarter as large, within bounds.
constexpr std::int64_t block_floats = 128 * 1024, most_block_floats = 512 * 1024;

constexpr std::int64_t gradient_floats = 3 * 1024;  // of transformed gradients: what stays in a first-level cache
// For sums of all matrices to pay: tiles of a strip, and values of a matrix, which are in no cache if they are more.
constexpr std::int64_t enough_tiles = 24, enough_large_tiles = 48, most_sums = 160 * 1024;
// Of larger tiles: the least side of a map, and the largest transformed kernel.
constexpr std::int64_t least_side = 7, most_kernel_floats = 4 * 1024 * 1024;
constexpr std::int64_t longest = 7;  // taps along a side: more blocks than that are more traffic than they save

// So many taps as threes and twos.
std::vector<std::int64_t> parts_of(std::int64_t taps) {
    const std::int64_t count = (taps + 2) / 3;
    std::vector<std::int64_t> parts;
    for (std::int64_t i = 0; i < count; i++) parts.push_back(taps / count + (i < taps % count));
    return parts;
}

}  // namespace

Winograd::Winograd(const Shape& image, const ConvolutionSettings& c, std::int64_t width, bool pooled, std::int64_t tile)
    : tile_(tile),
      kernel_(c.kernel),
      blocks_(blocks_of(c.kernel)),
      height_(image[0]),
      image_width_(image[1]),
      channels_(image[2]),
      filters_(c.features[2]),
      pad_y_(c.padding[0][0]),
      pad_x_(c.padding[1][0]),
      width_(width),
      along_x_(cut(width, tile)),
      pooled_(pooled),
      mode_(pooled ? c.pool->mode : PoolMode::max) {
    std::int64_t tiles = 0;
    for (std::size_t i = 0; i < matrices(); i++) {
        starts_[i] = tiles;
        tiles += across(i);
    }
    starts_[matrices()] = tiles;
    const auto kernel_floats = static_cast<std::int64_t>(matrices()) * tile_floats() * filters_;
    const std::int64_t floats = std::clamp(kernel_floats / 4, block_floats, most_block_floats);
    rows_at_once_ = std::max<std::int64_t>(floats / (tiles * (tile_floats() + filters_)), 1);
    for (std::size_t i = 0; i < matrices(); i++)
        for (std::size_t block = 0; block < blocks_.size(); block++)
            if (is_in(blocks_[block], i))
                for (std::int64_t channel = 0; channel < channels_; channel++)
                    columns_[i].push_back(static_cast<std::int64_t>(block) * channels_ + channel);
    for (std::int64_t i = 0; i < rows_at_once_ * along_x_.tiles; i++) tile_starts_.push_back(i * tile_floats());
}

Winograd::Cut Winograd::cut(std::int64_t outputs, std::int64_t tile) {
    const std::int64_t rest = outputs % tile;
    return {(outputs + tile - 1) / tile, tile == 4 && (rest == 1 || rest == 2)};
}

bool Winograd::is_in(const Block& block, std::size_t matrix) const {
    const std::int64_t y = static_cast<std::int64_t>(matrix) / side(), x = static_cast<std::int64_t>(matrix) % side();
    return (y < side() - 1 || block.size_y == 3) && (x < side() - 1 || block.size_x == 3);
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

std::int64_t Winograd::products(std::int64_t taps, std::int64_t outputs, std::int64_t tile) {
    const Cut along = cut(outputs, tile);
    std::int64_t count = 0;
    for (const std::int64_t part : parts_of(taps))
        for (std::int64_t point = 0; point < tile + 2; point++)
            if (point < tile + 1 || part == 3) count += along.at(point);
    return count;
}

std::string Winograd::saving(std::int64_t rows) const {
    return std::to_string(products(kernel_[0], rows, tile_) * products(kernel_[1], width_, tile_)) +
           " multiplications for " + std::to_string(rows * width_ * taps()) + ", in tiles of " +
           (tile_ == 4 ? "up to 4×4" : "2×2") + " outputs";
}

// A tile's products are 16 for 36 with 3×3 taps, 49 for 100 with 5×5, but its transforms cost memory traffic in
// proportion to channels and filters, and maps of odd size waste a part of their last tiles.
std::string Winograd::objection(const Shape& image, const ConvolutionSettings& c, std::int64_t width) {
    const std::int64_t height = c.features[0];
    if (c.precision == Precision::direct) return "the precision is direct";
    if (Multiplier::pays(c.precision, c.kernel[0] * c.kernel[1] * image[2], c.features[2])) return "the precision is bf16";
    if (std::min(c.kernel[0], c.kernel[1]) < 2) return "the kernel is one pixel wide or high";
    if (std::max(c.kernel[0], c.kernel[1]) > longest) return "the kernel has a side of more than 7 pixels";
    if (c.strides != Pair{1, 1}) return "the stride is not 1";
    if (c.dilation != Pair{1, 1}) return "the kernel is dilated";
    if (image[2] < 16) return "fewer than 16 channels";
    if (c.features[2] < 16) return "fewer than 16 filters";
    const std::int64_t direct = c.kernel[0] * c.kernel[1] * height * width;
    if (3 * products(c.kernel[0], height, 2) * products(c.kernel[1], width, 2) > 2 * direct)
        return "the map leaves much of its tiles empty";
    return {};
}

// The transformed kernel of tiles of four is more than twice as large as that of tiles of two. So a map must hold two
// of them a side, or one image would take longer; and the kernel must fit into a third-level cache. With few channels
// the transforms cost what they save unless nearly all tiles are whole.
std::int64_t Winograd::tile_for(const Shape& image, const ConvolutionSettings& c, std::int64_t width) {
    const std::int64_t height = c.features[0];
    const auto parts = static_cast<std::int64_t>(blocks_of(c.kernel).size());
    if (largest_tile(c.precision) < 4 || std::min(height, width) < least_side ||
        winograd_matrices * parts * image[2] * c.features[2] > most_kernel_floats)
        return 2;
    const auto all_products = [&](std::int64_t tile) {
        return products(c.kernel[0], height, tile) * products(c.kernel[1], width, tile);
    };
    const bool many = std::min(image[2], c.features[2]) >= 32;
    return all_products(4) * 100 <= all_products(2) * (many ? 75 : 60) ? 4 : 2;
}

// By the smallest tiles: with larger ones a gradient, whose values are of either sign, rounds three times as much as a
// sum in order and more.
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
    return std::optional<Winograd>(std::in_place, c.features, turned, image[1], false, 2);
}

std::int64_t Winograd::memo_floats(const Kernels& k) const {
    std::int64_t floats = 0;
    for (std::size_t i = 0; i < matrices(); i++) floats += matrix_floats(k, i);
    return floats;
}

void Winograd::prepare(const Kernels& k, const float* kernel, float* memo) const {
    std::int64_t filled[winograd_matrices]{};
    for (const Block& block : blocks_) {
        WinogradKernel w{};
        w.row = kernel_[1] * channels_ * filters_;
        w.taps = kernel + block.y * w.row + block.x * channels_ * filters_;
        w.size_y = block.size_y;
        w.size_x = block.size_x;
        w.channels = channels_;
        w.filters = filters_;
        w.tile = tile_;
        float* matrix = memo;
        for (std::size_t i = 0; i < matrices(); i++) {
            w.first[i] = filled[i];
            w.depth[i] = depth(i);
            if (is_in(block, i)) {
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

std::int64_t Winograd::Rows::halves(std::int64_t end) const { return along_y.half ? end / along_y.tiles : 0; }

std::int64_t Winograd::Rows::at(std::int64_t point, std::int64_t end) const {
    const bool whole = along_y.tiles == along_y.at(point);  // halves have the point too
    return end - first - (whole ? 0 : halves(end) - halves(first));
}

WinogradRow Winograd::row_of(const Rows& rows, std::int64_t row, float* values, std::int64_t step) const {
    WinogradRow made{};
    made.height = tile_ == 2 ? WinogradTile::two : rows.half(row) ? WinogradTile::half : WinogradTile::four;
    made.half = along_x_.half;
    made.tiles = along_x_.tiles;
    made.step = step;
    for (std::size_t i = 0; i < matrices(); i++)
        made.matrices[i] = values + (start(i) + tiles_in(rows, i, row)) * step;
    return made;
}

// Shared evenly, so that no few rows are left over.
template <class Body>
void Winograd::each_rows(std::int64_t images, std::int64_t height, Body&& body) const {
    const Cut along_y = cut(height, tile_);
    const std::int64_t all = images * along_y.tiles, times = (all + rows_at_once_ - 1) / rows_at_once_;
    for (std::int64_t i = 0; i < times; i++) body(Rows{along_y, all * i / times, all * (i + 1) / times});
}

void Winograd::transform(const Kernels& k, const float* input, std::int64_t top, const Rows& rows,
                         float* values) const {
    for (std::int64_t row = rows.first; row < rows.last; row++) {
        WinogradInput w{};
        w.image = input + row / rows.along_y.tiles * height_ * image_width_ * channels_;
        w.height = height_;
        w.width = image_width_;
        w.channels = channels_;
        w.to = row_of(rows, row, values, tile_floats());
        for (const Block& block : blocks_) {
            w.top = top + row % rows.along_y.tiles * tile_ - pad_y_ + block.y;
            w.left = block.x - pad_x_;
            k.winograd_input(w);
            for (std::size_t i = 0; i < matrices(); i++) w.to.matrices[i] += channels_;
        }
    }
}

void Winograd::forward(const Strip& s) const {
    const Kernels& k = *s.kernels;
    const std::int64_t height = s.bottom - s.top, windows = pooled_ ? 2 : 1;
    const std::int64_t out_rows = height / windows, out_width = width_ / windows;
    float* const products = s.scratch + all_tiles() * tile_floats();
    each_rows(s.images, height, [&](const Rows& rows) {
        transform(k, s.input, s.top, rows, s.scratch);
        Product p{};
        p.row_step = tile_floats();
        p.c_step = filters_;
        p.n = filters_;
        p.b = s.memo;
        for (std::size_t i = 0; i < matrices(); i++) {
            p.a = s.scratch + start(i) * tile_floats();
            p.columns = columns_[i].data();
            p.c = products + start(i) * filters_;
            p.m = tiles_in(rows, i, rows.last);
            p.k = depth(i);
            k.product(p);
            p.b += matrix_floats(k, i);
        }
        for (std::int64_t row = rows.first; row < rows.last; row++) {
            const WinogradOutput w{row_of(rows, row, products, filters_), filters_};
            const std::int64_t top = row % rows.along_y.tiles * tile_;
            const std::int64_t at = (row / rows.along_y.tiles * out_rows + top / windows) * out_width * filters_;
            if (pooled_)
                k.winograd_pooled(w, mode_, s.output + at, s.winners ? s.winners + at : nullptr, out_width);
            else
                k.winograd_features(w, s.output + at, height - top, width_);
        }
    });
}

bool Winograd::sums_pay(std::int64_t images, std::int64_t rows) const {
    const std::int64_t tiles = images * cut(rows, tile_).tiles * along_x_.tiles;
    return blocks_.front().size_y == 3 && blocks_.front().size_x == 3 &&
           tiles >= (tile_ == 4 ? enough_large_tiles : enough_tiles) && tile_floats() * filters_ <= most_sums;
}

std::int64_t Winograd::gradient_scratch_floats() const {
    std::int64_t sums = 0;
    for (std::size_t i = 0; i < matrices(); i++) sums += depth(i) * filters_;
    return scratch_floats() + sums;
}

void Winograd::add_kernel_gradient(const GradientStrip& s) const {
    const Kernels& k = *s.kernels;
    const std::int64_t height = s.bottom - s.top;
    float* const gradients = s.scratch + all_tiles() * tile_floats();
    float* const sums = s.scratch + scratch_floats();
    std::memset(sums, 0, static_cast<std::size_t>(gradient_scratch_floats() - scratch_floats()) * sizeof(float));
    each_rows(s.images, height, [&](const Rows& rows) {
        transform(k, s.input, s.top, rows, s.scratch);
        for (std::int64_t row = rows.first; row < rows.last; row++) {
            const std::int64_t top = row % rows.along_y.tiles * tile_;
            const float* const gradient = s.gradient + (row / rows.along_y.tiles * height + top) * width_ * filters_;
            k.winograd_gradient({gradient, height - top, width_, filters_, row_of(rows, row, gradients, filters_)});
        }
        float* sum = sums;
        for (std::size_t i = 0; i < matrices(); i++) {
            add_products(k, s.scratch + start(i) * tile_floats(), gradients + start(i) * filters_,
                         tiles_in(rows, i, rows.last), i, sum);
            sum += depth(i) * filters_;
        }
    });
    add_to_taps(k, sums, s.kernel_gradient);
}

void Winograd::add_products(const Kernels& k, const float* values, const float* gradients, std::int64_t tiles,
                            std::size_t matrix, float* sums) const {
    const std::int64_t most = std::max<std::int64_t>(gradient_floats / std::min<std::int64_t>(filters_, k.panel), 1);
    const std::int64_t parts = (tiles + most - 1) / most;
    Product p{};
    p.a = values;
    p.rows = columns_[matrix].data();
    p.m = depth(matrix);
    p.b_step = p.c_step = p.n = filters_;
    p.c = sums;
    p.accumulate = true;
    for (std::int64_t part = 0; part < parts; part++) {
        const std::int64_t begin = tiles * part / parts;
        p.columns = tile_starts_.data() + begin;
        p.b = gradients + begin * filters_;
        p.k = tiles * (part + 1) / parts - begin;
        k.product(p);
    }
}

void Winograd::add_to_taps(const Kernels& k, const float* sums, float* kernel_gradient) const {
    std::int64_t taken[winograd_matrices]{};
    for (const Block& block : blocks_) {
        WinogradKernelGradient w{};
        w.row = kernel_[1] * channels_ * filters_;
        w.taps = kernel_gradient + block.y * w.row + block.x * channels_ * filters_;
        w.size_y = block.size_y;
        w.size_x = block.size_x;
        w.channels = channels_;
        w.filters = filters_;
        w.tile = tile_;
        const float* sum = sums;
        for (std::size_t i = 0; i < matrices(); i++) {
            if (is_in(block, i)) {
                w.from[i] = sum + taken[i] * filters_;
                taken[i] += channels_;
            }
            sum += depth(i) * filters_;
        }
        k.winograd_kernel_gradient(w);
    }
}

}  // namespace convoscope
