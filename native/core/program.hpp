// A plan, ready to run: steps with their weights.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "images.hpp"
#include "loss.hpp"
#include "step.hpp"
#include "workspace.hpp"

namespace convoscope {

// The losses of a batch or a data set, for those who want them.
struct Scoring {
    Loss loss;
    Targets targets;
    const float* sample_weight;  // or null
};

class Program {
public:
    // Throws std::invalid_argument if the descriptions do not fit together.
    Program(const Shape& input, const std::vector<StepDescription>& steps, std::vector<Weight> weights);

    // Steps that only reshape are left out: they are nothing to compute.
    const std::vector<std::unique_ptr<Step>>& steps() const { return steps_; }
    const std::vector<Weight>& weights() const { return weights_; }
    // For each step of the plan, the step here whose output is its output; -1 for the input.
    const std::vector<int>& output_of() const { return output_of_; }
    // For each step here, its weights' places.
    const std::vector<std::vector<int>>& places() const { return places_; }
    // The lowest step with a trainable weight; the number of steps if there is none.
    int lowest_trainable() const { return lowest_trainable_; }

    std::int64_t input_size() const { return input_size_; }
    std::int64_t output_size() const { return steps_.back()->output_size; }
    std::int64_t output_units() const { return output_units_; }  // of a row: the last axis
    std::int64_t output_rows() const { return output_size() / output_units_; }

    // Throws std::invalid_argument if normalisations are folded in: their gradients are nowhere.
    void check_learns() const;

    // Whether a loss is computed from what goes into the last step.
    bool fused(const Loss&) const;

    // Outputs (count, output size), as in prediction. Where `step_outputs` is not null it has room for each step's
    // outputs, and `outputs` is among them. Where `scoring` is not null, `losses` receives each sample's loss.
    void predict(const Images&, float* outputs, float* const* step_outputs, const Scoring* scoring, float* losses,
                 Interrupt&);

    Workspaces workspaces;

private:
    friend class Prediction;

    std::vector<std::unique_ptr<Step>> steps_;
    std::vector<std::vector<int>> places_;
    std::vector<Weight> weights_;
    std::vector<int> output_of_;
    std::optional<Packs> packs_;
    std::int64_t input_size_, output_units_;
    int lowest_trainable_;
    bool only_predicts_ = false;
    Activation last_{};  // the plan's last step's activation if it is one, else linear
};

}  // namespace convoscope
