// What a program is made from: the plan's steps as plain data. Shapes are without the batch axis.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "precision.hpp"
#include "regulation.hpp"
#include "settings.hpp"

namespace convoscope {

using Shape = std::vector<std::int64_t>;
using Pair = std::array<std::int64_t, 2>;  // (y, x)
using Padding = std::array<Pair, 2>;       // ((top, bottom), (left, right))
using Bounds = std::array<double, 2>;      // the least and the largest

inline std::int64_t size_of(const Shape& shape) {
    std::int64_t size = 1;
    for (const std::int64_t length : shape) size *= length;
    return size;
}

struct StepDescription {
    std::string kind;
    std::vector<Shape> inputs;  // one at least
    Shape output;
    std::vector<int> weights;  // indices in the program's list
    Settings settings;         // what this kind of step wants to know besides: its file in steps/ says
    std::vector<int> from;     // what it reads: values by number, the program's inputs first, then what each step makes
    Precision precision = Precision::float32;

    const Shape& input() const { return inputs.front(); }
};

// A weight as its owner holds it. It is read at each call, and written by training if it is trainable.
struct Weight {
    float* values;
    Shape shape;
    bool trainable;
    Regulation regulation{};  // of what training does to it
};

}  // namespace convoscope
