// A weight whose norms are kept in bounds.
#pragma once

#include "description.hpp"
#include "step.hpp"

namespace convoscope {

class Norms {
public:
    // The weight must have bounds, for axes that it has.
    explicit Norms(const Weight&);

    // Pieces that can be held one by one, by any worker: each has whole norms.
    std::int64_t units() const { return units_; }
    void hold(const Kernels&, Range units) const;

private:
    // Neighbouring axes as one, with the distance from one of its positions to the next.
    struct Axis {
        std::int64_t length, step;
    };

    static std::int64_t count(const std::vector<Axis>&);
    static std::int64_t offset(const std::vector<Axis>&, std::int64_t index);
    void hold_columns(const Kernels&, float* from, std::int64_t columns) const;
    void hold_run(const Kernels&, float* from) const;
    float factor(double squares) const;

    float* values_;
    NormBounds bounds_;
    std::vector<Axis> kept_, along_;  // all but the last axis, and what follows
    Axis rows_{1, 0};                 // where the last axis has norms of its own: what is added up just before it
    std::int64_t run_ = 1;            // the last axis
    bool columns_ = true;             // whether each of its positions has a norm of its own
    std::int64_t blocks_ = 1, units_;
};

}  // namespace convoscope
