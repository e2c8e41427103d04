// What the checks of descriptions share: each number within its range, sizes that fit together, weights as large as
// they must be. What passes can be run without a read or a write outside of an array.
//
// Everything here throws std::invalid_argument, which says what is wrong.
#pragma once

#include "description.hpp"

namespace convoscope {

// The same bounds as in checks.py.
constexpr std::int64_t most_values = std::int64_t{1} << 28;  // of one sample between two steps, and of one weight
constexpr std::size_t most_steps = std::size_t{1} << 20;
constexpr std::int64_t largest_size = std::int64_t{1} << 24;  // of a side, kernel, window, stride, factor, padding

void expect(bool condition, const char* message);
void expect(bool condition, const std::string& message);

void in_range(std::int64_t value, std::int64_t least, std::int64_t most, const char* what);
void in_range(const Pair& values, std::int64_t least, const char* what);  // up to `largest_size`
void in_range(const Padding& padding);
void in_range(const Bounds& bounds, double least, double most, const char* what);
void finite(double value, const char* what);

// The number of values, where each axis is a length and there are no more than `most_values`.
std::int64_t checked_size(const Shape& shape, const char* what);

// Height, width and channels.
void expect_image(const Shape& shape, const char* what);
// A step that changes values, and leaves their shape.
void expect_same_shape(const StepDescription&);
// An image with its padding, which is copied: no more than twice the image, but for small ones.
void expect_moderate_padding(const Shape& padded, const Shape& whole);

// Hands out a step's weights one by one, each as large as it has to be.
class Taker {
public:
    Taker(const std::vector<int>& indices, const std::vector<Weight>& weights) : indices_(indices), weights_(weights) {}

    float* take(const Shape& shape, const char* what);
    float* take_if(bool wanted, const Shape& shape, const char* what) { return wanted ? take(shape, what) : nullptr; }
    // Where weights are left over.
    void finish() const;

private:
    const std::vector<int>& indices_;
    const std::vector<Weight>& weights_;
    std::size_t next_ = 0;
};

// Whether a program has inputs and outputs, and no more of all than can be numbered.
void check_counts(std::size_t inputs, std::size_t steps, std::size_t outputs);

// Whether a step reads values that are there before it, as large as it takes them to be; `sizes` are those.
void check_reads(const StepDescription& step, const std::vector<std::int64_t>& sizes);

// Whether there is such a value.
void check_output(int value, std::size_t values);

}  // namespace convoscope
