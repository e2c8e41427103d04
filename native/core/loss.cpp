#include "loss.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace convoscope {
namespace {

constexpr double least_probability = 1e-7, most_probability = 1.0 - 1e-7;

// One row: its outputs, what is right at unit j, and what it adds to loss and gradient. All sums in double.
struct Row {
    const float* outputs;
    std::int64_t units;
    const float* values;  // or null
    std::int64_t label;
    double smoothing, floor;  // a target t becomes t × (1 - smoothing) + floor
    double scale;
    float* gradient;  // or null

    double target(std::int64_t j) const {
        return (values ? static_cast<double>(values[j]) : j == label ? 1.0 : 0.0) * (1.0 - smoothing) + floor;
    }
    void set(std::int64_t j, double slope) const { gradient[j] = static_cast<float>(slope * scale); }
};

double from_logits(const Row& row) {
    const double top = static_cast<double>(*std::max_element(row.outputs, row.outputs + row.units));
    double total = 0, targets = 0, inner = 0;
    for (std::int64_t j = 0; j < row.units; j++) {
        const double x = static_cast<double>(row.outputs[j]) - top, t = row.target(j);
        total += std::exp(x);
        targets += t;
        inner += t * x;
    }
    if (row.gradient)
        for (std::int64_t j = 0; j < row.units; j++)
            row.set(j, std::exp(static_cast<double>(row.outputs[j]) - top) / total * targets - row.target(j));
    return std::log(total) * targets - inner;
}

double from_probabilities(const Row& row) {
    double total = 0, loss = 0, pulled = 0;
    for (std::int64_t j = 0; j < row.units; j++) total += static_cast<double>(row.outputs[j]);
    const auto slope = [&](std::int64_t j) {
        const double q = static_cast<double>(row.outputs[j]) / total;
        return q < least_probability || q > most_probability ? 0.0 : -row.target(j) / q;
    };
    for (std::int64_t j = 0; j < row.units; j++) {
        const double q = static_cast<double>(row.outputs[j]) / total;
        loss -= row.target(j) * std::log(std::clamp(q, least_probability, most_probability));
        pulled += slope(j) * q;
    }
    if (row.gradient)
        for (std::int64_t j = 0; j < row.units; j++) row.set(j, (slope(j) - pulled) / total);
    return loss;
}

double binary(const Row& row, bool logits) {
    double loss = 0;
    for (std::int64_t j = 0; j < row.units; j++) {
        const double x = static_cast<double>(row.outputs[j]), t = row.target(j);
        double slope = 0;
        if (logits) {
            const double small = std::exp(-std::fabs(x));
            loss += std::max(x, 0.0) - x * t + std::log1p(small);
            slope = (x >= 0 ? 1.0 : small) / (1.0 + small) - t;
        } else {
            const double p = std::clamp(x, least_probability, most_probability);
            loss -= t * std::log(p) + (1.0 - t) * std::log(1.0 - p);
            slope = x < least_probability || x > most_probability ? 0.0 : (1.0 - t) / (1.0 - p) - t / p;
        }
        if (row.gradient) row.set(j, slope / static_cast<double>(row.units));
    }
    return loss / static_cast<double>(row.units);
}

double squared(const Row& row) {
    double loss = 0;
    for (std::int64_t j = 0; j < row.units; j++) {
        const double error = static_cast<double>(row.outputs[j]) - row.target(j);
        loss += error * error;
        if (row.gradient) row.set(j, 2.0 * error / static_cast<double>(row.units));
    }
    return loss / static_cast<double>(row.units);
}

}  // namespace

Loss loss_of(Settings settings) {
    static const std::map<std::string, Loss::Kind> kinds = {
        {"sparse_categorical_crossentropy", Loss::Kind::sparse_categorical},
        {"categorical_crossentropy", Loss::Kind::categorical},
        {"binary_crossentropy", Loss::Kind::binary},
        {"mean_squared_error", Loss::Kind::squared}};
    Loss loss;
    loss.kind = settings.take("kind", kinds);
    loss.from_logits = settings.take<bool>("from_logits");
    loss.smoothing = settings.take<float>("label_smoothing");
    loss.weight = settings.take<float>("weight");
    settings.finish();
    return loss;
}

float sample_loss(const Loss& loss, bool logits, const float* outputs, std::int64_t rows, std::int64_t units,
                  const Targets& targets, std::int64_t sample, float scale, float* gradient) {
    const double smoothing = loss.kind == Loss::Kind::squared ? 0.0 : static_cast<double>(loss.smoothing);
    const double classes = loss.kind == Loss::Kind::binary ? 2.0 : static_cast<double>(units);
    double total = 0;
    for (std::int64_t r = 0; r < rows; r++) {
        const std::int64_t place = sample * rows + r;
        const Row row{outputs + r * units,
                      units,
                      targets.values ? targets.values + place * units : nullptr,
                      targets.labels ? targets.labels[place] : -1,
                      smoothing,
                      smoothing / classes,
                      static_cast<double>(scale) / static_cast<double>(rows),
                      gradient ? gradient + r * units : nullptr};
        if (loss.categorical())
            total += logits ? from_logits(row) : from_probabilities(row);
        else
            total += loss.kind == Loss::Kind::binary ? binary(row, logits) : squared(row);
    }
    return static_cast<float>(total / static_cast<double>(rows));
}

void check_labels(const std::int32_t* labels, std::int64_t count, std::int64_t units) {
    for (std::int64_t i = 0; i < count; i++)
        if (labels[i] < 0 || labels[i] >= units)
            throw std::invalid_argument("label " + std::to_string(labels[i]) + " at place " + std::to_string(i) +
                                        " is not between 0 and " + std::to_string(units - 1));
}

}  // namespace convoscope
