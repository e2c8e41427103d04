// Several values combined index by index, and perhaps an activation: a residual connection with its ReLU is one pass.
//
// More than two are taken one after the other, as Keras does it: ((a, b), c) ...
#include <algorithm>
#include <cstring>

#include "activation.hpp"
#include "broadcast.hpp"
#include "kinds.hpp"

namespace convoscope {
namespace {

class Combine final : public Step {
public:
    Combine(const StepDescription& d, CombineMode mode, float scale, Activation activation)
        : Step(d), mode_(mode), scale_(scale), activation_(activation) {
        for (const Shape& shape : d.inputs) sizes_.push_back(size_of(shape));
        for (std::size_t i = 1; i < d.inputs.size(); i++)
            pairs_.emplace_back(i == 1 ? d.inputs[0] : d.output, d.inputs[i], d.output);
    }

    std::string kernel(const Kernels& k) const override { return std::string("each value (") + k.name + ")"; }

    std::int64_t work() const override { return output_size * static_cast<std::int64_t>(pairs_.size()); }

    // [gradient before the activation][what went into it][what earlier pairs make][its gradient], as far as needed
    std::int64_t scratch_floats(const Kernels&) const override {
        return padded() * (before_rooms() + (pairs_.size() > 1 ? 2 : 0));
    }

    void forward(const Pass& pass, const Worker& worker) const override {
        const std::int64_t at_once = plain() ? pass.samples : 1;
        for (std::int64_t sample = 0; sample < pass.samples && !worker.stopped(); sample += at_once) {
            float* const output = pass.output + sample * output_size;
            const bool rectified = activation_.kind == Nonlinearity::relu;
            make(pass, sample, at_once, pairs_.size(), rectified, output);
            if (!rectified && activation_.kind != Nonlinearity::linear)
                pass.kernels->activation(activation_, output, output, at_once * output_size);
        }
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        for (std::size_t i = 0; i < sizes_.size(); i++)
            if (pass.input_gradients[i] && stretched(i))
                std::memset(pass.input_gradients[i], 0,
                            static_cast<std::size_t>(pass.samples * sizes_[i]) * sizeof(float));
        for (std::int64_t sample = 0; sample < pass.samples && !worker.stopped(); sample++)
            walk_back(pass, worker, sample);
    }

private:
    std::int64_t padded() const { return (output_size + 15) / 16 * 16; }
    std::int64_t before_rooms() const { return activation_.kind == Nonlinearity::linear ? 0 : needs_values() ? 2 : 1; }

    bool plain() const {
        return std::all_of(pairs_.begin(), pairs_.end(), [](const Broadcast& pair) { return pair.plain(); });
    }
    bool stretched(std::size_t i) const { return i == 0 ? pairs_[0].stretches_a() : pairs_[i - 1].stretches_b(); }

    bool needs_values() const { return !output_tells_slope(activation_); }

    // Whether a gradient depends on the values.
    bool gradient_needs_values() const { return mode_ != CombineMode::add && mode_ != CombineMode::subtract; }

    // What the first `count` pairs make of some samples; the last pair of all scales.
    void make(const Pass& pass, std::int64_t sample, std::int64_t samples, std::size_t count, bool rectify,
              float* to) const {
        for (std::size_t i = 0; i < count; i++) {
            const bool last = i + 1 == pairs_.size();
            const float* const a = i == 0 ? pass.inputs[0] + sample * sizes_[0] : to;
            const float* const b = pass.inputs[i + 1] + sample * sizes_[i + 1];
            pairs_[i].each(mode_, a, b, [&](Pairing p, std::int64_t at, std::int64_t, std::int64_t) {
                if (samples > 1) p.columns *= samples;  // plain: one row
                pass.kernels->combine(p, last ? scale_ : 1, last && rectify, to + at);
            });
        }
    }

    void walk_back(const Pass& pass, const Worker& worker, std::int64_t sample) const {
        float* const before = worker.scratch;
        float* const values = before + padded();
        float* const earlier = before + before_rooms() * padded();
        float* const left = earlier + padded();  // of the gradient, for the earlier pairs
        const float* arriving = pass.output_gradient + sample * output_size;
        if (activation_.kind != Nonlinearity::linear) {
            if (needs_values()) make(pass, sample, 1, pairs_.size(), false, values);
            pass.kernels->activation_gradient(activation_, needs_values() ? values : nullptr,
                                              pass.output + sample * output_size, arriving, before, output_size);
            arriving = before;
        }
        for (std::size_t i = pairs_.size(); i-- > 0;) {
            if (i > 0 && gradient_needs_values()) make(pass, sample, 1, i, false, earlier);
            const float* const a = i == 0 ? pass.inputs[0] + sample * sizes_[0] : earlier;
            const float* const b = pass.inputs[i + 1] + sample * sizes_[i + 1];
            float* const second = pass.input_gradients[i + 1];
            float* const first = i == 0 ? pass.input_gradients[0] : left;
            const float scale = i + 1 == pairs_.size() ? scale_ : 1;
            if (second) pull(pass, i, true, a, b, arriving, scale, second + sample * sizes_[i + 1]);
            if (first) pull(pass, i, false, a, b, arriving, scale, i == 0 ? first + sample * sizes_[0] : first);
            arriving = first;
        }
    }

    void pull(const Pass& pass, std::size_t pair, bool second, const float* a, const float* b, const float* arriving,
              float scale, float* to) const {
        const bool adds = second ? pairs_[pair].stretches_b() : pairs_[pair].stretches_a();
        pairs_[pair].each(mode_, a, b, [&](const Pairing& p, std::int64_t at, std::int64_t in_a, std::int64_t in_b) {
            const Operand& own = second ? p.b : p.a;
            pass.kernels->combine_gradient(p, second, arriving + at, scale,
                                           {to + (second ? in_b : in_a), own.row, own.column, adds});
        });
    }

    const CombineMode mode_;
    const float scale_;  // of the whole
    const Activation activation_;
    std::vector<std::int64_t> sizes_;  // of the inputs
    std::vector<Broadcast> pairs_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    static const std::map<std::string, CombineMode> modes = {
        {"add", CombineMode::add},       {"subtract", CombineMode::subtract}, {"multiply", CombineMode::multiply},
        {"divide", CombineMode::divide}, {"average", CombineMode::add},       {"maximum", CombineMode::maximum},
        {"minimum", CombineMode::minimum}};
    const auto name = settings.take<std::string>("mode");
    settings.set("mode", name);
    const CombineMode mode = settings.take("mode", modes);
    expect(mode != CombineMode::subtract || d.inputs.size() == 2, "a difference is of two values");
    expect(mode != CombineMode::divide || d.inputs.size() == 2, "a quotient is of two values");
    Shape together(d.output.size(), 1);
    for (const Shape& input : d.inputs) {
        expect(stretches(input, d.output), "a combination's inputs must have the output's axes, or axes of length 1");
        for (std::size_t i = 0; i < input.size(); i++) {
            std::int64_t& length = together[together.size() - input.size() + i];
            length = std::max(length, input[i]);
        }
    }
    expect(together == d.output, "a combination's output must not be larger than its inputs");
    const Activation activation = take_activation(settings);
    expect(!by_row(activation), "a softmax is a step of its own");
    const float scale = name == "average" ? 1.0f / static_cast<float>(d.inputs.size()) : 1.0f;
    return std::make_unique<Combine>(d, mode, scale, activation);
}

}  // namespace

const Kind kinds::combine{"combine", make, 2, most_inputs};

}  // namespace convoscope
