// One row of outputs and what is right for it: what every kind of loss is computed from.
#pragma once

#include <algorithm>
#include <cmath>

#include "../loss.hpp"

namespace convoscope {

// As in Keras, in single precision: 1e-7, and 1 - 1e-7.
constexpr double least_probability = 1e-7f, most_probability = 1.0f - 1e-7f;

struct Row {
    const Loss& loss;
    Nonlinearity hidden;  // linear, or what the outputs go into
    const float* outputs;
    std::int64_t units;
    const float* values;  // or null
    std::int64_t label;
    double smoothing, floor;  // a target t becomes t × (1 - smoothing) + floor
    double scale;
    float* gradient;  // or null

    double output(std::int64_t j) const { return static_cast<double>(outputs[j]); }
    double target(std::int64_t j) const {
        return (values ? static_cast<double>(values[j]) : j == label ? 1.0 : 0.0) * (1.0 - smoothing) + floor;
    }
    void set(std::int64_t j, double slope) const { gradient[j] = static_cast<float>(slope * scale); }

    // Whether the outputs are logits: what goes into a softmax or sigmoid.
    bool logits() const { return loss.from_logits || hidden != Nonlinearity::linear; }
};

// A value's loss, and its slope.
struct Point {
    double value, slope;
};

// The mean over the row of what `point` makes of an output and its target.
template <class F>
double mean_of(const Row& row, F&& point) {
    double loss = 0;
    for (std::int64_t j = 0; j < row.units; j++) {
        const Point p = point(row.output(j), row.target(j));
        loss += p.value;
        if (row.gradient) row.set(j, p.slope / static_cast<double>(row.units));
    }
    return loss / static_cast<double>(row.units);
}

// What a softmax of the row needs: its largest value, and the sum of exponentials.
struct Softmax {
    explicit Softmax(const Row& row)
        : row_(row), top_(static_cast<double>(*std::max_element(row.outputs, row.outputs + row.units))) {
        for (std::int64_t j = 0; j < row.units; j++) total_ += std::exp(row.output(j) - top_);
    }
    double operator()(std::int64_t j) const { return std::exp(row_.output(j) - top_) / total_; }

private:
    const Row& row_;
    double top_, total_ = 0;
};

inline double sigmoid(double x) {
    const double small = std::exp(-std::fabs(x));
    return (x >= 0 ? 1.0 : small) / (1.0 + small);
}

inline Point binary_from_logits(double x, double t) {
    const double small = std::exp(-std::fabs(x));
    return {std::max(x, 0.0) - x * t + std::log1p(small), (x >= 0 ? 1.0 : small) / (1.0 + small) - t};
}

inline Point binary_from_probability(double x, double t) {
    const double p = std::clamp(x, least_probability, most_probability);
    const bool held = x < least_probability || x > most_probability;
    return {-t * std::log(p) - (1.0 - t) * std::log(1.0 - p), held ? 0.0 : (1.0 - t) / (1.0 - p) - t / p};
}

double sparse_categorical_loss(const Row&);
double categorical_loss(const Row&);
double binary_focal_loss(const Row&);
double categorical_focal_loss(const Row&);
double kl_divergence_loss(const Row&);
double cosine_loss(const Row&);
double categorical_hinge_loss(const Row&);
double value_loss(const Row&);  // all kinds that are the mean over a row of each value's loss

}  // namespace convoscope
