#include "depthwise_blocks.hpp"

#include <algorithm>

namespace convoscope {

void pack_blocks(const float* kernel, const float* bias, std::int64_t taps, std::int64_t channels, float* packed) {
    std::fill_n(packed, block_floats(taps, channels), 0.0f);
    float* const biases = packed + whole_blocks(channels) * channel_block * taps;
    for (std::int64_t c = 0; c < channels; c++) {
        float* const block = packed + c / channel_block * taps * channel_block + c % channel_block;
        for (std::int64_t tap = 0; tap < taps; tap++) block[tap * channel_block] = kernel[tap * channels + c];
        if (bias) biases[c] = bias[c];
    }
}

}  // namespace convoscope
