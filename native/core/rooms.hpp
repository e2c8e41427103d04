// Memory by liveness: who is no longer read leaves its room to who comes next. A chain gets by with two rooms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace convoscope {

class Rooms {
public:
    // A free room, the one that fits best, or a new one.
    int take(std::int64_t size) {
        int best = -1;
        for (int i = 0; i < static_cast<int>(rooms_.size()); i++) {
            if (rooms_[static_cast<std::size_t>(i)].taken) continue;
            if (best < 0 || better(size_of(i), size_of(best), size)) best = i;
        }
        if (best < 0) {
            best = static_cast<int>(rooms_.size());
            rooms_.push_back({0, false});
        }
        Room& room = rooms_[static_cast<std::size_t>(best)];
        room.taken = true;
        if (room.size < size) room.size = size;
        return best;
    }

    void release(int room) { rooms_[static_cast<std::size_t>(room)].taken = false; }

    int count() const { return static_cast<int>(rooms_.size()); }
    std::int64_t size_of(int room) const { return rooms_[static_cast<std::size_t>(room)].size; }

    // Where each room begins if they lie one after the other, for so many samples each; and behind them, where they
    // end.
    std::vector<std::int64_t> offsets(std::int64_t samples) const {
        std::vector<std::int64_t> offsets{0};
        for (const Room& room : rooms_) offsets.push_back(offsets.back() + (room.size * samples + 15) / 16 * 16);
        return offsets;
    }

    std::int64_t total() const {
        std::int64_t sum = 0;
        for (const Room& room : rooms_) sum += room.size;
        return sum;
    }

private:
    struct Room {
        std::int64_t size;
        bool taken;
    };

    // The smallest that is large enough, or else the largest.
    static bool better(std::int64_t size, std::int64_t than, std::int64_t wanted) {
        return than >= wanted ? wanted <= size && size < than : size > than;
    }

    std::vector<Room> rooms_;
};

}  // namespace convoscope
