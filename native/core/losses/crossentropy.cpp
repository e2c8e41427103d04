// Cross-entropies of classes, of which one is right.
#include "row.hpp"

namespace convoscope {
namespace {

double from_logits(const Row& row) {
    const double top = static_cast<double>(*std::max_element(row.outputs, row.outputs + row.units));
    double total = 0, targets = 0, inner = 0;
    for (std::int64_t j = 0; j < row.units; j++) {
        const double x = row.output(j) - top, t = row.target(j);
        total += std::exp(x);
        targets += t;
        inner += t * x;
    }
    if (row.gradient)
        for (std::int64_t j = 0; j < row.units; j++)
            row.set(j, std::exp(row.output(j) - top) / total * targets - row.target(j));
    return std::log(total) * targets - inner;
}

}  // namespace

// Probabilities are held off 0 and 1, and then divided by their sum.
double sparse_categorical_loss(const Row& row) {
    if (row.logits()) return from_logits(row);
    const auto held = [&](std::int64_t j) { return std::clamp(row.output(j), least_probability, most_probability); };
    double total = 0, targets = 0, inner = 0;
    for (std::int64_t j = 0; j < row.units; j++) {
        const double t = row.target(j);
        total += held(j);
        targets += t;
        inner += t * std::log(held(j));
    }
    if (row.gradient)
        for (std::int64_t j = 0; j < row.units; j++) {
            const double p = row.output(j);
            const bool free = least_probability <= p && p <= most_probability;
            row.set(j, free ? targets / total - row.target(j) / p : 0.0);
        }
    return std::log(total) * targets - inner;
}

// Probabilities are divided by their sum, and then held off 0 and 1.
double categorical_loss(const Row& row) {
    if (row.logits()) return from_logits(row);
    double total = 0, loss = 0, pulled = 0;
    for (std::int64_t j = 0; j < row.units; j++) total += row.output(j);
    const auto slope = [&](std::int64_t j) {
        const double q = row.output(j) / total;
        return q < least_probability || q > most_probability ? 0.0 : -row.target(j) / q;
    };
    for (std::int64_t j = 0; j < row.units; j++) {
        const double q = row.output(j) / total;
        loss -= row.target(j) * std::log(std::clamp(q, least_probability, most_probability));
        pulled += slope(j) * q;
    }
    if (row.gradient)
        for (std::int64_t j = 0; j < row.units; j++) row.set(j, (slope(j) - pulled) / total);
    return loss;
}

}  // namespace convoscope
