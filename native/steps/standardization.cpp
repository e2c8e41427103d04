// Minus a mean, by a standard deviation; or, inverted, times it, plus the mean. Both are weights, or known beforehand.
#include <algorithm>
#include <cmath>

#include "kinds.hpp"
#include "spreading.hpp"

namespace convoscope {
namespace {

constexpr float least_deviation = 1e-7f;

class Standardization final : public Step {
public:
    // Without weights, `constants` are means and then variances.
    Standardization(const StepDescription& d, Spreading spreading, const float* mean, const float* variance,
                    std::vector<float> constants, bool inverted)
        : Step(d),
          spreading_(std::move(spreading)),
          constants_(std::move(constants)),
          mean_(mean ? mean : constants_.data()),
          variance_(variance ? variance : constants_.data() + constants_.size() / 2),
          inverted_(inverted) {
        if (constants_.empty()) return;
        known_.resize(static_cast<std::size_t>(memos * spreading_.period()));
        fill(known_.data());
    }

    std::string kernel(const Kernels& k) const override { return std::string("each value (") + k.name + ")"; }

    // Zeros, and for each value until they come again what it is counted from, its factor, and what is added.
    std::int64_t memo_floats(const Kernels&) const override { return known_.empty() ? memos * spreading_.period() : 0; }

    void prepare(const Kernels&, float* memo) const override {
        if (known_.empty()) fill(memo);
    }

    void forward(const Pass& pass, const Worker&) const override {
        pass.kernels->normalize(pass.input, at(pass, centre), at(pass, factor), at(pass, shift), pass.output,
                                rows(pass), spreading_.period());
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (pass.input_gradient)
            pass.kernels->normalize(pass.output_gradient, at(pass, zero), at(pass, factor), nullptr,
                                    pass.input_gradient, rows(pass), spreading_.period());
    }

private:
    enum Memo { zero, centre, factor, shift, memos };

    void fill(float* memo) const {
        const std::int64_t n = spreading_.period();
        for (std::int64_t i = 0; i < n; i++) {
            const std::int64_t at = spreading_.index(i);
            const float deviation = std::max(std::sqrt(variance_[at]), least_deviation);
            memo[zero * n + i] = 0;
            memo[centre * n + i] = inverted_ ? 0.0f : mean_[at];
            memo[factor * n + i] = inverted_ ? deviation : 1.0f / deviation;
            memo[shift * n + i] = inverted_ ? mean_[at] : 0.0f;
        }
    }

    const float* at(const Pass& pass, Memo what) const {
        return (known_.empty() ? pass.memo : known_.data()) + what * spreading_.period();
    }
    std::int64_t rows(const Pass& pass) const { return pass.samples * input_size / spreading_.period(); }

    const Spreading spreading_;
    const std::vector<float> constants_;
    const float* const mean_;
    const float* const variance_;
    const bool inverted_;
    std::vector<float> known_;  // what the memo holds otherwise
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker& weights) {
    expect_same_shape(d);
    const auto shape = settings.take<Shape>("shape");
    Spreading spreading(shape, d.input());
    auto constants = settings.take<std::vector<float>>("mean");
    const auto variances = settings.take<std::vector<float>>("variance");
    const auto inverted = settings.take<bool>("inverted");
    const auto size = static_cast<std::size_t>(size_of(shape));
    if (constants.empty() && variances.empty()) {
        const float* mean = weights.take(shape, "mean");
        const float* variance = weights.take(shape, "variance");
        return std::make_unique<Standardization>(d, std::move(spreading), mean, variance, std::move(constants),
                                                 inverted);
    }
    expect(constants.size() == size && variances.size() == size, "means and variances are as many as their shape says");
    constants.insert(constants.end(), variances.begin(), variances.end());
    return std::make_unique<Standardization>(d, std::move(spreading), nullptr, nullptr, std::move(constants), inverted);
}

}  // namespace

const Kind kinds::standardization{"standardization", make};

}  // namespace convoscope
