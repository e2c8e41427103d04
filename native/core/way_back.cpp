#include "way_back.hpp"

#include <algorithm>

#include "program.hpp"

namespace convoscope {

WayBack::WayBack(const Program& program, bool training, bool input_gradients, const std::vector<int>& seeds)
    : needed_(static_cast<std::size_t>(program.graph().values())),
      walked_(static_cast<std::size_t>(program.graph().steps())),
      local_(needed_.size()),
      spots_(needed_.size()) {
    const Graph& graph = program.graph();
    mark(program, input_gradients, seeds);
    make_stages(program, training);
    find_lookers(program, training);
    mark_local(graph);
    place_seeds(graph, seeds);
    for (Stage& stage : stages_) place(graph, stage);
    for (int i = 0; i < graph.inputs; i++) input_rooms_.push_back(spots_[static_cast<std::size_t>(i)].room);
}

// Downwards, which values have something below them that wants a gradient; upwards, which of them get one.
void WayBack::mark(const Program& program, bool input_gradients, const std::vector<int>& seeds) {
    const Graph& graph = program.graph();
    const auto needed = [&](int value) { return needed_[static_cast<std::size_t>(value)]; };
    for (int i = 0; i < graph.inputs; i++) needed_[static_cast<std::size_t>(i)] = input_gradients;
    for (int i = 0; i < graph.steps(); i++) {
        bool needs = program.learns(i);
        for (const int value : graph.read_by(i)) needs = needs || needed(value);
        needed_[static_cast<std::size_t>(graph.value_of(i))] = needs;
    }
    std::vector<bool> reached(needed_.size());
    for (const int value : seeds)
        if (value >= 0) reached[static_cast<std::size_t>(value)] = true;
    for (int i = graph.steps() - 1; i >= 0; i--) {
        const auto value = static_cast<std::size_t>(graph.value_of(i));
        if (!reached[value] || !needed_[value]) continue;
        walked_[static_cast<std::size_t>(i)] = true;
        for (const int read : graph.read_by(i)) reached[static_cast<std::size_t>(read)] = true;
    }
}

void WayBack::make_stages(const Program& program, bool training) {
    for (int i = program.graph().steps() - 1; i >= 0; i--) {
        if (!walks(i)) continue;
        const Step& step = *program.steps()[static_cast<std::size_t>(i)];
        if (begins_stage(step, training) || stages_.empty() || !stages_.back().together)
            stages_.push_back({together(step, training), false, 1, {}, {}});
        Stage& stage = stages_.back();
        stage.walks.push_back({i, {}, {}, {}});
        stage.samples_at_once = std::max(stage.samples_at_once, step.samples_at_once());
    }
}

// The gradient of a step's output is complete when the first of its readers has been walked, which is the last on the
// way back. There a step with totals looks at it, sample by sample; at one from outside, or of a reader that takes the
// whole batch, before it is walked itself.
void WayBack::find_lookers(const Program& program, bool training) {
    const Graph& graph = program.graph();
    lookers_.resize(walked_.size());
    for (Stage& stage : stages_) {
        const int i = stage.walks.front().step;
        if (program.steps()[static_cast<std::size_t>(i)]->totals(training) == 0) continue;
        int first = i + 1;
        const auto reads = [&](int step) {
            const std::vector<int>& values = graph.read_by(step);
            return std::find(values.begin(), values.end(), graph.value_of(i)) != values.end();
        };
        while (first < graph.steps() && !(walks(first) && reads(first))) first++;
        stage.looks_first =
            first == graph.steps() || !together(*program.steps()[static_cast<std::size_t>(first)], training);
        if (!stage.looks_first) lookers_[static_cast<std::size_t>(first)].push_back(i);
    }
}

// Gradients that are made and used up within one stage stay in the worker's own memory; not those from outside, which
// have a room before.
void WayBack::mark_local(const Graph& graph) {
    std::vector<int> made_in(needed_.size(), -1);
    for (int s = 0; s < static_cast<int>(stages_.size()); s++)
        for (const Walk& walk : stages_[static_cast<std::size_t>(s)].walks)
            if (stages_[static_cast<std::size_t>(s)].together)
                made_in[static_cast<std::size_t>(graph.value_of(walk.step))] = s;
    for (std::size_t value = 0; value < local_.size(); value++) local_[value] = made_in[value] >= 0;
    for (int s = 0; s < static_cast<int>(stages_.size()); s++)
        for (const Walk& walk : stages_[static_cast<std::size_t>(s)].walks)
            for (const int value : graph.read_by(walk.step))
                if (made_in[static_cast<std::size_t>(value)] != s) local_[static_cast<std::size_t>(value)] = false;
}

void WayBack::place_seeds(const Graph& graph, const std::vector<int>& seeds) {
    for (const int value : seeds) {
        seed_rooms_.push_back(-1);
        if (value < 0 || !needed_[static_cast<std::size_t>(value)]) continue;
        const int room = seed_rooms_.back() = rooms_.take(graph.size(value));
        Spot& spot = spots_[static_cast<std::size_t>(value)];
        if (spot.there())
            merges_.push_back({room, spot.room, graph.size(value)});
        else
            spot = {room, false};
    }
    for (const Merge& merge : merges_) rooms_.release(merge.from);
}

WayBack::Spot WayBack::room_for(const Graph& graph, int value, Rooms& local) {
    const bool is_local = local_[static_cast<std::size_t>(value)];
    return {(is_local ? local : rooms_).take(graph.size(value)), is_local};
}

void WayBack::place(const Graph& graph, Stage& stage) {
    Rooms local;
    std::vector<int> leaving;  // rooms for the whole batch that nobody needs behind this stage
    for (Walk& walk : stage.walks) {
        std::vector<Spot> passing;
        walk.arriving = spots_[static_cast<std::size_t>(graph.value_of(walk.step))];
        for (const int value : graph.read_by(walk.step)) {
            walk.pulls.emplace_back();
            if (!needed_[static_cast<std::size_t>(value)]) continue;
            Spot& spot = spots_[static_cast<std::size_t>(value)];
            Pull& pull = walk.pulls.back();
            if (!spot.there()) {
                pull.to = spot = room_for(graph, value, local);
                continue;
            }
            pull.to = {(stage.together ? local : rooms_).take(graph.size(value)), stage.together};
            pull.sum = spot;
            passing.push_back(pull.to);
        }
        for (const int looker : lookers_[static_cast<std::size_t>(walk.step)])
            walk.looks.push_back({looker, spots_[static_cast<std::size_t>(graph.value_of(looker))]});
        for (const Spot& spot : passing) (spot.local ? local : rooms_).release(spot.room);
        if (walk.arriving.local)
            local.release(walk.arriving.room);
        else
            leaving.push_back(walk.arriving.room);
    }
    for (const int room : leaving) rooms_.release(room);
    stage.offsets = local.offsets(stage.samples_at_once);
}

}  // namespace convoscope
