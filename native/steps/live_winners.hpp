// The backward pass of a convolution under a max or min pooling, through live winners alone.
//
// Each pooled value has one winner, and after ReLU about half of the pooled values are dead. So of all output pixels of
// a 2×2 pooling about an eighth has a gradient: the sums of rows over these cost a fraction of the dense products.
#pragma once

#include "../core/step.hpp"
#include "patches.hpp"

namespace convoscope {

class LiveWinners {
public:
    LiveWinners(const PoolRows& pool, std::int64_t filters, const Patches& patches, std::int64_t output_rows);

    // Whether this is less work than dense products.
    static bool pays(const PoolRows& pool, const Patches& patches);

    std::int64_t scratch_floats() const;

    struct Strip {
        const Kernels* kernels;
        std::int64_t begin, end, top;  // output rows, and the first feature row under them
        const float* gradient;         // of the pooled values before the activation (rows, out_width, filters)
        const std::uint8_t* winners;
        const float* image;      // the strip's patches
        float* weight_gradient;  // (filters, patch), added to; or null
        const float* kernel;     // (filters, patch)
        float* image_gradient;   // added to; or null
        float* scratch;
    };
    void backward(const Strip&) const;

private:
    // What is added up at a time: a stretch of a kernel's row, so short that what is read again and again stays in the
    // first cache.
    struct Piece {
        std::int64_t in_patch, in_kernel, length;
    };
    std::vector<Piece> pieces(std::int64_t most_floats) const;
    const PoolRows pool_;
    const std::int64_t filters_, pixels_;  // pooled pixels in a strip
    const Patches& patches_;
    const std::int64_t window_;         // places in it
    std::vector<std::int32_t> places_;  // their patches' offsets, and zeros
    std::vector<Piece> kernel_pieces_, image_pieces_;
};

}  // namespace convoscope
