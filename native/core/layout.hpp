// Where values lie in prediction, which keeps none for longer than somebody reads it.
#pragma once

#include <vector>

#include "graph.hpp"
#include "rooms.hpp"

namespace convoscope {

// Outputs have no room here: they are written where the caller wants them.
class Layout {
public:
    Layout(const Graph& graph, const std::vector<std::unique_ptr<Step>>& steps);

    // An input that some step of a group reads, its room there, and whether no group before has read it.
    struct Read {
        int value, room;
        bool first;
    };
    // Neighbouring steps that a worker takes a few samples through.
    struct Group {
        Stage stage;
        std::vector<Read> reads;
        Rooms rooms;
        std::int64_t widest;  // of what flows through it
    };

    // All samples go through a step before the next one: for each value its room, or -1.
    std::vector<int> of_value;
    Rooms rooms;

    // A worker takes its samples through one group after the other. For each value either its room among those of all
    // of the worker's samples, where another group reads it, or among its group's for a few; or -1.
    std::vector<Group> groups;
    std::vector<int> seam, block;
    Rooms seams;

    std::int64_t floats_of_a_sample;  // that a worker needs for its way through the groups, at most

    bool is_output(int value) const { return is_output_[static_cast<std::size_t>(value)]; }
    bool is_read(int value) const { return last_reader_[static_cast<std::size_t>(value)] >= 0; }

private:
    bool was_read(int value) const;  // by the groups up to now
    void lay_all(const Graph& graph);
    void lay_group(const Graph& graph, Group& group);

    std::vector<int> last_reader_;  // of each value; -1 if none
    std::vector<bool> is_output_;
};

}  // namespace convoscope
