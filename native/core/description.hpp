// What a program is made from: the plan's steps as plain data. Shapes are without the batch axis.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "../kernels/table.hpp"

namespace convoscope {

using Shape = std::vector<std::int64_t>;
using Pair = std::array<std::int64_t, 2>;  // (y, x)
using Padding = std::array<Pair, 2>;       // ((top, bottom), (left, right))
using Bounds = std::array<double, 2>;      // the least and the largest

inline std::int64_t size_of(const Shape& shape) {
    std::int64_t size = 1;
    for (const std::int64_t length : shape) size *= length;
    return size;
}

struct WindowDescription {
    PoolMode mode;
    Pair size, strides;
    Padding padding;
};

struct NormalizationDescription {
    float momentum, epsilon;
    bool scale, center, frozen;
};
struct ConvolutionDescription {
    Pair kernel, strides, dilation;
    Padding padding;
    bool bias;
    Shape features;  // before the pooling
    Activation activation;
    std::optional<WindowDescription> pool;
    std::optional<NormalizationDescription> normalization;  // folded in, for prediction
};
// The convolution that would make the input's size of the output's, walked the other way.
struct TransposedDescription {
    Pair kernel, strides, dilation;
    Padding padding;
    bool bias;
    Activation activation;
};
struct UpsamplingDescription {
    Pair size;
    bool bilinear;
};
struct PoolingDescription {
    WindowDescription window;
};
struct DenseDescription {
    bool bias;
    Activation activation;
    std::optional<NormalizationDescription> normalization;  // folded in, for prediction
};
struct ActivationDescription {
    Activation activation;
};
struct DropoutDescription {
    double rate;
    std::uint32_t stream;
    std::optional<std::uint64_t> seed;
};
enum class FillMode : std::int32_t { constant, nearest, reflect, wrap };

// In training, images flipped, shifted and turned at random; the words are those of the plan's MotionStep.
struct MotionDescription {
    std::uint32_t stream;
    std::optional<std::uint64_t> seed;
    std::array<bool, 2> flips;
    std::array<Bounds, 2> shifts;
    Bounds turns;
    bool bilinear;
    FillMode fill_mode;
    float fill_value;
};
// In training, random rectangles overwritten; noise where there is no fill value.
struct ErasingDescription {
    std::uint32_t stream;
    std::optional<std::uint64_t> seed;
    Bounds probability, scale;
    std::optional<double> fill_value;
    Bounds value_range;
};
struct PaddingDescription {
    Padding padding;
};
struct RescalingDescription {
    float scale, offset;
};
struct ReshapeDescription {};

struct StepDescription {
    Shape input, output;
    std::vector<int> weights;  // places in the program's list
    std::variant<ConvolutionDescription, TransposedDescription, UpsamplingDescription, PoolingDescription,
                 DenseDescription, ActivationDescription, DropoutDescription, MotionDescription, ErasingDescription,
                 NormalizationDescription, PaddingDescription, RescalingDescription, ReshapeDescription>
        what;
};

// A weight as its owner holds it. It is read at each call, and written by training if it is trainable.
struct Weight {
    float* values;
    Shape shape;
    bool trainable;
};

}  // namespace convoscope
