// The backward pass of a convolution under a max or min pooling, through live winners alone.
//
// Each pooled value has one winner, and after ReLU about half of the pooled values are dead. So of all output pixels of
// a 2×2 pooling about an eighth has a gradient: the sums of rows over these cost a fraction of the dense products.
//
// Where channels are whole vectors, they are taken a vector at a time, and a term adds to all taps of the kernel at
// once: what it reads, a vector of each pixel or of each filter's taps, fits in a first-level cache. Elsewhere a term
// adds to a stretch of a kernel's row.
#pragma once

#include "convolution/frame.hpp"

namespace convoscope {

class LiveWinners {
public:
    explicit LiveWinners(const Frame&);  // must outlive it

    // Whether this is less work than dense products.
    static bool pays(const PoolRows& pool, const Patches& patches);

    // The kernel with filters first: (blocks of channels, filters, taps, channels of a block). So is its gradient.
    std::int64_t kernel_floats() const { return filters_ * patches_.size(); }
    void turn(const Kernels&, const float* kernel, float* to) const;
    void turn_back(const Kernels&, const float* from, float* kernel) const;

    std::int64_t scratch_floats() const;

    struct Work {
        const Kernels* kernels;
        const Strip& strip;
        const float* gradient;  // of the pooled values before the activation (images, rows, out_width, filters)
        const std::uint8_t* winners;
        const float* image;      // the strip's patches
        float* weight_gradient;  // turned, added to; or null
        const float* kernel;     // turned
        float* image_gradient;   // as the image, added to; or null
        float* scratch;
    };
    void backward(const Work&) const;

private:
    // How the kernel lies, turned: a block is as wide as a vector, or there is one that has all channels and taps.
    struct Layout {
        bool vectors;
        std::int64_t blocks, taps, width;
    };
    Layout layout(const Kernels&) const;
    std::int64_t filters_at_once(const Layout&) const;

    // What is added up at a time where blocks are no vectors: a stretch of a kernel's row, so short that what is read
    // again and again stays in the first cache.
    struct Piece {
        std::int64_t in_patch, in_kernel, length;
    };
    std::vector<Piece> pieces(std::int64_t most_floats) const;

    struct Lists {
        Term *of_filter, *of_place;
        TermList *filters, *places;
        std::int32_t *corners, *offsets;  // of windows, and of places within one
        std::int64_t place_count;
    };
    Lists lists(const Work&, const Layout&) const;
    std::int64_t list_floats() const, block_step() const, copy_floats() const;
    void add_rows(const Work&, const Lists&) const;
    void add_blocks(const Work&, const Layout&, const Lists&) const;

    const Frame& f_;
    const Patches& patches_;
    const std::int64_t filters_;
    const std::int64_t pixels_;        // pooled pixels in a strip
    const std::int64_t window_;        // places in it
    const std::int64_t strip_pixels_;  // of an image
    std::vector<Piece> kernel_pieces_, image_pieces_;
};

}  // namespace convoscope
