// Normalization of each sample on its own: over its last axes, or over its pixels and groups of channels.
#include <cmath>

#include "kinds.hpp"

namespace convoscope {
namespace {

// A sample is (sets, pixels, groups, values); means run over pixels and values, and gamma and beta are (groups,
// values).
struct Layout {
    std::int64_t sets, pixels, groups, values;

    std::int64_t row() const { return groups * values; }
};

class SampleNormalization final : public Step {
public:
    SampleNormalization(const StepDescription& d, const Layout& layout, float epsilon, const float* gamma,
                        const float* beta)
        : Step(d), layout_(layout), epsilon_(epsilon), gamma_(gamma), beta_(beta) {}

    std::string kernel(const Kernels&) const override { return "two passes over each mean's values"; }

    void forward(const Pass& pass, const Worker& worker) const override {
        each_group(pass, worker, [&](std::int64_t at, std::int64_t first) {
            const Moments m = moments_of(pass.input + at);
            each_row([&](std::int64_t row) {
                const float* const x = pass.input + at + row;
                float* const y = pass.output + at + row;
                for (std::int64_t i = 0; i < layout_.values; i++)
                    y[i] = (x[i] - m.mean) * m.inverse * gamma(first + i) + (beta_ ? beta_[first + i] : 0.0f);
            });
        });
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        float* const gamma_gradient = gamma_ ? pass.weight_gradients[0] : nullptr;
        float* const beta_gradient = beta_ ? pass.weight_gradients[gamma_ ? 1 : 0] : nullptr;
        each_group(pass, worker, [&](std::int64_t at, std::int64_t first) {
            const Moments m = moments_of(pass.input + at);
            double total = 0, along = 0;  // of the gradients, scaled; and times the normalized values
            each_row([&](std::int64_t row) {
                const float* const x = pass.input + at + row;
                const float* const sent = pass.output_gradient + at + row;
                for (std::int64_t i = 0; i < layout_.values; i++) {
                    const float normal = (x[i] - m.mean) * m.inverse, scaled = sent[i] * gamma(first + i);
                    total += static_cast<double>(scaled);
                    along += static_cast<double>(scaled) * static_cast<double>(normal);
                    if (gamma_gradient) gamma_gradient[first + i] += sent[i] * normal;
                    if (beta_gradient) beta_gradient[first + i] += sent[i];
                }
            });
            if (!pass.input_gradient) return;
            const auto mean = static_cast<float>(total / count()), slope = static_cast<float>(along / count());
            each_row([&](std::int64_t row) {
                const float* const x = pass.input + at + row;
                const float* const sent = pass.output_gradient + at + row;
                float* const to = pass.input_gradient + at + row;
                for (std::int64_t i = 0; i < layout_.values; i++) {
                    const float normal = (x[i] - m.mean) * m.inverse;
                    to[i] = m.inverse * (sent[i] * gamma(first + i) - mean - normal * slope);
                }
            });
        });
    }

private:
    struct Moments {
        float mean, inverse;
    };

    float gamma(std::int64_t i) const { return gamma_ ? gamma_[i] : 1.0f; }
    double count() const { return static_cast<double>(layout_.pixels * layout_.values); }

    // body(the first value's offset in the batch, the index of its gamma)
    template <class Body>
    void each_group(const Pass& pass, const Worker& worker, Body&& body) const {
        for (std::int64_t set = 0; set < pass.samples * layout_.sets; set++) {
            if (worker.stopped()) return;
            for (std::int64_t group = 0; group < layout_.groups; group++) {
                const std::int64_t first = group * layout_.values;
                body(set * layout_.pixels * layout_.row() + first, first);
            }
        }
    }

    // body(offset): values that lie next to each other
    template <class Body>
    void each_row(Body&& body) const {
        for (std::int64_t pixel = 0; pixel < layout_.pixels; pixel++) body(pixel * layout_.row());
    }

    Moments moments_of(const float* x) const {
        double total = 0, squares = 0;
        each_row([&](std::int64_t row) {
            for (std::int64_t i = 0; i < layout_.values; i++) total += static_cast<double>(x[row + i]);
        });
        const auto mean = static_cast<float>(total / count());
        each_row([&](std::int64_t row) {
            for (std::int64_t i = 0; i < layout_.values; i++) {
                const auto distance = static_cast<double>(x[row + i] - mean);
                squares += distance * distance;
            }
        });
        return {mean, 1.0f / std::sqrt(static_cast<float>(squares / count()) + epsilon_)};
    }

    const Layout layout_;
    const float epsilon_;
    const float* const gamma_;
    const float* const beta_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker& weights) {
    expect_same_shape(d);
    const auto axes = settings.take<Shape>("layout");
    expect(axes.size() == 4, "a normalization's layout has sets, pixels, groups and values");
    expect(checked_size(axes, "a normalization's layout") == size_of(d.input()),
           "a normalization's layout has as many values as its input");
    const Layout layout{axes[0], axes[1], axes[2], axes[3]};
    const auto epsilon = settings.take<double>("epsilon");
    expect(epsilon > 0, "a normalization's epsilon must be above 0");
    finite(epsilon, "a normalization's epsilon");
    const float* gamma = weights.take_if(settings.take<bool>("scale"), {layout.row()}, "gamma");
    const float* beta = weights.take_if(settings.take<bool>("center"), {layout.row()}, "beta");
    return std::make_unique<SampleNormalization>(d, layout, static_cast<float>(epsilon), gamma, beta);
}

}  // namespace

const Kind kinds::sample_normalization{"sample normalization", make};

}  // namespace convoscope
