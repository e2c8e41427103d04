// Losses of single samples, with their gradients.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "../kernels/table.hpp"
#include "settings.hpp"

namespace convoscope {

struct Loss {
    enum class Kind {
        sparse_categorical,
        categorical,
        binary,
        squared,
        binary_focal,
        categorical_focal,
        absolute,
        percentage,
        squared_logarithmic,
        huber,
        log_cosh,
        poisson,
        kl_divergence,
        cosine,
        hinge,
        squared_hinge,
        categorical_hinge
    };
    static constexpr int kinds = static_cast<int>(Kind::categorical_hinge) + 1;

    // What a batch's loss is of its rows': `none` is told as the mean, with the gradient of the sum.
    enum class Reduction { mean, sum, none, weighted_mean };

    Kind kind;
    bool from_logits;
    float smoothing;
    float weight = 1;  // among the losses of several outputs: it scales the gradient, and not what is reported
    Reduction reduction = Reduction::mean;
    std::optional<std::int32_t> ignored = {};  // rows with this label have no loss, and are not counted
    float delta = 1;                           // Huber's
    float alpha = 0.25f, gamma = 2;            // the focal losses'
    bool balanced = false;

    bool sparse() const { return kind == Kind::sparse_categorical; }

    // Whether it is computed from what goes into a last softmax or sigmoid, whichever of the two it is.
    bool from_hidden() const {
        return kind == Kind::sparse_categorical || kind == Kind::categorical || kind == Kind::binary ||
               (kind == Kind::binary_focal && !from_logits);
    }
};

// From "kind", with the names of Keras, and the rest of `LossRule` in Python.
Loss loss_of(Settings);

// What is right: labels (samples, rows) for the sparse kind, else values (samples, rows, units).
struct Targets {
    const std::int32_t* labels;
    const float* values;
};

// The loss of sample number `sample`: the mean over its rows of outputs (rows, units), of which those that are ignored
// have none. `hidden` is linear, or the activation that the outputs go into: softmax or sigmoid. Where `gradient` is
// not null it receives the loss's gradient times `scale`.
float sample_loss(const Loss&, Nonlinearity hidden, const float* outputs, std::int64_t rows, std::int64_t units,
                  const Targets&, std::int64_t sample, float scale, float* gradient);

// What the samples of one batch count in its loss.
struct Shares {
    float divisor = 1;  // of the gradients of samples' losses
    float told = 1;     // factor of samples' losses, so that their mean is the batch's loss
};

// Sample i of the batch is sample rows[i] of the data set, or its i-th if `rows` is null.
Shares shares_of(const Loss&, const Targets&, const float* sample_weight, const std::int64_t* rows,
                 std::int64_t samples, std::int64_t rows_of_a_sample);

// Throws std::invalid_argument if a label is not the number of a unit, nor the one that is ignored.
void check_labels(const Loss&, const std::int32_t* labels, std::int64_t count, std::int64_t units);

}  // namespace convoscope
