#include "folding.hpp"

#include <cmath>

namespace convoscope {

Folding::Folding(const StepDescription& d, std::size_t own, const NormalizationDescription& n,
                 const std::vector<Weight>& weights)
    : epsilon_(n.epsilon), channels_(d.output.back()) {
    const auto take = [&] { return weights.at(static_cast<std::size_t>(d.weights.at(own++))).values; };
    gamma_ = n.scale ? take() : nullptr;
    beta_ = n.center ? take() : nullptr;
    mean_ = take();
    variance_ = take();
}

void Folding::fold(const float* kernel, std::int64_t rows, const float* bias, float* folded) const {
    float* const factors = folded + rows * channels_;  // where the bias comes in the end
    for (std::int64_t c = 0; c < channels_; c++)
        factors[c] = (gamma_ ? gamma_[c] : 1.0f) / std::sqrt(variance_[c] + epsilon_);
    for (std::int64_t row = 0; row < rows; row++)
        for (std::int64_t c = 0; c < channels_; c++)
            folded[row * channels_ + c] = kernel[row * channels_ + c] * factors[c];
    for (std::int64_t c = 0; c < channels_; c++) {
        const double offset = (bias ? bias[c] : 0.0f) - static_cast<double>(mean_[c]);
        factors[c] = static_cast<float>(offset * static_cast<double>(factors[c]) + (beta_ ? beta_[c] : 0.0f));
    }
}

}  // namespace convoscope
