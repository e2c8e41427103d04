// Random stacks of steps: values against the plainest loops, gradients against differences, and the same results from
// every number of threads.
#include <memory>

#include "core/training.hpp"
#include "isa/choice.hpp"
#include "stack.hpp"

using namespace convoscope;

namespace {

struct Found {
    Floats outputs, input;
    std::vector<Floats> weights;
};

Found pull(Program& program, const Floats& x, std::int64_t samples, const Floats& gradient, bool training) {
    Found found{Floats(static_cast<std::size_t>(samples * program.output_size())), Floats(x.size()), {}};
    GradientRequest request{training, 3, 5, found.outputs.data(), found.input.data(), {}};
    for (const Weight& weight : program.weights())
        found.weights.emplace_back(static_cast<std::size_t>(size_of(weight.shape)));
    for (std::size_t i = 0; i < found.weights.size(); i++)
        request.weights.push_back(program.weights()[i].trainable ? found.weights[i].data() : nullptr);
    Interrupt interrupt;
    pullback(program, {x.data(), Images::Type::floats, samples, program.input_size()}, gradient.data(), request,
             interrupt);
    return found;
}

void same_for_all_threads(Stack& stack) {
    Program program(stack.input, stack.steps, stack.weights);
    const std::int64_t samples = random_int(1, 9);
    const Floats x = random_floats(samples * program.input_size()),
                 gradient = random_floats(samples * program.output_size());
    for (const bool training : {false, true}) {
        Found expected;
        for (const int threads : {1, 2, 3, 4}) {
            Pool::shared().set_threads(threads);
            const Found found = pull(program, x, samples, gradient, training);
            if (threads == 1) {
                expected = found;
                continue;
            }
            expect_near(found.outputs, expected.outputs, 1e-5, "outputs with more threads");
            expect_near(found.input, expected.input, 1e-3, "input gradient with more threads");
            for (std::size_t i = 0; i < found.weights.size(); i++)
                expect_near(found.weights[i], expected.weights[i], 2e-3, "weight gradient with more threads");
        }
        if (training) continue;
        Floats outputs(expected.outputs.size());
        Interrupt interrupt;
        program.predict({x.data(), Images::Type::floats, samples, program.input_size()}, outputs.data(), nullptr,
                        nullptr, nullptr, interrupt);
        expect_near(outputs, expected.outputs, 1e-6, "prediction");
    }
}

// The change of sum(outputs × gradient) along a random direction of the input, against the gradient.
void gradient_is_a_derivative(Stack& stack) {
    Program program(stack.input, stack.steps, stack.weights);
    const Floats x = random_floats(2 * program.input_size()), gradient = random_floats(2 * program.output_size()),
                 direction = random_floats(2 * program.input_size());
    const Found found = pull(program, x, 2, gradient, false);
    const float step = 1e-3f;
    const auto value = [&](float distance) {
        Floats moved = x;
        for (std::size_t i = 0; i < x.size(); i++) moved[i] += distance * direction[i];
        const Found there = pull(program, moved, 2, gradient, false);
        double sum = 0;
        for (std::size_t i = 0; i < gradient.size(); i++)
            sum += static_cast<double>(there.outputs[i]) * static_cast<double>(gradient[i]);
        return sum;
    };
    double along = 0, size = 0;
    for (std::size_t i = 0; i < x.size(); i++) {
        along += static_cast<double>(found.input[i]) * static_cast<double>(direction[i]);
        size += std::fabs(static_cast<double>(found.input[i]) * static_cast<double>(direction[i]));
    }
    const double difference = (value(step) - value(-step)) / (2.0 * static_cast<double>(step));
    if (std::fabs(difference - along) > 0.05 * size + 2e-3)
        fail("the gradient is no derivative: " + std::to_string(along) + " and " + std::to_string(difference));
}

void training_stays_finite(Stack& stack) {
    for (const UpdateRule::Kind kind : {UpdateRule::Kind::sgd, UpdateRule::Kind::adam, UpdateRule::Kind::rmsprop}) {
        Program program(stack.input, stack.steps, stack.weights);
        const std::int64_t samples = 7, steps = 12;
        const Floats x = random_floats(samples * program.input_size());
        std::vector<std::int32_t> labels;
        for (std::int64_t i = 0; i < samples; i++)
            labels.push_back(static_cast<std::int32_t>(random_int(0, program.output_units() - 1)));
        std::vector<std::int64_t> rows;
        for (std::int64_t i = 0; i < samples * steps; i++) rows.push_back(i % samples);
        const std::vector<double> rates(static_cast<std::size_t>(steps), 0.003);
        Stretch stretch{};
        stretch.x = {x.data(), Images::Type::floats, samples, program.input_size()};
        stretch.scoring = {{Loss::Kind::sparse_categorical, false, 0.1f}, {labels.data(), nullptr}, nullptr};
        stretch.rows = rows.data();
        stretch.count = static_cast<std::int64_t>(rows.size());
        stretch.batch_size = samples;
        stretch.rule = {kind, 0.5, true, 0.9, 0.999, 1e-7, 0.9, true, 0.01, std::nullopt, std::nullopt, 1.0};
        stretch.learning_rates = rates.data();
        std::vector<std::unique_ptr<Floats>> slots;
        for (const Weight& weight : program.weights()) {
            if (!weight.trainable) continue;
            stretch.slots.emplace_back();
            for (std::size_t i = 0; i < stretch.rule.slots(); i++) {
                slots.push_back(std::make_unique<Floats>(static_cast<std::size_t>(size_of(weight.shape))));
                stretch.slots.back().push_back(slots.back()->data());
            }
        }
        Floats losses(rows.size()), outputs(rows.size() * static_cast<std::size_t>(program.output_size()));
        stretch.losses = losses.data();
        stretch.outputs = outputs.data();
        Interrupt interrupt;
        if (train(program, stretch, std::nullopt, interrupt) != steps) fail("not all steps were taken");
        for (const float loss : losses)
            if (!std::isfinite(loss)) fail("the loss is not finite");
    }
}

}  // namespace

void test_programs() {
    for (int i = 0; i < 40; i++) {
        Stack stack = i % 2 ? plain_stack() : random_stack();
        same_for_all_threads(stack);
        gradient_is_a_derivative(stack);
        if (i % 4 == 0) training_stays_finite(stack);
    }
}
