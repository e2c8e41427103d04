// Batch normalization as prediction sees it: a factor and an offset for each channel, taken into the kernel and the
// bias of the convolution or dense layer before it.
#pragma once

#include "normalization.hpp"

namespace convoscope {

class Folding {
public:
    Folding(float epsilon, std::int64_t channels, const NormalizationWeights& weights)
        : epsilon_(epsilon), channels_(channels), weights_(weights) {}

    // Takes "normalization", which may be none, and its weights, which follow the step's own.
    static std::optional<Folding> take(Settings&, std::int64_t channels, Taker&);

    std::int64_t floats(std::int64_t rows) const { return (rows + 1) * channels_; }

    // From a kernel (rows, channels) and its bias, or null, to a kernel and, behind it, a bias.
    void fold(const float* kernel, std::int64_t rows, const float* bias, float* folded) const;

private:
    const float epsilon_;
    const std::int64_t channels_;
    const NormalizationWeights weights_;
};

}  // namespace convoscope
