// Random words as numbers, for the steps that draw some for each image or value.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../core/checks.hpp"
#include "../core/step.hpp"

namespace convoscope {

// In [0, 1).
inline double uniform(std::uint32_t word) { return word / 4294967296.0; }

inline double between(const Bounds& ends, std::uint32_t word) { return ends[0] + (ends[1] - ends[0]) * uniform(word); }

// Which random numbers are a step's own.
struct Stream {
    std::uint32_t stream;
    std::optional<std::uint64_t> seed;  // in place of the run's
};

// Takes "stream" and "seed".
inline Stream take_stream(Settings& settings) {
    const auto stream = settings.take<std::uint32_t>("stream");
    return {stream, settings.take<std::optional<std::uint64_t>>("seed")};
}

inline void words_of(const Pass& pass, const Stream& stream, std::uint64_t first, std::int64_t blocks,
                     std::uint32_t* words) {
    pass.kernels->random_words(stream.seed.value_or(pass.seed), pass.iteration, stream.stream, first, blocks, words);
}

// body(i, a normally distributed number) for i from 0 to count - 1, for the values of the batch from number `first` on.
template <class Body>
void each_normal(const Pass& pass, const Stream& stream, std::int64_t first, std::int64_t count, Body&& body) {
    constexpr double full_turn = 6.283185307179586;
    constexpr std::int64_t blocks_at_once = 32;
    const std::int64_t last = first + count - 1;
    for (std::int64_t block = first / 4; block <= last / 4; block += blocks_at_once) {
        std::uint32_t words[4 * blocks_at_once];
        const std::int64_t blocks = std::min(last / 4 + 1 - block, blocks_at_once);
        words_of(pass, stream, (std::uint64_t{1} << 63) + static_cast<std::uint64_t>(block), blocks, words);
        const std::int64_t end = std::min(last + 1, 4 * (block + blocks));
        for (std::int64_t i = std::max(first, 4 * block); i < end; i++) {
            const std::uint32_t* pair = words + (i - 4 * block) / 2 * 2;
            const double radius = std::sqrt(-2 * std::log(uniform(pair[0]) + 1 / 4294967296.0)),
                         angle = full_turn * uniform(pair[1]);
            body(i - first, radius * (i % 2 ? std::sin(angle) : std::cos(angle)));
        }
    }
}

}  // namespace convoscope
