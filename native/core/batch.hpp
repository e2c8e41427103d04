// One batch, forth and back, keeping what the way back needs.
#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

#include "program.hpp"

namespace convoscope {

class Batch {
public:
    struct Mode {
        bool training;
        bool input_gradient;
        std::uint64_t seed;
        std::uint32_t iteration;
    };

    // Room for so many samples. The workspace must outlive it, and be used by nobody else.
    Batch(const Program&, Workspace&, Interrupt&, std::int64_t most_samples, bool input_gradient);

    // The outputs and the kept values of samples rows[0], rows[1] ... of `x`, or of its first ones if `rows` is null.
    // Calls after(range of the batch) when the outputs of a stretch are there, from any worker.
    template <class After>
    void forward(const Images& x, const std::int64_t* rows, std::int64_t samples, const Mode& mode, After&& after) {
        samples_ = samples;
        mode_ = mode;
        x_ = &x;
        rows_ = rows;
        run_forward([](void* a, Range range) { (*static_cast<std::remove_reference_t<After>*>(a))(range); }, &after);
    }

    const float* outputs() const { return workspace_.values.back().floats(); }
    const float* before_last() const;  // what went into the last step

    // Where the gradient of the outputs, or of what went into the last step, is to be written before `backward`.
    float* gradient() const { return workspace_.flow[0].floats(); }

    // From the gradient above (`skip_last`: of what went into the last step) to weights and perhaps input.
    void backward(bool skip_last);

    // What `backward` found, (samples, input size); null if it was not asked for.
    const float* input_gradient() const { return input_gradient_; }

    // Partial gradients of a weight that are to be added up, in this order.
    int partials(int weight) const {
        return step(step_of_[static_cast<std::size_t>(weight)]).by_sample(mode_.training) ? parts_used() : 1;
    }
    float* partial(int weight, int number) const;

    void commit() const;  // moving averages

    Team& team() { return team_; }
    const Kernels& kernels() const { return kernels_; }

private:
    using AfterCall = void (*)(void*, Range);

    int parts_used() const { return static_cast<int>(std::min<std::int64_t>(team_.parts, samples_)); }
    int step_count() const { return static_cast<int>(program_.steps().size()); }
    const Step& step(int i) const { return *program_.steps()[static_cast<std::size_t>(i)]; }
    const float* input_of(int i) const;
    Pass pass(int step, Range range) const;
    int group_end(int first) const;
    int group_begin(int last, int lowest) const;
    std::int64_t samples_at_once(int first, int end) const;

    void run_forward(AfterCall after, void* context);
    void read(Range range) const;
    std::vector<float*> gradients_of(int step, int part) const;
    void backward_group(int first, int last, const float* from, float* to);
    void backward_batch(int i, const float* from, float* to);

    const Program& program_;
    Workspace& workspace_;
    Interrupt& interrupt_;
    const Kernels& kernels_;
    std::vector<Worker> workers_;
    Team team_;
    std::vector<int> step_of_;                 // of each weight
    std::vector<std::size_t> partial_floats_;  // of each weight
    std::int64_t samples_ = 0;
    Mode mode_{};
    const Images* x_ = nullptr;
    const std::int64_t* rows_ = nullptr;
    const float* input_gradient_ = nullptr;
};

}  // namespace convoscope
