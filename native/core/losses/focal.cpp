// Focal losses: cross-entropies in which what is known already counts little (Lin et al., 2017).
#include "row.hpp"

namespace convoscope {
namespace {

// x to the power of `exponent`, and its slope.
Point power(double x, double exponent) {
    return {std::pow(x, exponent), exponent == 0 ? 0.0 : exponent * std::pow(x, exponent - 1)};
}

}  // namespace

double binary_focal_loss(const Row& row) {
    const Loss& loss = row.loss;
    const double alpha = static_cast<double>(loss.alpha), units = static_cast<double>(row.units);
    struct Parts {
        double value, by_output, by_probability;
    };
    const auto parts = [&](std::int64_t j, double p) {
        const double t = row.target(j);
        const Point bce = row.logits() ? binary_from_logits(row.output(j), t) : binary_from_probability(p, t);
        const Point factor = power(1.0 - (t * p + (1.0 - t) * (1.0 - p)), static_cast<double>(loss.gamma));
        const double weight = loss.balanced ? t * alpha + (1.0 - t) * (1.0 - alpha) : 1.0;
        return Parts{weight * factor.value * bce.value, weight * factor.value * bce.slope,
                     weight * factor.slope * (1.0 - 2.0 * t) * bce.value};
    };
    double total = 0;
    if (row.hidden == Nonlinearity::softmax) {
        const Softmax softmax(row);
        double pulled = 0;
        for (std::int64_t j = 0; j < row.units; j++) {
            const double p = softmax(j);
            const Parts found = parts(j, p);
            total += found.value;
            pulled += found.by_probability * p;
        }
        for (std::int64_t j = 0; row.gradient && j < row.units; j++) {
            const double p = softmax(j);
            const Parts found = parts(j, p);
            row.set(j, (found.by_output + p * (found.by_probability - pulled)) / units);
        }
        return total / units;
    }
    for (std::int64_t j = 0; j < row.units; j++) {
        const double p = row.logits() ? sigmoid(row.output(j)) : row.output(j);
        const Parts found = parts(j, p);
        total += found.value;
        const double through = row.logits() ? p * (1.0 - p) : 1.0;
        if (row.gradient) row.set(j, (found.by_output + found.by_probability * through) / units);
    }
    return total / units;
}

double categorical_focal_loss(const Row& row) {
    const bool logits = row.loss.from_logits;
    const Softmax softmax(row);
    const auto probability = [&](std::int64_t j) { return logits ? softmax(j) : row.output(j); };
    double total = 0;
    for (std::int64_t j = 0; j < row.units; j++) total += probability(j);
    const auto point = [&](std::int64_t j) {
        const double q = probability(j) / total, held = std::clamp(q, least_probability, most_probability);
        const Point factor = power(1.0 - held, static_cast<double>(row.loss.gamma));
        const double t = static_cast<double>(row.loss.alpha) * row.target(j), logarithm = std::log(held);
        return Point{-t * factor.value * logarithm,
                     q == held ? t * (factor.slope * logarithm - factor.value / held) : 0.0};
    };
    double loss = 0, pulled = 0;
    for (std::int64_t j = 0; j < row.units; j++) {
        const Point found = point(j);
        loss += found.value;
        pulled += found.slope * probability(j) / total;
    }
    for (std::int64_t j = 0; row.gradient && j < row.units; j++) {
        const double slope = (point(j).slope - pulled) / total;
        // A softmax adds up to 1, so that what its gradient has in common for the row is gone already.
        row.set(j, logits ? probability(j) * slope : slope);
    }
    return loss;
}

}  // namespace convoscope
