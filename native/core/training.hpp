// Gradients, and stretches of training steps.
#pragma once

#include <optional>
#include <vector>

#include "formula.hpp"
#include "program.hpp"

namespace convoscope {

// How gradients change weights; the order of things is Keras'.
struct UpdateRule {
    Formula formula;
    double weight_decay = 0;
    std::vector<std::int64_t> undecayed;  // trainable weights that do not shrink
    std::optional<double> clip_value, clip_norm, global_clip_norm;
    std::int64_t accumulation = 1;  // batches to a step
    std::optional<double> ema_momentum;
    std::optional<std::int64_t> ema_overwrite_frequency;

    // The arrays kept for each trainable weight: the formula's, the weight's running average, the sum of gradients.
    std::size_t slots() const;
};

// From "kind" and the settings of Keras' optimizers.
UpdateRule rule_of(Settings);

struct GradientRequest {
    bool training;
    std::uint64_t seed;
    std::uint32_t iteration;
    std::vector<float*> outputs;  // (samples, output size) each, written
    std::vector<float*> inputs;   // (samples, input size) each, written
    std::vector<float*> weights;  // of each of the program's weights, written; null for those not trainable
};

// The gradients of the sum of outputs × their gradients, each of which may be null.
void pullback(Program&, const std::vector<Images>&, const std::vector<const float*>& output_gradients,
              const GradientRequest&, Interrupt&);

// The gradients of a batch's loss; `losses` receives each sample's loss times its weight, for each output with a loss.
void loss_gradients(Program&, const std::vector<Images>&, const Scorings&, const std::vector<float*>& losses,
                    const GradientRequest&, Interrupt&);

// Some training steps in a row.
struct Stretch {
    std::vector<Images> x;
    Scorings scorings;
    const std::int64_t* rows;  // samples in the order in which they are visited
    std::int64_t count, batch_size;
    UpdateRule rule;
    const double* learning_rates;  // of each step
    std::int64_t iteration;        // steps taken before, as the optimizer counts them
    std::int64_t first_draw;       // the counter of dropout's and augmentation's numbers in the first step
    std::uint64_t seed;
    std::vector<std::vector<float*>> slots;  // of each trainable weight
    std::vector<float*> losses;              // (count) for each output with a loss, written
    std::vector<float*> outputs;             // (count, output size) each, written
    double* penalties;                       // of each step, before its update, written; or null
};

// Takes steps until the stretch or the time is used up; returns how many, at least one. When interrupted, weights,
// slots and moving averages are as they were after the last whole step.
std::int64_t train(Program&, const Stretch&, std::optional<double> seconds, Interrupt&);

}  // namespace convoscope
