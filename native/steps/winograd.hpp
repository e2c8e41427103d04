// The forward pass of a 3×3 convolution by Winograd's F(2×2, 3×3), with a 2×2 pooling from registers.
#pragma once

#include "../core/step.hpp"

namespace convoscope {

class Winograd {
public:
    // Feature maps are used up to `width` columns; `pooled` if a tile is a window of a 2×2 pooling.
    Winograd(const Shape& image, const ConvolutionDescription& convolution, std::int64_t width, bool pooled);

    // What speaks against it, for people to read; nothing where this is less work than a direct product.
    static std::string objection(const Shape& image, const ConvolutionDescription& convolution, std::int64_t width);
    static bool pays(const Shape& image, const ConvolutionDescription& convolution, std::int64_t width) {
        return objection(image, convolution, width).empty();
    }

    // The input's gradient is such a convolution too, of the features' gradient and the kernel turned round. Nothing
    // where that does not pay.
    static std::optional<Winograd> turned(const Shape& image, const ConvolutionDescription& convolution);

    bool pooled() const { return pooled_; }
    std::int64_t memo_floats(const Kernels& k) const { return 16 * matrix(k); }
    std::int64_t scratch_floats() const { return 16 * tiles_at_once() * (channels_ + filters_); }
    void prepare(const Kernels& k, const float* kernel, float* memo) const {
        k.winograd_kernel(kernel, channels_, filters_, memo);
    }

    // The same for `turned`, from the kernel as it is in the forward pass.
    std::int64_t turned_memo_floats(const Kernels& k) const { return memo_floats(k) + 9 * channels_ * filters_; }
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

private:
    std::int64_t matrix(const Kernels& k) const { return (filters_ + k.width - 1) / k.width * k.width * channels_; }
    std::int64_t tiles_at_once() const { return rows_at_once_ * tiles_; }

    const std::int64_t height_, image_width_, channels_, filters_;
    const std::int64_t pad_y_, pad_x_;
    const std::int64_t width_, tiles_;  // of the feature map; in a row of it
    const bool pooled_;
    const PoolMode mode_;
    const std::int64_t rows_at_once_;  // of tiles
    std::vector<std::int64_t> counting_;
};

}  // namespace convoscope
