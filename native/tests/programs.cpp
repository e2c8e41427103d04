// Random stacks of steps: values against the plainest loops, gradients against differences, and the same results from
// every number of threads.
#include <memory>

#include "calls.hpp"
#include "isa/choice.hpp"
#include "rules.hpp"
#include "stack.hpp"

using namespace convoscope;

namespace {

void same_for_all_threads(const Stack& stack) {
    Program program = stack.program();
    const Samples samples(program, random_int(1, 9));
    const std::vector<Floats> gradients = random_gradients(program, samples.count);
    for (const bool training : {false, true}) {
        Pool::shared().set_threads(1);
        const Found expected = pull(program, samples, gradients, training);
        for (const int threads : {2, 3, 4}) {
            Pool::shared().set_threads(threads);
            const Found found = pull(program, samples, gradients, training);
            expect_near(found.outputs, expected.outputs, 1e-5, "outputs with more threads");
            expect_near(found.inputs, expected.inputs, 1e-3, "input gradient with more threads");
            expect_near(found.weights, expected.weights, 2e-3, "weight gradient with more threads");
        }
        if (!training) expect_near(predict(program, samples, 0, samples.count), expected.outputs, 1e-6, "prediction");
    }
}

// The change of sum(outputs × gradient) along a random direction of the input, against the gradient.
void gradient_is_a_derivative(const Stack& stack) {
    Program program = stack.program();
    const Samples samples(program, 2);
    const std::vector<Floats> gradients = random_gradients(program, 2);
    const Floats direction = random_floats(2 * program.input_size(0));
    const Found found = pull(program, samples, gradients, false);
    const float step = 1e-3f;
    const auto value = [&](float distance) {
        Samples moved = samples;
        for (std::size_t i = 0; i < direction.size(); i++) moved.x[0][i] += distance * direction[i];
        const Found there = pull(program, moved, gradients, false);
        double sum = 0;
        for (std::size_t i = 0; i < gradients[0].size(); i++)
            sum += static_cast<double>(there.outputs[0][i]) * static_cast<double>(gradients[0][i]);
        return sum;
    };
    double along = 0, size = 0;
    for (std::size_t i = 0; i < direction.size(); i++) {
        const double product = static_cast<double>(found.inputs[0][i]) * static_cast<double>(direction[i]);
        along += product;
        size += std::fabs(product);
    }
    const double difference = (value(step) - value(-step)) / (2.0 * static_cast<double>(step));
    if (std::fabs(difference - along) > 0.05 * size + 2e-3)
        fail("the gradient is no derivative: " + std::to_string(along) + " and " + std::to_string(difference));
}

void training_stays_finite(const Stack& stack) {
    for (const Settings& optimizer : optimizers()) {
        Program program = stack.program();
        const std::int64_t samples = 7, steps = 12;
        bool learns = false;
        for (const Weight& weight : program.weights()) learns = learns || weight.trainable;
        const Samples data(program, samples);
        std::vector<std::int32_t> labels;
        for (std::int64_t i = 0; i < samples; i++)
            labels.push_back(static_cast<std::int32_t>(random_int(0, program.output(0).units - 1)));
        std::vector<std::int64_t> rows;
        for (std::int64_t i = 0; i < samples * steps; i++) rows.push_back(i % samples);
        const std::vector<double> rates(static_cast<std::size_t>(steps), 0.003);
        Stretch stretch{};
        stretch.x = data.images();
        stretch.scorings = {Scoring{{Loss::Kind::sparse_categorical, false, 0.1f}, {labels.data(), nullptr}, nullptr}};
        stretch.rows = rows.data();
        stretch.count = static_cast<std::int64_t>(rows.size());
        stretch.batch_size = samples;
        stretch.rule = rule_with(optimizer, learns && random_int(0, 1) == 1);
        stretch.learning_rates = rates.data();
        std::vector<std::unique_ptr<Floats>> slots;
        for (const Weight& weight : program.weights()) {
            if (!weight.trainable) continue;
            stretch.slots.emplace_back();
            for (std::size_t i = 0; i < stretch.rule.slots(); i++) {
                slots.push_back(std::make_unique<Floats>(static_cast<std::size_t>(size_of(weight.shape))));
                for (float& value : *slots.back()) value = 0.1f;  // Adagrad's and Ftrl's do not begin at zero
                stretch.slots.back().push_back(slots.back()->data());
            }
        }
        Floats losses(rows.size()), outputs(rows.size() * static_cast<std::size_t>(program.output(0).size));
        stretch.losses = {losses.data()};
        stretch.outputs = {outputs.data()};
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
