// Depthwise convolutions whose pixels lie in blocks of channels: which ones can, and their weights.
#pragma once

#include <algorithm>

#include "../kernels/table.hpp"
#include "geometry.hpp"

namespace convoscope {

inline std::int64_t whole_blocks(std::int64_t channels) { return (channels + channel_block - 1) / channel_block; }

// Whether the kernel is one that is computed in blocks.
inline bool suits_blocks(const Geometry& g) {
    return (g.kernel[1] == 3 || g.kernel[1] == 5) && g.strides[1] <= 2 && g.dilation == Pair{1, 1};
}

// Floats of a row of pixels in a block, with zeros where windows reach over the image's ends.
inline std::int64_t block_row_floats(const Geometry& g, std::int64_t width, std::int64_t out_width) {
    return std::max(g.padding[1][0] + width, (out_width - 1) * g.strides[1] + g.kernel[1]) * channel_block;
}

// [kernel (blocks, taps, channel_block)][bias (blocks, channel_block)], with zeros in the last block
inline std::int64_t block_floats(std::int64_t taps, std::int64_t channels) {
    return whole_blocks(channels) * channel_block * (taps + 1);
}
inline const float* block_bias(const float* packed, std::int64_t taps, std::int64_t channels) {
    return packed + whole_blocks(channels) * channel_block * taps;
}
// From a kernel (taps, channels) and a bias (channels), or null.
void pack_blocks(const float* kernel, const float* bias, std::int64_t taps, std::int64_t channels, float* packed);

}  // namespace convoscope
