// Which step reads what. Values are numbered: first the program's inputs, then one for each step.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "step.hpp"

namespace convoscope {

struct Graph {
    int inputs = 0;                      // how many values are the program's inputs
    std::vector<std::int64_t> sizes;     // of each value, for one sample
    std::vector<std::vector<int>> from;  // for each step, the values that it reads
    std::vector<int> outputs;            // values, in the order in which the caller wants them

    int steps() const { return static_cast<int>(from.size()); }
    int values() const { return inputs + steps(); }
    int value_of(int step) const { return inputs + step; }
    int maker_of(int value) const { return value - inputs; }  // the step; below 0 for an input
    std::int64_t size(int value) const { return sizes[static_cast<std::size_t>(value)]; }
    const std::vector<int>& read_by(int step) const { return from[static_cast<std::size_t>(step)]; }

    // The most values that a step reads.
    std::size_t widest_join() const {
        std::size_t most = 1;
        for (const std::vector<int>& values : from) most = std::max(most, values.size());
        return most;
    }

    std::int64_t widest() const { return *std::max_element(sizes.begin(), sizes.end()); }
};

// Neighbouring steps that are by sample: a worker takes a few samples through all of them, which costs one meeting of
// the workers, and leaves what flows between the steps in the worker's cache. Or one step that takes the whole batch.
struct Stage {
    int begin, end;  // steps
    bool together;   // a step with totals comes first, for it needs all that was made before
    std::int64_t samples_at_once;
};

inline bool together(const Step& step, bool training) { return step.by_sample(training) || step.totals(training) > 0; }
// Whether a stage ends before this step, in whichever direction it is come to.
inline bool begins_stage(const Step& step, bool training) {
    return !together(step, training) || step.totals(training) > 0;
}

inline std::vector<Stage> stages_of(const std::vector<std::unique_ptr<Step>>& steps, bool training) {
    std::vector<Stage> stages;
    for (int i = 0; i < static_cast<int>(steps.size()); i++) {
        const Step& step = *steps[static_cast<std::size_t>(i)];
        if (begins_stage(step, training) || stages.empty() || !stages.back().together)
            stages.push_back({i, i, together(step, training), 1});
        stages.back().end = i + 1;
        stages.back().samples_at_once = std::max(stages.back().samples_at_once, step.samples_at_once());
    }
    return stages;
}

}  // namespace convoscope
