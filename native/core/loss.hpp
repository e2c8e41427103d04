// Losses of single samples, with their gradients.
#pragma once

#include <cstdint>
#include <string>

#include "settings.hpp"

namespace convoscope {

struct Loss {
    enum class Kind { sparse_categorical, categorical, binary, squared };

    Kind kind;
    bool from_logits;
    float smoothing;
    float weight = 1;  // among the losses of several outputs: it scales the gradient, and not what is reported

    bool categorical() const { return kind == Kind::sparse_categorical || kind == Kind::categorical; }
};

// From "kind", with the names of Keras, "from_logits" and "label_smoothing".
Loss loss_of(Settings);

// What is right: labels (samples, rows) for the sparse kind, else values (samples, rows, units).
struct Targets {
    const std::int32_t* labels;
    const float* values;
};

// The loss of sample number `sample`: the mean over its rows of outputs (rows, units).
// `logits` says that the outputs are what goes into the softmax or sigmoid. Where `gradient` is not null it receives
// the loss's gradient times `scale`.
float sample_loss(const Loss&, bool logits, const float* outputs, std::int64_t rows, std::int64_t units, const Targets&,
                  std::int64_t sample, float scale, float* gradient);

// Throws std::invalid_argument if a label is not the number of a unit.
void check_labels(const std::int32_t* labels, std::int64_t count, std::int64_t units);

}  // namespace convoscope
