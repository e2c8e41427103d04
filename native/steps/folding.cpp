#include "folding.hpp"

#include <cmath>

namespace convoscope {

std::optional<Folding> Folding::take(Settings& settings, std::int64_t channels, Taker& weights) {
    auto own = settings.take<std::optional<Settings>>("normalization");
    if (!own) return std::nullopt;
    const NormalizationSettings n = take_normalization(*own);
    own->finish();
    return Folding(n.epsilon, channels, NormalizationWeights(n, channels, weights));
}

void Folding::fold(const float* kernel, std::int64_t rows, const float* bias, float* folded) const {
    float* const factors = folded + rows * channels_;  // where the bias comes in the end
    for (std::int64_t c = 0; c < channels_; c++)
        factors[c] = (weights_.gamma ? weights_.gamma[c] : 1.0f) / std::sqrt(weights_.variance[c] + epsilon_);
    for (std::int64_t row = 0; row < rows; row++)
        for (std::int64_t c = 0; c < channels_; c++)
            folded[row * channels_ + c] = kernel[row * channels_ + c] * factors[c];
    for (std::int64_t c = 0; c < channels_; c++) {
        const double offset = (bias ? bias[c] : 0.0f) - static_cast<double>(weights_.mean[c]);
        factors[c] =
            static_cast<float>(offset * static_cast<double>(factors[c]) + (weights_.beta ? weights_.beta[c] : 0.0f));
    }
}

}  // namespace convoscope
