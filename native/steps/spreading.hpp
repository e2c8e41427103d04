// An array spread out over a sample, along the axes where it has but one value.
#pragma once

#include <vector>

#include "../core/checks.hpp"

namespace convoscope {

class Spreading {
public:
    // Throws std::invalid_argument where `shape` is not the sample's with a 1 for some of its lengths.
    Spreading(const Shape& shape, const Shape& sample) {
        expect(shape.size() == sample.size(), "what is spread over a sample has as many axes");
        std::size_t first = 0;  // of the axes that are not all the same
        for (std::size_t axis = shape.size(); axis-- > 0;) {
            expect(shape[axis] == sample[axis] || shape[axis] == 1, "what is spread over a sample fits its axes");
            if (shape[axis] > 1) first = axis;
        }
        if (size_of(shape) == 1) first = shape.size();
        std::int64_t step = 1;
        indices_.push_back(0);
        for (std::size_t axis = shape.size(); axis-- > first;) {
            const std::size_t inner = indices_.size();
            indices_.reserve(inner * static_cast<std::size_t>(sample[axis]));
            for (std::int64_t i = 1; i < sample[axis]; i++)
                for (std::size_t j = 0; j < inner; j++)
                    indices_.push_back(indices_[j] + static_cast<std::int32_t>(shape[axis] > 1 ? i * step : 0));
            step *= shape[axis];
        }
    }

    // After so many values of the sample the same come again.
    std::int64_t period() const { return static_cast<std::int64_t>(indices_.size()); }
    // Of the array's value for the i-th of them.
    std::int64_t index(std::int64_t i) const { return indices_[static_cast<std::size_t>(i)]; }

private:
    std::vector<std::int32_t> indices_;  // a sample has no more than most_values
};

}  // namespace convoscope
