// A plan, ready to run: steps with their weights.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph.hpp"
#include "images.hpp"
#include "layout.hpp"
#include "loss.hpp"
#include "profile.hpp"
#include "step.hpp"
#include "workspace.hpp"

namespace convoscope {

// The losses of a batch or a data set, for those who want them.
struct Scoring {
    Loss loss;
    Targets targets;
    const float* sample_weight;  // or null
};
using Scorings = std::vector<std::optional<Scoring>>;  // of each output

// What makes a value: where that is an activation and nothing else, which, and of what.
struct Maker {
    Nonlinearity activation = Nonlinearity::linear;
    int input = -1;
};

// What a program is asked for.
struct Output {
    int value;
    std::int64_t size, units;  // of a sample, and of a row: the last axis
    Maker maker;

    std::int64_t rows() const { return size / units; }

    // The softmax or sigmoid that makes the output, if a loss is computed from what went into it; linear if not.
    Nonlinearity hidden(const Loss&) const;
    // The value that a loss is computed from; neither of the two changes the size.
    int judged(const Loss& loss) const { return hidden(loss) == Nonlinearity::linear ? value : maker.input; }
};

class Program {
public:
    // The outputs are numbers of values: of the inputs, and then of what each description makes. Throws
    // std::invalid_argument if the descriptions do not fit together.
    Program(const std::vector<Shape>& inputs, const std::vector<StepDescription>& steps, std::vector<Weight> weights,
            const std::vector<int>& outputs);

    // Steps that only reshape are left out: they are nothing to compute.
    const std::vector<std::unique_ptr<Step>>& steps() const { return steps_; }
    const Graph& graph() const { return graph_; }
    const std::vector<Weight>& weights() const { return weights_; }
    const std::vector<Output>& outputs() const { return outputs_; }
    // For each description, the step here whose output is its output; -1 for the first input, -2 for the second ...
    const std::vector<int>& output_of() const { return output_of_; }
    // For each step here, its weights' places.
    const std::vector<std::vector<int>>& places() const { return places_; }

    std::int64_t input_size(int input) const { return graph_.size(input); }
    const Output& output(std::size_t number) const { return outputs_[number]; }

    // Whether training changes a weight of the step.
    bool learns(int step) const;

    // Throws std::invalid_argument if normalizations are folded in: their gradients are nowhere.
    void check_learns() const;

    // Each output (samples, output size), as in prediction, of inputs that have as many samples. Where `step_outputs`
    // is not null it has room for each step's outputs. Where `scorings` is not null, `losses` receives each sample's
    // loss, for each output that has one.
    void predict(const std::vector<Images>&, float* const* outputs, float* const* step_outputs,
                 const Scorings* scorings, float* const* losses, Interrupt&, Moment = {});

    // The same of the outputs alone, where all floats that come in are finite; else false, and what outputs have is
    // worth nothing.
    bool predict_finite(const std::vector<Images>&, float* const* outputs, Interrupt&, Moment = {});

    Workspaces workspaces;
    std::optional<Profile> profile;  // of what is trained, where somebody wants to know it

private:
    friend class Prediction;

    void add(const StepDescription&, std::vector<int>& core_values, std::vector<std::int64_t>& sizes);
    void name_outputs(const std::vector<int>& outputs, const std::vector<Shape>& inputs,
                      const std::vector<StepDescription>&, const std::vector<int>& core_values);

    std::vector<std::unique_ptr<Step>> steps_;
    Graph graph_;
    std::vector<std::vector<int>> places_;
    std::vector<Weight> weights_;
    std::vector<Output> outputs_;
    std::vector<int> output_of_;
    std::vector<Maker> makers_;  // of each description's value
    std::optional<Packs> packs_;
    std::optional<Layout> layout_;
    bool only_predicts_ = false;
};

}  // namespace convoscope
