// Random graphs: values read by several steps, steps that read several values, weights of several steps, outputs in
// between.
#pragma once

#include "stack.hpp"

namespace convoscope {

// A graph of maps of one size, and of what they can be combined with.
class GraphMaker {
public:
    explicit GraphMaker(std::int64_t steps)
        : height_(random_int(2, 6)), width_(random_int(2, 6)), channels_(random_int(1, 20)), graph_(inputs()) {
        for (std::int64_t i = 0; i < steps; i++) add();
        const std::int64_t outputs = random_int(1, 3);
        for (std::int64_t i = 1; i < outputs; i++) graph_.outputs.push_back(any());
        choose_map();
        if (random_int(0, 1)) graph_.flatten();
        graph_.dense(random_int(2, 7), "linear");
        if (random_int(0, 2)) graph_.activation("softmax");
        graph_.outputs.push_back(graph_.latest);
    }

    Stack take() { return std::move(graph_); }

private:
    std::vector<Shape> inputs() const {
        std::vector<Shape> inputs{{height_, width_, channels_}};
        for (std::int64_t more = random_int(0, 2); more > 0; more--)
            inputs.push_back({height_, width_, random_int(1, 5)});
        return inputs;
    }

    int any() const { return static_cast<int>(random_int(0, static_cast<std::int64_t>(graph_.shapes.size()) - 1)); }

    // Later ones more often, so that graphs are deep.
    int some() const { return std::max(any(), random_int(0, 1) ? any() : 0); }

    bool is_map(int value) const {
        const Shape& shape = graph_.shapes[static_cast<std::size_t>(value)];
        return shape.size() == 3 && shape[0] == height_ && shape[1] == width_;
    }

    void choose_map() {
        int value = some();
        while (!is_map(value)) value = some();
        graph_.choose(value);
    }

    void add() {
        choose_map();
        switch (random_int(0, 9)) {
            case 0:
            case 1: return convolution();
            case 2: {
                const char* const ends[] = {"linear", "relu", "tanh"};
                return graph_.normalization(random_int(0, 1), ends[random_int(0, 2)]);
            }
            case 3: return graph_.activation(random_int(0, 1) ? "silu" : "tanh");
            case 4: return again();
            case 5: return concatenate();
            default: return combine();
        }
    }

    void convolution() {
        const std::int64_t filters = random_int(0, 3) == 0 ? 1 : random_int(0, 1) ? channels_ : random_int(2, 34);
        const bool bias = random_int(0, 1) == 1;
        const char* const ends[] = {"linear", "relu", "tanh"};
        Settings settings = activated({{"kernel", Pair{3, 3}},
                                       {"strides", Pair{1, 1}},
                                       {"dilation", Pair{1, 1}},
                                       {"padding", Padding{{{1, 1}, {1, 1}}}},
                                       {"features", Shape{height_, width_, filters}},
                                       {"bias", bias},
                                       {"pool", {}},
                                       {"normalization", {}}},
                                      ends[random_int(0, 2)]);
        std::vector<int> places{graph_.weight({3, 3, graph_.shape[2], filters}, random_int(0, 4) != 0)};
        if (bias) places.push_back(graph_.weight({filters}));
        const Shape output{height_, width_, filters};
        std::vector<int> from{graph_.latest};
        const int addend = some();
        if (graph_.shapes[static_cast<std::size_t>(addend)] == output && random_int(0, 2)) from.push_back(addend);
        settings.set("addend", from.size() == 2);
        graph_.join("convolution", settings, from, output, places);
    }

    // A step with weights once more, on another value: a layer that is called twice.
    void again() {
        for (std::size_t i = 0; i < graph_.steps.size(); i++) {
            const StepDescription step = graph_.steps[i];
            if (step.weights.empty()) continue;
            for (int tries = 0; tries < 20; tries++) {
                const int value = some();
                if (step.from.size() > 1 || graph_.shapes[static_cast<std::size_t>(value)] != step.input()) continue;
                return graph_.join(step.kind.c_str(), step.settings, {value}, step.output, step.weights);
            }
        }
    }

    void concatenate() {
        const std::int64_t axis = random_int(0, 2);
        std::vector<int> from{graph_.latest};
        Shape output = graph_.shape;
        for (int tries = 0; tries < 10; tries++) {
            const int value = some();
            Shape shape = graph_.shapes[static_cast<std::size_t>(value)];
            if (shape.size() != 3) continue;
            const std::int64_t length = shape[static_cast<std::size_t>(axis)];
            shape[static_cast<std::size_t>(axis)] = output[static_cast<std::size_t>(axis)];
            if (shape != output || output[static_cast<std::size_t>(axis)] + length > 40) continue;
            output[static_cast<std::size_t>(axis)] += length;
            from.push_back(value);
        }
        if (from.size() > 1) graph_.join("concatenate", {{"axis", axis}}, from, output);
    }

    // The mean of each channel, (1, 1, C), or one channel, (H, W, 1): what maps are multiplied with.
    int summary() {
        const Shape map = graph_.shape;
        if (random_int(0, 1)) {
            const Settings all{
                {"mode", "average"}, {"size", Pair{map[0], map[1]}}, {"strides", Pair{1, 1}}, {"padding", Padding{}}};
            graph_.add("pooling", {{"pool", all}}, {1, 1, map[2]});
        } else {
            graph_.dense(1, "sigmoid");
        }
        return graph_.latest;
    }

    void combine() {
        const char* const modes[] = {"add", "subtract", "multiply", "average", "maximum", "minimum"};
        const char* const mode = modes[random_int(0, 5)];
        const bool two = std::string(mode) == "subtract";
        const Shape shape = graph_.shape;
        std::vector<int> from{graph_.latest};
        if (random_int(0, 1)) from.push_back(summary());
        for (int tries = 0; tries < 6 && !(two && from.size() > 1); tries++) {
            const int value = some();
            if (graph_.shapes[static_cast<std::size_t>(value)] == shape) from.push_back(value);
        }
        if (random_int(0, 1)) std::reverse(from.begin(), from.end());
        if (from.size() < 2) return;
        const char* const ends[] = {"linear", "relu", "silu", "tanh"};
        graph_.join("combine", activated({{"mode", mode}}, ends[random_int(0, 3)]), from, shape);
    }

    const std::int64_t height_, width_, channels_;
    Stack graph_;
};

inline Stack random_graph() { return GraphMaker(random_int(3, 14)).take(); }

}  // namespace convoscope
