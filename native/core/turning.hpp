// The penalty of a matrix whose rows, or columns, point the same way.
#pragma once

#include <vector>

#include "description.hpp"

namespace convoscope {

class Turning {
public:
    // The weight must have an orthogonality, and two axes.
    explicit Turning(const Weight&);

    // Finds the penalty, which is returned, and its gradient, which is kept: as large as the weight.
    double find();
    const float* gradient() const { return gradient_.data(); }

private:
    double at(std::int64_t unit, std::int64_t i) const { return static_cast<double>(values_[index(unit, i)]); }
    std::size_t index(std::int64_t unit, std::int64_t i) const {
        return static_cast<std::size_t>(rows_ ? unit * length_ + i : i * count_ + unit);
    }

    const float* values_;
    double factor_;
    bool rows_;
    std::int64_t count_, length_;  // of the rows (or columns)
    std::vector<double> units_;    // them with length 1, one after the other
    std::vector<double> lengths_;
    std::vector<float> gradient_;
};

}  // namespace convoscope
