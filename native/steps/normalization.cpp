// Batch normalization over the last axis, and perhaps an activation behind it. In training (unless frozen) the whole
// batch's mean and biased variance are used: the step looks at its input where that is made, and at its output's gradient
// where that is complete, so that memory is gone through once for the values and once for the input's gradient. What
// comes between is done to a few rows at a time, which stay in the cache. The moving averages change when the step is
// committed.
#include "normalization.hpp"

#include <algorithm>
#include <cmath>

#include "activation.hpp"
#include "kinds.hpp"

namespace convoscope {
namespace {

// Of as many rows as this, sums are in single precision, before they are added up in double.
constexpr std::int64_t most_rows = 64, least_rows = 8;
constexpr std::int64_t block_floats = 4096;  // what a block of rows should not exceed, to stay in the nearest cache

class Normalization final : public Step {
public:
    Normalization(const StepDescription& d, const NormalizationSettings& n, const NormalizationWeights& weights,
                  Activation activation)
        : Step(d),
          what_(n),
          weights_(weights),
          activation_(activation),
          channels_(d.input().back()),
          rows_(input_size / channels_),
          block_(std::clamp(block_floats / channels_, least_rows, most_rows)) {}

    std::string kernel(const Kernels& k) const override { return std::string("columns (") + k.name + ")"; }

    bool only_predicts() const override { return !output_tells_slope(activation_); }
    bool by_sample(bool training) const override { return !training || what_.frozen; }
    std::int64_t totals(bool training) const override { return by_sample(training) ? 0 : 2 * channels_; }
    std::int64_t memo_floats(const Kernels&) const override { return memos * channels_; }
    // A few sums for each channel, and two blocks of rows.
    std::int64_t scratch_floats(const Kernels&) const override { return (2 + 2 * block_) * channels_; }

    void prepare(const Kernels&, float* memo) const override {
        set_statistics(memo, weights_.mean, weights_.variance);
        std::fill_n(memo + mean_gradient * channels_, 2 * channels_, 0.0f);  // fixed statistics pull nothing
    }

    void forward(const Pass& pass, const Worker&) const override { apply(pass, {0, pass.samples * rows_}); }

    void backward(const Pass& pass, const Worker& worker) const override {
        float* const gamma = what_.scale ? pass.weight_gradients[0] : nullptr;
        float* const beta = what_.center ? pass.weight_gradients[what_.scale ? 1 : 0] : nullptr;
        each_block({0, pass.samples * rows_}, [&](Range rows) {
            const float* const sent = before_activation(pass, worker, rows);
            if (gamma) {
                // Σ (x - mean) dy, and the standard deviation once for all; added to what earlier stretches left.
                std::fill_n(worker.scratch, channels_, 0.0f);
                pass.kernels->column_products(pass.input + rows.begin * channels_, at(pass, mean), sent, rows.count(),
                                              channels_, worker.scratch);
                for (std::int64_t c = 0; c < channels_; c++) gamma[c] += worker.scratch[c] * at(pass, inverse)[c];
            }
            if (beta) pass.kernels->column_sums(sent, rows.count(), channels_, beta);
            if (pass.input_gradient) unapply(pass, sent, rows);
        });
    }

    void look(const Pass& pass, const Worker& worker, double* total) const override {
        const Kernels& k = *pass.kernels;
        // A block's squares are taken about its own mean, and moved in double precision.
        each_block({0, pass.samples * rows_}, [&](Range block) {
            const float* const x = pass.input + block.begin * channels_;
            const auto n = static_cast<double>(block.count());
            float *const sums = worker.scratch, *const squares = sums + channels_, *const means = squares + channels_;
            std::fill_n(sums, 2 * channels_, 0.0f);
            k.column_sums(x, block.count(), channels_, sums);
            for (std::int64_t c = 0; c < channels_; c++) means[c] = sums[c] / static_cast<float>(n);
            k.column_squares(x, means, block.count(), channels_, squares);
            for (std::int64_t c = 0; c < channels_; c++) {
                const double sum = static_cast<double>(sums[c]), about = static_cast<double>(means[c]);
                total[c] += sum;
                total[channels_ + c] += static_cast<double>(squares[c]) + about * (2 * sum - n * about);
            }
        });
    }

    void seen(const Pass& pass, const double* totals) const override {
        const auto rows = static_cast<double>(pass.samples * rows_);
        for (std::int64_t c = 0; c < channels_; c++) {
            const double m = totals[c] / rows, square = totals[channels_ + c] / rows;
            at(pass, mean)[c] = static_cast<float>(m);
            at(pass, variance)[c] = static_cast<float>(std::max(square - m * m, 0.0));
        }
        set_statistics(pass.memo, at(pass, mean), at(pass, variance));
    }

    void look_back(const Pass& pass, const Worker& worker, double* total) const override {
        const Kernels& k = *pass.kernels;
        each_block({0, pass.samples * rows_}, [&](Range block) {
            const float* const sent = before_activation(pass, worker, block);
            float* const sums = worker.scratch;
            std::fill_n(sums, 2 * channels_, 0.0f);
            k.column_sums(sent, block.count(), channels_, sums);
            k.column_products(pass.input + block.begin * channels_, at(pass, mean), sent, block.count(), channels_,
                              sums + channels_);
            for (std::int64_t i = 0; i < 2 * channels_; i++) total[i] += static_cast<double>(sums[i]);
        });
    }

    void seen_back(const Pass& pass, const double* totals) const override {
        const auto rows = static_cast<double>(pass.samples * rows_);
        float* const gamma = what_.scale ? pass.weight_gradients[0] : nullptr;
        float* const beta = what_.center ? pass.weight_gradients[what_.scale ? 1 : 0] : nullptr;
        for (std::int64_t c = 0; c < channels_; c++) {
            const double sum = totals[c], product = totals[channels_ + c];
            const float inverse_c = at(pass, inverse)[c];
            if (gamma) gamma[c] = static_cast<float>(product) * inverse_c;
            if (beta) beta[c] = static_cast<float>(sum);
            at(pass, mean_gradient)[c] = static_cast<float>(sum / rows);
            at(pass, gradient_slope)[c] = static_cast<float>(product / rows) * inverse_c * inverse_c;
        }
    }

    void commit(const float* memo) const override {
        if (what_.frozen) return;
        for (std::int64_t c = 0; c < channels_; c++) {
            weights_.mean[c] = weights_.mean[c] * what_.momentum + memo[mean * channels_ + c] * (1.0f - what_.momentum);
            weights_.variance[c] =
                weights_.variance[c] * what_.momentum + memo[variance * channels_ + c] * (1.0f - what_.momentum);
        }
    }

private:
    // What the memo holds, each of them a value a channel.
    enum Memo { mean, variance, inverse, scale, shift, mean_gradient, gradient_slope, memos };

    float* at(const Pass& pass, Memo what) const { return pass.memo + what * channels_; }

    void set_statistics(float* memo, const float* m, const float* v) const {
        for (std::int64_t c = 0; c < channels_; c++) {
            const float inverse_c = 1.0f / std::sqrt(v[c] + what_.epsilon);
            memo[mean * channels_ + c] = m[c];
            memo[variance * channels_ + c] = v[c];
            memo[inverse * channels_ + c] = inverse_c;
            memo[scale * channels_ + c] = weights_.gamma ? weights_.gamma[c] * inverse_c : inverse_c;
            memo[shift * channels_ + c] = weights_.beta ? weights_.beta[c] : 0.0f;
        }
    }

    template <class Body>
    void each_block(Range rows, Body&& body) const {
        for (std::int64_t row = rows.begin; row < rows.end; row += block_)
            body(Range{row, std::min(row + block_, rows.end)});
    }

    void normalize(const Pass& pass, Range rows, float* to) const {
        pass.kernels->normalize(pass.input + rows.begin * channels_, at(pass, mean), at(pass, scale), at(pass, shift),
                                to, rows.count(), channels_);
    }

    void apply(const Pass& pass, Range rows) const {
        if (activation_.kind == Nonlinearity::linear)
            return normalize(pass, rows, pass.output + rows.begin * channels_);
        each_block(rows, [&](Range block) {
            float* const to = pass.output + block.begin * channels_;
            normalize(pass, block, to);
            pass.kernels->activation(activation_, to, to, block.count() * channels_);
        });
    }

    // The gradient of what goes into the activation: made anew from the input, which costs less than reading the
    // output.
    const float* before_activation(const Pass& pass, const Worker& worker, Range block) const {
        const float* const sent = pass.output_gradient + block.begin * channels_;
        if (activation_.kind == Nonlinearity::linear) return sent;
        const std::int64_t count = block.count() * channels_;
        float *const values = worker.scratch + 2 * channels_, *const gradient = values + block_ * channels_;
        normalize(pass, block, values);
        pass.kernels->activation(activation_, values, values, count);
        pass.kernels->activation_gradient(activation_, nullptr, values, sent, gradient, count);
        return gradient;
    }

    void unapply(const Pass& pass, const float* sent, Range rows) const {
        const std::int64_t at_row = rows.begin * channels_;
        pass.kernels->normalize_gradient(pass.input + at_row, sent, at(pass, mean), at(pass, scale),
                                         at(pass, mean_gradient), at(pass, gradient_slope),
                                         pass.input_gradient + at_row, rows.count(), channels_);
    }

    const NormalizationSettings what_;
    const NormalizationWeights weights_;
    const Activation activation_;
    const std::int64_t channels_, rows_;  // rows of one sample
    const std::int64_t block_;            // rows
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker& weights) {
    expect_same_shape(d);
    const NormalizationSettings n = take_normalization(settings);
    const Activation activation = take_activation(settings);
    expect(!by_row(activation), "a normalization takes no softmax in");
    return std::make_unique<Normalization>(d, n, NormalizationWeights(n, d.input().back(), weights), activation);
}

}  // namespace

const Kind kinds::normalization{"normalization", make};

NormalizationSettings take_normalization(Settings& settings) {
    NormalizationSettings n;
    n.momentum = settings.take<float>("momentum");
    n.epsilon = settings.take<float>("epsilon");
    n.scale = settings.take<bool>("scale");
    n.center = settings.take<bool>("center");
    n.frozen = settings.take<bool>("frozen");
    expect(n.epsilon > 0 && std::isfinite(n.epsilon), "epsilon must be above 0");
    expect(0 <= n.momentum && n.momentum <= 1, "momentum must be from 0 to 1");
    return n;
}

NormalizationWeights::NormalizationWeights(const NormalizationSettings& n, std::int64_t channels, Taker& weights)
    : gamma(weights.take_if(n.scale, {channels}, "gamma")),
      beta(weights.take_if(n.center, {channels}, "beta")),
      mean(weights.take({channels}, "moving mean")),
      variance(weights.take({channels}, "moving variance")) {}

}  // namespace convoscope
