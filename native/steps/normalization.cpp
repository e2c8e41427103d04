// Batch normalisation over the last axis. In training (unless frozen) the whole batch's mean and biased variance are
// used, in three passes over the workers: mean, variance, values. The moving averages change when the step is
// committed.
#include "normalization.hpp"

#include <algorithm>
#include <cmath>

#include "kinds.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t rows_at_once = 64;  // summed in single precision before they are added up in double

class Normalization final : public Step {
public:
    Normalization(const StepDescription& d, const NormalizationSettings& n, const NormalizationWeights& weights)
        : Step(d), what_(n), weights_(weights), channels_(d.input().back()), rows_(input_size / channels_) {}

    std::string kernel(const Kernels& k) const override { return std::string("columns (") + k.name + ")"; }

    bool by_sample(bool training) const override { return !training || what_.frozen; }
    std::int64_t memo_floats(const Kernels&) const override { return memos * channels_; }
    std::int64_t scratch_floats(const Kernels&) const override { return channels_; }

    void prepare(const Kernels&, float* memo) const override {
        set_statistics(memo, weights_.mean, weights_.variance);
        std::fill_n(memo + mean_gradient * channels_, 2 * channels_, 0.0f);  // fixed statistics pull nothing
    }

    void forward(const Pass& pass, const Worker&) const override { apply(pass, {0, pass.samples * rows_}); }

    void backward(const Pass& pass, const Worker& worker) const override {
        const std::int64_t rows = pass.samples * rows_;
        float* const gamma = what_.scale ? pass.weight_gradients[0] : nullptr;
        float* const beta = what_.center ? pass.weight_gradients[what_.scale ? 1 : 0] : nullptr;
        if (gamma) {
            // Σ (x - mean) dy, and the standard deviation once for all; added to what earlier stretches left.
            std::fill_n(worker.scratch, channels_, 0.0f);
            pass.kernels->column_products(pass.input, at(pass, mean), pass.output_gradient, rows, channels_,
                                          worker.scratch);
            for (std::int64_t c = 0; c < channels_; c++) gamma[c] += worker.scratch[c] * at(pass, inverse)[c];
        }
        if (beta) pass.kernels->column_sums(pass.output_gradient, rows, channels_, beta);
        if (!pass.input_gradient) return;
        unapply(pass, {0, rows});
    }

    void forward_batch(const Pass& pass, Team& team) const override {
        const std::int64_t rows = pass.samples * rows_;
        const Kernels& k = *pass.kernels;
        reduce(
            team, rows,
            [&](Range r, float* sums) { k.column_sums(pass.input + r.begin * channels_, r.count(), channels_, sums); },
            at(pass, mean));
        reduce(
            team, rows,
            [&](Range r, float* sums) {
                k.column_squares(pass.input + r.begin * channels_, at(pass, mean), r.count(), channels_, sums);
            },
            at(pass, variance));
        set_statistics(pass.memo, at(pass, mean), at(pass, variance));
        team.run(team.parts, [&](int part, const Worker&) { apply(pass, part_of(rows, part, team.parts)); });
    }

    void backward_batch(const Pass& pass, Team& team) const override {
        const std::int64_t rows = pass.samples * rows_;
        const Kernels& k = *pass.kernels;
        float* const dy = at(pass, mean_gradient);
        float* const slope = at(pass, gradient_slope);
        reduce(
            team, rows,
            [&](Range r, float* sums) {
                k.column_sums(pass.output_gradient + r.begin * channels_, r.count(), channels_, sums);
            },
            dy);
        reduce(
            team, rows,
            [&](Range r, float* sums) {
                k.column_products(pass.input + r.begin * channels_, at(pass, mean),
                                  pass.output_gradient + r.begin * channels_, r.count(), channels_, sums);
            },
            slope);
        float* const gamma = what_.scale ? pass.weight_gradients[0] : nullptr;
        float* const beta = what_.center ? pass.weight_gradients[what_.scale ? 1 : 0] : nullptr;
        for (std::int64_t c = 0; c < channels_; c++) {
            const float inverse_c = at(pass, inverse)[c];
            if (gamma) gamma[c] = slope[c] * static_cast<float>(rows) * inverse_c;
            if (beta) beta[c] = dy[c] * static_cast<float>(rows);
            slope[c] *= inverse_c * inverse_c;
        }
        if (pass.input_gradient)
            team.run(team.parts, [&](int part, const Worker&) { unapply(pass, part_of(rows, part, team.parts)); });
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

    void apply(const Pass& pass, Range rows) const {
        const std::int64_t at_row = rows.begin * channels_;
        pass.kernels->normalize(pass.input + at_row, at(pass, mean), at(pass, scale), at(pass, shift),
                                pass.output + at_row, rows.count(), channels_);
    }

    void unapply(const Pass& pass, Range rows) const {
        const std::int64_t at_row = rows.begin * channels_;
        pass.kernels->normalize_gradient(pass.input + at_row, pass.output_gradient + at_row, at(pass, mean),
                                         at(pass, scale), at(pass, mean_gradient), at(pass, gradient_slope),
                                         pass.input_gradient + at_row, rows.count(), channels_);
    }

    // The mean over all rows of what add(rows, sums) adds up, in an order that depends on the number of parts alone.
    template <class Add>
    void reduce(Team& team, std::int64_t rows, Add&& add, float* result) const {
        std::vector<double> totals(static_cast<std::size_t>(team.parts * channels_), 0.0);
        team.run(team.parts, [&](int part, const Worker& worker) {
            const Range own = part_of(rows, part, team.parts);
            double* total = totals.data() + part * channels_;
            for (std::int64_t row = own.begin; row < own.end; row += rows_at_once) {
                std::fill_n(worker.scratch, channels_, 0.0f);
                add(Range{row, std::min(row + rows_at_once, own.end)}, worker.scratch);
                for (std::int64_t c = 0; c < channels_; c++) total[c] += static_cast<double>(worker.scratch[c]);
            }
        });
        for (std::int64_t c = 0; c < channels_; c++) {
            double total = 0;
            for (int part = 0; part < team.parts; part++)
                total += totals[static_cast<std::size_t>(part * channels_ + c)];
            result[c] = static_cast<float>(total / static_cast<double>(rows));
        }
    }

    const NormalizationSettings what_;
    const NormalizationWeights weights_;
    const std::int64_t channels_, rows_;  // rows of one sample
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker& weights) {
    expect_same_shape(d);
    const NormalizationSettings n = take_normalization(settings);
    return std::make_unique<Normalization>(d, n, NormalizationWeights(n, d.input().back(), weights));
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
