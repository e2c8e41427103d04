// Prediction: each worker takes some samples through all steps, so that what flows between steps stays in its cache.
#include <algorithm>

#include "../isa/choice.hpp"
#include "program.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t most_floats = 16 << 20;  // 64 MB of what flows between steps, in all workers together
constexpr std::int64_t most_samples = 64;       // enough to read a dense layer's kernel seldom

}  // namespace

void Program::predict(const Images& x, float* outputs, float* const* step_outputs, const Scoring* scoring,
                      float* losses, Interrupt& interrupt) {
    const Kernels& k = kernels();
    Pool& pool = Pool::shared();
    const int threads = pool.threads();
    Workspaces::Lease work(workspaces);

    std::int64_t widest = input_size_, scratch = 0;
    for (const auto& step : steps_) {
        widest = std::max(widest, step->output_size);
        scratch = std::max(scratch, step->scratch_floats(k));
    }
    const std::int64_t fitting = std::max<std::int64_t>(most_floats / (3 * widest * threads), 1);
    const std::int64_t fair = (x.count + threads - 1) / threads;
    const std::int64_t samples = std::max<std::int64_t>(std::min({fitting, fair, most_samples}), 1);

    std::vector<Worker> workers;
    work->scratch.resize(std::max(work->scratch.size(), static_cast<std::size_t>(threads)));
    work->local.resize(work->scratch.size());
    for (int i = 0; i < threads; i++) {
        const auto place = static_cast<std::size_t>(i);
        work->scratch[place].reserve(static_cast<std::size_t>(scratch) * sizeof(float));
        work->local[place].reserve(static_cast<std::size_t>(3 * samples * widest) * sizeof(float));
        workers.push_back({i, work->scratch[place].floats(), &interrupt});
    }
    work->memos.resize(steps_.size());
    for (std::size_t i = 0; i < steps_.size(); i++)
        work->memos[i].reserve(static_cast<std::size_t>(steps_[i]->memo_floats(k)) * sizeof(float));
    pool.run(static_cast<int>(steps_.size()), threads, interrupt, [&](int step, int) {
        steps_[static_cast<std::size_t>(step)]->prepare(k, work->memos[static_cast<std::size_t>(step)].floats(), false);
    });

    const bool logits = scoring && (scoring->loss.from_logits || fused(scoring->loss));
    const auto parts = static_cast<int>((x.count + samples - 1) / samples);
    pool.run(parts, threads, interrupt, [&](int part, int index) {
        const Worker& worker = workers[static_cast<std::size_t>(index)];
        const std::int64_t first = part * samples, count = std::min(samples, x.count - first);
        float* local = work->local[static_cast<std::size_t>(index)].floats();
        const float* value = x.floats() ? x.floats() + first * input_size_ : local;
        if (!x.floats()) x.read(k, first, count, local);
        const float* before = value;
        for (std::size_t i = 0; i < steps_.size(); i++) {
            if (worker.stopped()) return;
            const Step& step = *steps_[i];
            const bool last = i + 1 == steps_.size();
            Pass pass{};
            pass.kernels = &k;
            pass.samples = count;
            pass.first = first;
            pass.input = value;
            pass.output = step_outputs ? step_outputs[i] + first * step.output_size
                          : last       ? outputs + first * step.output_size
                                       : local + (1 + static_cast<std::int64_t>(i % 2)) * samples * widest;
            pass.memo = work->memos[i].floats();
            step.forward(pass, worker);
            before = value;
            value = pass.output;
        }
        if (scoring)
            for (std::int64_t i = 0; i < count; i++) {
                const float* judged = (fused(scoring->loss) ? before : value) + i * output_size();
                const float weight = scoring->sample_weight ? scoring->sample_weight[first + i] : 1.0f;
                losses[first + i] = weight * sample_loss(scoring->loss, logits, judged, output_rows(), output_units(),
                                                         scoring->targets, first + i, 0, nullptr);
            }
    });
    interrupt.throw_if_stopped();
}

}  // namespace convoscope
