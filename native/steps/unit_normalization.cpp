// Rows of values brought to length 1.
#include <algorithm>
#include <cmath>

#include "kinds.hpp"

namespace convoscope {
namespace {

constexpr double least_length = 1e-12;

class UnitNormalization final : public Step {
public:
    UnitNormalization(const StepDescription& d, std::int64_t count) : Step(d), count_(count) {}

    std::string kernel(const Kernels&) const override { return "each row"; }

    void forward(const Pass& pass, const Worker&) const override {
        each_row(pass, [&](std::int64_t at, double length) {
            const auto factor = static_cast<float>(1.0 / std::max(length, least_length));
            for (std::int64_t i = at; i < at + count_; i++) pass.output[i] = pass.input[i] * factor;
        });
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (!pass.input_gradient) return;
        each_row(pass, [&](std::int64_t at, double length) {
            const double inverse = 1.0 / std::max(length, least_length);
            double along = 0;  // how far the gradient points the way the row does
            if (length > least_length)
                for (std::int64_t i = at; i < at + count_; i++)
                    along +=
                        static_cast<double>(pass.output_gradient[i]) * static_cast<double>(pass.input[i]) * inverse;
            for (std::int64_t i = at; i < at + count_; i++) {
                const double unit = static_cast<double>(pass.input[i]) * inverse;
                pass.input_gradient[i] =
                    static_cast<float>((static_cast<double>(pass.output_gradient[i]) - unit * along) * inverse);
            }
        });
    }

private:
    // body(offset of a row, its length)
    template <class Body>
    void each_row(const Pass& pass, Body&& body) const {
        for (std::int64_t at = 0; at < pass.samples * input_size; at += count_) {
            double squares = 0;
            for (std::int64_t i = at; i < at + count_; i++) {
                const auto x = static_cast<double>(pass.input[i]);
                squares += x * x;
            }
            body(at, std::sqrt(squares));
        }
    }

    const std::int64_t count_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    expect_same_shape(d);
    const auto count = settings.take<std::int64_t>("length");
    in_range(count, 1, size_of(d.input()), "the values that are brought to length 1");
    expect(size_of(d.input()) % count == 0, "rows that are brought to length 1 divide their input");
    return std::make_unique<UnitNormalization>(d, count);
}

}  // namespace

const Kind kinds::unit_normalization{"unit normalization", make};

}  // namespace convoscope
