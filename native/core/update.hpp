// From gradients to weights: adding up what the workers found, penalties, clipping, the optimizer's formula, bounds.
#pragma once

#include "batch.hpp"
#include "norms.hpp"
#include "training.hpp"

namespace convoscope {

class Update {
public:
    Update(const Program&, const UpdateRule&, const std::vector<std::vector<float*>>& slots);

    // Change the weights by the gradients that the batch holds. Step numbers begin at 1. Never interrupted halfway.
    // Returns what the penalties of the weights were before.
    double take(Batch&, double learning_rate, std::int64_t step);

private:
    // A piece of a weight, small enough for a cache.
    struct Piece {
        int weight, trainable;  // places among all weights, and among the trainable ones
        std::int64_t begin, end;
    };

    // Pieces of a weight whose norms are kept in bounds.
    struct Bound {
        std::size_t weight;  // its place in norms_
        Range units;
    };

    double gather(const Batch&, const Piece&) const;
    void apply(const Batch&, const Piece&, UpdateNumbers) const;
    std::vector<double> squares(Batch&, std::vector<double>& penalties);
    void hold(Batch&) const;
    const Regulation& regulation(const Piece& p) const {
        return program_.weights()[static_cast<std::size_t>(p.weight)].regulation;
    }

    const Program& program_;
    const UpdateRule& rule_;
    const std::vector<std::vector<float*>>& slots_;
    std::vector<Piece> pieces_;
    std::vector<Norms> norms_;
    std::vector<Bound> bounds_;
};

}  // namespace convoscope
