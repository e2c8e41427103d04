// How many floating-point operations a second the processor can do at most: multiply-adds on registers, on all threads.
//
//     g++ -O3 -march=native -std=c++17 -pthread peak.cpp -o peak && ./peak THREADS

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr int lanes = 16, sums = 24;
#elif defined(__AVX__)
constexpr int lanes = 8, sums = 12;
#else
constexpr int lanes = 4, sums = 12;
#endif
typedef float Vector __attribute__((vector_size(lanes * sizeof(float))));

// Independent sums, more than the pipelines are deep times wide, so that no operation waits for another. Their values
// come from outside and go outside, so that the compiler can neither foresee nor drop them.
double burst(long repetitions, float factor, float summand) {
    Vector values[sums];
    const Vector factors = Vector{} + factor, summands = Vector{} + summand;
    for (int i = 0; i < sums; ++i) values[i] = Vector{} + factor * static_cast<float>(i);
    for (long n = 0; n < repetitions; ++n) {
#pragma GCC unroll 24
        for (int i = 0; i < sums; ++i) values[i] = values[i] * factors + summands;
    }
    double total = 0;
    for (const Vector& value : values)
        for (int lane = 0; lane < lanes; ++lane) total += value[lane];
    return total;
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Cycles a second: two dependent additions of whole numbers take a cycle each, whatever the processor.
double frequency() {
    constexpr long rounds = 20'000'000;
    double best = 0;
    for (int repetition = 0; repetition < 10; ++repetition) {
        volatile unsigned long start = 1;
        unsigned long value = start;
        const double begin = now();
        for (long n = 0; n < rounds; n += 8) {
#pragma GCC unroll 8
            for (int i = 0; i < 8; ++i) value += value ^ static_cast<unsigned long>(n);
        }
        best = std::max(best, 2.0 * rounds / (now() - begin));
        volatile unsigned long sink = value;
        (void)sink;
    }
    return best;
}

}  // namespace

int main(int count, char** arguments) {
    const int threads = count > 1 ? std::atoi(arguments[1]) : 1;
    const long repetitions = 1'000'000;
    const double operations = 2.0 * lanes * sums * repetitions;
    volatile float factor = 0.999f, summand = 0.001f;
    double best = 0;
    for (int round = 0; round < 100; ++round) {
        std::vector<double> results(threads);
        std::vector<std::thread> workers;
        std::atomic<int> waiting{threads};
        std::vector<double> begins(threads), ends(threads);
        for (int i = 0; i < threads; ++i)
            workers.emplace_back([&, i] {
                --waiting;
                while (waiting > 0) std::this_thread::yield();
                begins[i] = now();
                results[i] = burst(repetitions, factor, summand);
                ends[i] = now();
            });
        for (std::thread& worker : workers) worker.join();
        const double seconds =
            *std::max_element(ends.begin(), ends.end()) - *std::min_element(begins.begin(), begins.end());
        best = std::max(best, operations * threads / seconds);
        volatile double sink = results[0];
        (void)sink;
    }
    std::printf("{\"flops\": %.6g, \"lanes\": %d, \"hertz\": %.6g}\n", best, lanes, frequency());
}
