#include "training.hpp"

#include <chrono>
#include <cstring>
#include <stdexcept>

#include "batch.hpp"
#include "update.hpp"

namespace convoscope {
namespace {

// Losses of a batch's stretch, and their gradient into the batch's.
class Judge {
public:
    Judge(const Program& program, const Scorings& scorings, Batch& batch)
        : program_(program), scorings_(scorings), batch_(batch), shares_(scorings.size()) {}

    // The values whose gradients it makes.
    static std::vector<int> seeds(const Program& program, const Scorings& scorings) {
        std::vector<int> values;
        for (std::size_t o = 0; o < scorings.size(); o++)
            values.push_back(scorings[o] ? program.output(o).judged(scorings[o]->loss) : -1);
        return values;
    }

    // Before each batch. Sample i of it is sample rows[i] of the data set, or its i-th if `rows` is null.
    void begin(const std::int64_t* rows, std::int64_t samples) {
        rows_ = rows;
        for (std::size_t o = 0; o < scorings_.size(); o++)
            if (scorings_[o])
                shares_[o] = shares_of(scorings_[o]->loss, scorings_[o]->targets, scorings_[o]->sample_weight, rows,
                                       samples, program_.output(o).rows());
    }

    void judge(std::size_t o, Range range, float* losses) const {
        if (!scorings_[o]) return;
        const Scoring& scoring = *scorings_[o];
        const Output& output = program_.output(o);
        const Shares& shares = shares_[o];
        const Nonlinearity hidden = output.hidden(scoring.loss);
        const float* const judged = batch_.value(output.judged(scoring.loss));
        float* const seed = batch_.seed(o);
        for (std::int64_t i = range.begin; i < range.end; i++) {
            const std::int64_t sample = rows_ ? rows_[i] : i;
            const float weight = scoring.sample_weight ? scoring.sample_weight[sample] : 1.0f;
            const float loss = sample_loss(scoring.loss, hidden, judged + i * output.size, output.rows(), output.units,
                                           scoring.targets, sample, scoring.loss.weight * weight / shares.divisor,
                                           seed ? seed + i * output.size : nullptr);
            losses[i] = weight * loss * shares.told;
        }
    }

private:
    const Program& program_;
    const Scorings& scorings_;
    Batch& batch_;
    const std::int64_t* rows_ = nullptr;
    std::vector<Shares> shares_;  // of each output with a loss
};

void copy(float* to, const float* from, std::int64_t count) {
    std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

void hand_over(const Program& program, Batch& batch, std::int64_t samples, const GradientRequest& request) {
    for (std::size_t o = 0; o < request.outputs.size(); o++)
        copy(request.outputs[o], batch.value(program.output(o).value), samples * program.output(o).size);
    for (std::size_t i = 0; i < request.inputs.size(); i++) {
        const std::int64_t count = samples * program.input_size(static_cast<int>(i));
        if (const float* const gradient = batch.input_gradient(static_cast<int>(i)))
            copy(request.inputs[i], gradient, count);
        else
            std::memset(request.inputs[i], 0, static_cast<std::size_t>(count) * sizeof(float));
    }
    for (std::size_t w = 0; w < request.weights.size(); w++) {
        if (!request.weights[w]) continue;
        const std::int64_t size = size_of(program.weights()[w].shape);
        copy(request.weights[w], batch.partial(static_cast<int>(w), 0), size);
        for (int i = 1; i < batch.partials(static_cast<int>(w)); i++)
            batch.kernels().add(batch.partial(static_cast<int>(w), i), request.weights[w], size);
    }
}

// The labels of samples rows[0], rows[1] ..., or of the first ones if `rows` is null.
void check_targets(const Program& program, const Scorings& scorings, const std::int64_t* rows, std::int64_t count) {
    for (std::size_t o = 0; o < scorings.size(); o++) {
        if (!scorings[o] || !scorings[o]->loss.sparse()) continue;
        const Loss& loss = scorings[o]->loss;
        const std::int64_t labels = program.output(o).rows(), units = program.output(o).units;
        const std::int32_t* const first = scorings[o]->targets.labels;
        if (!rows) check_labels(loss, first, count * labels, units);
        for (std::int64_t i = 0; rows && i < count; i++) check_labels(loss, first + rows[i] * labels, labels, units);
    }
}

}  // namespace

void pullback(Program& program, const std::vector<Images>& x, const std::vector<const float*>& output_gradients,
              const GradientRequest& request, Interrupt& interrupt) {
    program.check_learns();
    const std::int64_t samples = x.front().count;
    const Workspaces::Lease work(program.workspaces);
    std::vector<int> seeds;
    for (std::size_t o = 0; o < output_gradients.size(); o++)
        seeds.push_back(output_gradients[o] ? program.output(o).value : -1);
    Batch batch(program, *work, interrupt, samples, {request.training, true, seeds});
    batch.forward({&x, nullptr, samples, request.seed, request.iteration}, [](int, Range) {});
    for (std::size_t o = 0; o < output_gradients.size(); o++)
        if (output_gradients[o]) copy(batch.seed(o), output_gradients[o], samples * program.output(o).size);
    batch.backward();
    hand_over(program, batch, samples, request);
}

void loss_gradients(Program& program, const std::vector<Images>& x, const Scorings& scorings,
                    const std::vector<float*>& losses, const GradientRequest& request, Interrupt& interrupt) {
    program.check_learns();
    const std::int64_t samples = x.front().count;
    check_targets(program, scorings, nullptr, samples);
    const Workspaces::Lease work(program.workspaces);
    Batch batch(program, *work, interrupt, samples, {request.training, true, Judge::seeds(program, scorings)});
    Judge judge(program, scorings, batch);
    judge.begin(nullptr, samples);
    batch.forward({&x, nullptr, samples, request.seed, request.iteration}, [&](int output, Range range) {
        const auto o = static_cast<std::size_t>(output);
        judge.judge(o, range, losses[o]);
    });
    batch.backward();
    hand_over(program, batch, samples, request);
}

std::int64_t train(Program& program, const Stretch& stretch, std::optional<double> seconds, Interrupt& interrupt) {
    using Clock = std::chrono::steady_clock;
    program.check_learns();
    for (std::int64_t i = 0; i < stretch.count; i++)
        if (stretch.rows[i] < 0 || stretch.rows[i] >= stretch.x.front().count)
            throw std::invalid_argument("rows name a sample that is not there");
    check_targets(program, stretch.scorings, stretch.rows, stretch.count);
    const auto begin = Clock::now();
    const Workspaces::Lease work(program.workspaces);
    Profile* const profile = program.profile ? &*program.profile : nullptr;
    Batch batch(program, *work, interrupt, std::min(stretch.batch_size, stretch.count),
                {true, false, Judge::seeds(program, stretch.scorings)}, profile);
    Judge judge(program, stretch.scorings, batch);
    Update update(program, stretch.rule, stretch.slots);
    const std::int64_t steps = (stretch.count + stretch.batch_size - 1) / stretch.batch_size;
    for (std::int64_t step = 0; step < steps; step++) {
        const std::int64_t first = step * stretch.batch_size,
                           samples = std::min(stretch.batch_size, stretch.count - first);
        const std::int64_t* rows = stretch.rows + first;
        const auto draw = static_cast<std::uint32_t>(stretch.first_draw + step);
        judge.begin(rows, samples);
        batch.forward({&stretch.x, rows, samples, stretch.seed, draw}, [&](int output, Range range) {
            const auto o = static_cast<std::size_t>(output);
            const std::int64_t size = program.output(o).size;
            if (stretch.scorings[o]) judge.judge(o, range, stretch.losses[o] + first);
            copy(stretch.outputs[o] + (first + range.begin) * size,
                 batch.value(program.output(o).value) + range.begin * size, range.count() * size);
        });
        batch.backward();
        const double penalty = [&] {
            const Lap lap(profile, 0, Profile::updating, batch.team().parts);
            return update.take(batch, stretch.learning_rates[step], stretch.iteration + step + 1);
        }();
        if (stretch.penalties) stretch.penalties[step] = penalty;
        if (seconds && std::chrono::duration<double>(Clock::now() - begin).count() >= *seconds) return step + 1;
        if (interrupt.check()) throw Interrupted();
    }
    return steps;
}

}  // namespace convoscope
