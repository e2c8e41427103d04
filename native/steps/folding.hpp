// Batch normalisation as prediction sees it: a factor and an offset for each channel, taken into the kernel and the
// bias of the convolution or dense layer before it.
#pragma once

#include "../core/description.hpp"

namespace convoscope {

class Folding {
public:
    // The normalisation's weights follow the `own` weights of the step.
    Folding(const StepDescription&, std::size_t own, const NormalizationDescription&, const std::vector<Weight>&);

    std::int64_t floats(std::int64_t rows) const { return (rows + 1) * channels_; }

    // From a kernel (rows, channels) and its bias, or null, to a kernel and, behind it, a bias.
    void fold(const float* kernel, std::int64_t rows, const float* bias, float* folded) const;

private:
    const float epsilon_;
    const std::int64_t channels_;
    const float* gamma_;
    const float* beta_;
    const float* mean_;
    const float* variance_;
};

}  // namespace convoscope
