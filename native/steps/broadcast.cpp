#include "broadcast.hpp"

namespace convoscope {
namespace {

// Axes from the last to the first; missing ones in front are of length 1.
std::int64_t length_of(const Shape& shape, std::size_t from_behind) {
    return from_behind < shape.size() ? shape[shape.size() - 1 - from_behind] : 1;
}

}  // namespace

bool stretches(const Shape& shape, const Shape& to) {
    if (shape.size() > to.size()) return false;
    for (std::size_t i = 0; i < shape.size(); i++)
        if (length_of(shape, i) != 1 && length_of(shape, i) != length_of(to, i)) return false;
    return true;
}

// Neighbouring axes that both sides walk in one go become one, so that most pairs are one matrix.
Broadcast::Broadcast(const Shape& a, const Shape& b, const Shape& output) {
    std::vector<Axis> axes;  // from the last to the first
    std::int64_t step_a = 1, step_b = 1;
    for (std::size_t i = 0; i < output.size(); i++) {
        const std::int64_t length = length_of(output, i);
        if (length == 1) continue;
        const Axis axis{length, length_of(a, i) == 1 ? 0 : step_a, length_of(b, i) == 1 ? 0 : step_b};
        step_a *= length_of(a, i);
        step_b *= length_of(b, i);
        stretches_a_ = stretches_a_ || axis.a == 0;
        stretches_b_ = stretches_b_ || axis.b == 0;
        if (!axes.empty() && axis.a == axes.back().a * axes.back().length &&
            axis.b == axes.back().b * axes.back().length)
            axes.back().length *= length;
        else
            axes.push_back(axis);
    }
    if (!axes.empty()) column_ = axes[0];
    if (axes.size() > 1) row_ = axes[1];
    for (std::size_t i = axes.size(); i-- > 2;) {
        outer_.push_back(axes[i]);
        matrices_ *= axes[i].length;
    }
}

}  // namespace convoscope
