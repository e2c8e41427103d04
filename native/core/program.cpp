#include "program.hpp"

#include <stdexcept>

#include "../steps/kinds.hpp"

namespace convoscope {

Program::Program(const Shape& input, const std::vector<StepDescription>& steps, std::vector<Weight> weights)
    : weights_(std::move(weights)),
      input_size_(checked_size(input, "the input")),
      output_units_(input.empty() ? 1 : input.back()) {
    std::int64_t size = input_size_;
    std::vector<bool> taken(weights_.size());
    for (const StepDescription& description : steps) {
        check_shapes(description);
        if (size_of(description.input()) != size)
            throw std::invalid_argument("a step's input is not as large as the output before it");
        size = size_of(description.output);
        output_units_ = description.output.back();
        auto step = make_step(description, weights_);
        for (const int place : description.weights) {
            if (taken[static_cast<std::size_t>(place)]) throw std::invalid_argument("two steps name the same weight");
            taken[static_cast<std::size_t>(place)] = true;
        }
        last_ = step ? step->activation_alone() : Activation{};
        only_predicts_ = only_predicts_ || (step && step->only_predicts());
        if (step) {
            steps_.push_back(std::move(step));
            places_.push_back(description.weights);
        }
        output_of_.push_back(static_cast<int>(steps_.size()) - 1);
    }
    if (steps_.empty()) {  // something must move the input to the output
        const Shape flat{input_size_};
        steps_.push_back(make_step({"rescaling", {flat}, flat, {}, {{"scale", 1}, {"offset", 0}}}, weights_));
        places_.emplace_back();
    }
    packs_.emplace(steps_, places_, weights_);
    lowest_trainable_ = static_cast<int>(steps_.size());
    for (int i = lowest_trainable_ - 1; i >= 0; i--)
        for (const int place : places_[static_cast<std::size_t>(i)])
            if (weights_[static_cast<std::size_t>(place)].trainable) lowest_trainable_ = i;
}

void Program::check_learns() const {
    if (only_predicts_) throw std::invalid_argument("a program with normalisations folded in only predicts");
}

bool Program::fused(const Loss& loss) const {
    if (loss.from_logits) return false;
    return (loss.categorical() && last_.kind == Nonlinearity::softmax) ||
           (loss.kind == Loss::Kind::binary && last_.kind == Nonlinearity::sigmoid);
}

}  // namespace convoscope
