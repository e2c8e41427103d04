// How a long computation is stopped from outside: Ctrl-C, mostly.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>

namespace convoscope {

// Thrown by the core, on the calling thread only, when a computation was stopped.
struct Interrupted : std::exception {
    const char* what() const noexcept override { return "interrupted"; }
};

// Asks `poll` now and then whether to stop. Only the calling thread asks; all threads see the answer.
class Interrupt {
public:
    using Poll = bool (*)(void*);

    explicit Interrupt(Poll poll = nullptr, void* context = nullptr) : poll_(poll), context_(context) {}

    bool stopped() const noexcept { return stopped_.load(std::memory_order_relaxed); }

    // On the calling thread, between pieces of work: asks if that was last done some time ago.
    bool check() noexcept {
        if (poll_ && !stopped()) {
            const auto now = Clock::now();
            if (now - last_ > std::chrono::milliseconds(40)) {
                if (poll_(context_)) stopped_.store(true, std::memory_order_relaxed);
                last_ = Clock::now();
            }
        }
        return stopped();
    }

    void throw_if_stopped() const {
        if (stopped()) throw Interrupted();
    }

private:
    using Clock = std::chrono::steady_clock;

    Poll poll_;
    void* context_;
    Clock::time_point last_ = Clock::now();
    std::atomic<bool> stopped_{false};
};

}  // namespace convoscope
