// An activation on its own: what is done to each value (softmax and its logarithm: to each row).
#include "activation.hpp"

#include "kinds.hpp"

namespace convoscope {
namespace {

class ActivationStep final : public Step {
public:
    ActivationStep(const StepDescription& d, Activation activation)
        : Step(d), activation_(activation), units_(d.input().back()) {}

    std::string kernel(const Kernels& k) const override {
        return std::string(by_row(activation_) ? "rows (" : "each value (") + k.name + ")";
    }

    Activation activation_alone() const override { return activation_; }

    void forward(const Pass& pass, const Worker&) const override {
        const std::int64_t count = pass.samples * input_size;
        if (activation_.kind == Nonlinearity::softmax)
            pass.kernels->softmax(pass.input, pass.output, count / units_, units_);
        else if (activation_.kind == Nonlinearity::log_softmax)
            pass.kernels->log_softmax(pass.input, pass.output, count / units_, units_);
        else
            pass.kernels->activation(activation_, pass.input, pass.output, count);
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (!pass.input_gradient) return;
        const std::int64_t count = pass.samples * input_size;
        if (activation_.kind == Nonlinearity::softmax)
            pass.kernels->softmax_gradient(pass.output, pass.output_gradient, pass.input_gradient, count / units_,
                                           units_);
        else if (activation_.kind == Nonlinearity::log_softmax)
            pass.kernels->log_softmax_gradient(pass.output, pass.output_gradient, pass.input_gradient, count / units_,
                                               units_);
        else
            pass.kernels->activation_gradient(activation_, pass.input, pass.output, pass.output_gradient,
                                              pass.input_gradient, count);
    }

private:
    const Activation activation_;
    const std::int64_t units_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    expect_same_shape(d);
    return std::make_unique<ActivationStep>(d, take_activation(settings));
}

}  // namespace

const Kind kinds::activation{"activation", make};

Activation take_activation(Settings& settings) {
    static const std::map<std::string, Nonlinearity> names = {{"linear", Nonlinearity::linear},
                                                              {"relu", Nonlinearity::relu},
                                                              {"leaky_relu", Nonlinearity::leaky_relu},
                                                              {"sigmoid", Nonlinearity::sigmoid},
                                                              {"tanh", Nonlinearity::tanh},
                                                              {"elu", Nonlinearity::elu},
                                                              {"gelu", Nonlinearity::gelu},
                                                              {"silu", Nonlinearity::silu},
                                                              {"softmax", Nonlinearity::softmax},
                                                              {"relu6", Nonlinearity::relu6},
                                                              {"selu", Nonlinearity::selu},
                                                              {"softplus", Nonlinearity::softplus},
                                                              {"softsign", Nonlinearity::softsign},
                                                              {"hard_sigmoid", Nonlinearity::hard_sigmoid},
                                                              {"hard_silu", Nonlinearity::hard_silu},
                                                              {"mish", Nonlinearity::mish},
                                                              {"exponential", Nonlinearity::exponential},
                                                              {"log_softmax", Nonlinearity::log_softmax}};
    const Nonlinearity kind = settings.take("activation", names);
    return {kind, settings.take<float>("alpha")};
}

bool by_row(Activation f) { return f.kind == Nonlinearity::softmax || f.kind == Nonlinearity::log_softmax; }

bool output_tells_slope(Activation f) {
    switch (f.kind) {
        case Nonlinearity::gelu:
        case Nonlinearity::silu:
        case Nonlinearity::hard_silu:
        case Nonlinearity::mish: return false;
        case Nonlinearity::leaky_relu:
        case Nonlinearity::elu: return f.alpha >= 0;
        default: return true;
    }
}

}  // namespace convoscope
