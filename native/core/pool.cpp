#include "pool.hpp"

#if CONVOSCOPE_THREADS

#include <chrono>

#include "denormals.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace convoscope {
namespace {

constexpr int spins = 4000;  // some tens of microseconds: longer than the pauses within a training step

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

std::atomic<Pool*> instance{nullptr};

}  // namespace

// Never destroyed: at exit its threads are asleep, and end with the process.
Pool& Pool::shared() {
    static const bool once = [] {
        instance.store(new Pool);
#if defined(__unix__) || defined(__APPLE__)
        // A forked child has none of its parent's threads, and perhaps a locked mutex: it begins with a pool of its
        // own.
        pthread_atfork(nullptr, nullptr, [] {
            auto* fresh = new Pool;
            fresh->threads_.store(instance.load()->threads());
            instance.store(fresh);
        });
#endif
        return true;
    }();
    (void)once;
    return *instance.load();
}

void Pool::set_threads(int count) {
    const std::lock_guard<std::mutex> lock(busy_);
    if (count == threads_.load()) return;
    stop();
    threads_.store(count);
}

void Pool::stop() {
    {
        const std::lock_guard<std::mutex> lock(sleep_);
        stopping_.store(true);
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
    workers_.clear();
    stopping_.store(false);
}

void Pool::work(int worker, const Job& job) {
    if (worker >= job.workers) return;
    for (;;) {
        if (worker == 0 ? job.interrupt->check() : job.interrupt->stopped()) return;
        const int part = next_.fetch_add(1);
        if (part >= job.parts) return;
        job.call(job.body, part, worker);
    }
}

void Pool::run(const Job& job) {
    const FlushDenormals flush;
    std::unique_lock<std::mutex> lock(busy_, std::defer_lock);
    if (job.parts <= 1 || threads() == 1 || !lock.try_lock()) {
        for (int part = 0; part < job.parts && !job.interrupt->check(); part++) job.call(job.body, part, 0);
        return;
    }
    if (workers_.empty())
        for (int worker = 1; worker < threads(); worker++)
            workers_.emplace_back([this, worker, seen = generation_.load()] { live(worker, seen); });

    job_ = job;
    next_.store(0);
    open_.store(true);
    generation_.fetch_add(1);
    if (sleepers_.load() > 0) {
        {
            const std::lock_guard<std::mutex> sleep(sleep_);
        }
        wake_.notify_all();
    }
    work(0, job);
    open_.store(false);
    for (int i = 0; i < spins && inside_.load() > 0; i++) pause();
    while (inside_.load() > 0) {
        std::unique_lock<std::mutex> sleep(sleep_);
        waiting_.store(true);
        done_.wait_for(sleep, std::chrono::milliseconds(20), [this] { return inside_.load() == 0; });
        waiting_.store(false);
        sleep.unlock();
        job.interrupt->check();
    }
}

void Pool::live(int worker, std::uint64_t seen) {
    const FlushDenormals flush;
    for (;;) {
        for (int i = 0; i < spins && generation_.load() == seen && !stopping_.load(); i++) pause();
        if (generation_.load() == seen) {
            std::unique_lock<std::mutex> sleep(sleep_);
            sleepers_.fetch_add(1);
            wake_.wait(sleep, [&] { return generation_.load() != seen || stopping_.load(); });
            sleepers_.fetch_sub(1);
        }
        if (stopping_.load()) return;
        seen = generation_.load();
        inside_.fetch_add(1);
        if (open_.load()) work(worker, job_);
        if (inside_.fetch_sub(1) == 1 && waiting_.load()) {
            {
                const std::lock_guard<std::mutex> sleep(sleep_);
            }
            done_.notify_one();
        }
    }
}

}  // namespace convoscope

#endif
