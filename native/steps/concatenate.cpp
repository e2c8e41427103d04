// Several values put one behind the other along an axis.
#include <cstring>

#include "kinds.hpp"

namespace convoscope {
namespace {

class Concatenate final : public Step {
public:
    Concatenate(const StepDescription& d, std::size_t axis) : Step(d) {
        for (std::size_t i = 0; i < axis; i++) pieces_of_sample_ *= d.output[i];
        for (const Shape& shape : d.inputs) lengths_.push_back(size_of(shape) / pieces_of_sample_);
    }

    std::string kernel(const Kernels&) const override { return "copies"; }

    void forward(const Pass& pass, const Worker&) const override {
        each_piece(pass, [&](std::size_t i, std::int64_t in, std::int64_t out) {
            std::memcpy(pass.output + out, pass.inputs[i] + in, bytes(i));
        });
    }

    void backward(const Pass& pass, const Worker&) const override {
        each_piece(pass, [&](std::size_t i, std::int64_t in, std::int64_t out) {
            if (pass.input_gradients[i])
                std::memcpy(pass.input_gradients[i] + in, pass.output_gradient + out, bytes(i));
        });
    }

private:
    std::size_t bytes(std::size_t i) const { return static_cast<std::size_t>(lengths_[i]) * sizeof(float); }

    // body(input, offset in it, offset in the output)
    template <class Body>
    void each_piece(const Pass& pass, Body&& body) const {
        const std::int64_t whole = output_size / pieces_of_sample_;
        std::int64_t before = 0;
        for (std::size_t i = 0; i < lengths_.size(); before += lengths_[i++])
            for (std::int64_t piece = 0; piece < pass.samples * pieces_of_sample_; piece++)
                body(i, piece * lengths_[i], piece * whole + before);
    }

    std::int64_t pieces_of_sample_ = 1;  // stretches that lie together in each input
    std::vector<std::int64_t> lengths_;  // of each input's
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    const auto axis = settings.take<std::int64_t>("axis");
    in_range(axis, 0, static_cast<std::int64_t>(d.output.size()) - 1, "the axis of a concatenation");
    const auto along = static_cast<std::size_t>(axis);
    Shape together = d.output;
    together[along] = 0;
    for (Shape input : d.inputs) {
        expect(input.size() == d.output.size(), "a concatenation's inputs must have as many axes as its output");
        together[along] += input[along];
        input[along] = d.output[along];
        expect(input == d.output, "a concatenation's inputs may differ along its axis only");
    }
    expect(together == d.output, "a concatenation's output must be as long as its inputs together");
    return std::make_unique<Concatenate>(d, along);
}

}  // namespace

const Kind kinds::concatenate{"concatenate", make, 2, most_inputs};

}  // namespace convoscope
