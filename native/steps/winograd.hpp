// A convolution by Winograd's F(2×2, 3×3) or F(4×4, 3×3): forward, with a 2×2 pooling from registers, and the gradients
// of its input and of its kernel.
//
// A side of the map is cut into tiles of two outputs; or into tiles of four, and at the end half a tile where that is
// enough. Half a tile takes its products with the same transformed kernel as a whole one, at fewer points.
//
// A kernel of more than three taps a side is cut into blocks of two or three. Each meets the image shifted by where it
// begins, as if the shifted image were more channels: products of all blocks are summed by the same matrix products.
#pragma once

#include <string>
#include <vector>

#include "convolution.hpp"

namespace convoscope {

class Winograd {
public:
    // Feature maps are used up to `width` columns; `pooled` if they are pooled by windows of 2×2. A tile has 2 or 4
    // outputs a side.
    Winograd(const Shape& image, const ConvolutionSettings& convolution, std::int64_t width, bool pooled,
             std::int64_t tile);

    // What speaks against it, for people to read; nothing where this is less work than a direct product.
    static std::string objection(const Shape& image, const ConvolutionSettings& convolution, std::int64_t width);
    static bool pays(const Shape& image, const ConvolutionSettings& convolution, std::int64_t width) {
        return objection(image, convolution, width).empty();
    }

    // Outputs a side of the tiles that take the least time.
    static std::int64_t tile_for(const Shape& image, const ConvolutionSettings& convolution, std::int64_t width);

    // The input's gradient is such a convolution too, of the features' gradient and the kernel turned round. Nothing
    // where that does not pay.
    static std::optional<Winograd> turned(const Shape& image, const ConvolutionSettings& convolution);

    bool pooled() const { return pooled_; }
    // What is multiplied for `rows` rows of the map, for people to read.
    std::string saving(std::int64_t rows) const;
    std::int64_t memo_floats(const Kernels& k) const;
    std::int64_t scratch_floats() const { return all_tiles() * (tile_floats() + filters_); }
    void prepare(const Kernels& k, const float* kernel, float* memo) const;

    // The same for `turned`, from the kernel as it is in the forward pass.
    std::int64_t turned_memo_floats(const Kernels& k) const { return memo_floats(k) + taps() * channels_ * filters_; }
    void prepare_turned(const Kernels& k, const float* kernel, float* memo) const;

    struct Strip {
        const Kernels* kernels;
        const float* memo;
        const float* input;  // (images, image)
        std::int64_t images;
        std::int64_t top, bottom;  // feature rows: whole tiles, up to the last of the map; in pairs where pooled
        float* output;             // (images, rows, width, filters), of pooled rows where pooled
        std::uint8_t* winners;     // or null
        float* scratch;
    };
    void forward(const Strip&) const;

    // The kernel's gradient: products of the transformed image and the transformed gradient of the feature map, summed
    // over all tiles before the way back to taps.
    struct GradientStrip {
        const Kernels* kernels;
        const float* input;  // (images, image)
        std::int64_t images;
        std::int64_t top, bottom;  // feature rows
        const float* gradient;     // (images, rows, width, filters)
        float* kernel_gradient;    // added to
        float* scratch;
    };
    // Whether that is less work than a direct product for strips of so many images and feature rows: blocks of twos
    // save too little for their transforms, and few tiles too little for the sums' own way through memory.
    bool sums_pay(std::int64_t images, std::int64_t rows) const;
    std::int64_t gradient_scratch_floats() const;
    void add_kernel_gradient(const GradientStrip&) const;

private:
    // A block of the kernel: its first tap, and how many there are.
    struct Block {
        std::int64_t y, x, size_y, size_x;
    };
    // A side of so many outputs: how many tiles, and whether the last is a half.
    struct Cut {
        std::int64_t tiles;
        bool half;

        // How many of the tiles have the point: half a tile is without two of them.
        std::int64_t at(std::int64_t point) const { return tiles - (half && (point == 3 || point == 4)); }
    };
    // Some rows of tiles: those of a strip's images lie one below the other.
    struct Rows {
        Cut along_y;  // of each image
        std::int64_t first, last;

        bool half(std::int64_t row) const { return along_y.half && (row + 1) % along_y.tiles == 0; }
        std::int64_t halves(std::int64_t end) const;                  // of all before `end`
        std::int64_t at(std::int64_t point, std::int64_t end) const;  // of these before `end`, how many have the point
    };

    static std::vector<Block> blocks_of(const Pair& kernel);
    static Cut cut(std::int64_t outputs, std::int64_t tile);
    // Products for each channel and filter of all tiles along an axis.
    static std::int64_t products(std::int64_t taps, std::int64_t outputs, std::int64_t tile);

    std::int64_t side() const { return tile_ + 2; }
    std::size_t matrices() const { return static_cast<std::size_t>(side() * side()); }
    // Whether anything of the block is in the matrix: fewer than three taps have no leading coefficient.
    bool is_in(const Block& block, std::size_t matrix) const;
    std::int64_t across(std::size_t matrix) const { return along_x_.at(static_cast<std::int64_t>(matrix) % side()); }
    std::int64_t taps() const { return kernel_[0] * kernel_[1]; }
    std::int64_t tile_floats() const { return static_cast<std::int64_t>(blocks_.size()) * channels_; }
    std::int64_t depth(std::size_t matrix) const { return static_cast<std::int64_t>(columns_[matrix].size()); }
    std::int64_t matrix_floats(const Kernels& k, std::size_t matrix) const {
        return (filters_ + k.width - 1) / k.width * k.width * depth(matrix);
    }
    // Tiles in all matrices that are worked on at once; the first of a matrix's among them; and how many it has of the
    // rows before `end`.
    std::int64_t all_tiles() const { return start(matrices()); }
    std::int64_t start(std::size_t matrix) const { return starts_[matrix] * rows_at_once_; }
    std::int64_t tiles_in(const Rows& rows, std::size_t matrix, std::int64_t end) const {
        return rows.at(static_cast<std::int64_t>(matrix) / side(), end) * across(matrix);
    }

    // A row of tiles within matrices of `step` values a tile.
    WinogradRow row_of(const Rows& rows, std::int64_t row, float* values, std::int64_t step) const;
    // body(rows) for all rows of tiles of a strip, some at a time.
    template <class Body>
    void each_rows(std::int64_t images, std::int64_t height, Body&& body) const;
    void transform(const Kernels& k, const float* input, std::int64_t top, const Rows& rows, float* values) const;
    // For the kernel's gradient: a matrix's sums of products over so many tiles, and the way back from all such sums.
    void add_products(const Kernels& k, const float* values, const float* gradients, std::int64_t tiles,
                      std::size_t matrix, float* sums) const;
    void add_to_taps(const Kernels& k, const float* sums, float* kernel_gradient) const;

    const std::int64_t tile_;  // outputs a side
    const Pair kernel_;
    const std::vector<Block> blocks_;
    const std::int64_t height_, image_width_, channels_, filters_;
    const std::int64_t pad_y_, pad_x_;
    const std::int64_t width_;  // of the feature map
    const Cut along_x_;
    const bool pooled_;
    const PoolMode mode_;
    std::int64_t starts_[winograd_matrices + 1];  // of a row of tiles: how many are in the matrices before each
    std::int64_t rows_at_once_;                   // of tiles
    std::vector<std::int64_t> columns_[winograd_matrices];  // which of a tile's values are multiplied
    std::vector<std::int64_t> tile_starts_;                 // of all tiles of a matrix that are worked on at once
};

}  // namespace convoscope
