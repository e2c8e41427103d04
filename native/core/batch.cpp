#include "batch.hpp"

#include <algorithm>
#include <cstring>

#include "../isa/choice.hpp"

namespace convoscope {
namespace {

std::size_t bytes(std::int64_t floats) { return static_cast<std::size_t>(floats) * sizeof(float); }

}  // namespace

Batch::Batch(const Program& program, Workspace& workspace, Interrupt& interrupt, std::int64_t most_samples,
             const Mode& mode, Profile* profile)
    : program_(program),
      graph_(program.graph()),
      workspace_(workspace),
      interrupt_(interrupt),
      profile_(profile),
      kernels_(convoscope::kernels()),
      mode_(mode),
      way_(program, mode.training, mode.input_gradients, mode.seeds),
      stages_(stages_of(program.steps(), mode.training)),
      team_(Pool::shared(), Pool::shared().threads(), interrupt, workers_),
      joined_(static_cast<std::size_t>(team_.parts)),
      uses_(program.weights().size()),
      buffers_(program.steps().size()),
      lookers_(static_cast<std::size_t>(graph_.values())),
      totals_(program.steps().size()) {
    for (int i = 0; i < graph_.steps(); i++)
        if (step(i).totals(mode_.training) > 0) lookers_[static_cast<std::size_t>(graph_.read_by(i).front())].push_back(i);
    const std::size_t widest = graph_.widest_join();
    for (Joined& joined : joined_) joined.inputs.resize(widest), joined.gradients.resize(widest);
    make_room(most_samples);
    make_gradients();
    if (profile_) profile_->make_room(team_.parts);
}

void Batch::make_room(std::int64_t most_samples) {
    const auto steps = program_.steps().size(), threads = static_cast<std::size_t>(team_.parts);
    workspace_.values.resize(static_cast<std::size_t>(graph_.values()));
    workspace_.kept.resize(steps);
    workspace_.memos.resize(steps);
    workspace_.flow.resize(std::max(workspace_.flow.size(), static_cast<std::size_t>(way_.rooms().count())));
    workspace_.scratch.resize(std::max(workspace_.scratch.size(), threads));
    workspace_.local.resize(workspace_.scratch.size());

    for (int value = 0; value < graph_.values(); value++)
        workspace_.values[static_cast<std::size_t>(value)].reserve(bytes(most_samples * graph_.size(value)));
    std::int64_t scratch = 0, local = 0;
    for (std::size_t i = 0; i < steps; i++) {
        const Step& step = *program_.steps()[i];
        workspace_.kept[i].reserve(static_cast<std::size_t>(most_samples * step.kept_bytes()));
        workspace_.memos[i].reserve(bytes(step.memo_floats(kernels_)));
        scratch = std::max(scratch, step.scratch_floats(kernels_));
    }
    for (int room = 0; room < way_.rooms().count(); room++)
        workspace_.flow[static_cast<std::size_t>(room)].reserve(bytes(most_samples * way_.rooms().size_of(room)));
    for (const WayBack::Stage& stage : way_.stages()) local = std::max(local, stage.offsets.back());
    for (std::size_t i = 0; i < threads; i++) {
        workspace_.scratch[i].reserve(bytes(scratch));
        workspace_.local[i].reserve(bytes(local));
        workers_.push_back({static_cast<int>(i), workspace_.scratch[i].floats(), &interrupt_});
    }
}

// A weight's gradient is made apart in each step that has the weight, and by each worker where it goes by sample; all
// of them are added up at the end.
void Batch::make_gradients() {
    for (const Weight& weight : program_.weights())
        partial_floats_.push_back(static_cast<std::size_t>((size_of(weight.shape) + 15) / 16 * 16));
    std::size_t next = 0;
    const auto reserve = [&](std::size_t weight, int parts) {
        if (next == workspace_.gradients.size()) workspace_.gradients.emplace_back();
        workspace_.gradients[next].reserve(partial_floats_[weight] * sizeof(float) * static_cast<std::size_t>(parts));
        return next++;
    };
    for (int i = 0; i < graph_.steps(); i++) {
        const bool by_sample = step(i).by_sample(false) || step(i).by_sample(true);
        for (const int place : program_.places()[static_cast<std::size_t>(i)]) {
            const auto w = static_cast<std::size_t>(place);
            const bool wanted = program_.weights()[w].trainable && way_.walks(i);
            buffers_[static_cast<std::size_t>(i)].push_back(wanted ? reserve(w, by_sample ? team_.parts : 1) : 0);
            if (wanted) uses_[w].push_back({i, next - 1});
        }
    }
    for (std::size_t w = 0; w < uses_.size(); w++) {
        if (!program_.weights()[w].trainable || !uses_[w].empty()) continue;
        uses_[w].push_back({-1, reserve(w, 1)});
        std::memset(workspace_.gradients[next - 1].begin(), 0, partial_floats_[w] * sizeof(float));
    }
}

int Batch::partials(int weight) const {
    int count = 0;
    for (const Use& use : uses_[static_cast<std::size_t>(weight)]) count += parts_of(use);
    return count;
}

float* Batch::partial(int weight, int number) const {
    const auto w = static_cast<std::size_t>(weight);
    auto use = uses_[w].begin();
    for (; number >= parts_of(*use); use++) number -= parts_of(*use);
    return workspace_.gradients[use->buffer].floats() + static_cast<std::size_t>(number) * partial_floats_[w];
}

Pass Batch::pass(int i, Range range, Joined& joined) const {
    const auto place = static_cast<std::size_t>(i);
    const std::vector<int>& from = graph_.read_by(i);
    const int made = graph_.value_of(i);
    const auto at = [&](int number) { return value(number) + range.begin * graph_.size(number); };
    Pass pass{};
    pass.kernels = &kernels_;
    pass.training = mode_.training;
    pass.samples = range.count();
    pass.first = range.begin;
    pass.seed = samples_.seed;
    pass.iteration = samples_.iteration;
    pass.input = at(from.front());
    pass.output = workspace_.values[static_cast<std::size_t>(made)].floats() + range.begin * graph_.size(made);
    pass.kept = workspace_.kept[place].begin() + range.begin * step(i).kept_bytes();
    pass.memo = workspace_.memos[place].floats();
    if (from.size() > 1) {
        for (std::size_t k = 0; k < from.size(); k++) joined.inputs[k] = at(from[k]);
        pass.inputs = joined.inputs.data();
    }
    return pass;
}

void Batch::read(Range range) const {
    for (std::size_t input = 0; input < samples_.x->size(); input++) {
        const Images& x = (*samples_.x)[input];
        float* const to = workspace_.values[input].floats();
        if (!samples_.rows)
            x.read(kernels_, range.begin, range.count(), to + range.begin * x.size);
        else
            for (std::int64_t i = range.begin; i < range.end; i++)
                x.read(kernels_, samples_.rows[i], 1, to + i * x.size);
    }
}

void Batch::prepare() {
    team_.run(2 * graph_.steps(), [&](int i, const Worker&) {
        float* const memo = workspace_.memos[static_cast<std::size_t>(i / 2)].floats();
        if (i % 2 == 0)
            step(i / 2).prepare(kernels_, memo);
        else if (way_.walks(i / 2))
            step(i / 2).prepare_backward(kernels_, memo);
    });
}

// The outputs among values [begin, end).
template <class Body>
void Batch::each_output(int begin, int end, Body&& body) const {
    for (std::size_t o = 0; o < graph_.outputs.size(); o++)
        if (begin <= graph_.outputs[o] && graph_.outputs[o] < end) body(static_cast<int>(o));
}

double* Batch::totals(int i, int part) {
    return totals_[static_cast<std::size_t>(i)].data() + part * step(i).totals(mode_.training);
}

void Batch::clear_totals(int i, int parts) {
    totals_[static_cast<std::size_t>(i)].assign(static_cast<std::size_t>(parts * step(i).totals(mode_.training)), 0.0);
}

const double* Batch::all_totals(int i, int parts) {
    const std::int64_t count = step(i).totals(mode_.training);
    double* const sums = totals(i, 0);
    for (int part = 1; part < parts; part++)
        for (std::int64_t k = 0; k < count; k++) sums[k] += totals(i, part)[k];
    return sums;
}

void Batch::look(int value, Range block, int part, const Worker& worker) {
    for (const int i : lookers_[static_cast<std::size_t>(value)]) {
        const Lap lap(profile_, worker.index, forth(i));
        step(i).look(pass(i, block, joined(worker)), worker, totals(i, part));
    }
}

void Batch::run_forward(AfterCall after, void* context) {
    {
        const Lap lap(profile_, 0, Profile::preparing, team_.parts);
        prepare();
    }
    for (const std::vector<int>& lookers : lookers_)
        for (const int i : lookers) clear_totals(i, parts_forth());
    // Whoever takes the whole batch, or first looks at it, finds it read.
    const bool reads_apart = stages_.empty() || begins_stage(step(stages_.front().begin), mode_.training);
    if (reads_apart) forward_together({0, 0, true, 1}, true, after, context);
    for (const Stage& stage : stages_) {
        if (stage.together)
            forward_together(stage, stage.begin == 0 && !reads_apart, after, context);
        else
            forward_whole(stage.begin, after, context);
    }
}

// A stage's steps for some of the samples at a time; at the very beginning they are read first.
void Batch::forward_together(const Stage& stage, bool reads, AfterCall after, void* context) {
    const std::int64_t samples = samples_.count;
    const int parts = parts_forth(), begin = stage.begin, end = stage.end;
    if (begin < end && step(begin).totals(mode_.training) > 0)
        step(begin).seen(pass(begin, {0, samples}, joined_.front()), all_totals(begin, parts));
    team_.run(parts, [&](int part, const Worker& worker) {
        const Range own = part_of(samples, part, parts);
        for (std::int64_t at = own.begin; at < own.end && !worker.stopped(); at += stage.samples_at_once) {
            const Range block{at, std::min(at + stage.samples_at_once, own.end)};
            if (reads) {
                const Lap lap(profile_, worker.index, Profile::reading);
                read(block);
            }
            for (int value = 0; reads && value < graph_.inputs; value++) look(value, block, part, worker);
            for (int i = begin; i < end; i++) {
                {
                    const Lap lap(profile_, worker.index, forth(i));
                    step(i).forward(pass(i, block, joined(worker)), worker);
                }
                look(graph_.value_of(i), block, part, worker);
            }
            const Lap lap(profile_, worker.index, Profile::scoring);
            each_output(reads ? 0 : graph_.value_of(begin), graph_.value_of(end),
                        [&](int output) { after(context, output, block); });
        }
    });
    interrupt_.throw_if_stopped();
}

// A step that takes the whole batch.
void Batch::forward_whole(int i, AfterCall after, void* context) {
    const std::int64_t samples = samples_.count;
    const int parts = parts_forth(), made = graph_.value_of(i);
    {
        const Lap lap(profile_, 0, forth(i), team_.parts);
        step(i).forward_batch(pass(i, {0, samples}, joined_.front()), team_);
    }
    if (!lookers_[static_cast<std::size_t>(made)].empty())
        team_.run(parts, [&](int part, const Worker& worker) {
            look(made, part_of(samples, part, parts), part, worker);
        });
    each_output(made, made + 1, [&](int output) {
        team_.run(parts, [&](int part, const Worker& worker) {
            const Lap lap(profile_, worker.index, Profile::scoring);
            after(context, output, part_of(samples, part, parts));
        });
    });
    interrupt_.throw_if_stopped();
}

void Batch::add_shared(const float* from, float* to, std::int64_t count) {
    team_.run(team_.parts, [&](int part, const Worker&) {
        const Range own = part_of(count, part, team_.parts);
        kernels_.add(from + own.begin, to + own.begin, own.count());
    });
}

void Batch::backward() {
    for (const WayBack::Merge& merge : way_.merges())
        add_shared(flow(merge.from), flow(merge.to), samples_.count * merge.size);
    for (const WayBack::Stage& stage : way_.stages()) {
        begin_back(stage);
        if (stage.together)
            backward_together(stage);
        else
            walk(stage, stage.walks.front(), {0, samples_.count}, gradients_of(stage.walks.front().step, 0).data(),
                 workers_.front());
        interrupt_.throw_if_stopped();
    }
}

void Batch::look_back(const WayBack::Look& look, Range block, int part, const Worker& worker) {
    const Lap lap(profile_, worker.index, back(look.step));
    Pass p = pass(look.step, block, joined(worker));
    p.output_gradient = flow(look.arriving.room) + block.begin * graph_.size(graph_.value_of(look.step));
    step(look.step).look_back(p, worker, totals(look.step, part));
}

// Where the first step has totals: the last of them, and what follows from them all.
void Batch::begin_back(const WayBack::Stage& stage) {
    const WayBack::Walk& walk = stage.walks.front();
    if (step(walk.step).totals(mode_.training) == 0) return;
    const int parts = parts_used();
    if (stage.looks_first) {
        clear_totals(walk.step, parts);
        team_.run(parts, [&](int part, const Worker& worker) {
            look_back({walk.step, walk.arriving}, part_of(samples_.count, part, parts), part, worker);
        });
    }
    Pass p = pass(walk.step, {0, samples_.count}, joined_.front());
    const std::vector<float*> gradients = gradients_of(walk.step, 0);
    p.weight_gradients = gradients.data();
    step(walk.step).seen_back(p, all_totals(walk.step, parts));
}

std::vector<float*> Batch::gradients_of(int i, int part) const {
    std::vector<float*> gradients;
    const std::vector<int>& places = program_.places()[static_cast<std::size_t>(i)];
    for (std::size_t k = 0; k < places.size(); k++) {
        const auto w = static_cast<std::size_t>(places[k]);
        const std::size_t buffer = buffers_[static_cast<std::size_t>(i)][k];
        gradients.push_back(program_.weights()[w].trainable ? workspace_.gradients[buffer].floats() +
                                                                  static_cast<std::size_t>(part) * partial_floats_[w]
                                                            : nullptr);
    }
    return gradients;
}

float* Batch::spot(const WayBack::Stage& stage, const WayBack::Spot& spot, std::int64_t size, Range block,
                   float* local) const {
    if (!spot.there()) return nullptr;
    return spot.local ? local + stage.offsets[static_cast<std::size_t>(spot.room)]
                      : flow(spot.room) + block.begin * size;
}

void Batch::walk(const WayBack::Stage& stage, const WayBack::Walk& walk, Range block, float* const* gradients,
                 const Worker& worker) {
    const Lap lap(profile_, worker.index, back(walk.step), stage.together ? 1 : team_.parts);
    const std::vector<int>& from = graph_.read_by(walk.step);
    float* const local = workspace_.local[static_cast<std::size_t>(worker.index)].floats();
    Joined& own = joined(worker);
    Pass p = pass(walk.step, block, own);
    const auto at = [&](const WayBack::Spot& s, int value) { return spot(stage, s, graph_.size(value), block, local); };
    for (std::size_t k = 0; k < from.size(); k++) own.gradients[k] = at(walk.pulls[k].to, from[k]);
    p.output_gradient = at(walk.arriving, graph_.value_of(walk.step));
    p.input_gradient = own.gradients.front();
    p.input_gradients = own.gradients.data();
    p.weight_gradients = gradients;
    if (stage.together)
        step(walk.step).backward(p, worker);
    else
        step(walk.step).backward_batch(p, team_);
    for (std::size_t k = 0; k < from.size(); k++) {
        if (!walk.pulls[k].sum.there()) continue;
        float* const sum = at(walk.pulls[k].sum, from[k]);
        const std::int64_t count = block.count() * graph_.size(from[k]);
        if (stage.together)
            kernels_.add(own.gradients[k], sum, count);
        else
            add_shared(own.gradients[k], sum, count);
    }
}

void Batch::backward_together(const WayBack::Stage& stage) {
    const int parts = parts_used();
    const std::size_t steps = stage.walks.size();
    std::vector<std::vector<float*>> gradients;  // of each part and step; those of a step with totals are there
    for (int part = 0; part < parts; part++)
        for (const WayBack::Walk& walk : stage.walks) {
            gradients.push_back(gradients_of(walk.step, part));
            if (step(walk.step).totals(mode_.training) > 0)
                std::fill(gradients.back().begin(), gradients.back().end(), nullptr);
        }
    for (const WayBack::Walk& walk : stage.walks)
        for (const WayBack::Look& look : walk.looks) clear_totals(look.step, parts);
    team_.run(parts, [&](int part, const Worker& worker) {
        const Range own = part_of(samples_.count, part, parts);
        const auto of_step = [&](std::size_t i) -> const std::vector<float*>& {
            return gradients[static_cast<std::size_t>(part) * steps + i];
        };
        const auto clear = [&](std::size_t i) {
            const std::vector<int>& places = program_.places()[static_cast<std::size_t>(stage.walks[i].step)];
            for (std::size_t k = 0; k < places.size(); k++)
                if (float* const gradient = of_step(i)[k])
                    std::memset(gradient, 0, partial_floats_[static_cast<std::size_t>(places[k])] * sizeof(float));
        };
        {
            const Lap lap(profile_, worker.index, Profile::clearing);
            for (std::size_t i = 0; i < steps; i++) clear(i);
        }
        for (std::int64_t at = own.begin; at < own.end && !worker.stopped(); at += stage.samples_at_once) {
            const Range block{at, std::min(at + stage.samples_at_once, own.end)};
            for (std::size_t i = 0; i < steps; i++) {
                walk(stage, stage.walks[i], block, of_step(i).data(), worker);
                for (const WayBack::Look& look : stage.walks[i].looks) look_back(look, block, part, worker);
            }
        }
        for (std::size_t i = 0; i < steps; i++) {
            const Lap lap(profile_, worker.index, back(stage.walks[i].step));
            Pass p = pass(stage.walks[i].step, own, joined(worker));
            p.weight_gradients = of_step(i).data();
            step(stage.walks[i].step).finish(p, worker);
        }
    });
}

void Batch::commit() const {
    for (int i = 0; i < graph_.steps(); i++) step(i).commit(workspace_.memos[static_cast<std::size_t>(i)].floats());
}

}  // namespace convoscope
