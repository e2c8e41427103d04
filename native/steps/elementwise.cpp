// Activations on their own, dropout, rescaling: what is done to each value (softmax: to each row).
#include "make.hpp"

namespace convoscope {
namespace {

class ActivationStep final : public Step {
public:
    ActivationStep(const StepDescription& d, Activation activation)
        : Step(d), activation_(activation), units_(d.input.back()) {}

    std::string kernel(const Kernels& k) const override {
        return std::string(softmax() ? "rows (" : "each value (") + k.name + ")";
    }

    void forward(const Pass& pass, const Worker&) const override {
        const std::int64_t count = pass.samples * input_size;
        if (softmax())
            pass.kernels->softmax(pass.input, pass.output, count / units_, units_);
        else
            pass.kernels->activation(activation_, pass.input, pass.output, count);
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (!pass.input_gradient) return;
        const std::int64_t count = pass.samples * input_size;
        if (softmax())
            pass.kernels->softmax_gradient(pass.output, pass.output_gradient, pass.input_gradient, count / units_,
                                           units_);
        else
            pass.kernels->activation_gradient(activation_, pass.input, pass.output, pass.output_gradient,
                                              pass.input_gradient, count);
    }

private:
    bool softmax() const { return activation_.kind == Nonlinearity::softmax; }

    const Activation activation_;
    const std::int64_t units_;
};

class Dropout final : public Step {
public:
    Dropout(const StepDescription& d, const DropoutDescription& dropout)
        : Step(d),
          threshold_(static_cast<std::uint32_t>(dropout.rate * 4294967296.0)),
          scale_(static_cast<float>(1.0 / (1.0 - dropout.rate))),
          stream_(dropout.stream),
          seed_(dropout.seed) {}

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

class Rescaling final : public Step {
public:
    Rescaling(const StepDescription& d, const RescalingDescription& r) : Step(d), scale_(r.scale), offset_(r.offset) {}

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

}  // namespace

std::unique_ptr<Step> make(const StepDescription& d, const ActivationDescription& a, const std::vector<Weight>&) {
    return std::make_unique<ActivationStep>(d, a.activation);
}

std::unique_ptr<Step> make(const StepDescription& d, const DropoutDescription& dropout, const std::vector<Weight>&) {
    return std::make_unique<Dropout>(d, dropout);
}

std::unique_ptr<Step> make(const StepDescription& d, const RescalingDescription& rescaling,
                           const std::vector<Weight>&) {
    return std::make_unique<Rescaling>(d, rescaling);
}

}  // namespace convoscope
