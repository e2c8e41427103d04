#include "loss.hpp"

#include <algorithm>
#include <stdexcept>

#include "losses/row.hpp"

namespace convoscope {
namespace {

double row_loss(const Row& row) {
    switch (row.loss.kind) {
        case Loss::Kind::sparse_categorical: return sparse_categorical_loss(row);
        case Loss::Kind::categorical: return categorical_loss(row);
        case Loss::Kind::binary_focal: return binary_focal_loss(row);
        case Loss::Kind::categorical_focal: return categorical_focal_loss(row);
        case Loss::Kind::kl_divergence: return kl_divergence_loss(row);
        case Loss::Kind::cosine: return cosine_loss(row);
        case Loss::Kind::categorical_hinge: return categorical_hinge_loss(row);
        default: return value_loss(row);
    }
}

}  // namespace

Loss loss_of(Settings settings) {
    static const std::map<std::string, Loss::Kind> kinds = {
        {"sparse_categorical_crossentropy", Loss::Kind::sparse_categorical},
        {"categorical_crossentropy", Loss::Kind::categorical},
        {"binary_crossentropy", Loss::Kind::binary},
        {"binary_focal_crossentropy", Loss::Kind::binary_focal},
        {"categorical_focal_crossentropy", Loss::Kind::categorical_focal},
        {"mean_squared_error", Loss::Kind::squared},
        {"mean_absolute_error", Loss::Kind::absolute},
        {"mean_absolute_percentage_error", Loss::Kind::percentage},
        {"mean_squared_logarithmic_error", Loss::Kind::squared_logarithmic},
        {"huber", Loss::Kind::huber},
        {"log_cosh", Loss::Kind::log_cosh},
        {"poisson", Loss::Kind::poisson},
        {"kl_divergence", Loss::Kind::kl_divergence},
        {"cosine_similarity", Loss::Kind::cosine},
        {"hinge", Loss::Kind::hinge},
        {"squared_hinge", Loss::Kind::squared_hinge},
        {"categorical_hinge", Loss::Kind::categorical_hinge}};
    static const std::map<std::string, Loss::Reduction> reductions = {
        {"mean", Loss::Reduction::mean},
        {"sum", Loss::Reduction::sum},
        {"none", Loss::Reduction::none},
        {"mean_with_sample_weight", Loss::Reduction::weighted_mean}};
    Loss loss;
    loss.kind = settings.take("kind", kinds);
    loss.from_logits = settings.take<bool>("from_logits");
    loss.smoothing = settings.take<float>("label_smoothing");
    loss.weight = settings.take<float>("weight");
    loss.reduction = settings.take("reduction", reductions);
    loss.ignored = settings.take<std::optional<std::int32_t>>("ignore_class");
    loss.delta = settings.take<float>("delta");
    loss.alpha = settings.take<float>("alpha");
    loss.gamma = settings.take<float>("gamma");
    loss.balanced = settings.take<bool>("balanced");
    settings.finish();
    return loss;
}

float sample_loss(const Loss& loss, Nonlinearity hidden, const float* outputs, std::int64_t rows, std::int64_t units,
                  const Targets& targets, std::int64_t sample, float scale, float* gradient) {
    const double smoothing = static_cast<double>(loss.smoothing);
    const bool two = loss.kind == Loss::Kind::binary || loss.kind == Loss::Kind::binary_focal;
    const double classes = two ? 2.0 : static_cast<double>(units);
    double total = 0;
    for (std::int64_t r = 0; r < rows; r++) {
        const std::int64_t place = sample * rows + r;
        if (loss.ignored && targets.labels && targets.labels[place] == *loss.ignored) {
            if (gradient) std::fill_n(gradient + r * units, units, 0.0f);
            continue;
        }
        total += row_loss(
            {loss, hidden, outputs + r * units, units, targets.values ? targets.values + place * units : nullptr,
             targets.labels ? targets.labels[place] : -1, smoothing, smoothing / classes,
             static_cast<double>(scale) / static_cast<double>(rows), gradient ? gradient + r * units : nullptr});
    }
    return static_cast<float>(total / static_cast<double>(rows));
}

Shares shares_of(const Loss& loss, const Targets& targets, const float* sample_weight, const std::int64_t* rows,
                 std::int64_t samples, std::int64_t rows_of_a_sample) {
    const auto all = static_cast<float>(samples), of_a_sample = static_cast<float>(rows_of_a_sample);
    if (loss.reduction == Loss::Reduction::none) return {1.0f / of_a_sample, 1.0f};
    if (loss.reduction == Loss::Reduction::sum) return {1.0f / of_a_sample, of_a_sample * all};
    const bool weighted = loss.reduction == Loss::Reduction::weighted_mean && sample_weight;
    if (!weighted && !loss.ignored) return {all, 1.0f};
    double counted = 0;
    for (std::int64_t i = 0; i < samples; i++) {
        const std::int64_t sample = rows ? rows[i] : i;
        std::int64_t valid = rows_of_a_sample;
        if (loss.ignored && targets.labels) {
            const std::int32_t* const first = targets.labels + sample * rows_of_a_sample;
            valid -= std::count(first, first + rows_of_a_sample, *loss.ignored);
        }
        counted += static_cast<double>(valid) * (weighted ? static_cast<double>(sample_weight[sample]) : 1.0);
    }
    if (counted == 0) return {1.0f, 0.0f};  // nothing counts, and nothing has a loss that would be divided
    const auto divisor = static_cast<float>(counted / static_cast<double>(rows_of_a_sample));
    return {divisor, all / divisor};
}

void check_labels(const Loss& loss, const std::int32_t* labels, std::int64_t count, std::int64_t units) {
    for (std::int64_t i = 0; i < count; i++)
        if ((labels[i] < 0 || labels[i] >= units) && labels[i] != loss.ignored)
            throw std::invalid_argument("label " + std::to_string(labels[i]) + " at place " + std::to_string(i) +
                                        " is not between 0 and " + std::to_string(units - 1));
}

}  // namespace convoscope
