// Rectifiers with settings of their own: a bound, a slope, a threshold; and one with slopes that are learned.
#include <limits>

#include "kinds.hpp"
#include "spreading.hpp"

namespace convoscope {
namespace {

class Rectifier final : public Step {
public:
    Rectifier(const StepDescription& d, float most, float slope, float threshold)
        : Step(d), most_(most), slope_(slope), threshold_(threshold) {}

    std::string kernel(const Kernels&) const override { return "each value"; }

    void forward(const Pass& pass, const Worker&) const override {
        for (std::int64_t i = 0; i < pass.samples * input_size; i++) {
            const float x = pass.input[i];
            pass.output[i] = x <= threshold_ ? (x - threshold_) * slope_ : x > most_ ? most_ : x;
        }
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (!pass.input_gradient) return;
        for (std::int64_t i = 0; i < pass.samples * input_size; i++) {
            const float x = pass.input[i];
            pass.input_gradient[i] = pass.output_gradient[i] * (x <= threshold_ ? slope_ : x > most_ ? 0.0f : 1.0f);
        }
    }

private:
    const float most_, slope_, threshold_;
};

// The weight is laid out as the input is: a slope for each value of a sample.
class Parametric final : public Step {
public:
    Parametric(const StepDescription& d, const float* alpha, Spreading spreading)
        : Step(d), alpha_(alpha), spreading_(std::move(spreading)) {}

    std::string kernel(const Kernels&) const override { return "each value"; }

    void forward(const Pass& pass, const Worker&) const override {
        each_value(pass, [&](std::int64_t i, std::int64_t at) {
            const float x = pass.input[i];
            pass.output[i] = x > 0 ? x : x * alpha_[at];
        });
    }

    void backward(const Pass& pass, const Worker&) const override {
        float* const found = pass.weight_gradients[0];
        each_value(pass, [&](std::int64_t i, std::int64_t at) {
            const float x = pass.input[i], sent = pass.output_gradient[i];
            if (found && x < 0) found[at] += sent * x;
            if (pass.input_gradient) pass.input_gradient[i] = x > 0 ? sent : sent * alpha_[at];
        });
    }

private:
    // body(the value's index, its alpha's)
    template <class Body>
    void each_value(const Pass& pass, Body&& body) const {
        for (std::int64_t start = 0; start < pass.samples * input_size; start += spreading_.period())
            for (std::int64_t i = 0; i < spreading_.period(); i++) body(start + i, spreading_.index(i));
    }

    const float* const alpha_;
    const Spreading spreading_;
};

std::unique_ptr<Step> make_rectifier(const StepDescription& d, Settings& settings, Taker&) {
    expect_same_shape(d);
    const auto most = settings.take<std::optional<double>>("most");
    const auto slope = settings.take<double>("slope"), threshold = settings.take<double>("threshold");
    for (const double number : {most.value_or(0), slope, threshold}) finite(number, "a rectifier's setting");
    const float bound = most ? static_cast<float>(*most) : std::numeric_limits<float>::infinity();
    return std::make_unique<Rectifier>(d, bound, static_cast<float>(slope), static_cast<float>(threshold));
}

std::unique_ptr<Step> make_parametric(const StepDescription& d, Settings& settings, Taker& weights) {
    expect_same_shape(d);
    const auto shape = settings.take<Shape>("shape");
    Spreading spreading(shape, d.input());
    return std::make_unique<Parametric>(d, weights.take(shape, "alpha"), std::move(spreading));
}

}  // namespace

const Kind kinds::rectifier{"rectifier", make_rectifier};
const Kind kinds::parametric{"parametric rectifier", make_parametric};

}  // namespace convoscope
