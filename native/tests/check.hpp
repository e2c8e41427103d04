// The least that a test needs.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

using Floats = std::vector<float>;

inline std::string where;  // what is being tested, for who reads of a failure

inline void fail(const std::string& what) {
    std::fprintf(stderr, "FAILED: %s%s\n", where.c_str(), what.c_str());
    std::exit(1);
}

// The largest difference, as a share of the largest expected value, is within the tolerance. Where that is below
// `least`, as a share of `least`.
inline void expect_near(const Floats& found, const Floats& expected, double tolerance, const std::string& what,
                        double least = 1e-3) {
    if (found.size() != expected.size()) fail(what + ": sizes differ");
    double largest = least, difference = 0;
    for (std::size_t i = 0; i < found.size(); i++) {
        largest = std::fmax(largest, std::fabs(static_cast<double>(expected[i])));
        difference = std::fmax(difference, std::fabs(static_cast<double>(found[i]) - static_cast<double>(expected[i])));
        if (!std::isfinite(found[i])) fail(what + ": not finite");
    }
    if (difference > tolerance * largest) fail(what + ": off by " + std::to_string(difference / largest));
}

inline std::mt19937& generator() {
    static std::mt19937 engine(1);
    return engine;
}

inline std::int64_t random_int(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(generator());
}

// Exactly as large as asked for, so that a sanitizer sees the first access behind it.
inline Floats random_floats(std::int64_t count) {
    std::normal_distribution<float> normal;
    Floats values(static_cast<std::size_t>(count));
    for (float& value : values) value = normal(generator());
    return values;
}

void test_kernels();
void test_bfloat16();
void test_filter();
void test_winograd();
void test_winners();
void test_programs();
void test_graphs();
void test_predictions();
void test_inverted_residuals();
void test_descriptions();
void test_memory();
void test_threads();
