// A convolution by Winograd's F(2×2, 3×3): forward, with a 2×2 pooling from registers, and the gradients of its input
// and of its kernel.
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
    // Feature maps are used up to `width` columns; `pooled` if a tile is a window of a 2×2 pooling.
    Winograd(const Shape& image, const ConvolutionSettings& convolution, std::int64_t width, bool pooled);

    // What speaks against it, for people to read; nothing where this is less work than a direct product.
    static std::string objection(const Shape& image, const ConvolutionSettings& convolution, std::int64_t width);
    static bool pays(const Shape& image, const ConvolutionSettings& convolution, std::int64_t width) {
        return objection(image, convolution, width).empty();
    }

    // The input's gradient is such a convolution too, of the features' gradient and the kernel turned round. Nothing
    // where that does not pay.
    static std::optional<Winograd> turned(const Shape& image, const ConvolutionSettings& convolution);

    bool pooled() const { return pooled_; }
    // What is multiplied, for people to read.
    static std::string saving(const ConvolutionSettings& convolution);
    std::int64_t memo_floats(const Kernels& k) const;
    std::int64_t scratch_floats() const { return 16 * tiles_at_once() * (tile_floats() + filters_); }
    void prepare(const Kernels& k, const float* kernel, float* memo) const;

    // The same for `turned`, from the kernel as it is in the forward pass.
    std::int64_t turned_memo_floats(const Kernels& k) const { return memo_floats(k) + taps() * channels_ * filters_; }
    void prepare_turned(const Kernels& k, const float* kernel, float* memo) const;

    struct Strip {
        const Kernels* kernels;
        const float* memo;
        const float* input;  // (images, image)
        std::int64_t images;
        std::int64_t top, bottom;  // feature rows; in pairs where pooled
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
    // Tiles of rows [first, last) of so many an image, from feature row `top` on, to the 16 matrices.
    void transform(const Kernels& k, const float* input, std::int64_t top, std::int64_t rows, std::int64_t first,
                   std::int64_t last, float* matrices) const;

    // A block of the kernel: its first tap, and how many there are.
    struct Block {
        std::int64_t y, x, size_y, size_x;

        // Whether anything of it is in the matrix: fewer than three taps leave the last of four places empty.
        bool is_in(std::int64_t matrix) const {
            return (matrix / 4 < 3 || size_y == 3) && (matrix % 4 < 3 || size_x == 3);
        }
    };
    static std::vector<Block> blocks_of(const Pair& kernel);
    static std::int64_t products(const Pair& kernel);  // of a tile, for each channel and filter

    std::int64_t taps() const { return kernel_[0] * kernel_[1]; }
    std::int64_t tile_floats() const { return static_cast<std::int64_t>(blocks_.size()) * channels_; }
    std::int64_t depth(std::size_t matrix) const { return static_cast<std::int64_t>(columns_[matrix].size()); }
    std::int64_t matrix_floats(const Kernels& k, std::size_t matrix) const {
        return (filters_ + k.width - 1) / k.width * k.width * depth(matrix);
    }
    std::int64_t tiles_at_once() const { return rows_at_once_ * tiles_; }

    const Pair kernel_;
    const std::vector<Block> blocks_;
    const std::int64_t height_, image_width_, channels_, filters_;
    const std::int64_t pad_y_, pad_x_;
    const std::int64_t width_, tiles_;  // of the feature map; in a row of it
    const bool pooled_;
    const PoolMode mode_;
    const std::int64_t rows_at_once_;        // of tiles
    std::vector<std::int64_t> columns_[16];  // of each matrix: which of a tile's values are multiplied
    std::vector<std::int64_t> tile_starts_;  // of all tiles that are worked on at once
};

}  // namespace convoscope
