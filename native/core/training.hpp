// Gradients, and stretches of training steps.
#pragma once

#include <optional>
#include <vector>

#include "program.hpp"

namespace convoscope {

// How gradients change weights; the formulas are Keras'.
struct UpdateRule {
    enum class Kind { sgd, adam, rmsprop };

    Kind kind;
    double momentum;
    bool nesterov;
    double beta_1, beta_2, epsilon, rho;
    bool centered;
    double weight_decay;
    std::optional<double> clip_value, clip_norm, global_clip_norm;

    // The arrays kept for each trainable weight.
    std::size_t slots() const;
};

// From "kind" and the settings of Keras' optimizers.
UpdateRule rule_of(Settings);

struct GradientRequest {
    bool training;
    std::uint64_t seed;
    std::uint32_t iteration;
    float* outputs;               // (samples, output size), written
    float* input;                 // (samples, input size), written
    std::vector<float*> weights;  // of each of the program's weights, written; null for those not trainable
};

// The gradients of sum(outputs × output_gradient).
void pullback(Program&, const Images&, const float* output_gradient, const GradientRequest&, Interrupt&);

// The gradients of a batch's loss; `losses` receives each sample's loss times its weight.
void loss_gradients(Program&, const Images&, const Scoring&, float* losses, const GradientRequest&, Interrupt&);

// Some training steps in a row.
struct Stretch {
    Images x;
    Scoring scoring;
    const std::int64_t* rows;  // samples in the order in which they are visited
    std::int64_t count, batch_size;
    UpdateRule rule;
    const double* learning_rates;  // of each step
    std::int64_t iteration;        // steps taken before
    std::uint64_t seed;
    std::vector<std::vector<float*>> slots;  // of each trainable weight
    float* losses;                           // (count), written
    float* outputs;                          // (count, output size), written
};

// Takes steps until the stretch or the time is used up; returns how many, at least one. When interrupted, weights,
// slots and moving averages are as they were after the last whole step.
std::int64_t train(Program&, const Stretch&, std::optional<double> seconds, Interrupt&);

}  // namespace convoscope
