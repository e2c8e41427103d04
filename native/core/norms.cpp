#include "norms.hpp"

#include <algorithm>
#include <cmath>

namespace convoscope {
namespace {

constexpr std::int64_t block_columns = 64;
constexpr double fuzz = 1e-7;  // Keras'

}  // namespace

Norms::Norms(const Weight& weight) : values_(weight.values), bounds_(*weight.regulation.norm) {
    // Axes of length 1 change nothing; neighbours of one kind are one axis.
    std::vector<Axis> axes;
    std::vector<bool> along;
    std::int64_t step = 1;
    for (std::size_t i = weight.shape.size(); i-- > 0;) {
        const std::int64_t length = weight.shape[i];
        if (length == 1) continue;
        if (!axes.empty() && along.back() == bounds_.along[i]) {
            axes.back().length *= length;
        } else {
            axes.push_back({length, step});
            along.push_back(bounds_.along[i]);
        }
        step *= length;
    }
    if (!axes.empty()) {
        run_ = axes[0].length;
        columns_ = !along[0];
    }
    std::size_t next = 1;
    if (columns_ && axes.size() > 1) rows_ = axes[next++];
    for (; next < axes.size(); next++) (along[next] ? along_ : kept_).push_back(axes[next]);
    if (columns_) blocks_ = (run_ + block_columns - 1) / block_columns;
    units_ = count(kept_) * blocks_;
}

std::int64_t Norms::count(const std::vector<Axis>& axes) {
    std::int64_t count = 1;
    for (const Axis& axis : axes) count *= axis.length;
    return count;
}

std::int64_t Norms::offset(const std::vector<Axis>& axes, std::int64_t index) {
    std::int64_t offset = 0;
    for (const Axis& axis : axes) {
        offset += index % axis.length * axis.step;
        index /= axis.length;
    }
    return offset;
}

float Norms::factor(double squares) const {
    const double norm = std::sqrt(squares);
    const double wanted = norm < bounds_.low ? bounds_.low : norm > bounds_.high ? bounds_.high : norm;
    return static_cast<float>((bounds_.rate * wanted + (1 - bounds_.rate) * norm) / (fuzz + norm));
}

void Norms::hold(const Kernels& kernels, Range units) const {
    for (std::int64_t unit = units.begin; unit < units.end; unit++) {
        float* const from = values_ + offset(kept_, unit / blocks_);
        const std::int64_t first = unit % blocks_ * block_columns;
        if (columns_)
            hold_columns(kernels, from + first, std::min(block_columns, run_ - first));
        else
            hold_run(kernels, from);
    }
}

void Norms::hold_columns(const Kernels& kernels, float* from, std::int64_t columns) const {
    double squares[block_columns] = {};
    float factors[block_columns];
    const std::int64_t blocks = count(along_);
    for (std::int64_t i = 0; i < blocks; i++)
        kernels.add_squares(from + offset(along_, i), rows_.length, rows_.step, columns, squares);
    for (std::int64_t i = 0; i < columns; i++) factors[i] = factor(squares[i]);
    for (std::int64_t i = 0; i < blocks; i++)
        kernels.scale_columns(from + offset(along_, i), rows_.length, rows_.step, columns, factors);
}

void Norms::hold_run(const Kernels& kernels, float* from) const {
    double squares = 0;
    const std::int64_t runs = count(along_);
    for (std::int64_t i = 0; i < runs; i++) squares += kernels.sum_of_squares(from + offset(along_, i), run_);
    const float scale = factor(squares);
    for (std::int64_t i = 0; i < runs; i++) {
        float* const run = from + offset(along_, i);
        kernels.affine(run, scale, 0, run, run_);
    }
}

}  // namespace convoscope
