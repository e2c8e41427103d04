#include "turning.hpp"

#include <algorithm>
#include <cmath>

namespace convoscope {

Turning::Turning(const Weight& weight)
    : values_(weight.values),
      factor_(weight.regulation.orthogonal->factor),
      rows_(weight.regulation.orthogonal->rows),
      count_(weight.shape[rows_ ? 0 : 1]),
      length_(weight.shape[rows_ ? 1 : 0]),
      units_(static_cast<std::size_t>(count_ * length_)),
      lengths_(static_cast<std::size_t>(count_)),
      gradient_(units_.size()) {}

double Turning::find() {
    for (std::int64_t unit = 0; unit < count_; unit++) {
        double squares = 0;
        for (std::int64_t i = 0; i < length_; i++) squares += at(unit, i) * at(unit, i);
        const double length = lengths_[static_cast<std::size_t>(unit)] = std::sqrt(squares);
        for (std::int64_t i = 0; i < length_; i++)
            units_[static_cast<std::size_t>(unit * length_ + i)] = at(unit, i) / std::max(length, 1e-7);
    }
    const double share = factor_ / std::max(1.0, 0.5 * static_cast<double>(count_) * static_cast<double>(count_ - 1));
    double penalty = 0;
    std::vector<double> pull(static_cast<std::size_t>(length_));
    for (std::int64_t unit = 0; unit < count_; unit++) {
        const double* const own = units_.data() + unit * length_;
        std::fill(pull.begin(), pull.end(), 0.0);
        for (std::int64_t other = 0; other < count_; other++) {
            if (other == unit) continue;
            const double* const theirs = units_.data() + other * length_;
            double cosine = 0;
            for (std::int64_t i = 0; i < length_; i++) cosine += own[i] * theirs[i];
            penalty += 0.5 * share * std::fabs(cosine);
            const double sign = cosine > 0 ? share : cosine < 0 ? -share : 0.0;
            for (std::int64_t i = 0; i < length_; i++) pull[static_cast<std::size_t>(i)] += sign * theirs[i];
        }
        // Only what turns a row changes its direction; one without length has none.
        double along = 0;
        for (std::int64_t i = 0; i < length_; i++) along += pull[static_cast<std::size_t>(i)] * own[i];
        const double length = lengths_[static_cast<std::size_t>(unit)];
        for (std::int64_t i = 0; i < length_; i++)
            gradient_[index(unit, i)] =
                length > 0 ? static_cast<float>((pull[static_cast<std::size_t>(i)] - along * own[i]) / length) : 0.0f;
    }
    return penalty;
}

}  // namespace convoscope
