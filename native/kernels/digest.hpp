// A short summary of many values, to see later whether any of them has changed.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

typedef std::uint32_t Words __attribute__((vector_size(4 * W)));

// One round can be undone for every word, so that a single changed value always shows; the turn carries what high bits
// say to the low ones, which a product alone would not: two changed signs must not cancel each other.
static INLINE Words stir(Words state, Words value) {
    const Words mixed = state ^ value;
    return (mixed << 13 | mixed >> 19) * 0x9E3779B1u;
}

static void digest(const float* x, std::int64_t count, Digest& result) {
    constexpr int states = 8;  // enough to hide a multiplication's latency
    Words state[states];
    unroll<states>([&](auto i) INLINE_LAMBDA { state[i] = Words{} + (static_cast<std::uint32_t>(i) + 1); });
    std::int64_t at = 0;
    for (; at + states * W <= count; at += states * W)
        unroll<states>([&](auto i)
                           INLINE_LAMBDA { state[i] = stir(state[i], reinterpret_cast<Words>(load(x + at + i * W))); });
    for (; at < count; at += W) state[0] = stir(state[0], reinterpret_cast<Words>(load(x + at, count - at)));
    unroll<states - 1>([&](auto i) INLINE_LAMBDA { state[0] = stir(state[0], state[i + 1]); });
    for (int i = 0; i < 16; i++) result.lanes[i] = i < W ? state[0][i < W ? i : 0] : 0;
}

}  // namespace convoscope::CONVOSCOPE_ISA
