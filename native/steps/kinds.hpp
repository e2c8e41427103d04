// All kinds of steps. A new one is a file in this folder, which defines its Kind, and its line in the list here.
#pragma once

#include <memory>

#include "../core/checks.hpp"
#include "../core/step.hpp"

// clang-format off
#define CONVOSCOPE_KINDS(kind) \
    kind(activation) \
    kind(affine) \
    kind(alpha_dropout) \
    kind(combine) \
    kind(concatenate) \
    kind(convolution) \
    kind(dense) \
    kind(depthwise) \
    kind(dropout) \
    kind(erasing) \
    kind(gathering) \
    kind(grouped) \
    kind(inverted_residual) \
    kind(local_response) \
    kind(noise) \
    kind(normalization) \
    kind(padding) \
    kind(parametric) \
    kind(pooling) \
    kind(rectifier) \
    kind(rescaling) \
    kind(reshape) \
    kind(resizing) \
    kind(sample_normalization) \
    kind(spatial_dropout) \
    kind(standardization) \
    kind(tone) \
    kind(transposed) \
    kind(unit_normalization) \
    kind(upsampling)
// clang-format on

namespace convoscope {

constexpr std::int64_t most_inputs = 1 << 16;  // of a step that joins values

struct Kind {
    const char* name;
    // The step, or null where it changes nothing but the shape. It takes out of settings and weights what it needs, and
    // throws std::invalid_argument where these, or the shapes, cannot be meant.
    std::unique_ptr<Step> (*make)(const StepDescription&, Settings&, Taker& weights);
    std::int64_t least_inputs = 1, largest_inputs = 1;  // how many values it reads
};

namespace kinds {

#define CONVOSCOPE_DECLARE(kind) extern const Kind kind;
CONVOSCOPE_KINDS(CONVOSCOPE_DECLARE)
#undef CONVOSCOPE_DECLARE

}  // namespace kinds

std::vector<std::string> kind_names();

// Whether inputs and output have sizes at all; to be asked before any of the rest.
void check_shapes(const StepDescription&);

// A step as its kind makes it, of shapes that are checked. Throws std::invalid_argument where nobody knows the kind,
// and where anything of the description is missing, wrong or left over.
std::unique_ptr<Step> make_step(const StepDescription&, const std::vector<Weight>&);

// From all that is said of a step; what is not its kind, shapes or weights stays with its settings.
StepDescription step_of(Settings);

}  // namespace convoscope
