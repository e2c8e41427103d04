#include "program.hpp"

#include <algorithm>
#include <stdexcept>

#include "../steps/kinds.hpp"

namespace convoscope {

Nonlinearity Output::hidden(const Loss& loss) const {
    const bool remembered = maker.activation == Nonlinearity::softmax || maker.activation == Nonlinearity::sigmoid;
    return remembered && loss.from_hidden() ? maker.activation : Nonlinearity::linear;
}

Program::Program(const std::vector<Shape>& inputs, const std::vector<StepDescription>& steps,
                 std::vector<Weight> weights, const std::vector<int>& outputs)
    : weights_(std::move(weights)) {
    check_counts(inputs.size(), steps.size(), outputs.size());
    std::vector<int> core_values;  // of each value that a description can name, its number in the graph
    std::vector<std::int64_t> sizes;
    for (const Shape& input : inputs) {
        core_values.push_back(static_cast<int>(core_values.size()));
        sizes.push_back(checked_size(input, "an input"));
    }
    graph_.inputs = static_cast<int>(inputs.size());
    graph_.sizes = sizes;
    for (const StepDescription& description : steps) add(description, core_values, sizes);
    name_outputs(outputs, inputs, steps, core_values);
    packs_.emplace(steps_, places_, weights_);
    layout_.emplace(graph_, steps_);
}

void Program::add(const StepDescription& description, std::vector<int>& core_values, std::vector<std::int64_t>& sizes) {
    check_shapes(description);
    check_reads(description, sizes);
    std::vector<int> from;
    for (const int value : description.from) from.push_back(core_values[static_cast<std::size_t>(value)]);
    auto step = make_step(description, weights_);
    makers_.push_back({step ? step->activation_alone().kind : Nonlinearity::linear, from.front()});
    if (step) {
        only_predicts_ = only_predicts_ || step->only_predicts();
        core_values.push_back(graph_.value_of(graph_.steps()));
        graph_.sizes.push_back(step->output_size);
        graph_.from.push_back(from);
        steps_.push_back(std::move(step));
        places_.push_back(description.weights);
    } else {
        core_values.push_back(from.front());
    }
    sizes.push_back(size_of(description.output));
    const int value = core_values.back();
    output_of_.push_back(value < graph_.inputs ? -1 - value : graph_.maker_of(value));
}

void Program::name_outputs(const std::vector<int>& outputs, const std::vector<Shape>& inputs,
                           const std::vector<StepDescription>& steps, const std::vector<int>& core_values) {
    for (const int number : outputs) {
        check_output(number, core_values.size());
        const auto value = static_cast<std::size_t>(number);
        const bool is_input = value < inputs.size();
        const Shape& shape = is_input ? inputs[value] : steps[value - inputs.size()].output;
        const Maker maker = is_input ? Maker{} : makers_[value - inputs.size()];
        outputs_.push_back({core_values[value], size_of(shape), shape.empty() ? 1 : shape.back(), maker});
        graph_.outputs.push_back(core_values[value]);
    }
}

bool Program::learns(int step) const {
    const std::vector<int>& places = places_[static_cast<std::size_t>(step)];
    return std::any_of(places.begin(), places.end(),
                       [&](int place) { return weights_[static_cast<std::size_t>(place)].trainable; });
}

void Program::check_learns() const {
    if (only_predicts_)
        throw std::invalid_argument("a program with normalizations folded in, or gelu and its like, only predicts");
}

}  // namespace convoscope
