// From gradients to weights: adding up what the workers found, clipping, and the optimizer's formula.
#pragma once

#include "batch.hpp"
#include "training.hpp"

namespace convoscope {

class Update {
public:
    Update(const Program&, const UpdateRule&, const std::vector<std::vector<float*>>& slots);

    // Change the weights by the gradients that the batch holds. Step numbers begin at 1. Never interrupted halfway.
    void take(Batch&, double learning_rate, std::int64_t step);

private:
    // A piece of a weight, small enough for a cache.
    struct Piece {
        int weight, trainable;  // places among all weights, and among the trainable ones
        std::int64_t begin, end;
    };

    void gather(const Batch&, const Piece&) const;
    void apply(const Batch&, const Piece&, UpdateNumbers) const;
    std::vector<double> squares(Batch&);

    const Program& program_;
    const UpdateRule& rule_;
    const std::vector<std::vector<float*>>& slots_;
    std::vector<Piece> pieces_;
};

}  // namespace convoscope
