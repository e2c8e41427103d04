// The pool: every part once, several callers at a time, and interruption.
#include <atomic>
#include <thread>

#include "check.hpp"
#include "core/pool.hpp"

using namespace convoscope;

namespace {

void every_part_runs_once(int parts) {
    std::vector<std::atomic<int>> runs(static_cast<std::size_t>(parts));
    Interrupt interrupt;
    Pool::shared().run(parts, 8, interrupt, [&](int part, int) { runs[static_cast<std::size_t>(part)]++; });
    for (const auto& count : runs)
        if (count != 1) fail("a part ran " + std::to_string(count) + " times");
}

void callers_do_not_disturb_each_other() {
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; i++)
        callers.emplace_back([] {
            for (int j = 0; j < 200; j++) every_part_runs_once(1 + j % 9);
        });
    for (std::thread& caller : callers) caller.join();
}

void an_interruption_ends_the_work() {
    Interrupt interrupt([](void*) { return true; });
    std::atomic<int> runs{0};
    Pool::shared().run(1000, 8, interrupt, [&](int, int) {
        runs++;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    });
    if (!interrupt.stopped() || runs == 1000) fail("the work was not interrupted");
}

}  // namespace

void test_threads() {
    for (const int threads : {1, 2, 4}) {
        Pool::shared().set_threads(threads);
        for (int i = 0; i < 300; i++) every_part_runs_once(i % 13);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));  // long enough for the workers to fall asleep
        every_part_runs_once(5);
        callers_do_not_disturb_each_other();
        an_interruption_ends_the_work();
    }
}
