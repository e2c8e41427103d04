// Dropout: in training, values are left out at random, and the others made larger in return.
#include "kinds.hpp"

namespace convoscope {
namespace {

class Dropout final : public Step {
public:
    Dropout(const StepDescription& d, double rate, std::uint32_t stream, std::optional<std::uint64_t> seed)
        : Step(d),
          threshold_(static_cast<std::uint32_t>(rate * 4294967296.0)),
          scale_(static_cast<float>(1.0 / (1.0 - rate))),
          stream_(stream),
          seed_(seed) {}

    std::string kernel(const Kernels& k) const override { return std::string("each value, Philox (") + k.name + ")"; }
    std::int64_t kept_bytes() const override { return input_size; }

    void forward(const Pass& pass, const Worker&) const override {
        const std::int64_t count = pass.samples * input_size;
        if (!pass.training) return pass.kernels->affine(pass.input, 1, 0, pass.output, count);
        pass.kernels->keep_mask(seed_.value_or(pass.seed), pass.iteration, stream_, threshold_, pass.first * input_size,
                                count, pass.kept);
        pass.kernels->keep(pass.input, pass.kept, scale_, pass.output, count);
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (!pass.input_gradient) return;
        const std::int64_t count = pass.samples * input_size;
        if (pass.training)
            pass.kernels->keep(pass.output_gradient, pass.kept, scale_, pass.input_gradient, count);
        else
            pass.kernels->affine(pass.output_gradient, 1, 0, pass.input_gradient, count);
    }

private:
    const std::uint32_t threshold_;
    const float scale_;
    const std::uint32_t stream_;
    const std::optional<std::uint64_t> seed_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    expect_same_shape(d);
    const auto rate = settings.take<double>("rate");
    expect(0 <= rate && rate < 1, "a dropout's rate must be at least 0 and below 1");
    const auto stream = settings.take<std::uint32_t>("stream");
    return std::make_unique<Dropout>(d, rate, stream, settings.take<std::optional<std::uint64_t>>("seed"));
}

}  // namespace

const Kind kinds::dropout{"dropout", make};

}  // namespace convoscope
