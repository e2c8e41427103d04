// A description in the making: its values, its weights, and what may be odd about any step.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <random>
#include <utility>

#include "../stack.hpp"
#include "bytes.hpp"

namespace convoscope::fuzz {

inline constexpr std::int64_t most_run = 1 << 16;  // values between two steps of a program that is run

// Arithmetic of numbers that may be anything: what does not fit wraps around.
using Wide = __int128;
inline std::int64_t narrow(Wide value) { return static_cast<std::int64_t>(static_cast<std::uint64_t>(value)); }

// How often `step` goes into `n`; once, where that is no question to ask.
inline std::int64_t quotient(std::int64_t n, std::int64_t step) { return step < 1 ? 1 : n / step; }

inline std::int64_t length(std::int64_t n, std::int64_t reach, std::int64_t stride, const Pair& padding) {
    if (stride == 0) return 1;
    return narrow((Wide{n} + padding[0] + padding[1] - reach) / stride + 1);
}

inline std::int64_t reach_of(std::int64_t kernel, std::int64_t dilation) {
    return narrow((Wide{kernel} - 1) * dilation + 1);
}

class Draft {
public:
    std::vector<Shape> inputs;
    std::vector<int> outputs;
    std::vector<StepDescription> steps;
    std::vector<std::unique_ptr<Floats>> values;
    std::vector<Weight> weights;

protected:
    explicit Draft(Bytes& bytes) : bytes_(bytes) {}

    int any() { return static_cast<int>(bytes_.choice(static_cast<std::int64_t>(shapes_.size()))); }

    void choose(int value) {
        latest_ = value;
        shape_ = shapes_[static_cast<std::size_t>(value)];
    }

    // An array as Python would bring it: its shape is what it is, whatever the description says of it.
    int weight(const Shape& wanted) {
        Wide size = 1;
        for (const std::int64_t axis : wanted)
            size = axis < 0 || axis > most_run || size > most_run ? most_run + 1 : size * axis;
        const Shape shape = size > most_run || size == 0 ? Shape{1} : wanted;
        auto array = std::make_unique<Floats>(static_cast<std::size_t>(size_of(shape)));
        const bool odd = bytes_.choice(16) == 1;
        std::minstd_rand random(1 + bytes_.byte());
        for (float& value : *array)
            value = odd ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(random() % 256) / 128.0f - 0.9f;
        values.push_back(std::move(array));
        weights.push_back({values.back()->data(), shape, bytes_.choice(8) != 0, regulation(shape)});
        const auto place = static_cast<std::int64_t>(weights.size()) - 1;
        return static_cast<int>(bytes_.choice(64) == 1 ? bytes_.number(-1, 3) : place);
    }

    Regulation regulation(const Shape& shape) {
        Regulation regulation;
        if (bytes_.choice(4) != 1) return regulation;
        regulation.l1 = bytes_.real();
        regulation.l2 = bytes_.real();
        if (shape.size() == 2 && bytes_.flag()) regulation.orthogonal = {bytes_.real(), bytes_.flag()};
        regulation.non_negative = bytes_.flag();
        if (!bytes_.flag()) return regulation;
        NormBounds norm{bytes_.real(), bytes_.real(), bytes_.real(), {}};
        for (std::size_t axis = 0; axis < shape.size(); axis++) norm.along.push_back(bytes_.flag());
        regulation.norm = norm;
        return regulation;
    }

    Settings activated(Settings settings) {
        constexpr const char* names[] = {"linear", "relu",     "leaky_relu", "sigmoid",      "tanh",       "elu",
                                         "gelu",   "silu",     "softmax",    "relu6",        "selu",       "softplus",
                                         "mish",   "softsign", "hard_silu",  "hard_sigmoid", "exponential", "log_softmax"};
        const char* const name = names[bytes_.choice(std::size(names))];
        return convoscope::activated(std::move(settings), name, bytes_.real());
    }

    Pair pair(std::int64_t least, std::int64_t most) {
        return {bytes_.number(least, most), bytes_.number(least, most)};
    }
    Padding padding(std::int64_t most) { return {pair(0, most), pair(0, most)}; }
    Bounds bounds() { return {bytes_.real(), bytes_.real()}; }

    Window window(bool any) {
        const Pair size = pair(1, 3);
        return {static_cast<PoolMode>(bytes_.choice(any ? 3 : 2)), size, pair(1, 3),
                bytes_.flag() ? padding(1) : Padding{}};
    }

    Shape pooled(const Shape& map, const Window& w) {
        return {length(map[0], w.size[0], w.strides[0], w.padding[0]),
                length(map[1], w.size[1], w.strides[1], w.padding[1]), map[2]};
    }

    Settings normalization(std::int64_t channels, std::vector<int>& places) {
        const double momentum = bytes_.real();
        const bool scale = bytes_.flag(), center = bytes_.flag(), frozen = bytes_.flag();
        for (int i = (scale ? 0 : 1) + (center ? 0 : 1); i < 4; i++) places.push_back(weight({channels}));
        return {{"momentum", momentum}, {"epsilon", 1e-3}, {"scale", scale}, {"center", center}, {"frozen", frozen}};
    }

    void put(const char* kind, Settings settings, Shape output, std::vector<int> places = {}) {
        constexpr const char* odd[] = {"kernel", "padding", "pool", "activation", "scale", "other"};
        if (bytes_.choice(64) == 1) settings.set(odd[bytes_.choice(std::size(odd))], odd_value());

        if (bytes_.choice(64) == 1) output.back() = bytes_.number(1, 4);
        if (bytes_.choice(64) == 1) output.push_back(bytes_.number(1, 2));
        put_step({kind, {shape_}, output, std::move(places), std::move(settings), {latest_}});
    }

    void put_step(StepDescription step) {
        for (int& value : step.from)
            if (bytes_.choice(64) == 1) value = static_cast<int>(bytes_.number(-1, 9));
        if (bytes_.choice(64) == 1) step.from.push_back(any());
        if (bytes_.choice(64) == 1) step.inputs.push_back(step.output);
        shapes_.push_back(step.output);
        steps.push_back(std::move(step));
        choose(static_cast<int>(shapes_.size()) - 1);
    }

    // Two values or three, as they come, or of the same size; the output as NumPy would have it.
    void join() {
        std::vector<int> from{latest_};
        std::vector<Shape> read{shape_};
        Shape output = shape_;
        const std::int64_t axis = bytes_.number(0, 2);
        const bool combines = bytes_.flag();
        const bool loose = bytes_.choice(16) == 1;
        for (std::int64_t more = 1 + bytes_.choice(3), tries = 0; more > 0 && tries < 16; tries++) {
            const int value = any();
            const Shape& shape = shapes_[static_cast<std::size_t>(value)];
            if (!loose && !fits(shape, output, combines ? -1 : axis)) continue;
            for (std::size_t i = 0; i < std::min(shape.size(), output.size()); i++) {
                if (combines) output[i] = std::max(output[i], shape[i]);
                if (!combines && static_cast<std::int64_t>(i) == axis) output[i] = narrow(Wide{output[i]} + shape[i]);
            }
            from.push_back(value);
            read.push_back(shape);
            more--;
        }
        constexpr const char* modes[] = {"add", "multiply", "average", "maximum", "minimum", "subtract", "divide"};
        const char* const mode = modes[bytes_.choice(from.size() == 2 || loose ? 7 : 5)];
        if (combines)
            put_step({"combine", read, output, {}, activated({{"mode", mode}}), from});
        else
            put_step({"concatenate", read, output, {}, {{"axis", axis}}, from});
    }

    // Whether a value can be joined to one of another shape: along the axis, or, below 0, by stretching axes of 1.
    static bool fits(const Shape& shape, const Shape& to, std::int64_t axis) {
        if (shape.size() != to.size()) return false;
        for (std::size_t i = 0; i < to.size(); i++) {
            const bool stretches = axis < 0 ? shape[i] == 1 || to[i] == 1 : static_cast<std::int64_t>(i) == axis;
            if (shape[i] != to[i] && !stretches) return false;
        }
        return true;
    }

    // A step once more, with the same weights, on the latest value.
    void again() {
        if (steps.empty()) return join();
        StepDescription step = steps[static_cast<std::size_t>(bytes_.choice(static_cast<std::int64_t>(steps.size())))];
        step.from = {latest_};
        put_step(step);
    }

    // What is of another kind than any setting, or than most.
    Value odd_value() {
        switch (bytes_.choice(5)) {
            case 0: return {};
            case 1: return Settings{{"mode", "max"}};
            case 2: return std::vector<std::int64_t>{1, 2, 3};
            case 3: return "odd";
            default: return bytes_.number(0, 3);
        }
    }

    Bytes& bytes_;
    std::vector<Shape> shapes_;  // of all values
    int latest_ = 0;             // or the chosen one, with its shape
    Shape shape_;
};

}  // namespace convoscope::fuzz
