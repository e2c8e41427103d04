// What a step of a program can do. A new kind of step is one file that derives from this, and one line in
// steps/kinds.hpp.
#pragma once

#include <string>
#include <vector>

#include "../kernels/table.hpp"
#include "description.hpp"
#include "interrupt.hpp"
#include "pool.hpp"

namespace convoscope {

// A stretch of the batch.
struct Range {
    std::int64_t begin, end;
    std::int64_t count() const { return end - begin; }
};

// The part-th of `parts` nearly equal stretches. What parts compute is added up in their order, so that results depend
// on the number of parts, and not on which worker took which.
inline Range part_of(std::int64_t count, std::int64_t part, std::int64_t parts) {
    return {count * part / parts, count * (part + 1) / parts};
}

struct Worker {
    int index;
    float* scratch;
    Interrupt* interrupt;

    // Whether to leave off. Asked between pieces of work that take some milliseconds at most.
    bool stopped() const { return index == 0 ? interrupt->check() : interrupt->stopped(); }
};

// Runs parts of a step on all workers.
class Team {
public:
    Team(Pool& pool, int into, Interrupt& interrupt, std::vector<Worker>& workers)
        : parts(into), pool_(pool), interrupt_(interrupt), workers_(workers) {}

    template <class Body>
    void run(int count, Body&& body) {
        run_with(interrupt_, count, body);
    }

    // With another interrupt: one that never comes, for what may not be left half done.
    template <class Body>
    void run_with(Interrupt& interrupt, int count, Body&& body) {
        pool_.run(count, static_cast<int>(workers_.size()), interrupt,
                  [&](int part, int worker) { body(part, workers_[static_cast<std::size_t>(worker)]); });
    }

    const int parts;  // into how many parts work is divided

private:
    Pool& pool_;
    Interrupt& interrupt_;
    std::vector<Worker>& workers_;
};

// One batch, or a stretch of it, on its way through a step.
struct Pass {
    const Kernels* kernels;
    bool training;         // dropout drops, batch normalization looks at the batch
    std::int64_t samples;  // in this stretch
    std::int64_t first;    // this stretch's first sample's place in the batch
    std::uint64_t seed;
    std::uint32_t iteration;

    const float* input;  // (samples, input size)
    float* output;       // (samples, output size)
    std::uint8_t* kept;  // (samples, kept bytes), or null where there is no backward pass
    float* memo;         // the step's own floats, shared by all stretches of the batch

    const float* output_gradient = nullptr;
    float* input_gradient = nullptr;           // null if nobody wants it
    float* const* weight_gradients = nullptr;  // for each of the step's weights, what to add to; null if not trainable

    std::int64_t piece = 0, pieces = 1;  // forward only: which piece of each sample's outputs is wanted

    // Of a step that reads several values, all of them; `input` and `input_gradient` are the first.
    const float* const* inputs = nullptr;
    float* const* input_gradients = nullptr;
};

class Step {
public:
    explicit Step(const StepDescription& d) : input_size(size_of(d.input())), output_size(size_of(d.output)) {}
    virtual ~Step() = default;

    const std::int64_t input_size, output_size;  // of one sample

    // The kernel that was chosen for these shapes, for people to read; behind a semicolon what the backward pass does.
    virtual std::string kernel(const Kernels&) const = 0;
    // Why that one; empty where there was no choice.
    virtual std::string why() const { return {}; }

    // The activation, of a step that is nothing but one; of any other the linear one.
    virtual Activation activation_alone() const { return {}; }
    // Whether it cannot go back: a normalization is folded in, whose weights' gradients are nowhere, or an activation
    // whose slope its input would tell, which is nowhere.
    virtual bool only_predicts() const { return false; }

    virtual std::int64_t kept_bytes() const { return 0; }  // of one sample
    virtual std::int64_t memo_floats(const Kernels&) const { return 0; }
    virtual std::int64_t scratch_floats(const Kernels&) const { return 0; }  // of each worker
    virtual std::int64_t samples_at_once() const { return 1; }  // what suits the step, where it is split by sample

    // Multiply-adds of one sample in a forward pass, roughly: whether workers should share it is told from that.
    virtual std::int64_t work() const { return output_size; }
    // Into how many pieces one sample's outputs can be divided at most; no value depends on how they are.
    virtual std::int64_t pieces() const { return 1; }

    // Bring weights into the kernels' layout; called before each batch, and for prediction only when they have changed.
    virtual void prepare(const Kernels&, float* /*memo*/) const {}
    // The same for the way back, where gradients will be wanted. The two may be called side by side.
    virtual void prepare_backward(const Kernels&, float* /*memo*/) const {}

    // Whether samples go forth and back one by one where a backward pass is wanted. If not, the whole batch is given to
    // the step, together with the team. In prediction every step takes any stretch of samples.
    virtual bool by_sample(bool /*training*/) const { return true; }
    // Totals of the whole batch, so many each way, that a step needs before it can go sample by sample; 0 if none. It
    // looks at each sample where that is made, forth and back, and while it is in the cache: see `look`.
    virtual std::int64_t totals(bool /*training*/) const { return 0; }

    virtual void forward(const Pass&, const Worker&) const = 0;
    virtual void backward(const Pass&, const Worker&) const {}  // adds to the weights' gradients
    virtual void finish(const Pass&, const Worker&) const {
    }  // the part's last stretch has been: see to those gradients
    virtual void forward_batch(const Pass&, Team&) const {}
    virtual void backward_batch(const Pass&, Team&) const {}  // sets the weights' gradients

    // Of a step with totals: add to them what a stretch of its input has, or of its output's gradient. When all have been
    // looked at: take the totals over the batch, and set the weights' gradients.
    virtual void look(const Pass&, const Worker&, double* /*totals*/) const {}
    virtual void look_back(const Pass&, const Worker&, double* /*totals*/) const {}
    virtual void seen(const Pass&, const double* /*totals*/) const {}
    virtual void seen_back(const Pass&, const double* /*totals*/) const {}

    // The step was taken: make its side effects (moving averages) last.
    virtual void commit(const float* /*memo*/) const {}
};

}  // namespace convoscope
