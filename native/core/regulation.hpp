// What a weight that learns is held by: penalties of its size, and bounds after each step.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "settings.hpp"

namespace convoscope {

// Norms along some axes are brought between `low` and `high`; each goes `rate` of the way there.
struct NormBounds {
    double low, high, rate;
    std::vector<bool> along;  // for each of the weight's axes, whether norms are taken along it
};

// A penalty of rows (or columns) of a matrix that point the same way: factor × the mean magnitude of their cosines.
struct Orthogonality {
    double factor;
    bool rows;
};

struct Regulation {
    double l1 = 0, l2 = 0;  // the penalty is l1 × the sum of magnitudes + l2 × the sum of squares
    std::optional<Orthogonality> orthogonal{};
    bool non_negative = false;
    std::optional<NormBounds> norm{};

    bool penalized() const { return l1 != 0 || l2 != 0; }
};

// From what Python says, for a weight with so many axes.
Regulation regulation_of(Settings, std::size_t axes);

}  // namespace convoscope
