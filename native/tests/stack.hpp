// Random stacks of steps with their weights.
#pragma once

#include <memory>

#include "check.hpp"
#include "core/program.hpp"
#include "steps/geometry.hpp"
#include "steps/window.hpp"

namespace convoscope {

// What a convolution, dense layer or activation is told of its activation.
inline Settings activated(Settings settings, const char* activation, double alpha = 0) {
    settings.set("activation", activation);
    settings.set("alpha", alpha);
    return settings;
}

inline Settings settings_of(const Geometry& g) {
    return {{"kernel", g.kernel}, {"strides", g.strides}, {"dilation", g.dilation}, {"padding", g.padding}};
}

inline Settings settings_of(const Window& w) {
    const char* const mode = w.mode == PoolMode::max ? "max" : w.mode == PoolMode::min ? "min" : "average";
    return {{"mode", mode}, {"size", w.size}, {"strides", w.strides}, {"padding", w.padding}};
}

// A stack or a graph under construction, with its weights. What is added reads the latest value, or the chosen one.
struct Stack {
    Shape shape;                        // of the latest value
    std::vector<Shape> inputs, shapes;  // of the program's inputs, and of all values
    int latest = 0;
    std::vector<int> outputs;  // none for the latest value alone
    std::vector<StepDescription> steps;
    std::vector<std::unique_ptr<Floats>> values;
    std::vector<Weight> weights;

    explicit Stack(Shape first) : Stack(std::vector<Shape>{first}) {}
    explicit Stack(std::vector<Shape> all) : shape(all[0]), inputs(all), shapes(all) {}

    Program program() const {
        return Program(inputs, steps, weights, outputs.empty() ? std::vector<int>{latest} : outputs);
    }

    void choose(int value) {
        latest = value;
        shape = shapes[static_cast<std::size_t>(value)];
    }

    int weight(Shape size, bool trainable = true, bool positive = false) {
        values.push_back(std::make_unique<Floats>(random_floats(size_of(size))));
        const float fan = std::sqrt(static_cast<float>(size_of(size)) / static_cast<float>(size.back()));
        for (float& value : *values.back()) value = positive ? std::fabs(value) + 0.5f : value / fan;
        weights.push_back({values.back()->data(), size, trainable});
        return static_cast<int>(weights.size()) - 1;
    }

    void add(const char* kind, Settings settings, Shape output, std::vector<int> places = {}) {
        join(kind, std::move(settings), {latest}, output, places);
    }

    void join(const char* kind, Settings settings, std::vector<int> from, Shape output, std::vector<int> places = {}) {
        std::vector<Shape> read;
        for (const int value : from) read.push_back(shapes[static_cast<std::size_t>(value)]);
        steps.push_back({kind, read, output, places, std::move(settings), from});
        shapes.push_back(output);
        choose(static_cast<int>(shapes.size()) - 1);
    }

    void activation(const char* name) { add("activation", activated({}, name), shape); }

    static std::int64_t length(std::int64_t n, std::int64_t reach, std::int64_t stride, const Pair& padding) {
        return (n + padding[0] + padding[1] - reach) / stride + 1;
    }

    static Window window(PoolMode mode) {
        const Pair size{random_int(1, 3), random_int(1, 3)};
        return {mode,
                size,
                {random_int(1, 3), random_int(1, 3)},
                {{{random_int(0, size[0] - 1), random_int(0, size[0] - 1)},
                  {random_int(0, size[1] - 1), random_int(0, size[1] - 1)}}}};
    }

    static Shape pooled(const Shape& map, const Window& w) {
        return {length(map[0], w.size[0], w.strides[0], w.padding[0]),
                length(map[1], w.size[1], w.strides[1], w.padding[1]), map[2]};
    }

    // Plain: as Winograd's tiles want it, mostly 3×3, and pooled two by two as often as not.
    bool convolution(std::int64_t filters, const char* activation, bool pool, bool plain = false) {
        Geometry c{};
        for (const std::size_t axis : {0u, 1u}) {
            c.kernel[axis] = !plain ? random_int(1, 4) : random_int(0, 1) ? 3 : random_int(2, 7);
            c.strides[axis] = plain ? 1 : random_int(1, 3);
            c.dilation[axis] = plain ? 1 : random_int(1, 2);
            if (random_int(0, 1)) c.padding[axis] = {random_int(0, 2), random_int(0, 2)};
        }
        Shape features;
        for (const std::size_t axis : {0u, 1u}) {
            const std::int64_t reach = (c.kernel[axis] - 1) * c.dilation[axis] + 1;
            if (shape[axis] + c.padding[axis][0] + c.padding[axis][1] < reach) return false;
            features.push_back(length(shape[axis], reach, c.strides[axis], c.padding[axis]));
        }
        features.push_back(filters);
        const bool bias = random_int(0, 1) == 1;
        Settings settings = activated(settings_of(c), activation);
        settings.set("features", features);
        settings.set("bias", bias);
        settings.set("pool", {});
        settings.set("normalization", {});
        Shape output = features;
        if (pool) {
            Window w = window(random_int(0, 1) ? PoolMode::max : PoolMode::min);
            if (plain && random_int(0, 1)) w = {w.mode, {2, 2}, {2, 2}, {}};
            if (features[0] < w.size[0] || features[1] < w.size[1]) return false;
            settings.set("pool", settings_of(w));
            output = pooled(features, w);
        }
        std::vector<int> places{weight({c.kernel[0], c.kernel[1], shape[2], filters})};
        if (bias) places.push_back(weight({filters}));
        add("convolution", settings, output, places);
        return true;
    }

    // Made `more` pixels larger than what is painted, or as much smaller as padding is cut off.
    void transposed(std::int64_t filters, const char* activation) {
        Geometry t{};
        Shape output;
        for (const std::size_t axis : {0u, 1u}) {
            t.kernel[axis] = random_int(1, 4);
            t.strides[axis] = random_int(1, 3);
            t.dilation[axis] = random_int(1, 2);
            const std::int64_t reach = (t.kernel[axis] - 1) * t.dilation[axis] + 1;
            const std::int64_t painted = (shape[axis] - 1) * t.strides[axis] + reach;
            const std::int64_t cut = random_int(0, 1) ? random_int(0, reach - 1) : 0;
            t.padding[axis] = {cut / 2, cut - cut / 2};
            output.push_back(painted - cut + (cut ? 0 : random_int(0, 2)));
        }
        output.push_back(filters);
        const bool bias = random_int(0, 1) == 1;
        Settings settings = activated(settings_of(t), activation);
        settings.set("bias", bias);
        std::vector<int> places{weight({t.kernel[0], t.kernel[1], filters, shape[2]})};
        if (bias) places.push_back(weight({filters}));
        add("transposed convolution", settings, output, places);
    }

    void upsampling() {
        const Pair size{random_int(1, 3), random_int(1, 3)};
        add("upsampling", {{"size", size}, {"bilinear", random_int(0, 1) == 1}},
            {shape[0] * size[0], shape[1] * size[1], shape[2]});
    }

    static Settings normalized(bool frozen) {
        return {{"momentum", 0.9}, {"epsilon", 1e-3}, {"scale", true}, {"center", true}, {"frozen", frozen}};
    }

    void normalization(bool frozen, const char* activation = "linear") {
        const Shape channel{shape.back()};
        std::vector<int> places{weight(channel), weight(channel), weight(channel, false), weight(channel, false, true)};
        add("normalization", activated(normalized(frozen), activation), shape, places);
    }

    void affine() {
        const char* const modes[] = {"constant", "nearest", "reflect", "wrap"};
        const bool bilinear = random_int(0, 1) == 1;
        const char* const mode = modes[random_int(0, 3)];
        const std::int64_t what = random_int(0, 3);
        std::array<bool, 2> flips{};
        std::array<Bounds, 2> shifts{}, zooms{{{1, 1}, {1, 1}}};
        Bounds turns{};
        if (what == 0) flips = {true, random_int(0, 1) == 1};
        if (what == 1) shifts = {{{-1, 1}, {-0.3, 0.2}}};
        if (what == 2) turns = {-0.5, 0.5};
        if (what == 3) zooms = {{{0.5, 1.5}, {0.8, 1.2}}};
        add("affine",
            {{"stream", 2},
             {"seed", {}},
             {"flips", flips},
             {"shifts", shifts},
             {"turns", turns},
             {"zooms", zooms},
             {"even", random_int(0, 1) == 1},
             {"bilinear", bilinear},
             {"fill_mode", mode},
             {"fill_value", 0.5}},
            shape);
    }

    void erasing() {
        std::optional<double> fill;
        if (random_int(0, 1)) fill = 0.25;
        add("erasing",
            {{"stream", 3},
             {"seed", 7},
             {"probability", Bounds{1, 1}},
             {"scale", Bounds{0, 1}},
             {"fill_value", fill},
             {"value_range", Bounds{-1, 1}}},
            shape);
    }

    void dense(std::int64_t units, const char* activation) {
        Shape output = shape;
        output.back() = units;
        const std::vector<int> places{weight({shape.back(), units}), weight({units})};
        add("dense", activated({{"bias", true}, {"normalization", {}}}, activation), output, places);
    }

    void flatten() { add("reshape", {}, {size_of(shape)}); }
};

inline Stack random_stack() {
    const std::int64_t channels[] = {1, 3, 17};
    Stack s({random_int(5, 13), random_int(5, 13), channels[random_int(0, 2)]});
    const std::int64_t filters[] = {1, 5, 16, 33, 70};
    if (random_int(0, 3) == 0) s.add("rescaling", {{"scale", 0.5}, {"offset", 0.1}}, s.shape);
    if (random_int(0, 1)) s.affine();
    if (random_int(0, 3) == 0) s.erasing();
    if (random_int(0, 3) == 0)
        s.add("padding", {{"padding", Padding{{{1, 0}, {0, 2}}}}}, {s.shape[0] + 1, s.shape[1] + 2, s.shape[2]});
    s.convolution(filters[random_int(0, 4)], "tanh", random_int(0, 1));
    const std::int64_t larger = random_int(0, 3);
    if (larger == 0) s.transposed(filters[random_int(0, 2)], "tanh");
    if (larger == 1) s.upsampling();
    if (random_int(0, 1)) s.normalization(random_int(0, 1), random_int(0, 1) ? "linear" : "tanh");
    if (random_int(0, 1)) s.add("dropout", {{"rate", 0.3}, {"stream", 1}, {"seed", {}}}, s.shape);
    s.convolution(filters[random_int(0, 4)], "sigmoid", random_int(0, 1));
    if (random_int(0, 2) == 0) s.affine();
    const Window w = Stack::window(static_cast<PoolMode>(random_int(0, 2)));
    if (s.shape[0] >= w.size[0] && s.shape[1] >= w.size[1])
        s.add("pooling", {{"pool", settings_of(w)}}, Stack::pooled(s.shape, w));
    if (random_int(0, 1)) s.activation("silu");
    s.flatten();
    s.dense(random_int(1, 40), "tanh");
    s.dense(random_int(2, 11), "linear");
    s.activation("softmax");
    return s;
}

// Few channels, then enough of them for Winograd.
inline Stack plain_stack() {
    const std::int64_t channels[] = {1, 2, 4}, filters[] = {16, 17, 48, 63, 65};
    Stack s({random_int(9, 16), random_int(9, 16), channels[random_int(0, 2)]});
    s.convolution(filters[random_int(0, 4)], "tanh", random_int(0, 1), true);
    s.convolution(filters[random_int(0, 4)], "sigmoid", random_int(0, 1), true);
    s.flatten();
    s.dense(5, "linear");
    s.activation("softmax");
    return s;
}

}  // namespace convoscope
