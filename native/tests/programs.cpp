// Random stacks of steps: values against the plainest loops, gradients against differences, and the same results from
// every number of threads.
#include <memory>

#include "check.hpp"
#include "core/training.hpp"
#include "isa/choice.hpp"

using namespace convoscope;

namespace {

constexpr Activation none{Nonlinearity::linear, 0};

// A stack under construction, with its weights.
struct Stack {
    Shape input, shape;
    std::vector<StepDescription> steps;
    std::vector<std::unique_ptr<Floats>> values;
    std::vector<Weight> weights;

    explicit Stack(Shape first) : input(first), shape(first) {}

    int weight(Shape size, bool trainable = true, bool positive = false) {
        values.push_back(std::make_unique<Floats>(random_floats(size_of(size))));
        const float fan = std::sqrt(static_cast<float>(size_of(size)) / static_cast<float>(size.back()));
        for (float& value : *values.back()) value = positive ? std::fabs(value) + 0.5f : value / fan;
        weights.push_back({values.back()->data(), size, trainable});
        return static_cast<int>(weights.size()) - 1;
    }

    template <class What>
    void add(What what, Shape output, std::vector<int> places = {}) {
        steps.push_back({shape, output, places, what});
        shape = output;
    }

    static std::int64_t length(std::int64_t n, std::int64_t reach, std::int64_t stride, const Pair& padding) {
        return (n + padding[0] + padding[1] - reach) / stride + 1;
    }

    static WindowDescription window(PoolMode mode) {
        const Pair size{random_int(1, 3), random_int(1, 3)};
        return {mode,
                size,
                {random_int(1, 3), random_int(1, 3)},
                {{{random_int(0, size[0] - 1), random_int(0, size[0] - 1)},
                  {random_int(0, size[1] - 1), random_int(0, size[1] - 1)}}}};
    }

    static Shape pooled(const Shape& map, const WindowDescription& w) {
        return {length(map[0], w.size[0], w.strides[0], w.padding[0]),
                length(map[1], w.size[1], w.strides[1], w.padding[1]), map[2]};
    }

    // Plain: 3×3, as Winograd's tiles want it, and pooled two by two as often as not.
    bool convolution(std::int64_t filters, Activation activation, bool pool, bool plain = false) {
        ConvolutionDescription c{};
        for (const std::size_t axis : {0u, 1u}) {
            c.kernel[axis] = plain ? 3 : random_int(1, 4);
            c.strides[axis] = plain ? 1 : random_int(1, 3);
            c.dilation[axis] = plain ? 1 : random_int(1, 2);
            if (random_int(0, 1)) c.padding[axis] = {random_int(0, 2), random_int(0, 2)};
        }
        Shape features;
        for (const std::size_t axis : {0u, 1u}) {
            const std::int64_t reach = (c.kernel[axis] - 1) * c.dilation[axis] + 1;
            if (shape[axis] + c.padding[axis][0] + c.padding[axis][1] < reach) return false;
            features.push_back(length(shape[axis], reach, c.strides[axis], c.padding[axis]));
        }
        features.push_back(filters);
        c.features = features;
        c.activation = activation;
        c.bias = random_int(0, 1) == 1;
        Shape output = features;
        if (pool) {
            WindowDescription w = window(random_int(0, 1) ? PoolMode::max : PoolMode::min);
            if (plain && random_int(0, 1)) w = {w.mode, {2, 2}, {2, 2}, {}};
            if (features[0] < w.size[0] || features[1] < w.size[1]) return false;
            c.pool = w;
            output = pooled(features, w);
        }
        std::vector<int> places{weight({c.kernel[0], c.kernel[1], shape[2], filters})};
        if (c.bias) places.push_back(weight({filters}));
        add(c, output, places);
        return true;
    }

    void normalization(bool frozen) {
        const Shape channel{shape.back()};
        std::vector<int> places{weight(channel), weight(channel), weight(channel, false), weight(channel, false, true)};
        add(NormalizationDescription{0.9f, 1e-3f, true, true, frozen}, shape, places);
    }

    void motion() {
        MotionDescription m{2, std::nullopt, {}, {}, {}, random_int(0, 1) == 1, FillMode{}, 0.5f};
        m.fill_mode = static_cast<FillMode>(random_int(0, 3));
        const std::int64_t what = random_int(0, 2);
        if (what == 0) m.flips = {true, random_int(0, 1) == 1};
        if (what == 1) m.shifts = {{{-1, 1}, {-0.3, 0.2}}};
        if (what == 2) m.turns = {-0.5, 0.5};
        add(m, shape);
    }

    void erasing() {
        std::optional<double> fill;
        if (random_int(0, 1)) fill = 0.25;
        add(ErasingDescription{3, 7, {1, 1}, {0, 1}, fill, {-1, 1}}, shape);
    }

    void dense(std::int64_t units, Activation activation) {
        Shape output = shape;
        output.back() = units;
        const std::vector<int> places{weight({shape.back(), units}), weight({units})};
        add(DenseDescription{true, activation, std::nullopt}, output, places);
    }

    void flatten() { add(ReshapeDescription{}, {size_of(shape)}); }
};

Stack random_stack() {
    const std::int64_t channels[] = {1, 3, 17};
    Stack s({random_int(5, 13), random_int(5, 13), channels[random_int(0, 2)]});
    const std::int64_t filters[] = {1, 5, 16, 33, 70};
    if (random_int(0, 3) == 0) s.add(RescalingDescription{0.5f, 0.1f}, s.shape);
    if (random_int(0, 1)) s.motion();
    if (random_int(0, 3) == 0) s.erasing();
    if (random_int(0, 3) == 0)
        s.add(PaddingDescription{{{{1, 0}, {0, 2}}}}, {s.shape[0] + 1, s.shape[1] + 2, s.shape[2]});
    s.convolution(filters[random_int(0, 4)], {Nonlinearity::tanh, 0}, random_int(0, 1));
    if (random_int(0, 1)) s.normalization(random_int(0, 1));
    if (random_int(0, 1)) s.add(DropoutDescription{0.3, 1, std::nullopt}, s.shape);
    s.convolution(filters[random_int(0, 4)], {Nonlinearity::sigmoid, 0}, random_int(0, 1));
    if (random_int(0, 2) == 0) s.motion();
    const WindowDescription w = Stack::window(static_cast<PoolMode>(random_int(0, 2)));
    if (s.shape[0] >= w.size[0] && s.shape[1] >= w.size[1]) s.add(PoolingDescription{w}, Stack::pooled(s.shape, w));
    if (random_int(0, 1)) s.add(ActivationDescription{{Nonlinearity::silu, 0}}, s.shape);
    s.flatten();
    s.dense(random_int(1, 40), {Nonlinearity::tanh, 0});
    s.dense(random_int(2, 11), none);
    s.add(ActivationDescription{{Nonlinearity::softmax, 0}}, s.shape);
    return s;
}

// Few channels, then enough of them for Winograd.
Stack plain_stack() {
    const std::int64_t channels[] = {1, 2, 4}, filters[] = {16, 17, 63, 65};
    Stack s({random_int(9, 16), random_int(9, 16), channels[random_int(0, 2)]});
    s.convolution(filters[random_int(0, 3)], {Nonlinearity::tanh, 0}, random_int(0, 1), true);
    s.convolution(filters[random_int(0, 3)], {Nonlinearity::sigmoid, 0}, random_int(0, 1), true);
    s.flatten();
    s.dense(5, none);
    s.add(ActivationDescription{{Nonlinearity::softmax, 0}}, s.shape);
    return s;
}

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
