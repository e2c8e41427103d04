#include "batch.hpp"

#include <algorithm>
#include <cstring>

#include "../isa/choice.hpp"

namespace convoscope {
namespace {

std::size_t bytes(std::int64_t floats) { return static_cast<std::size_t>(floats) * sizeof(float); }

}  // namespace

Batch::Batch(const Program& program, Workspace& workspace, Interrupt& interrupt, std::int64_t most_samples,
             bool input_gradient)
    : program_(program),
      workspace_(workspace),
      interrupt_(interrupt),
      kernels_(convoscope::kernels()),
      team_(Pool::shared(), Pool::shared().threads(), interrupt, workers_),
      step_of_(program.weights().size()),
      partial_floats_(program.weights().size()) {
    const auto steps = program.steps().size(), threads = static_cast<std::size_t>(team_.parts);
    workspace.values.resize(steps);
    workspace.kept.resize(steps);
    workspace.memos.resize(steps);
    workspace.gradients.resize(program.weights().size());
    workspace.scratch.resize(std::max(workspace.scratch.size(), threads));
    workspace.local.resize(workspace.scratch.size());

    workspace.input.reserve(bytes(most_samples * program.input_size()));
    std::int64_t widest = program.input_size(), scratch = 0, at_once = 1;
    for (std::size_t i = 0; i < steps; i++) {
        const Step& step = *program.steps()[i];
        workspace.values[i].reserve(bytes(most_samples * step.output_size));
        workspace.kept[i].reserve(static_cast<std::size_t>(most_samples * step.kept_bytes()));
        workspace.memos[i].reserve(bytes(step.memo_floats(kernels_)));
        widest = std::max(widest, step.output_size);
        scratch = std::max(scratch, step.scratch_floats(kernels_));
        at_once = std::max(at_once, step.samples_at_once());
        for (const int place : program.places()[i]) {
            const auto p = static_cast<std::size_t>(place);
            const Weight& weight = program.weights()[p];
            step_of_[p] = static_cast<int>(i);
            if (!weight.trainable) continue;
            partial_floats_[p] = static_cast<std::size_t>((size_of(weight.shape) + 15) / 16 * 16);
            const bool in_parts = step.by_sample(false) || step.by_sample(true);
            workspace.gradients[p].reserve(partial_floats_[p] * sizeof(float) * (in_parts ? threads : 1));
        }
    }
    // Gradients between groups: of the outputs, of every step that takes the whole batch, and of the input if wanted.
    std::int64_t flow = program.output_size();
    flow = std::max(flow, step(step_count() - 1).input_size);
    for (int i = 0; i < step_count(); i++)
        if (!step(i).by_sample(true)) flow = std::max({flow, step(i).input_size, step(i).output_size});
    if (input_gradient) flow = std::max(flow, program.input_size());
    for (Buffer& buffer : workspace.flow) buffer.reserve(bytes(most_samples * flow));
    for (std::size_t i = 0; i < threads; i++) {
        workspace.scratch[i].reserve(bytes(scratch));
        workspace.local[i].reserve(bytes(2 * at_once * widest));
        workers_.push_back({static_cast<int>(i), workspace.scratch[i].floats(), &interrupt});
    }
}

const float* Batch::input_of(int i) const {
    return i == 0 ? workspace_.input.floats() : workspace_.values[static_cast<std::size_t>(i) - 1].floats();
}

const float* Batch::before_last() const { return input_of(step_count() - 1); }

float* Batch::partial(int weight, int number) const {
    const auto place = static_cast<std::size_t>(weight);
    return workspace_.gradients[place].floats() + static_cast<std::size_t>(number) * partial_floats_[place];
}

Pass Batch::pass(int i, Range range) const {
    const auto place = static_cast<std::size_t>(i);
    Pass pass{};
    pass.kernels = &kernels_;
    pass.training = mode_.training;
    pass.samples = range.count();
    pass.first = range.begin;
    pass.seed = mode_.seed;
    pass.iteration = mode_.iteration;
    pass.input = input_of(i) + range.begin * step(i).input_size;
    pass.output = workspace_.values[place].floats() + range.begin * step(i).output_size;
    pass.kept = workspace_.kept[place].begin() + range.begin * step(i).kept_bytes();
    pass.memo = workspace_.memos[place].floats();
    return pass;
}

int Batch::group_end(int first) const {
    int end = first;
    while (end < step_count() && step(end).by_sample(mode_.training)) end++;
    return end;
}

int Batch::group_begin(int last, int lowest) const {
    int first = last;
    while (first > lowest && step(first - 1).by_sample(mode_.training)) first--;
    return first;
}

std::int64_t Batch::samples_at_once(int first, int end) const {
    std::int64_t most = 1;
    for (int i = first; i < end; i++) most = std::max(most, step(i).samples_at_once());
    return most;
}

void Batch::read(Range range) const {
    float* to = workspace_.input.floats();
    if (!rows_) return x_->read(kernels_, range.begin, range.count(), to + range.begin * x_->size);
    for (std::int64_t i = range.begin; i < range.end; i++) x_->read(kernels_, rows_[i], 1, to + i * x_->size);
}

// Neighbouring steps that are by sample make a group: a worker takes a few samples through all of them, which costs one
// meeting of the workers, and leaves what flows between the steps in the worker's cache.
void Batch::run_forward(AfterCall after, void* context) {
    team_.run(2 * step_count(), [&](int i, const Worker&) {
        float* const memo = workspace_.memos[static_cast<std::size_t>(i / 2)].floats();
        if (i % 2 == 0)
            step(i / 2).prepare(kernels_, memo);
        else
            step(i / 2).prepare_backward(kernels_, memo);
    });
    // More parts than workers, so that a worker that was kept from its work does not hold up the others.
    const int parts = team_.parts == 1 ? 1 : static_cast<int>(std::min<std::int64_t>(4 * team_.parts, samples_));
    int i = 0;
    do {
        const int end = group_end(i);
        const std::int64_t at_once = samples_at_once(i, end);
        const bool reads = i == 0, last = end == step_count();
        if (end > i || reads)
            team_.run(parts, [&](int part, const Worker& worker) {
                const Range own = part_of(samples_, part, parts);
                for (std::int64_t at = own.begin; at < own.end && !worker.stopped(); at += at_once) {
                    const Range block{at, std::min(at + at_once, own.end)};
                    if (reads) read(block);
                    for (int s = i; s < end; s++) step(s).forward(pass(s, block), worker);
                    if (last) after(context, block);
                }
            });
        i = end;
        if (last || interrupt_.stopped()) break;
        step(i).forward_batch(pass(i, {0, samples_}), team_);
        i++;
        if (i == step_count())
            team_.run(parts, [&](int part, const Worker&) { after(context, part_of(samples_, part, parts)); });
    } while (i < step_count() && !interrupt_.stopped());
    interrupt_.throw_if_stopped();
}

void Batch::backward(bool skip_last) {
    const int lowest = mode_.input_gradient ? 0 : program_.lowest_trainable();
    int flow = 0;
    for (int last = step_count() - 1 - (skip_last ? 1 : 0); last >= lowest;) {
        const bool together = step(last).by_sample(mode_.training);
        const int first = together ? group_begin(last, lowest) : last;
        const float* from = workspace_.flow[flow].floats();
        float* to = first > lowest || mode_.input_gradient ? workspace_.flow[1 - flow].floats() : nullptr;
        if (together)
            backward_group(first, last, from, to);
        else
            backward_batch(first, from, to);
        interrupt_.throw_if_stopped();
        flow = 1 - flow;
        last = first - 1;
    }
    input_gradient_ = mode_.input_gradient ? workspace_.flow[flow].floats() : nullptr;
}

std::vector<float*> Batch::gradients_of(int i, int part) const {
    std::vector<float*> gradients;
    for (const int place : program_.places()[static_cast<std::size_t>(i)])
        gradients.push_back(program_.weights()[static_cast<std::size_t>(place)].trainable ? partial(place, part)
                                                                                          : nullptr);
    return gradients;
}

void Batch::backward_group(int first, int last, const float* from, float* to) {
    const std::int64_t at_once = samples_at_once(first, last + 1);
    const int parts = parts_used(), steps = last - first + 1;
    std::vector<std::vector<float*>> gradients;  // of each part and step
    for (int part = 0; part < parts; part++)
        for (int i = first; i <= last; i++) gradients.push_back(gradients_of(i, part));
    team_.run(parts, [&](int part, const Worker& worker) {
        const Range own = part_of(samples_, part, parts);
        for (int i = first; i <= last; i++)
            for (const int place : program_.places()[static_cast<std::size_t>(i)])
                if (program_.weights()[static_cast<std::size_t>(place)].trainable)
                    std::memset(partial(place, part), 0,
                                partial_floats_[static_cast<std::size_t>(place)] * sizeof(float));
        float* const local = workspace_.local[static_cast<std::size_t>(worker.index)].floats();
        const auto half = static_cast<std::int64_t>(workspace_.local[static_cast<std::size_t>(worker.index)].bytes() /
                                                    sizeof(float) / 2);
        for (std::int64_t at = own.begin; at < own.end && !worker.stopped(); at += at_once) {
            const Range block{at, std::min(at + at_once, own.end)};
            const float* arriving = from + block.begin * step(last).output_size;
            for (int i = last; i >= first; i--) {
                Pass p = pass(i, block);
                p.output_gradient = arriving;
                p.input_gradient = i > first ? local + (i % 2) * half
                                   : to      ? to + block.begin * step(i).input_size
                                             : nullptr;
                p.weight_gradients = gradients[static_cast<std::size_t>(part * steps + i - first)].data();
                step(i).backward(p, worker);
                arriving = p.input_gradient;
            }
        }
        for (int i = first; i <= last; i++) {
            Pass p = pass(i, own);
            p.weight_gradients = gradients[static_cast<std::size_t>(part * steps + i - first)].data();
            step(i).finish(p, worker);
        }
    });
}

void Batch::backward_batch(int i, const float* from, float* to) {
    const std::vector<float*> gradients = gradients_of(i, 0);
    Pass p = pass(i, {0, samples_});
    p.output_gradient = from;
    p.input_gradient = to;
    p.weight_gradients = gradients.data();
    step(i).backward_batch(p, team_);
}

void Batch::commit() const {
    for (int i = 0; i < step_count(); i++) step(i).commit(workspace_.memos[static_cast<std::size_t>(i)].floats());
}

}  // namespace convoscope
