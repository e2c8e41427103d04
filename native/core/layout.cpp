#include "layout.hpp"

#include <algorithm>

namespace convoscope {
namespace {

// For each of the steps [begin, end) the values that none behind it reads, of those that it does.
std::vector<std::vector<int>> read_last(const Graph& graph, int begin, int end, std::vector<int> last_reader) {
    for (int i = begin; i < end; i++)
        for (const int value : graph.read_by(i)) last_reader[static_cast<std::size_t>(value)] = i;
    std::vector<std::vector<int>> ending(static_cast<std::size_t>(end - begin));
    for (int i = begin; i < end; i++)
        for (const int value : graph.read_by(i)) {
            int& last = last_reader[static_cast<std::size_t>(value)];
            if (last == i) ending[static_cast<std::size_t>(i - begin)].push_back(value);
            if (last == i) last = -1;  // named once, however often the step reads it
        }
    return ending;
}

}  // namespace

Layout::Layout(const Graph& graph, const std::vector<std::unique_ptr<Step>>& steps)
    : of_value(static_cast<std::size_t>(graph.values()), -1),
      seam(of_value.size(), -1),
      block(of_value.size(), -1),
      last_reader_(of_value.size(), -1),
      is_output_(of_value.size()) {
    for (const int value : graph.outputs) is_output_[static_cast<std::size_t>(value)] = true;
    for (int i = 0; i < graph.steps(); i++)
        for (const int value : graph.read_by(i)) last_reader_[static_cast<std::size_t>(value)] = i;
    lay_all(graph);
    std::int64_t blocks = 0;
    for (const Stage& stage : stages_of(steps, false)) {
        groups.push_back({stage, {}, {}, 1});
        lay_group(graph, groups.back());
        blocks = std::max(blocks, groups.back().rooms.total());
    }
    floats_of_a_sample = std::max(4 * graph.widest(), seams.total() + blocks);
}

void Layout::lay_all(const Graph& graph) {
    const auto ending = read_last(graph, 0, graph.steps(), last_reader_);
    for (int value = 0; value < graph.inputs; value++)
        if (last_reader_[static_cast<std::size_t>(value)] >= 0)
            of_value[static_cast<std::size_t>(value)] = rooms.take(graph.size(value));
    for (int i = 0; i < graph.steps(); i++) {
        const auto made = static_cast<std::size_t>(graph.value_of(i));
        if (!is_output_[made]) of_value[made] = rooms.take(graph.sizes[made]);
        for (const int value : ending[static_cast<std::size_t>(i)])
            if (const int room = of_value[static_cast<std::size_t>(value)]; room >= 0) rooms.release(room);
        if (of_value[made] >= 0 && last_reader_[made] < 0) rooms.release(of_value[made]);
    }
}

bool Layout::was_read(int value) const {
    return std::any_of(groups.begin(), groups.end(), [&](const Group& group) {
        return std::any_of(group.reads.begin(), group.reads.end(),
                           [&](const Read& read) { return read.value == value; });
    });
}

void Layout::lay_group(const Graph& graph, Group& group) {
    const Stage& stage = group.stage;
    std::vector<int> input_room(static_cast<std::size_t>(graph.inputs), -1), leaving;
    for (int i = stage.begin; i < stage.end; i++)
        for (const int value : graph.read_by(i)) {
            group.widest = std::max(group.widest, graph.size(value));
            if (value >= graph.inputs || input_room[static_cast<std::size_t>(value)] >= 0) continue;
            const int room = group.rooms.take(graph.size(value));
            group.reads.push_back({value, room, !was_read(value)});
            input_room[static_cast<std::size_t>(value)] = room;
        }
    const auto ending = read_last(graph, stage.begin, stage.end, last_reader_);
    for (int i = stage.begin; i < stage.end; i++) {
        const auto made = static_cast<std::size_t>(graph.value_of(i));
        group.widest = std::max(group.widest, graph.sizes[made]);
        if (!is_output_[made] && last_reader_[made] >= stage.end)
            seam[made] = seams.take(graph.sizes[made]);
        else if (!is_output_[made])
            block[made] = group.rooms.take(graph.sizes[made]);
        for (const int value : ending[static_cast<std::size_t>(i - stage.begin)]) {
            const auto v = static_cast<std::size_t>(value);
            if (value < graph.inputs) group.rooms.release(input_room[v]);
            if (block[v] >= 0) group.rooms.release(block[v]);
            if (seam[v] >= 0 && last_reader_[v] < stage.end) leaving.push_back(seam[v]);
        }
        if (block[made] >= 0 && last_reader_[made] < 0) group.rooms.release(block[made]);
    }
    for (const int room : leaving) seams.release(room);
}

}  // namespace convoscope
