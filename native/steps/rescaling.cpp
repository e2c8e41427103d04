// Values scaled and moved.
#include "kinds.hpp"

namespace convoscope {
namespace {

class Rescaling final : public Step {
public:
    Rescaling(const StepDescription& d, float scale, float offset) : Step(d), scale_(scale), offset_(offset) {}

    std::string kernel(const Kernels& k) const override { return std::string("each value (") + k.name + ")"; }

    void forward(const Pass& pass, const Worker&) const override {
        pass.kernels->affine(pass.input, scale_, offset_, pass.output, pass.samples * input_size);
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (pass.input_gradient)
            pass.kernels->affine(pass.output_gradient, scale_, 0, pass.input_gradient, pass.samples * input_size);
    }

private:
    const float scale_, offset_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    expect_same_shape(d);
    const auto scale = settings.take<float>("scale");
    return std::make_unique<Rescaling>(d, scale, settings.take<float>("offset"));
}

}  // namespace

const Kind kinds::rescaling{"rescaling", make};

}  // namespace convoscope
