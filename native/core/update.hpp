// From gradients to weights: adding up what the workers found, penalties, clipping, the optimizer's formula, bounds.
#pragma once

#include "batch.hpp"
#include "norms.hpp"
#include "training.hpp"
#include "turning.hpp"

namespace convoscope {

class Update {
public:
    Update(const Program&, const UpdateRule&, const std::vector<std::vector<float*>>& slots);

    // Change the weights by the gradients that the batch holds, or only gather these. Numbers of batches begin at 1.
    // Never interrupted halfway.
    // Returns what the penalties of the weights were before.
    double take(Batch&, double learning_rate, std::int64_t number);

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

    // What is up after a batch.
    struct Moment {
        bool due;            // whether weights change, or gradients are only gathered
        std::int64_t count;  // of the step, from 1
        float momentum;      // of the weights' averages
        bool overwrites;     // whether these take the weights' place
    };

    Moment moment(std::int64_t number) const;
    double gather(const Batch&, const Piece&, const Moment&) const;
    void accumulate(const Piece&, const Moment&, float* gradient) const;
    void apply(const Batch&, const Piece&, const UpdateNumbers&) const;
    void average(const Piece&, const Moment&) const;
    std::vector<double> squares(Batch&, std::vector<double>& penalties, const Moment&);
    std::vector<float> factors(Batch&, std::vector<double>& penalties, const Moment&);
    void hold(Batch&) const;
    const Regulation& regulation(const Piece& p) const {
        return program_.weights()[static_cast<std::size_t>(p.weight)].regulation;
    }
    float* values(const Piece& p) const {
        return program_.weights()[static_cast<std::size_t>(p.weight)].values + p.begin;
    }
    // An array that any formula may have beside its own.
    float* slot(const Piece& p, std::size_t index) const {
        return slots_[static_cast<std::size_t>(p.trainable)][index] + p.begin;
    }

    const Program& program_;
    const UpdateRule& rule_;
    const std::vector<std::vector<float*>>& slots_;
    std::vector<bool> decays_;  // of each trainable weight
    std::vector<Piece> pieces_;
    std::vector<std::pair<std::size_t, Turning>> turning_;  // with the trainable weights that they are of
    std::vector<const float*> turned_;                      // gradients of these penalties, of each trainable weight
    std::vector<Norms> norms_;
    std::vector<Bound> bounds_;
};

}  // namespace convoscope
