// Prediction. Of many samples each worker takes some through all steps; one alone is shared out step by step.
#include <algorithm>
#include <atomic>

#include "../isa/choice.hpp"
#include "denormals.hpp"
#include "program.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t most_floats = 16 << 20;   // 64 MB of what flows between steps, in all workers together
constexpr std::int64_t most_samples = 64;        // enough to read a dense layer's kernel seldom
constexpr std::int64_t block_floats = 4096;      // samples go through a few steps in blocks no smaller than this
constexpr std::int64_t shared_work = 48 * 1024;  // multiply-adds that take longer than calling a second worker
constexpr std::int64_t least_work = 24 * 1024;   // of a piece

std::size_t bytes(std::int64_t floats) { return static_cast<std::size_t>(floats) * sizeof(float); }

}  // namespace

// One call: its arguments, and its memory.
class Prediction {
public:
    Prediction(Program& program, const std::vector<Images>& x, float* const* outputs, float* const* step_outputs,
               Moment moment, Interrupt& interrupt)
        : program_(program),
          graph_(program.graph_),
          layout_(*program.layout_),
          x_(x),
          samples_(x.front().count),
          outputs_(outputs),
          interrupt_(interrupt),
          kernels_(convoscope::kernels()),
          pool_(Pool::shared()),
          threads_(pool_.threads()),
          work_(program.workspaces),
          targets_(static_cast<std::size_t>(graph_.values())) {
        program.packs_->refresh(kernels_, pool_, interrupt, moment, work_->packs);
        for (int i = 0; i < graph_.steps(); i++) {
            scratch_ = std::max(scratch_, step(i).scratch_floats(kernels_));
            if (step_outputs) targets_[static_cast<std::size_t>(graph_.value_of(i))] = step_outputs[i];
        }
        for (std::size_t o = 0; o < graph_.outputs.size(); o++) {
            float*& target = targets_[static_cast<std::size_t>(graph_.outputs[o])];
            if (!target) target = outputs[o];
        }
    }

    // after(output, first sample, how many, the values it is judged by), from any worker. `judged` has the number of
    // those values for each output, or -1.
    template <class After>
    void run(const std::vector<int>& judged, After&& after) {
        if (samples_ == 0) return;
        if (samples_ < threads_)
            share(judged, after);
        else
            divide(judged, after);
        interrupt_.throw_if_stopped();
    }

    // Look at what is read, which ends the prediction where a float is not finite.
    void expect_finite() { looks_ = true; }
    bool finite() const { return finite_; }

private:
    // Where a worker finds the values of some samples.
    struct Places {
        std::vector<float*> first;       // of each value, for the worker's first sample
        std::vector<std::int64_t> step;  // from one sample to the next; 0 where only those of one block are there
        std::vector<const float*> joined;

        const float* at(int value, std::int64_t sample) const {
            return first[static_cast<std::size_t>(value)] + sample * step[static_cast<std::size_t>(value)];
        }
    };
    // How many samples a worker has, how many of them go through a group at a time, and where its rooms begin then.
    struct Portion {
        std::int64_t samples;
        std::vector<std::int64_t> seams, at_once;
        std::vector<std::vector<std::int64_t>> blocks;  // of each group
    };

    bool stopped(const Worker& worker) const { return !finite_.load(std::memory_order_relaxed) || worker.stopped(); }

    // Samples that are about to be read: so they come from memory once.
    void look_at(int value, std::int64_t first, std::int64_t count) {
        const float* const floats = looks_ ? input(value).floats() : nullptr;
        const std::int64_t size = graph_.size(value);
        if (floats && !kernels_.finite(floats + first * size, count * size)) finite_ = false;
    }

    const Step& step(int i) const { return *program_.steps_[static_cast<std::size_t>(i)]; }
    Worker worker(int index) const {
        return {index, work_->scratch[static_cast<std::size_t>(index)].floats(), &interrupt_};
    }

    // Room for each worker, and what each of them keeps of the samples that it has.
    void make_room(int workers, std::int64_t local) {
        work_->scratch.resize(std::max(work_->scratch.size(), static_cast<std::size_t>(workers)));
        work_->local.resize(work_->scratch.size());
        for (std::size_t i = 0; i < static_cast<std::size_t>(workers); i++) {
            work_->scratch[i].reserve(bytes(scratch_));
            work_->local[i].reserve(bytes(local));
        }
    }

    Places places() const {
        return {std::vector<float*>(targets_.size()), graph_.sizes, std::vector<const float*>(graph_.widest_join())};
    }

    // Where the caller wants a value, from sample `first` on; null where he does not.
    float* target(int value, std::int64_t first) const {
        float* const target = targets_[static_cast<std::size_t>(value)];
        return target ? target + first * graph_.size(value) : nullptr;
    }

    // A step on samples `at` .. of those that a worker has, whose first is sample `first` of all.
    void forward(int i, const Worker& worker, Pass& pass, Places& places, std::int64_t first, std::int64_t at,
                 std::int64_t count) const {
        const std::vector<int>& from = graph_.read_by(i);
        const std::shared_ptr<const Pack>& pack = work_->packs.of_step[static_cast<std::size_t>(i)];
        const int made = graph_.value_of(i);
        pass.kernels = &kernels_;
        pass.samples = count;
        pass.first = first + at;
        pass.input = places.at(from.front(), at);
        pass.output = places.first[static_cast<std::size_t>(made)] + at * places.step[static_cast<std::size_t>(made)];
        pass.memo = pack ? pack->memo.floats() : nullptr;
        if (from.size() > 1) {
            for (std::size_t k = 0; k < from.size(); k++) places.joined[k] = places.at(from[k], at);
            pass.inputs = places.joined.data();
        }
        step(i).forward(pass, worker);
    }

    const Images& input(int value) const { return x_[static_cast<std::size_t>(value)]; }

    // Where samples lie as floats: a pointer that nobody writes through.
    float* floats_of(int value, std::int64_t first) const {
        const float* const floats = input(value).floats();
        return floats ? const_cast<float*>(floats) + first * graph_.size(value) : nullptr;
    }

    // after(...) for the outputs among values [begin, end).
    template <class After>
    void judge(int begin, int end, const std::vector<int>& judged, const Places& places, std::int64_t first,
               std::int64_t at, std::int64_t count, After&& after) const {
        for (std::size_t o = 0; o < judged.size(); o++)
            if (judged[o] >= 0 && begin <= graph_.outputs[o] && graph_.outputs[o] < end)
                after(o, first + at, count, places.at(judged[o], at));
    }

    // The outputs that are inputs, or the same as another output, whose place is taken.
    template <class After>
    void copy_outputs(const std::vector<int>& judged, std::int64_t first, std::int64_t count, After&& after) const {
        for (std::size_t o = 0; o < graph_.outputs.size(); o++) {
            const int value = graph_.outputs[o];
            float* const to = outputs_[o] + first * graph_.size(value);
            if (value < graph_.inputs) {
                input(value).read(kernels_, first, count, to);
                if (judged[o] >= 0) after(o, first, count, to);
            } else if (outputs_[o] != targets_[static_cast<std::size_t>(value)]) {
                kernels_.affine(target(value, first), 1, 0, to, count * graph_.size(value));
            }
        }
    }

    // Fewer samples than workers: all of them go through a step before the next one, and the workers share each sample
    // where there is enough to do.
    template <class After>
    void share(const std::vector<int>& judged, After&& after) {
        const FlushDenormals flush;
        const std::vector<std::int64_t> offsets = layout_.rooms.offsets(samples_);
        make_room(threads_, offsets.back());
        Places all = places();
        for (int value = 0; value < graph_.values(); value++) {
            if (value < graph_.inputs) look_at(value, 0, samples_);
            const int room = layout_.of_value[static_cast<std::size_t>(value)];
            float*& at = all.first[static_cast<std::size_t>(value)];
            if (room >= 0) at = work_->local[0].floats() + offsets[static_cast<std::size_t>(room)];
            if (value >= graph_.inputs && target(value, 0))
                at = target(value, 0);
            else if (value < graph_.inputs && input(value).floats())
                at = floats_of(value, 0);
            else if (value < graph_.inputs && room >= 0)
                input(value).read(kernels_, 0, samples_, at);
        }
        for (int i = 0; i < graph_.steps(); i++) {
            if (stopped(worker(0))) return;
            share_step(i, all);
            if (interrupt_.stopped()) return;
            judge(graph_.value_of(i), graph_.value_of(i) + 1, judged, all, 0, 0, samples_, after);
        }
        copy_outputs(judged, 0, samples_, after);
    }

    void share_step(int i, Places& all) {
        const Step& s = step(i);
        const std::int64_t wanted = (threads_ + samples_ - 1) / samples_;
        const std::int64_t pieces = std::clamp<std::int64_t>(std::min(s.pieces(), s.work() / least_work), 1, wanted);
        if (samples_ * s.work() < shared_work || samples_ * pieces == 1) {
            Pass pass{};
            return forward(i, worker(0), pass, all, 0, 0, samples_);
        }
        const bool joins = graph_.read_by(i).size() > 1;
        pool_.run(static_cast<int>(samples_ * pieces), threads_, interrupt_, [&](int part, int index) {
            Pass pass{};
            pass.piece = part % pieces;
            pass.pieces = pieces;
            if (!joins) return forward(i, worker(index), pass, all, 0, part / pieces, 1);
            Places own = all;
            forward(i, worker(index), pass, own, 0, part / pieces, 1);
        });
    }

    // Many samples: each worker takes some of them, so that what flows between steps stays in its cache.
    template <class After>
    void divide(const std::vector<int>& judged, After&& after) {
        const std::int64_t fitting = std::max<std::int64_t>(most_floats / (layout_.floats_of_a_sample * threads_), 1);
        // As many parts as every worker can have the same number of.
        const std::int64_t most = std::min(fitting, most_samples) * threads_, rounds = (samples_ + most - 1) / most;
        Portion portion{(samples_ + rounds * threads_ - 1) / (rounds * threads_), {}, {}, {}};
        portion.seams = layout_.seams.offsets(portion.samples);
        std::int64_t blocks = 0;
        for (const Layout::Group& group : layout_.groups) {
            const std::int64_t at_once = group.stage.samples_at_once;
            portion.at_once.push_back(std::min(portion.samples, group.stage.together
                                                                    ? std::max(block_floats / group.widest, at_once)
                                                                    : portion.samples));
            portion.blocks.push_back(group.rooms.offsets(portion.at_once.back()));
            blocks = std::max(blocks, portion.blocks.back().back());
        }
        make_room(threads_, portion.seams.back() + blocks);
        const auto parts = static_cast<int>((samples_ + portion.samples - 1) / portion.samples);
        pool_.run(parts, threads_, interrupt_, [&](int part, int index) {
            const std::int64_t first = part * portion.samples;
            take(worker(index), portion, first, std::min(portion.samples, samples_ - first), judged, after);
        });
    }

    // Steps that go sample by sample take a few at a time through as many of them as there are; the others take all.
    template <class After>
    void take(const Worker& worker, const Portion& portion, std::int64_t first, std::int64_t samples,
              const std::vector<int>& judged, After&& after) {
        float* const rooms = work_->local[static_cast<std::size_t>(worker.index)].floats();
        Places own = places();
        for (std::size_t v = 0; v < own.first.size(); v++) {
            const int value = static_cast<int>(v);
            if (layout_.seam[v] >= 0) own.first[v] = rooms + portion.seams[static_cast<std::size_t>(layout_.seam[v])];
            if (value < graph_.inputs && !layout_.is_read(value)) look_at(value, first, samples);
            if (value < graph_.inputs)
                own.first[v] = floats_of(value, first);
            else if (target(value, first))
                own.first[v] = target(value, first);
        }
        for (std::size_t g = 0; g < layout_.groups.size(); g++) {
            const Layout::Group& group = layout_.groups[g];
            place_blocks(group, portion.blocks[g], rooms + portion.seams.back(), own);
            for (std::int64_t at = 0; at < samples; at += portion.at_once[g]) {
                if (stopped(worker)) return;
                const std::int64_t count = std::min(portion.at_once[g], samples - at);
                for (const Layout::Read& read : group.reads)
                    if (read.first) look_at(read.value, first + at, count);
                for (const Layout::Read& read : group.reads)
                    if (!input(read.value).floats())
                        input(read.value)
                            .read(kernels_, first + at, count, own.first[static_cast<std::size_t>(read.value)]);
                for (int i = group.stage.begin; i < group.stage.end; i++) {
                    Pass pass{};
                    forward(i, worker, pass, own, first, at, count);
                    judge(graph_.value_of(i), graph_.value_of(i) + 1, judged, own, first, at, count, after);
                }
            }
        }
        copy_outputs(judged, first, samples, after);
    }

    // The values of which only a block at a time is there.
    void place_blocks(const Layout::Group& group, const std::vector<std::int64_t>& offsets, float* rooms,
                      Places& own) const {
        const auto place = [&](int value, int room) {
            own.first[static_cast<std::size_t>(value)] = rooms + offsets[static_cast<std::size_t>(room)];
            own.step[static_cast<std::size_t>(value)] = 0;
        };
        for (const Layout::Read& read : group.reads)
            if (!input(read.value).floats()) place(read.value, read.room);
        for (int i = group.stage.begin; i < group.stage.end; i++) {
            const int value = graph_.value_of(i), room = layout_.block[static_cast<std::size_t>(value)];
            if (room >= 0 && !target(value, 0)) place(value, room);
        }
    }

    Program& program_;
    const Graph& graph_;
    const Layout& layout_;
    const std::vector<Images>& x_;
    const std::int64_t samples_;
    float* const* const outputs_;
    Interrupt& interrupt_;
    const Kernels& kernels_;
    Pool& pool_;
    const int threads_;
    const Workspaces::Lease work_;
    std::vector<float*> targets_;  // of each value, where the caller wants it, or null
    std::int64_t scratch_ = 0;
    bool looks_ = false;
    std::atomic<bool> finite_{true};
};

bool Program::predict_finite(const std::vector<Images>& x, float* const* outputs, Interrupt& interrupt, Moment moment) {
    Prediction prediction(*this, x, outputs, nullptr, moment, interrupt);
    prediction.expect_finite();
    prediction.run(std::vector<int>(outputs_.size(), -1), [](auto...) {});
    return prediction.finite();
}

void Program::predict(const std::vector<Images>& x, float* const* outputs, float* const* step_outputs,
                      const Scorings* scorings, float* const* losses, Interrupt& interrupt, Moment moment) {
    Prediction prediction(*this, x, outputs, step_outputs, moment, interrupt);
    std::vector<int> judged(outputs_.size(), -1);
    for (std::size_t o = 0; scorings && o < outputs_.size(); o++)
        if ((*scorings)[o]) judged[o] = outputs_[o].judged((*scorings)[o]->loss);
    prediction.run(judged, [&](std::size_t o, std::int64_t first, std::int64_t samples, const float* values) {
        const Output& output = outputs_[o];
        const Scoring& scoring = *(*scorings)[o];
        const Nonlinearity hidden = output.hidden(scoring.loss);
        for (std::int64_t i = 0; i < samples; i++) {
            const float weight = scoring.sample_weight ? scoring.sample_weight[first + i] : 1.0f;
            losses[o][first + i] = weight * sample_loss(scoring.loss, hidden, values + i * output.size, output.rows(),
                                                        output.units, scoring.targets, first + i, 0, nullptr);
        }
    });
}

}  // namespace convoscope
