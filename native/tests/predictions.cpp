// Predictions: the same bits however the work is shared out, never from weights that are no longer there, and the same
// values where a batch normalization is folded into what comes before it.
#include <algorithm>
#include <limits>
#include <thread>

#include "calls.hpp"
#include "isa/choice.hpp"
#include "stack.hpp"

using namespace convoscope;

namespace {

std::vector<Floats> predict(Program& program, const Samples& samples) {
    return predict(program, samples, 0, samples.count);
}

std::vector<Floats> predict_afresh(const Stack& stack, const Samples& samples) {
    Program program = stack.program();
    return predict(program, samples);
}

// Large enough that workers share an image, with odd edges.
Stack large_stack() {
    Stack s({random_int(24, 33), random_int(24, 33), random_int(1, 3)});
    s.convolution(random_int(20, 40), "relu", random_int(0, 1), random_int(0, 1));
    s.convolution(random_int(16, 40), "tanh", random_int(0, 1), true);
    if (random_int(0, 1)) s.activation("silu");
    s.flatten();
    s.dense(random_int(100, 150), "tanh");
    s.dense(7, "linear");
    s.activation("softmax");
    return s;
}

// Maps so small, with filters so many, that workers share the filters.
Stack small_maps() {
    Stack s({random_int(5, 8), random_int(5, 8), random_int(1, 20)});
    for (const char* const activation : {"linear", "relu", "relu6", "tanh"})
        s.convolution(random_int(128, 200), activation, false);
    return s;
}

void bits_do_not_depend_on_sharing(const Stack& stack) {
    constexpr std::int64_t count = 5;
    Pool::shared().set_threads(1);
    Program program = stack.program();
    const Samples samples(program, count);
    const std::vector<Floats> expected = predict(program, samples);
    for (const int threads : {1, 2, 3, 8}) {
        Pool::shared().set_threads(threads);
        for (const std::int64_t at_once : {std::int64_t{1}, std::int64_t{2}, count}) {
            std::vector<Floats> found(expected.size());
            for (std::int64_t at = 0; at < count; at += at_once) {
                const std::vector<Floats> some = predict(program, samples, at, std::min(at_once, count - at));
                for (std::size_t o = 0; o < some.size(); o++)
                    found[o].insert(found[o].end(), some[o].begin(), some[o].end());
            }
            if (found != expected)
                fail(std::to_string(at_once) + " samples on " + std::to_string(threads) + " threads: other bits");
        }
    }
}

// One value, or two signs: what a weak sum over the weights would miss.
void weights_that_change_are_seen(Stack& stack) {
    Pool::shared().set_threads(2);
    Program program = stack.program();
    const Samples samples(program, 2);
    for (std::size_t w = 0; w < stack.values.size(); w++) {
        Floats& values = *stack.values[w];
        const auto place = [&] {
            return static_cast<std::size_t>(random_int(0, static_cast<std::int64_t>(values.size()) - 1));
        };
        const bool positive = *std::min_element(values.begin(), values.end()) > 0;
        for (int i = 0; i < 3; i++) {
            if (i == 0 || positive) {
                values[place()] += 0.25f;
            } else if (i == 1) {
                for (int j = 0; j < 2; j++) {
                    float& value = values[place()];
                    value = -value;
                }
            } else {
                for (float& value : values) value = -value;
            }
            if (predict(program, samples) != predict_afresh(stack, samples))
                fail("a prediction from weights of the past");
        }
    }
}

void several_callers_predict_the_same(Stack& stack) {
    Pool::shared().set_threads(2);
    Program program = stack.program();
    const Samples samples(program, 3);
    for (int round = 0; round < 3; round++) {
        for (auto& values : stack.values) values->front() += 0.125f;
        const std::vector<Floats> expected = predict_afresh(stack, samples);
        std::vector<std::thread> callers;
        for (int i = 0; i < 3; i++)
            callers.emplace_back([&] {
                for (int j = 0; j < 5; j++)
                    if (predict(program, samples) != expected) fail("callers disturb each other");
            });
        for (std::thread& caller : callers) caller.join();
    }
}

void a_folded_normalization_changes_nothing(bool convolution) {
    Stack apart({9, 10, random_int(1, 20)});
    if (convolution)
        apart.convolution(random_int(5, 40), "linear", false, random_int(0, 1));
    else
        apart.flatten(), apart.dense(random_int(5, 40), "linear");
    if (apart.steps.empty()) return;
    apart.normalization(false);
    apart.activation("relu");

    StepDescription folded = convolution ? apart.steps[0] : apart.steps[1];
    const StepDescription& normalization = apart.steps[apart.steps.size() - 2];
    folded.weights.insert(folded.weights.end(), normalization.weights.begin(), normalization.weights.end());
    folded.settings.set("activation", "relu");
    folded.settings.set("normalization", Stack::normalized(false));
    Stack together(apart.inputs);
    if (!convolution) together.flatten();
    together.join(folded.kind.c_str(), folded.settings, folded.from, folded.output, folded.weights);
    together.weights = apart.weights;
    Program program = together.program();
    const Samples samples(program, 4);
    for (int i = 0; i < 2; i++) {
        expect_near(predict(program, samples), predict_afresh(apart, samples), 1e-5, "folded normalization");
        for (const int place : normalization.weights) apart.values[static_cast<std::size_t>(place)]->back() += 0.5f;
    }
}

// Wherever it stands, and whatever the samples are shared by; the bits of what is finite are those of any prediction.
void what_is_not_finite_is_seen(const Stack& stack) {
    Program program = stack.program();
    for (const std::int64_t count : {1, 3, 40}) {
        Samples samples(program, count);
        std::vector<Floats> outputs = output_rooms(program, count);
        const auto finite = [&] {
            Interrupt interrupt;
            return program.predict_finite(samples.images(), pointers(outputs).data(), interrupt);
        };
        for (const int threads : {1, 3}) {
            Pool::shared().set_threads(threads);
            if (!finite()) fail("a finite input is refused");
            if (outputs != predict(program, samples)) fail("other bits where inputs are looked at");
            for (Floats& x : samples.x)
                for (int i = 0; i < 5; i++) {
                    float& value = x[static_cast<std::size_t>(random_int(0, static_cast<std::int64_t>(x.size()) - 1))];
                    const float before = value;
                    value = i % 2 ? std::numeric_limits<float>::quiet_NaN() : -std::numeric_limits<float>::infinity();
                    if (finite()) fail("an input that is not finite went unseen");
                    value = before;
                }
        }
    }
}

void digests_tell_values_apart(std::int64_t count) {
    Floats values = random_floats(count);
    Digest before{}, after{};
    const auto changed = [&] {
        kernels().digest(values.data(), count, after);
        return !std::equal(before.lanes, before.lanes + 16, after.lanes);
    };
    kernels().digest(values.data(), count, before);
    if (changed()) fail("the digest of the same values differs");
    for (std::size_t i = 0; i < values.size(); i++) {
        values[i] = -values[i];
        if (!changed()) fail("a changed sign went unseen");
        const std::size_t other = static_cast<std::size_t>(random_int(0, count - 1));
        if (other != i) {
            values[other] = -values[other];
            if (!changed()) fail("two changed signs went unseen");
            values[other] = -values[other];
            std::swap(values[i], values[other]);
            if (!changed()) fail("exchanged values went unseen");
            std::swap(values[i], values[other]);
        }
        values[i] = -values[i];
    }
}

}  // namespace

void test_predictions() {
    for (const std::int64_t count : {1, 3, 16, 130, 1000}) digests_tell_values_apart(count);
    for (int i = 0; i < 8; i++) {
        Stack stack = i % 4 == 0 ? large_stack() : i % 2 ? plain_stack() : random_stack();
        bits_do_not_depend_on_sharing(stack);
        weights_that_change_are_seen(stack);
        several_callers_predict_the_same(stack);
        what_is_not_finite_is_seen(stack);
        a_folded_normalization_changes_nothing(i % 2);
        bits_do_not_depend_on_sharing(small_maps());
    }
}
