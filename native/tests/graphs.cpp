// Graphs: values, gradients and losses against plain double precision, with any outputs, on any number of threads.
#include <algorithm>
#include <optional>

#include "calls.hpp"
#include "graph.hpp"
#include "isa/choice.hpp"
#include "plain.hpp"
#include "rules.hpp"

using namespace convoscope;

namespace {

// What single precision makes of some dozen steps, as a share of the largest value; and on the way back, as a share of
// a gradient's own size. Each is some three times the worst of a thousand graphs.
constexpr double rounding = 3e-6, gradient_rounding = 5e-5;

Doubles as_doubles(const Floats& values) { return Doubles(values.begin(), values.end()); }
Floats as_floats(const Doubles& values) { return Floats(values.begin(), values.end()); }

// A graph with data, in double precision; and the sum that its gradients are of.
class Case {
public:
    Case(const Stack& graph, const Samples& samples, bool training)
        : graph_(graph), samples_(samples.count), training_(training) {
        for (const Floats& x : samples.x) inputs.push_back(as_doubles(x));
        for (const auto& values : graph.values) weights.push_back(as_doubles(*values));
    }

    Plain plain() const { return Plain(graph_, samples_, inputs, weights, training_); }

    // Each of `all` has found the gradients of the same sum.
    template <class Sum>
    void expect_gradients(const std::vector<Found>& all, Sum&& sum) {
        for (std::size_t i = 0; i < inputs.size(); i++)
            expect_gradient(
                all, [&](const Found& found) { return found.inputs[i]; }, inputs[i], sum,
                "gradient of input " + std::to_string(i));
        for (std::size_t w = 0; w < weights.size(); w++)
            if (graph_.weights[w].trainable)
                expect_gradient(
                    all, [&](const Found& found) { return found.weights[w]; }, weights[w], sum,
                    "gradient of weight " + std::to_string(w));
    }

    std::vector<Doubles> inputs, weights;

private:
    // What cancels out in one array, such as the gradient of a shift before a batch normalization, has roundings of the
    // others' size.
    double largest_gradient(const Found& found) const {
        double largest = 0;
        const auto look_at = [&](const Floats& gradient) {
            double size = 0;
            for (const float g : gradient) size += std::fabs(static_cast<double>(g));
            largest = std::fmax(largest, size);
        };
        for (const Floats& gradient : found.inputs) look_at(gradient);
        for (std::size_t w = 0; w < weights.size(); w++)
            if (graph_.weights[w].trainable) look_at(found.weights[w]);
        return largest;
    }

    template <class Of, class Sum>
    void expect_gradient(const std::vector<Found>& all, Of&& of, Doubles& array, Sum&& sum, const std::string& what) {
        const Floats direction = random_floats(static_cast<std::int64_t>(array.size()));
        const double expected = slope(array, direction, sum);
        for (const Found& found : all) {
            const Floats gradient = of(found);
            double along = 0, size = 0;
            for (std::size_t i = 0; i < array.size(); i++) {
                const double product = static_cast<double>(gradient[i]) * static_cast<double>(direction[i]);
                along += product;
                size += std::fabs(product);
            }
            if (!(std::fabs(expected - along) <= gradient_rounding * (1 + size) + rounding * largest_gradient(found)))
                fail(what + ": " + std::to_string(along) + " instead of " + std::to_string(expected));
        }
    }

    // The change of what `sum` makes of the values along a direction in one of the arrays.
    template <class Sum>
    double slope(Doubles& array, const Floats& direction, Sum&& sum) const {
        constexpr double step = 1e-8;  // too short to reach a jump: see `fair_samples`
        const Doubles before = array;
        const auto at = [&](double distance) {
            for (std::size_t i = 0; i < array.size(); i++)
                array[i] = before[i] + distance * static_cast<double>(direction[i]);
            return sum(plain().values);
        };
        const double difference = (at(step) - at(-step)) / (2 * step);
        array = before;
        return difference;
    }

    const Stack& graph_;
    const std::int64_t samples_;
    const bool training_;
};

// Held to `expected`, which is one of the values beside it: whatever cancels out has roundings of the others' size.
void expect_value(const Floats& found, const Doubles& expected, const Plain& beside, const char* what) {
    ::expect_near(found, as_floats(expected), rounding, what, beside.largest);
}

const Doubles& output_of(const Stack& graph, const std::vector<Doubles>& values, std::size_t o) {
    return values[static_cast<std::size_t>(graph.outputs[o])];
}

// Samples whose values stay of a size for which single precision can be held to double (products of products may not),
// and none of which is so near to where its gradient jumps that single precision may see it on the other side. None if
// the graph hardly has any.
std::optional<Samples> fair_samples(const Stack& graph, const Program& program, std::int64_t count) {
    for (int tries = 0; tries < 8; tries++) {
        Samples samples(program, count);
        bool fair = true;
        for (const bool training : {false, true}) {
            const Plain plain = Case(graph, samples, training).plain();
            if (!(plain.largest < 20)) return std::nullopt;
            fair = fair && plain.to_jump > rounding * plain.largest;
        }
        if (fair) return samples;
    }
    return std::nullopt;
}

void values_are_right(const Stack& graph, const Samples& samples) {
    Program program = graph.program();
    const Plain plain = Case(graph, samples, false).plain();
    for (const int threads : {1, 2, 3}) {
        Pool::shared().set_threads(threads);
        const std::vector<Floats> found = predict(program, samples, 0, samples.count);
        for (std::size_t o = 0; o < found.size(); o++)
            expect_value(found[o], output_of(graph, plain.values, o), plain, "prediction");
        std::vector<Floats> outputs = output_rooms(program, samples.count), rooms;
        for (const auto& step : program.steps())
            rooms.emplace_back(static_cast<std::size_t>(samples.count * step->output_size));
        Interrupt interrupt;
        program.predict(samples.images(), pointers(outputs).data(), pointers(rooms).data(), nullptr, nullptr,
                        interrupt);
        if (outputs != found) fail("other outputs where every step's are asked for");
        for (std::size_t i = 0; i < graph.steps.size(); i++) {
            const int step = program.output_of()[i];
            const Doubles& expected = plain.values[graph.inputs.size() + i];
            if (step >= 0) expect_value(rooms[static_cast<std::size_t>(step)], expected, plain, "a step's output");
        }
    }
}

// Where an output has no gradient, none of what only it is made from has one either.
void gradients_are_right(const Stack& graph, const Samples& samples) {
    Program program = graph.program();
    std::vector<Floats> arriving = random_gradients(program, samples.count);
    for (Floats& gradient : arriving)
        if (random_int(0, 3) == 0) gradient.clear();
    const auto sum = [&](const std::vector<Doubles>& values) {
        double total = 0;
        for (std::size_t o = 0; o < arriving.size(); o++)
            for (std::size_t i = 0; i < arriving[o].size(); i++)
                total += static_cast<double>(arriving[o][i]) * output_of(graph, values, o)[i];
        return total;
    };
    for (const bool training : {false, true}) {
        Case both(graph, samples, training);
        const Plain plain = both.plain();
        std::vector<Found> found;
        for (const int threads : {1, 3}) {
            Pool::shared().set_threads(threads);
            found.push_back(pull(program, samples, arriving, training));
            for (std::size_t o = 0; o < arriving.size(); o++)
                expect_value(found.back().outputs[o], output_of(graph, plain.values, o), plain, "outputs");
        }
        both.expect_gradients(found, sum);
    }
}

// Losses of some of the outputs: labels for a softmax, squares for the others.
struct Judged {
    Judged(const Program& program, std::int64_t samples) : count(samples) {
        for (const Output& output : program.outputs()) {
            const bool labelled = output.maker.activation == Nonlinearity::softmax;
            targets.push_back(random_floats(samples * output.size));
            sample_weights.push_back(random_floats(samples));
            labels.emplace_back();
            for (std::int64_t i = 0; i < samples * output.rows(); i++)
                labels.back().push_back(static_cast<std::int32_t>(random_int(0, output.units - 1)));
            scorings.emplace_back();
            if (random_int(0, 4) == 0) continue;
            const auto kind = labelled ? Loss::Kind::sparse_categorical : Loss::Kind::squared;
            scorings.back() = Scoring{{kind, false, 0, 0.5f + static_cast<float>(random_int(0, 3))}, {}, nullptr};
        }
        for (std::size_t o = 0; o < scorings.size(); o++)
            if (scorings[o]) {
                const bool labelled = scorings[o]->loss.kind == Loss::Kind::sparse_categorical;
                scorings[o]->targets = {labelled ? labels[o].data() : nullptr, labelled ? nullptr : targets[o].data()};
                scorings[o]->sample_weight = sample_weights[o].data();
            }
    }

    // The loss of one sample times its weight.
    double loss(const Output& output, std::size_t o, const Doubles& values, std::int64_t sample) const {
        double total = 0;
        const bool labelled = scorings[o]->loss.kind == Loss::Kind::sparse_categorical;
        for (std::int64_t row = sample * output.rows(); row < (sample + 1) * output.rows(); row++)
            for (std::int64_t j = 0; j < output.units; j++) {
                const auto at = static_cast<std::size_t>(row * output.units + j);
                if (labelled && labels[o][static_cast<std::size_t>(row)] == j)
                    total -= std::log(values[at]) / static_cast<double>(output.rows());
                if (!labelled)
                    total += std::pow(values[at] - static_cast<double>(targets[o][at]), 2) /
                             static_cast<double>(output.size);
            }
        return total * static_cast<double>(sample_weights[o][static_cast<std::size_t>(sample)]);
    }

    std::int64_t count;
    Scorings scorings;
    std::vector<Floats> targets, sample_weights;
    std::vector<std::vector<std::int32_t>> labels;
};

void losses_are_right(const Stack& graph, const Samples& samples) {
    Program program = graph.program();
    const Judged judged(program, samples.count);
    const auto sum = [&](const std::vector<Doubles>& values) {
        double total = 0;
        for (std::size_t o = 0; o < judged.scorings.size(); o++)
            for (std::int64_t i = 0; judged.scorings[o] && i < samples.count; i++)
                total += static_cast<double>(judged.scorings[o]->loss.weight) / static_cast<double>(samples.count) *
                         judged.loss(program.output(o), o, output_of(graph, values, o), i);
        return total;
    };
    for (const bool training : {false, true}) {
        Pool::shared().set_threads(static_cast<int>(random_int(1, 3)));
        Found found(program, samples);
        Interrupt interrupt;
        loss_gradients(program, samples.images(), judged.scorings, pointers(found.losses),
                       found.request(program, training), interrupt);
        Case both(graph, samples, training);
        const std::vector<Doubles> values = both.plain().values;
        for (std::size_t o = 0; o < judged.scorings.size(); o++) {
            if (!judged.scorings[o]) continue;
            Floats expected;
            for (std::int64_t i = 0; i < samples.count; i++)
                expected.push_back(
                    static_cast<float>(judged.loss(program.output(o), o, output_of(graph, values, o), i)));
            ::expect_near(found.losses[o], expected, rounding, "losses");
            if (training) continue;
            std::vector<Floats> outputs = output_rooms(program, samples.count), losses = found.losses;
            program.predict(samples.images(), pointers(outputs).data(), nullptr, &judged.scorings,
                            pointers(losses).data(), interrupt);
            ::expect_near(losses[o], expected, rounding, "losses in prediction");
        }
        both.expect_gradients({found}, sum);
    }
}

// One step of plain descent: each weight by its gradient, whoever has it; moving averages once for each call.
void a_training_step_is_right(Stack& graph, const Samples& samples) {
    Program program = graph.program();
    const Judged judged(program, samples.count);
    Found found(program, samples);
    Interrupt interrupt;
    loss_gradients(program, samples.images(), judged.scorings, pointers(found.losses), found.request(program, true),
                   interrupt);
    std::vector<Doubles> expected = Case(graph, samples, true).plain().moments;
    for (std::size_t w = 0; w < expected.size(); w++)
        for (std::size_t i = 0; graph.weights[w].trainable && i < expected[w].size(); i++)
            expected[w][i] -= 0.01 * static_cast<double>(found.weights[w][i]);

    Stretch stretch{};
    stretch.x = samples.images();
    stretch.scorings = judged.scorings;
    std::vector<std::int64_t> rows;
    for (std::int64_t i = 0; i < samples.count; i++) rows.push_back(i);
    const double rate = 0.01;
    stretch.rows = rows.data();
    stretch.count = stretch.batch_size = samples.count;
    stretch.rule = rule_with(optimizers().front(), false);
    stretch.learning_rates = &rate;
    stretch.iteration = 5;
    stretch.first_draw = 5;
    stretch.seed = 3;
    for (const Weight& weight : program.weights())
        if (weight.trainable) stretch.slots.emplace_back();
    std::vector<Floats> outputs = output_rooms(program, samples.count), losses = found.losses;
    stretch.losses = pointers(losses);
    stretch.outputs = pointers(outputs);
    if (train(program, stretch, std::nullopt, interrupt) != 1) fail("a step was not taken");
    expect_near(outputs, found.outputs, 0, "outputs in training");
    for (std::size_t w = 0; w < expected.size(); w++)
        ::expect_near(*graph.values[w], as_floats(expected[w]), rounding, "weight " + std::to_string(w));
}

// Residual connections with shared weights: read three times, and an output besides.
void what_is_read_often_adds_up() {
    Stack graph(Shape{3, 2, 4});
    graph.dense(4, "tanh");
    const std::vector<int> shared = graph.steps[0].weights;
    const int once = graph.latest;
    graph.join("dense", graph.steps[0].settings, {once}, graph.shape, shared);
    graph.join("combine", activated({{"mode", "multiply"}}, "linear"), {graph.latest, once, once}, graph.shape);
    graph.outputs = {once, once, 0, graph.latest};
    const Samples samples(graph.program(), 5);
    values_are_right(graph, samples);
    gradients_are_right(graph, samples);
    losses_are_right(graph, samples);
}

// A dense layer takes all samples at once, and the steps between two of them a few at a time: a larger value, made
// there for later, must not lie where the next few samples' earlier one is still to be read.
void what_is_kept_from_group_to_group_stays() {
    Stack graph(Shape{4, 4, 8});
    graph.activation("tanh");
    const int kept = graph.latest;
    graph.dense(8, "tanh");
    graph.join("combine", activated({{"mode", "add"}}, "linear"), {graph.latest, kept}, graph.shape);
    graph.join("concatenate", {{"axis", 2}}, {graph.latest, graph.latest}, {4, 4, 16});
    const int larger = graph.latest;
    graph.dense(16, "tanh");
    graph.join("combine", activated({{"mode", "multiply"}}, "linear"), {graph.latest, larger}, graph.shape);
    graph.outputs = {graph.latest};
    values_are_right(graph, Samples(graph.program(), 64));
}

// As TensorFlow: the first of equal values has the gradient.
void the_first_of_equals_has_the_gradient() {
    for (const char* mode : {"maximum", "minimum"}) {
        Stack graph(std::vector<Shape>{{1, 1, 5}, {1, 1, 5}, {1, 1, 5}});
        graph.join("combine", activated({{"mode", mode}}, "linear"), {0, 1, 2}, {1, 1, 5});
        Program program = graph.program();
        Samples samples(program, 1);
        samples.x = {{1, 1, 2, 2, 3}, {1, 2, 1, 2, 3}, {1, 2, 2, 1, 3}};
        const Found found = pull(program, samples, {Floats{1, 2, 3, 4, 5}}, false);
        const bool largest = std::string(mode) == "maximum";
        const std::vector<Floats> expected =
            largest ? std::vector<Floats>{{1, 0, 3, 4, 5}, {0, 2, 0, 0, 0}, {0, 0, 0, 0, 0}}
                    : std::vector<Floats>{{1, 2, 0, 0, 5}, {0, 0, 3, 0, 0}, {0, 0, 0, 4, 0}};
        if (found.inputs != expected) fail(std::string(mode) + ": not the first of equals");
    }
}

}  // namespace

void test_graphs() {
    the_first_of_equals_has_the_gradient();
    what_is_read_often_adds_up();
    what_is_kept_from_group_to_group_stays();
    constexpr unsigned seeds = 60;
    unsigned tested = 0;
    for (unsigned seed = 1; seed <= seeds; seed++) {
        generator().seed(seed);
        where = "graph of seed " + std::to_string(seed) + ": ";
        Stack graph = random_graph();
        const std::optional<Samples> samples = fair_samples(graph, graph.program(), random_int(1, 7));
        if (!samples) continue;
        tested++;
        values_are_right(graph, *samples);
        gradients_are_right(graph, *samples);
        losses_are_right(graph, *samples);
        a_training_step_is_right(graph, *samples);
    }
    where.clear();
    if (tested < seeds / 2) fail("only " + std::to_string(tested) + " graphs were tested");
}
