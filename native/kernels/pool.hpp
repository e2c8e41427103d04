// Poolings and their gradients, a vector of channels at a time.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// The part of an output pixel's window that lies on the map.
struct Window {
    std::int64_t top, left;  // of the whole window, which may begin in the padding
    std::int64_t y0, y1, x0, x1;

    std::int64_t count() const { return (y1 - y0) * (x1 - x0); }
};

static INLINE Window window_of(const PoolRows& p, std::int64_t row, std::int64_t column) {
    const std::int64_t top = row * p.stride_y - p.pad_y, left = column * p.stride_x - p.pad_x;
    return {top, left, most(top, 0), least(top + p.size_y, p.height), most(left, 0), least(left + p.size_x, p.width)};
}

static INLINE std::int64_t place_of(const PoolRows& p, std::int64_t y, std::int64_t x) {
    return ((y - p.first_row) * p.width + x) * p.channels;
}

// The winning value of a window and its place in it. Strict comparisons leave ties to the first.
template <PoolMode Mode>
static INLINE V winner(const PoolRows& p, const Window& w, std::int64_t channel, std::int64_t n, I& place) {
    V best = load(p.input + place_of(p, w.y0, w.x0) + channel, n);
    place = splat_int(static_cast<std::int32_t>((w.y0 - w.top) * p.size_x + w.x0 - w.left));
    for (std::int64_t y = w.y0; y < w.y1; y++)
        for (std::int64_t x = w.x0; x < w.x1; x++) {
            const V value = load(p.input + place_of(p, y, x) + channel, n);
            const I better = Mode == PoolMode::max ? value > best : value < best;
            best = select(better, value, best);
            place = select(better, splat_int(static_cast<std::int32_t>((y - w.top) * p.size_x + x - w.left)), place);
        }
    return best;
}

static INLINE V average(const PoolRows& p, const Window& w, std::int64_t channel, std::int64_t n) {
    V total{};
    for (std::int64_t y = w.y0; y < w.y1; y++)
        for (std::int64_t x = w.x0; x < w.x1; x++) total += load(p.input + place_of(p, y, x) + channel, n);
    return total / static_cast<float>(w.count());
}

// body(window, channel, lanes, offset into the output rows) for each vector of the output.
template <class Body>
static INLINE void each_output(const PoolRows& p, Body&& body) {
    std::int64_t offset = 0;
    for (std::int64_t row = p.begin; row < p.end; row++)
        for (std::int64_t column = 0; column < p.out_width; column++, offset += p.channels) {
            const Window w = window_of(p, row, column);
            for (std::int64_t c = 0; c < p.channels; c += W) body(w, c, least(W, p.channels - c), offset + c);
        }
}

// The winner of a 2×2 window's values, row by row, and its place.
template <PoolMode Mode>
static INLINE V winner_of_four(V a, V b, V c, V d, I& place) {
    const auto better = [](V x, V y) INLINE_LAMBDA { return Mode == PoolMode::max ? x > y : x < y; };
    const I right_above = better(b, a), right_below = better(d, c);
    const V above = select(right_above, b, a), below = select(right_below, d, c);
    const I down = better(below, above);
    place = select(down, 2 - right_below, -right_above);
    return select(down, below, above);
}

// 2×2 windows that lie on the map as a whole: the common case, with nothing left to find out in the inner loop.
template <PoolMode Mode>
static void pool_pairs(const PoolRows& p, float* output, std::uint8_t* winners) {
    for (std::int64_t row = p.begin; row < p.end; row++)
        for (std::int64_t column = 0; column < p.out_width; column++) {
            const float* upper = p.input + place_of(p, row * p.stride_y, column * p.stride_x);
            const float* lower = upper + p.width * p.channels;
            for (std::int64_t c = 0; c < p.channels; c += W) {
                const std::int64_t n = least(W, p.channels - c);
                I place;
                store(output + c,
                      winner_of_four<Mode>(load(upper + c, n), load(upper + p.channels + c, n), load(lower + c, n),
                                           load(lower + p.channels + c, n), place),
                      n);
                if (winners) store_bytes(winners + c, place, n);
            }
            output += p.channels;
            if (winners) winners += p.channels;
        }
}

static INLINE bool whole_pairs(const PoolRows& p) {
    return p.size_y == 2 && p.size_x == 2 && p.pad_y == 0 && p.pad_x == 0 && (p.end - 1) * p.stride_y + 2 <= p.height &&
           (p.out_width - 1) * p.stride_x + 2 <= p.width;
}

template <PoolMode Mode>
static void pool_winners(const PoolRows& p, float* output, std::uint8_t* winners) {
    if (whole_pairs(p)) return pool_pairs<Mode>(p, output, winners);
    each_output(p, [&](const Window& w, std::int64_t c, std::int64_t n, std::int64_t offset) INLINE_LAMBDA {
        I place;
        store(output + offset, winner<Mode>(p, w, c, n, place), n);
        if (winners) store_bytes(winners + offset, place, n);
    });
}

static void pool(const PoolRows& p, float* output, std::uint8_t* winners) {
    if (p.mode == PoolMode::max) return pool_winners<PoolMode::max>(p, output, winners);
    if (p.mode == PoolMode::min) return pool_winners<PoolMode::min>(p, output, winners);
    each_output(p, [&](const Window& w, std::int64_t c, std::int64_t n, std::int64_t offset)
                       INLINE_LAMBDA { store(output + offset, average(p, w, c, n), n); });
}

static void pool_gradient(const PoolRows& p, const std::uint8_t* winners, const float* dy, float* dx) {
    each_output(p, [&](const Window& w, std::int64_t c, std::int64_t n, std::int64_t offset) INLINE_LAMBDA {
        V gradient = load(dy + offset, n);
        I place{};
        if (p.mode == PoolMode::average)
            gradient = gradient / static_cast<float>(w.count());
        else if (winners)
            place = load_bytes(winners + offset, n);
        else if (p.mode == PoolMode::max)
            winner<PoolMode::max>(p, w, c, n, place);
        else
            winner<PoolMode::min>(p, w, c, n, place);
        for (std::int64_t y = w.y0; y < w.y1; y++)
            for (std::int64_t x = w.x0; x < w.x1; x++) {
                float* to = dx + place_of(p, y, x) + c;
                V share = gradient;
                if (p.mode != PoolMode::average) {
                    const auto here = static_cast<std::int32_t>((y - w.top) * p.size_x + x - w.left);
                    share = select(place == splat_int(here), gradient, V{});
                }
                store(to, load(to, n) + share, n);
            }
    });
}

}  // namespace convoscope::CONVOSCOPE_ISA
