// Losses of whole rows that are no cross-entropies: distributions, directions, margins between classes.
#include "row.hpp"

namespace convoscope {

double kl_divergence_loss(const Row& row) {
    double loss = 0;
    for (std::int64_t j = 0; j < row.units; j++) {
        const double p = row.output(j), held = std::clamp(p, least_probability, 1.0);
        const double t = std::clamp(row.target(j), least_probability, 1.0);
        loss += t * std::log(t / held);
        if (row.gradient) row.set(j, p < least_probability || p > 1.0 ? 0.0 : -t / held);
    }
    return loss;
}

// The negative cosine of the angle between the row and its target.
double cosine_loss(const Row& row) {
    double squares = 0, target_squares = 0, inner = 0;
    for (std::int64_t j = 0; j < row.units; j++) {
        squares += row.output(j) * row.output(j);
        target_squares += row.target(j) * row.target(j);
        inner += row.output(j) * row.target(j);
    }
    const double target_length = std::max(std::sqrt(target_squares), least_probability);
    const bool is_short = std::sqrt(squares) < least_probability;
    const double length = is_short ? least_probability : std::sqrt(squares);
    const double cosine = inner / (length * target_length);
    for (std::int64_t j = 0; row.gradient && j < row.units; j++) {
        const double along = is_short ? 0.0 : row.output(j) / length * cosine;
        row.set(j, (along - row.target(j) / target_length) / length);
    }
    return -cosine;
}

// What is missing to a margin of 1 between the right class and the best of the others. Equal ones share the gradient.
double categorical_hinge_loss(const Row& row) {
    const auto other = [&](std::int64_t j) { return (1.0 - row.target(j)) * row.output(j); };
    double best = other(0), right = 0;
    for (std::int64_t j = 0; j < row.units; j++) {
        best = std::max(best, other(j));
        right += row.target(j) * row.output(j);
    }
    double sharing = 0;
    for (std::int64_t j = 0; j < row.units; j++) sharing += other(j) == best ? 1.0 : 0.0;
    const double missing = best - right + 1.0;
    for (std::int64_t j = 0; row.gradient && j < row.units; j++) {
        const double t = row.target(j), share = other(j) == best ? (1.0 - t) / sharing : 0.0;
        row.set(j, missing >= 0 ? share - t : 0.0);
    }
    return std::max(missing, 0.0);
}

}  // namespace convoscope
