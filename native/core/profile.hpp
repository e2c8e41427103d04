// Where the time of training goes: each worker's seconds in each step forth and back, and in what is around them.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace convoscope {

class Profile {
public:
    enum Part { reading, preparing, scoring, clearing, updating, parts };

    // For so many steps.
    explicit Profile(int steps) : steps_(steps) {}

    // Room for so many workers; before they begin.
    void make_room(int workers) {
        if (seconds_.size() < static_cast<std::size_t>(workers)) seconds_.resize(static_cast<std::size_t>(workers));
        for (auto& own : seconds_) own.resize(static_cast<std::size_t>(parts + 2 * steps_));
    }

    int forth(int step) const { return parts + step; }
    int back(int step) const { return parts + steps_ + step; }

    void add(int worker, int part, double seconds) {
        seconds_[static_cast<std::size_t>(worker)][static_cast<std::size_t>(part)] += seconds;
    }

    // Of all workers: the parts above, then each step forth, then each step back.
    std::vector<double> sums() const {
        std::vector<double> sums(static_cast<std::size_t>(parts + 2 * steps_));
        for (const auto& own : seconds_)
            for (std::size_t i = 0; i < own.size(); i++) sums[i] += own[i];
        return sums;
    }

private:
    int steps_;
    std::vector<std::vector<double>> seconds_;  // of each worker: each in memory of its own
};

// Counts the time of a scope, where somebody wants to know it. What all workers do together, and one waits for, counts
// as many times.
class Lap {
public:
    using Clock = std::chrono::steady_clock;

    Lap(Profile* profile, int worker, int part, int workers = 1)
        : profile_(profile), worker_(worker), part_(part), workers_(workers) {
        if (profile_) begin_ = Clock::now();
    }
    ~Lap() {
        if (!profile_) return;
        const std::chrono::duration<double> passed = Clock::now() - begin_;
        profile_->add(worker_, part_, workers_ * passed.count());
    }
    Lap(const Lap&) = delete;

private:
    Profile* profile_;
    int worker_, part_, workers_;
    Clock::time_point begin_;
};

}  // namespace convoscope
