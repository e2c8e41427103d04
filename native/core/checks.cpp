#include "checks.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace convoscope {

void expect(bool condition, const char* message) {
    if (!condition) throw std::invalid_argument(message);
}

void expect(bool condition, const std::string& message) { expect(condition, message.c_str()); }

void in_range(std::int64_t value, std::int64_t least, std::int64_t most, const char* what) {
    expect(least <= value && value <= most, std::string(what) + " must be from " + std::to_string(least) + " to " +
                                                std::to_string(most) + ", but is " + std::to_string(value));
}

void in_range(const Pair& values, std::int64_t least, const char* what) {
    for (const std::int64_t value : values) in_range(value, least, largest_size, what);
}

void in_range(const Padding& padding) {
    for (const Pair& side : padding) in_range(side, 0, "padding");
}

void in_range(const Bounds& bounds, double least, double most, const char* what) {
    for (const double end : bounds)
        expect(least <= end && end <= most,
               std::string(what) + " must be from " + std::to_string(least) + " to " + std::to_string(most));
}

void finite(double value, const char* what) {
    expect(std::isfinite(value), std::string(what) + " must be a finite number");
}

std::int64_t checked_size(const Shape& shape, const char* what) {
    std::int64_t size = 1;
    for (const std::int64_t length : shape) {
        in_range(length, 1, most_values, (std::string("each axis of ") + what).c_str());
        size *= length;  // at most most_values², which does not overflow
        in_range(size, 1, most_values, (std::string("the number of values of ") + what).c_str());
    }
    return size;
}

void expect_image(const Shape& shape, const char* what) {
    expect(shape.size() == 3, std::string(what) + " must have height, width and channels");
    in_range(shape[0], 1, largest_size, "an image's height");
    in_range(shape[1], 1, largest_size, "an image's width");
}

void expect_same_shape(const StepDescription& d) {
    expect(d.input() == d.output, "a step that changes values must leave their shape");
}

void expect_moderate_padding(const Shape& padded, const Shape& whole) {
    constexpr std::int64_t small = std::int64_t{1} << 24;
    const std::int64_t size = checked_size(padded, "a padded image");
    expect(size <= small || size <= 2 * size_of(whole), "an image with its padding is too large");
}

float* Taker::take(const Shape& shape, const char* what) {
    expect(next_ < indices_.size(), std::string("a step lacks its ") + what);
    const int index = indices_[next_++];
    expect(index >= 0 && static_cast<std::size_t>(index) < weights_.size(),
           "a step names a weight that the program does not have");
    const Weight& weight = weights_[static_cast<std::size_t>(index)];
    expect(checked_size(weight.shape, what) == checked_size(shape, what),
           std::string("a step's ") + what + " has another size than its shapes ask for");
    return weight.values;
}

void Taker::finish() const { expect(next_ == indices_.size(), "a step names weights that it has no use for"); }

void check_counts(std::size_t inputs, std::size_t steps, std::size_t outputs) {
    expect(inputs > 0, "a program needs an input");
    expect(outputs > 0, "a program needs an output");
    expect(std::max({inputs, steps, outputs}) <= most_steps, "a program has too many inputs, steps or outputs");
}

void check_reads(const StepDescription& d, const std::vector<std::int64_t>& sizes) {
    expect(d.from.size() == d.inputs.size(), "step '" + d.kind + "' must say of each value that it reads which it is");
    for (std::size_t i = 0; i < d.from.size(); i++) {
        expect(d.from[i] >= 0 && static_cast<std::size_t>(d.from[i]) < sizes.size(),
               "step '" + d.kind + "' reads value " + std::to_string(d.from[i]) + ", but only " +
                   std::to_string(sizes.size()) + " are there before it");
        expect(size_of(d.inputs[i]) == sizes[static_cast<std::size_t>(d.from[i])],
               "step '" + d.kind + "' takes value " + std::to_string(d.from[i]) + " for one of another size");
    }
}

void check_output(int value, std::size_t values) {
    expect(value >= 0 && static_cast<std::size_t>(value) < values,
           "an output names value " + std::to_string(value) + " of " + std::to_string(values));
}

}  // namespace convoscope
