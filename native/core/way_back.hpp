// The way back: which steps it takes, and where each gradient lies.
//
// A step sets its input's gradient. Where a value has several readers, the first of them on the way back sets the
// value's gradient, and each further one sets a room of its own, which is added right behind it: that is the fork.
#pragma once

#include <vector>

#include "graph.hpp"
#include "rooms.hpp"

namespace convoscope {

class Program;

class WayBack {
public:
    // A gradient's room: for a few samples in a worker's own memory, or for the whole batch.
    struct Spot {
        int room = -1;
        bool local = false;

        bool there() const { return room >= 0; }
    };
    // One of a step's input gradients: where it is set, and what it is then added to, if anything.
    struct Pull {
        Spot to, sum;
    };
    // A step with totals, and the gradient that it looks at.
    struct Look {
        int step;
        Spot arriving;
    };
    struct Walk {
        int step;
        Spot arriving;
        std::vector<Pull> pulls;  // for each of the values that the step reads
        std::vector<Look> looks;  // at gradients that are complete with those
    };
    struct Stage {
        bool together;
        bool looks_first;  // the first step has totals, and could not look earlier
        std::int64_t samples_at_once;
        std::vector<Walk> walks;            // from the last step to the first
        std::vector<std::int64_t> offsets;  // of the local rooms, and where they end
    };
    // A second gradient of a value from outside.
    struct Merge {
        int from, to;
        std::int64_t size;
    };

    // `seeds`: for each output the value whose gradient is given from outside, or -1. Steps are walked if they lie
    // between such a value and a trainable weight, or an input if those gradients are wanted.
    WayBack(const Program&, bool training, bool input_gradients, const std::vector<int>& seeds);

    const std::vector<Stage>& stages() const { return stages_; }
    const std::vector<Merge>& merges() const { return merges_; }
    // For each output the room of the gradient from outside, or -1 where nobody needs it.
    const std::vector<int>& seed_rooms() const { return seed_rooms_; }
    // For each input, or -1 where its gradient is zero.
    const std::vector<int>& input_rooms() const { return input_rooms_; }
    const Rooms& rooms() const { return rooms_; }  // for the whole batch
    bool walks(int step) const { return walked_[static_cast<std::size_t>(step)]; }

private:
    void mark(const Program&, bool input_gradients, const std::vector<int>& seeds);
    void place_seeds(const Graph&, const std::vector<int>& seeds);
    void make_stages(const Program&, bool training);
    void find_lookers(const Program&, bool training);
    void mark_local(const Graph&);
    void place(const Graph&, Stage&);
    Spot room_for(const Graph&, int value, Rooms& local);

    std::vector<bool> needed_, walked_, local_;  // of values, of steps, of values
    std::vector<Spot> spots_;                    // of values
    std::vector<std::vector<int>> lookers_;      // of each walked step: the steps that look when it was walked
    std::vector<Stage> stages_;
    std::vector<Merge> merges_;
    std::vector<int> seed_rooms_, input_rooms_;
    Rooms rooms_;
};

}  // namespace convoscope
