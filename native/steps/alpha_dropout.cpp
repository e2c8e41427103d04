// Dropout for selu: in training, values become its lowest one at random, and mean and variance are brought back.
#include "kinds.hpp"

namespace convoscope {
namespace {

struct AlphaSettings {
    double rate;
    std::uint32_t stream;
    std::optional<std::uint64_t> seed;
    float factor, shift, dropped;  // kept values become factor × value + shift
};

class AlphaDropout final : public Step {
public:
    AlphaDropout(const StepDescription& d, const AlphaSettings& a)
        : Step(d), settings_(a), threshold_(static_cast<std::uint32_t>(a.rate * 4294967296.0)) {}

    std::string kernel(const Kernels& k) const override { return std::string("each value, Philox (") + k.name + ")"; }
    std::int64_t kept_bytes() const override { return input_size; }

    void forward(const Pass& pass, const Worker&) const override {
        const std::int64_t count = pass.samples * input_size;
        if (!drops(pass)) return pass.kernels->affine(pass.input, 1, 0, pass.output, count);
        pass.kernels->keep_mask(settings_.seed.value_or(pass.seed), pass.iteration, settings_.stream, threshold_,
                                pass.first * input_size, count, pass.kept);
        for (std::int64_t i = 0; i < count; i++)
            pass.output[i] = pass.kept[i] ? pass.input[i] * settings_.factor + settings_.shift : settings_.dropped;
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (!pass.input_gradient) return;
        const std::int64_t count = pass.samples * input_size;
        if (drops(pass))
            pass.kernels->keep(pass.output_gradient, pass.kept, settings_.factor, pass.input_gradient, count);
        else
            pass.kernels->affine(pass.output_gradient, 1, 0, pass.input_gradient, count);
    }

private:
    bool drops(const Pass& pass) const { return pass.training && settings_.rate > 0; }

    const AlphaSettings settings_;
    const std::uint32_t threshold_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    expect_same_shape(d);
    AlphaSettings a;
    a.rate = settings.take<double>("rate");
    a.stream = settings.take<std::uint32_t>("stream");
    a.seed = settings.take<std::optional<std::uint64_t>>("seed");
    expect(0 <= a.rate && a.rate < 1, "a dropout's rate must be at least 0 and below 1");
    const auto number = [&](const char* name) {
        const auto value = settings.take<double>(name);
        finite(value, "a dropout's factor or shift");
        return static_cast<float>(value);
    };
    a.factor = number("factor");
    a.shift = number("shift");
    a.dropped = number("dropped");
    return std::make_unique<AlphaDropout>(d, a);
}

}  // namespace

const Kind kinds::alpha_dropout{"alpha dropout", make};

}  // namespace convoscope
