// What batch normalization is told, on its own and where it is folded into another step.
#pragma once

#include "../core/checks.hpp"

namespace convoscope {

struct NormalizationSettings {
    float momentum, epsilon;
    bool scale, center, frozen;
};

NormalizationSettings take_normalization(Settings&);

// Each a value a channel.
struct NormalizationWeights {
    NormalizationWeights(const NormalizationSettings&, std::int64_t channels, Taker&);

    const float* gamma;  // or null
    const float* beta;   // or null
    float* mean;
    float* variance;
};

}  // namespace convoscope
