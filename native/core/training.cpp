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
    Judge(const Program& program, const Scoring& scoring, Batch& batch)
        : program_(program), scoring_(scoring), batch_(batch), fused_(program.fused(scoring.loss)) {}

    bool fused() const { return fused_; }

    // Sample i of the batch is sample rows[i] of the data set, or its i-th if `rows` is null; the batch has `samples`.
    void judge(Range range, const std::int64_t* rows, std::int64_t samples, float* losses) const {
        const std::int64_t size = program_.output_size();  // softmax and sigmoid do not change it
        const float* judged = fused_ ? batch_.before_last() : batch_.outputs();
        for (std::int64_t i = range.begin; i < range.end; i++) {
            const std::int64_t sample = rows ? rows[i] : i;
            const float weight = scoring_.sample_weight ? scoring_.sample_weight[sample] : 1.0f;
            const float loss = sample_loss(scoring_.loss, fused_ || scoring_.loss.from_logits, judged + i * size,
                                           program_.output_rows(), program_.output_units(), scoring_.targets, sample,
                                           weight / static_cast<float>(samples), batch_.gradient() + i * size);
            losses[i] = weight * loss;
        }
    }

private:
    const Program& program_;
    const Scoring& scoring_;
    Batch& batch_;
    const bool fused_;
};

void copy(float* to, const float* from, std::int64_t count) {
    std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
}

void hand_over(const Program& program, Batch& batch, std::int64_t samples, const GradientRequest& request) {
    copy(request.outputs, batch.outputs(), samples * program.output_size());
    if (request.input) copy(request.input, batch.input_gradient(), samples * program.input_size());
    for (std::size_t w = 0; w < request.weights.size(); w++) {
        if (!request.weights[w]) continue;
        const std::int64_t size = size_of(program.weights()[w].shape);
        copy(request.weights[w], batch.partial(static_cast<int>(w), 0), size);
        for (int i = 1; i < batch.partials(static_cast<int>(w)); i++)
            batch.kernels().add(batch.partial(static_cast<int>(w), i), request.weights[w], size);
    }
}

// The labels of samples rows[0], rows[1] ..., or of the first ones if `rows` is null.
void check_targets(const Program& program, const Scoring& scoring, const std::int64_t* rows, std::int64_t count) {
    if (scoring.loss.kind != Loss::Kind::sparse_categorical) return;
    const std::int64_t labels = program.output_rows();
    if (!rows) return check_labels(scoring.targets.labels, count * labels, program.output_units());
    for (std::int64_t i = 0; i < count; i++)
        check_labels(scoring.targets.labels + rows[i] * labels, labels, program.output_units());
}

}  // namespace

void pullback(Program& program, const Images& x, const float* output_gradient, const GradientRequest& request,
              Interrupt& interrupt) {
    program.check_learns();
    const Workspaces::Lease work(program.workspaces);
    Batch batch(program, *work, interrupt, x.count, true);
    batch.forward(x, nullptr, x.count, {request.training, true, request.seed, request.iteration}, [](Range) {});
    copy(batch.gradient(), output_gradient, x.count * program.output_size());
    batch.backward(false);
    hand_over(program, batch, x.count, request);
}

void loss_gradients(Program& program, const Images& x, const Scoring& scoring, float* losses,
                    const GradientRequest& request, Interrupt& interrupt) {
    program.check_learns();
    check_targets(program, scoring, nullptr, x.count);
    const Workspaces::Lease work(program.workspaces);
    Batch batch(program, *work, interrupt, x.count, true);
    const Judge judge(program, scoring, batch);
    batch.forward(x, nullptr, x.count, {request.training, true, request.seed, request.iteration},
                  [&](Range range) { judge.judge(range, nullptr, x.count, losses); });
    batch.backward(judge.fused());
    hand_over(program, batch, x.count, request);
}

std::int64_t train(Program& program, const Stretch& stretch, std::optional<double> seconds, Interrupt& interrupt) {
    using Clock = std::chrono::steady_clock;
    program.check_learns();
    for (std::int64_t i = 0; i < stretch.count; i++)
        if (stretch.rows[i] < 0 || stretch.rows[i] >= stretch.x.count)
            throw std::invalid_argument("rows name a sample that is not there");
    check_targets(program, stretch.scoring, stretch.rows, stretch.count);
    const auto begin = Clock::now();
    const Workspaces::Lease work(program.workspaces);
    Batch batch(program, *work, interrupt, std::min(stretch.batch_size, stretch.count), false);
    const Judge judge(program, stretch.scoring, batch);
    Update update(program, stretch.rule, stretch.slots);
    const std::int64_t steps = (stretch.count + stretch.batch_size - 1) / stretch.batch_size;
    const std::int64_t size = program.output_size();
    for (std::int64_t step = 0; step < steps; step++) {
        const std::int64_t first = step * stretch.batch_size,
                           samples = std::min(stretch.batch_size, stretch.count - first);
        const std::int64_t* rows = stretch.rows + first;
        const auto iteration = static_cast<std::uint32_t>(stretch.iteration + step);
        batch.forward(stretch.x, rows, samples, {true, false, stretch.seed, iteration}, [&](Range range) {
            judge.judge(range, rows, samples, stretch.losses + first);
            copy(stretch.outputs + (first + range.begin) * size, batch.outputs() + range.begin * size,
                 range.count() * size);
        });
        batch.backward(judge.fused());
        update.take(batch, stretch.learning_rates[step], stretch.iteration + step + 1);
        if (seconds && std::chrono::duration<double>(Clock::now() - begin).count() >= *seconds) return step + 1;
        if (interrupt.check()) throw Interrupted();
    }
    return steps;
}

}  // namespace convoscope
