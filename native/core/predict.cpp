// Prediction. Of many samples each worker takes some through all steps; one alone is shared out step by step.
#include <algorithm>

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
    Prediction(Program& program, const Images& x, float* outputs, float* const* step_outputs, Interrupt& interrupt)
        : program_(program),
          x_(x),
          outputs_(outputs),
          step_outputs_(step_outputs),
          interrupt_(interrupt),
          kernels_(convoscope::kernels()),
          pool_(Pool::shared()),
          threads_(pool_.threads()),
          work_(program.workspaces) {
        program.packs_->refresh(kernels_, pool_, interrupt, work_->packs);
        for (int i = 0; i < count(); i++) {
            widest_ = std::max(widest_, step(i).output_size);
            scratch_ = std::max(scratch_, step(i).scratch_floats(kernels_));
        }
    }

    // after(first sample, how many, what went into the last step, what came out), from any worker.
    template <class After>
    void run(After&& after) {
        if (x_.count == 0) return;
        if (x_.count < threads_)
            share(after);
        else
            divide(after);
        interrupt_.throw_if_stopped();
    }

private:
    int count() const { return static_cast<int>(program_.steps_.size()); }
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

    // Where a step's outputs from sample `first` on go: to the caller, if they are asked for, or to `room`.
    float* target(int i, std::int64_t first, float* room) const {
        if (step_outputs_) return step_outputs_[i] + first * step(i).output_size;
        return i + 1 == count() ? outputs_ + first * step(i).output_size : room;
    }

    void forward(int i, const Worker& worker, Pass& pass, std::int64_t first, std::int64_t samples, const float* input,
                 float* output) const {
        const std::shared_ptr<const Pack>& pack = work_->packs.of_step[static_cast<std::size_t>(i)];
        pass.kernels = &kernels_;
        pass.samples = samples;
        pass.first = first;
        pass.input = input;
        pass.output = output;
        pass.memo = pack ? pack->memo.floats() : nullptr;
        step(i).forward(pass, worker);
    }

    const float* read(std::int64_t first, std::int64_t samples, float* room) const {
        if (x_.floats()) return x_.floats() + first * x_.size;
        x_.read(kernels_, first, samples, room);
        return room;
    }

    // Fewer samples than workers: all of them go through a step before the next one, and the workers share each sample
    // where there is enough to do.
    template <class After>
    void share(After&& after) {
        const FlushDenormals flush;
        const std::int64_t samples = x_.count, room = samples * std::max(widest_, x_.size);
        make_room(threads_, 2 * room);
        float* const rooms = work_->local[0].floats();
        const float* before = nullptr;
        const float* value = read(0, samples, rooms + room);
        for (int i = 0; i < count(); i++) {
            if (worker(0).stopped()) return;
            const Step& s = step(i);
            float* const output = target(i, 0, rooms + i % 2 * room);
            const std::int64_t wanted = (threads_ + samples - 1) / samples;
            const std::int64_t pieces =
                std::clamp<std::int64_t>(std::min(s.pieces(), s.work() / least_work), 1, wanted);
            if (samples * s.work() < shared_work || samples * pieces == 1) {
                Pass pass{};
                forward(i, worker(0), pass, 0, samples, value, output);
            } else {
                pool_.run(static_cast<int>(samples * pieces), threads_, interrupt_, [&](int part, int index) {
                    const std::int64_t sample = part / pieces;
                    Pass pass{};
                    pass.piece = part % pieces;
                    pass.pieces = pieces;
                    forward(i, worker(index), pass, sample, 1, value + sample * s.input_size,
                            output + sample * s.output_size);
                });
            }
            before = value;
            value = output;
        }
        if (!interrupt_.stopped()) after(0, samples, before, value);
    }

    // Many samples: each worker takes some of them, so that what flows between steps stays in its cache.
    template <class After>
    void divide(After&& after) {
        const std::int64_t widest = std::max(widest_, x_.size);
        const std::int64_t fitting = std::max<std::int64_t>(most_floats / (4 * widest * threads_), 1);
        // As many parts as every worker can have the same number of.
        const std::int64_t most = std::min(fitting, most_samples) * threads_, rounds = (x_.count + most - 1) / most;
        const std::int64_t samples = (x_.count + rounds * threads_ - 1) / (rounds * threads_);
        make_room(threads_, 4 * samples * widest);
        const auto parts = static_cast<int>((x_.count + samples - 1) / samples);
        pool_.run(parts, threads_, interrupt_, [&](int part, int index) {
            const std::int64_t first = part * samples, own = std::min(samples, x_.count - first);
            take(worker(index), first, own, work_->local[static_cast<std::size_t>(index)].floats(), samples * widest,
                 after);
        });
    }

    // Steps that go sample by sample take a few at a time through as many of them as there are; the others take all.
    template <class After>
    void take(const Worker& worker, std::int64_t first, std::int64_t samples, float* rooms, std::int64_t room,
              After&& after) {
        const float* before = nullptr;
        const float* value = nullptr;  // null while the samples have not been read
        float* const blocks = rooms + 2 * room;
        int seam = 0;
        for (int i = 0; i < count(); seam = 1 - seam) {
            int end = i;
            std::int64_t at_once = 1, wide = 1;
            for (; end < count() && step(end).by_sample(false); end++) {
                at_once = std::max(at_once, step(end).samples_at_once());
                wide = std::max({wide, step(end).input_size, step(end).output_size});
            }
            if (end == i) {
                at_once = samples;
                end = i + 1;
            } else {
                at_once = std::clamp(block_floats / wide, at_once, std::max(at_once, samples));
            }
            const Step& last = step(end - 1);
            float* const gathered = target(end - 1, first, rooms + seam * room);
            for (std::int64_t at = 0; at < samples; at += at_once) {
                if (worker.stopped()) return;
                const std::int64_t block = std::min(at_once, samples - at);
                const float* input = value ? value + at * step(i).input_size : read(first + at, block, blocks + room);
                for (int s = i; s < end; s++) {
                    float* const output = s + 1 == end ? gathered + at * last.output_size
                                                       : target(s, first + at, blocks + (s - i) % 2 * room);
                    Pass pass{};
                    forward(s, worker, pass, first + at, block, input, output);
                    before = input;
                    input = output;
                }
                if (end == count()) after(first + at, block, before, input);
            }
            value = gathered;
            i = end;
        }
    }

    Program& program_;
    const Images& x_;
    float* const outputs_;
    float* const* const step_outputs_;
    Interrupt& interrupt_;
    const Kernels& kernels_;
    Pool& pool_;
    const int threads_;
    const Workspaces::Lease work_;
    std::int64_t widest_ = 0, scratch_ = 0;
};

void Program::predict(const Images& x, float* outputs, float* const* step_outputs, const Scoring* scoring,
                      float* losses, Interrupt& interrupt) {
    Prediction prediction(*this, x, outputs, step_outputs, interrupt);
    if (!scoring) return prediction.run([](std::int64_t, std::int64_t, const float*, const float*) {});
    const bool judges_input = fused(scoring->loss), logits = scoring->loss.from_logits || judges_input;
    prediction.run([&](std::int64_t first, std::int64_t samples, const float* before, const float* values) {
        const float* judged = judges_input ? before : values;  // softmax and sigmoid do not change the size
        for (std::int64_t i = 0; i < samples; i++) {
            const float weight = scoring->sample_weight ? scoring->sample_weight[first + i] : 1.0f;
            losses[first + i] = weight * sample_loss(scoring->loss, logits, judged + i * output_size(), output_rows(),
                                                     output_units(), scoring->targets, first + i, 0, nullptr);
        }
    });
}

}  // namespace convoscope
