// Sums over live winners where channels lie in blocks of a vector each: all of a kernel's taps at once, in registers.
//
// A block of a strip of image, or of all filters' kernels, stays in a first-level cache while every term reads from it.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int most_taps = 25;  // whose sums leave registers for what is added to them
#else
constexpr int most_taps = 12;
#endif

// A list's terms to sums of which there are Width in a row: its taps are the ones from number First on.
template <int Rows, int Taps, int Width, int First>
static INLINE void add_list(const BlockSums& s, const TermList& l, const float* source, V* sums) {
    const Term* const end = s.terms + l.begin + l.count;
    for (const Term* term = end - l.count; term < end; term++) {
        const float* const from = source + term->offset;
        const V factor = splat(term->factor);
        unroll<Rows * Taps>([&](auto i) INLINE_LAMBDA {
            sums[i / Taps * Width + i % Taps + First] += factor * load(from + i / Taps * s.source_row + i % Taps * W);
        });
    }
}

// body(sums) between loading and storing Rows × Width vectors.
template <int Rows, int Width, class Body>
static INLINE void with_sums(const BlockSums& s, float* target, Body&& body) {
    V sums[Rows * Width];
    unroll<Rows * Width>(
        [&](auto i) INLINE_LAMBDA { sums[i] = load(target + i / Width * s.target_row + i % Width * W); });
    body(sums);
    unroll<Rows * Width>(
        [&](auto i) INLINE_LAMBDA { store(target + i / Width * s.target_row + i % Width * W, sums[i]); });
}

// Rows [top, top + Rows) of the taps. Neighbours, as the places of a window are, share most of what they are added to.
template <int Rows, int Taps>
static void add_tap_rows(const BlockSums& s, std::int64_t top) {
    constexpr bool pairs = Rows * (Taps + 1) <= most_taps;
    const float* const source = s.source + top * s.source_row;
    for (std::int64_t i = 0; i < s.list_count; i++) {
        const TermList* const l = s.lists + i;
        float* const target = s.target + l->target + top * s.target_row;
        if (pairs && i + 1 < s.list_count && l[1].target == l->target + W) {
            with_sums<Rows, Taps + 1>(s, target, [&](V* sums) INLINE_LAMBDA {
                add_list<Rows, Taps, Taps + 1, 0>(s, l[0], source, sums);
                add_list<Rows, Taps, Taps + 1, 1>(s, l[1], source, sums);
            });
            i++;
        } else {
            with_sums<Rows, Taps>(
                s, target, [&](V* sums) INLINE_LAMBDA { add_list<Rows, Taps, Taps, 0>(s, *l, source, sums); });
        }
    }
}

template <int Rows, int Taps>
static void add_taps_from(const BlockSums& s, std::int64_t top) {
    for (; top + Rows <= s.size_y; top += Rows) add_tap_rows<Rows, Taps>(s, top);
    if constexpr (Rows > 1) add_taps_from<Rows - 1, Taps>(s, top);
}

template <int Taps>
static void add_taps_by_rows(const BlockSums& s) {
    constexpr int fit = most_taps / Taps, rows = fit < Taps ? fit : Taps;
    add_taps_from<rows, Taps>(s, 0);
}

static void add_blocks(const BlockSums& s) {
    switch (s.size_x) {
        case 1: return add_taps_by_rows<1>(s);
        case 2: return add_taps_by_rows<2>(s);
        case 3: return add_taps_by_rows<3>(s);
        case 4: return add_taps_by_rows<4>(s);
        case 5: return add_taps_by_rows<5>(s);
        case 6: return add_taps_by_rows<6>(s);
        case 7: return add_taps_by_rows<7>(s);
    }
}

// A pixel at a time: its channels are read as they lie, while each block is written as a stream of its own.
static void to_blocks(const float* from, std::int64_t step, std::int64_t pixels, std::int64_t blocks, float* to,
                      std::int64_t to_step) {
    for (std::int64_t i = 0; i < pixels; i++, from += step, to += W)
        for (std::int64_t block = 0; block < blocks; block++) store(to + block * to_step, load(from + block * W));
}

static void add_from_blocks(const float* from, std::int64_t from_step, std::int64_t pixels, std::int64_t blocks,
                            float* to, std::int64_t step) {
    for (std::int64_t i = 0; i < pixels; i++, from += W, to += step)
        for (std::int64_t block = 0; block < blocks; block++)
            store(to + block * W, load(to + block * W) + load(from + block * from_step));
}

}  // namespace convoscope::CONVOSCOPE_ISA
