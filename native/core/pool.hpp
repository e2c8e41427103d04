// One pool of threads for the whole process.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "interrupt.hpp"
#include "threading.hpp"

#if CONVOSCOPE_THREADS
#include <condition_variable>
#include <thread>
#endif

namespace convoscope {

#if CONVOSCOPE_THREADS

// Work is given out in numbered parts, to whichever worker is free; what a part computes must not depend on the worker.
// The caller is worker 0. A second caller, from another thread, does its work alone.
class Pool {
public:
    static Pool& shared();

    int threads() const { return threads_.load(); }

    // Takes effect for the work that begins after it.
    void set_threads(int count);

    // body(part, worker) for each part, by workers numbered below `workers`, which may be fewer than there are threads
    // by then; returns early if the interrupt says so. The body must not throw.
    template <class Body>
    void run(int parts, int workers, Interrupt& interrupt, Body&& body) {
        using Plain = std::remove_reference_t<Body>;
        run({&body, [](void* b, int part, int worker) { (*static_cast<Plain*>(b))(part, worker); }, parts, workers,
             &interrupt});
    }

private:
    struct Job {
        void* body = nullptr;
        void (*call)(void*, int, int) = nullptr;
        int parts = 0, workers = 0;
        Interrupt* interrupt = nullptr;
    };

    Pool() = default;
    void run(const Job& job);
    void work(int worker, const Job& job);
    void live(int worker, std::uint64_t seen);
    void stop();

    std::atomic<int> threads_{1};
    std::mutex busy_;  // held while a job runs and while threads are started or stopped
    std::vector<std::thread> workers_;

    // The open job. Workers count themselves in before they look whether one is open, and the caller closes it before
    // it looks whether any is in, so one of the two always sees the other.
    Job job_;
    std::atomic<int> next_{0};
    std::atomic<bool> open_{false};
    std::atomic<int> inside_{0};
    std::atomic<std::uint64_t> generation_{0};

    std::mutex sleep_;
    std::condition_variable wake_, done_;
    std::atomic<int> sleepers_{0};
    std::atomic<bool> waiting_{false};
    std::atomic<bool> stopping_{false};
};

#else

// The same where nobody but the caller can work.
class Pool {
public:
    static Pool& shared() {
        static Pool pool;
        return pool;
    }

    int threads() const { return threads_; }
    void set_threads(int count) { threads_ = count; }  // so work is divided as with so many

    template <class Body>
    void run(int parts, int /*workers*/, Interrupt& interrupt, Body&& body) {
        for (int part = 0; part < parts && !interrupt.check(); part++) body(part, 0);
    }

private:
    int threads_ = 1;
};

#endif

}  // namespace convoscope
