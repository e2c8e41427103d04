// Each channel divided by a power of the sum of squares of those beside it, itself among them.
#include <algorithm>
#include <cmath>

#include "kinds.hpp"

namespace convoscope {
namespace {

struct Rule {
    std::int64_t before, after;  // channels that count besides the own
    double bias, alpha, beta;

    // What a channel is multiplied by. The powers of most networks are roots, which are quicker.
    double factor(double squares) const {
        const double base = bias + alpha * squares;
        if (beta == 0.75) return 1.0 / std::sqrt(base * std::sqrt(base));
        if (beta == 0.5) return 1.0 / std::sqrt(base);
        return std::pow(base, -beta);
    }
};

class LocalResponse final : public Step {
public:
    LocalResponse(const StepDescription& d, const Rule& rule) : Step(d), channels_(d.input().back()), rule_(rule) {}

    std::string kernel(const Kernels&) const override { return "each row"; }

    // [what each channel is multiplied by][what its gradient sends to those beside it]
    std::int64_t scratch_floats(const Kernels&) const override { return 2 * channels_; }

    void forward(const Pass& pass, const Worker&) const override {
        for (std::int64_t at = 0; at < pass.samples * input_size; at += channels_)
            for (std::int64_t c = 0; c < channels_; c++)
                pass.output[at + c] = static_cast<float>(pass.input[at + c] * rule_.factor(squares(pass.input + at, c)));
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        if (!pass.input_gradient) return;
        float* const factors = worker.scratch;
        float* const sent = factors + channels_;
        for (std::int64_t at = 0; at < pass.samples * input_size; at += channels_) {
            const float* const x = pass.input + at;
            const float* const dy = pass.output_gradient + at;
            for (std::int64_t c = 0; c < channels_; c++) {
                const double sum = squares(x, c), factor = rule_.factor(sum);
                factors[c] = static_cast<float>(factor);
                sent[c] = static_cast<float>(double{dy[c]} * double{x[c]} * factor / (rule_.bias + rule_.alpha * sum));
            }
            for (std::int64_t c = 0; c < channels_; c++) {
                double arriving = 0;  // from the channels that have this one beside them
                const std::int64_t end = std::min(c + rule_.before + 1, channels_);
                for (std::int64_t i = std::max<std::int64_t>(c - rule_.after, 0); i < end; i++)
                    arriving += double{sent[i]};
                const double through = 2 * rule_.alpha * rule_.beta * double{x[c]} * arriving;
                pass.input_gradient[at + c] = static_cast<float>(double{dy[c]} * double{factors[c]} - through);
            }
        }
    }

private:
    double squares(const float* row, std::int64_t c) const {
        double sum = 0;
        const std::int64_t end = std::min(c + rule_.after + 1, channels_);
        for (std::int64_t i = std::max<std::int64_t>(c - rule_.before, 0); i < end; i++)
            sum += double{row[i]} * double{row[i]};
        return sum;
    }

    const std::int64_t channels_;
    const Rule rule_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    expect_same_shape(d);
    const std::int64_t last = d.input().back() - 1;
    Rule rule{};
    rule.before = settings.take<std::int64_t>("before");
    rule.after = settings.take<std::int64_t>("after");
    in_range(rule.before, 0, last, "the channels before each that count");
    in_range(rule.after, 0, last, "the channels behind each that count");
    rule.bias = settings.take<double>("bias");
    rule.alpha = settings.take<double>("alpha");
    rule.beta = settings.take<double>("beta");
    return std::make_unique<LocalResponse>(d, rule);
}

}  // namespace

const Kind kinds::local_response{"local response normalization", make};

}  // namespace convoscope
