// One batch, forth and back, keeping what the way back needs.
#pragma once

#include <algorithm>
#include <type_traits>
#include <vector>

#include "program.hpp"
#include "way_back.hpp"

namespace convoscope {

class Batch {
public:
    struct Mode {
        bool training;
        bool input_gradients;
        std::vector<int> seeds;  // for each output the value whose gradient is given from outside, or -1
    };

    // Room for so many samples. The workspace must outlive it, and be used by nobody else.
    Batch(const Program&, Workspace&, Interrupt&, std::int64_t most_samples, const Mode&, Profile* = nullptr);

    // Which samples, and what their random numbers follow from.
    struct Samples {
        const std::vector<Images>* x;
        const std::int64_t* rows;  // rows[0], rows[1] ... of `x`, or its first ones if null
        std::int64_t count;
        std::uint64_t seed;
        std::uint32_t iteration;
    };

    // All values, and what is kept of them. Calls after(output, range of the batch) when a stretch of an output is
    // there, from any worker.
    template <class After>
    void forward(const Samples& samples, After&& after) {
        samples_ = samples;
        run_forward(
            [](void* a, int output, Range range) { (*static_cast<std::remove_reference_t<After>*>(a))(output, range); },
            &after);
    }

    // (samples, value size), as `forward` left it.
    const float* value(int number) const { return workspace_.values[static_cast<std::size_t>(number)].floats(); }

    // Where the gradient of that output's seed is to be written before `backward`; null if nobody needs it.
    float* seed(std::size_t output) const { return flow(way_.seed_rooms()[output]); }

    // From the gradients above to weights and perhaps inputs.
    void backward();

    // What `backward` found, (samples, input size); null for zeros.
    const float* input_gradient(int input) const { return flow(way_.input_rooms()[static_cast<std::size_t>(input)]); }

    // Partial gradients of a weight that are to be added up, in this order.
    int partials(int weight) const;
    float* partial(int weight, int number) const;

    void commit() const;  // moving averages

    Team& team() { return team_; }
    const Kernels& kernels() const { return kernels_; }

private:
    using AfterCall = void (*)(void*, int, Range);

    // A trainable weight in one of the steps that have it.
    struct Use {
        int step;  // -1 for a weight that no gradient reaches, which has one part of zeros
        std::size_t buffer;
    };
    // A worker's lists for steps that read several values.
    struct Joined {
        std::vector<const float*> inputs;
        std::vector<float*> gradients;
    };

    // A step's numbers in the profile, if there is one.
    int forth(int i) const { return profile_ ? profile_->forth(i) : 0; }
    int back(int i) const { return profile_ ? profile_->back(i) : 0; }

    // More parts than workers, so that a worker that was kept from its work does not hold up the others.
    int parts_forth() const {
        return team_.parts == 1 ? 1 : static_cast<int>(std::min<std::int64_t>(4 * team_.parts, samples_.count));
    }
    int parts_used() const { return static_cast<int>(std::min<std::int64_t>(team_.parts, samples_.count)); }
    const Step& step(int i) const { return *program_.steps()[static_cast<std::size_t>(i)]; }
    Joined& joined(const Worker& worker) { return joined_[static_cast<std::size_t>(worker.index)]; }
    float* flow(int room) const {
        return room < 0 ? nullptr : workspace_.flow[static_cast<std::size_t>(room)].floats();
    }
    int parts_of(const Use& use) const {
        return use.step >= 0 && step(use.step).by_sample(mode_.training) ? parts_used() : 1;
    }

    void make_room(std::int64_t most_samples);
    void make_gradients();
    Pass pass(int step, Range range, Joined& joined) const;

    // Totals of a step, of so many parts of the batch; and those of all of them, added up in their order.
    double* totals(int step, int part);
    const double* all_totals(int step, int parts);
    void clear_totals(int step, int parts);
    void look(int value, Range block, int part, const Worker& worker);
    void look_back(const WayBack::Look& look, Range block, int part, const Worker& worker);
    void begin_back(const WayBack::Stage& stage);

    void run_forward(AfterCall after, void* context);
    void forward_together(const Stage& stage, bool reads, AfterCall after, void* context);
    void forward_whole(int step, AfterCall after, void* context);
    void prepare();
    void read(Range range) const;
    template <class Body>
    void each_output(int begin, int end, Body&& body) const;

    std::vector<float*> gradients_of(int step, int part) const;
    void add_shared(const float* from, float* to, std::int64_t count);
    void backward_together(const WayBack::Stage& stage);
    void walk(const WayBack::Stage& stage, const WayBack::Walk& walk, Range block, float* const* gradients,
              const Worker& worker);
    float* spot(const WayBack::Stage& stage, const WayBack::Spot& spot, std::int64_t size, Range block,
                float* local) const;

    const Program& program_;
    const Graph& graph_;
    Workspace& workspace_;
    Interrupt& interrupt_;
    Profile* const profile_;
    const Kernels& kernels_;
    const Mode mode_;
    const WayBack way_;
    const std::vector<Stage> stages_;  // of the way forth
    std::vector<Worker> workers_;
    Team team_;
    std::vector<Joined> joined_;                     // of each worker
    std::vector<std::vector<Use>> uses_;             // of each weight
    std::vector<std::vector<std::size_t>> buffers_;  // for each step, of each of its weights' gradients
    std::vector<std::size_t> partial_floats_;        // of each weight
    std::vector<std::vector<int>> lookers_;          // of each value: the steps with totals that read it
    std::vector<std::vector<double>> totals_;        // of each step
    Samples samples_{};
};

}  // namespace convoscope
