// Losses that are the mean over a row of each value's.
#include "row.hpp"

namespace convoscope {
namespace {

double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }

Point squared(double y, double t) { return {(y - t) * (y - t), 2.0 * (y - t)}; }

Point absolute(double y, double t) { return {std::fabs(y - t), sign(y - t)}; }

Point percentage(double y, double t) {
    const double part = 100.0 / std::max(std::fabs(t), least_probability);
    return {part * std::fabs(y - t), part * sign(y - t)};
}

Point squared_logarithmic(double y, double t) {
    const double error = std::log1p(std::max(y, least_probability)) - std::log1p(std::max(t, least_probability));
    return {error * error, y >= least_probability ? 2.0 * error / (1.0 + y) : 0.0};
}

Point log_cosh(double y, double t) {
    const double size = std::fabs(y - t);
    return {size + std::log1p(std::exp(-2.0 * size)) - std::log(2.0), std::tanh(y - t)};
}

Point poisson(double y, double t) {
    return {y - t * std::log(y + least_probability), 1.0 - t / (y + least_probability)};
}

Point hinge(double y, double t) {
    const double missing = 1.0 - t * y;
    return {std::max(missing, 0.0), missing >= 0 ? -t : 0.0};
}

Point squared_hinge(double y, double t) {
    const double missing = std::max(1.0 - t * y, 0.0);
    return {missing * missing, -2.0 * t * missing};
}

}  // namespace

double value_loss(const Row& row) {
    switch (row.loss.kind) {
        case Loss::Kind::binary:
            if (row.logits()) return mean_of(row, [](double y, double t) { return binary_from_logits(y, t); });
            return mean_of(row, [](double y, double t) { return binary_from_probability(y, t); });
        case Loss::Kind::absolute: return mean_of(row, absolute);
        case Loss::Kind::percentage: return mean_of(row, percentage);
        case Loss::Kind::squared_logarithmic: return mean_of(row, squared_logarithmic);
        case Loss::Kind::huber:
            return mean_of(row, [delta = static_cast<double>(row.loss.delta)](double y, double t) {
                const double error = y - t, size = std::fabs(error);
                const double value = size <= delta ? 0.5 * error * error : delta * (size - 0.5 * delta);
                return Point{value, std::clamp(error, -delta, delta)};
            });
        case Loss::Kind::log_cosh: return mean_of(row, log_cosh);
        case Loss::Kind::poisson: return mean_of(row, poisson);
        case Loss::Kind::hinge: return mean_of(row, hinge);
        case Loss::Kind::squared_hinge: return mean_of(row, squared_hinge);
        default: return mean_of(row, [](double y, double t) { return squared(y, t); });
    }
}

}  // namespace convoscope
