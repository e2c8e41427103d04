// Normal noise: in training, added to each value, or to the 1 that it is multiplied by.
#include "kinds.hpp"
#include "uniform.hpp"

namespace convoscope {
namespace {

class Noise final : public Step {
public:
    Noise(const StepDescription& d, double deviation, bool multiplied, Stream stream)
        : Step(d), deviation_(deviation), multiplied_(multiplied), stream_(stream) {}

    std::string kernel(const Kernels& k) const override { return std::string("each value, Philox (") + k.name + ")"; }

    void forward(const Pass& pass, const Worker&) const override {
        const std::int64_t count = pass.samples * input_size;
        if (!pass.training) return pass.kernels->affine(pass.input, 1, 0, pass.output, count);
        each_normal(pass, stream_, pass.first * input_size, count, [&](std::int64_t i, double normal) {
            const auto noise = static_cast<float>(normal * deviation_);
            pass.output[i] = multiplied_ ? pass.input[i] * factor(normal) : pass.input[i] + noise;
        });
    }

    // The noise is drawn again, where it matters.
    void backward(const Pass& pass, const Worker&) const override {
        if (!pass.input_gradient) return;
        const std::int64_t count = pass.samples * input_size;
        if (!pass.training || !multiplied_)
            return pass.kernels->affine(pass.output_gradient, 1, 0, pass.input_gradient, count);
        each_normal(pass, stream_, pass.first * input_size, count, [&](std::int64_t i, double normal) {
            pass.input_gradient[i] = pass.output_gradient[i] * factor(normal);
        });
    }

private:
    float factor(double normal) const { return static_cast<float>(1.0 + normal * deviation_); }

    const double deviation_;
    const bool multiplied_;
    const Stream stream_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    expect_same_shape(d);
    const auto deviation = settings.take<double>("deviation");
    finite(deviation, "a noise's standard deviation");
    const auto multiplied = settings.take<bool>("multiplied");
    return std::make_unique<Noise>(d, deviation, multiplied, take_stream(settings));
}

}  // namespace

const Kind kinds::noise{"noise", make};

}  // namespace convoscope
