// Lists of what is alive: the terms of sums over rows, for all values that are not zero.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

#if defined(__AVX512F__)
typedef __mmask16 Alive;
// The live lanes, one behind the other. Writes W terms, whatever is alive; returns how many are.
static INLINE std::int32_t put_terms(Term* terms, Alive live, I offsets, V factors) {
    const __m512i lower = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i upper = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const __m512i at = _mm512_maskz_compress_epi32(live, reinterpret_cast<__m512i>(offsets));
    const __m512i by = _mm512_maskz_compress_epi32(live, reinterpret_cast<__m512i>(factors));
    _mm512_storeu_si512(terms, _mm512_permutex2var_epi32(at, lower, by));
    _mm512_storeu_si512(terms + 8, _mm512_permutex2var_epi32(at, upper, by));
    return __builtin_popcount(live);
}
static INLINE Alive alive(V values) {
    return _mm512_cmp_ps_mask(reinterpret_cast<__m512>(values), _mm512_setzero_ps(), _CMP_NEQ_UQ);
}
static INLINE Alive alive_at(V values, I places, std::int32_t place) {
    return _mm512_mask_cmpeq_epi32_mask(alive(values), reinterpret_cast<__m512i>(places), _mm512_set1_epi32(place));
}
static INLINE I counting() { return I{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }
#elif defined(__AVX2__)
typedef unsigned Alive;
// For each mask of live lanes, which of them comes first, which second, and so on.
struct Packing {
    alignas(32) std::int32_t lanes[256][W];
    constexpr Packing() : lanes() {
        for (int mask = 0; mask < 256; mask++)
            for (int lane = 0, to = 0; lane < W; lane++)
                if (mask >> lane & 1) lanes[mask][to++] = lane;
    }
};
static constexpr Packing packing;
static INLINE std::int32_t put_terms(Term* terms, Alive live, I offsets, V factors) {
    const __m256i order = _mm256_load_si256(reinterpret_cast<const __m256i*>(packing.lanes[live]));
    const __m256i at = _mm256_permutevar8x32_epi32(reinterpret_cast<__m256i>(offsets), order);
    const __m256i by = _mm256_permutevar8x32_epi32(reinterpret_cast<__m256i>(factors), order);
    const __m256i lower = _mm256_unpacklo_epi32(at, by);  // terms 0, 1, 4 and 5
    const __m256i upper = _mm256_unpackhi_epi32(at, by);  // terms 2, 3, 6 and 7
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(terms), _mm256_permute2x128_si256(lower, upper, 0x20));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(terms + 4), _mm256_permute2x128_si256(lower, upper, 0x31));
    return __builtin_popcount(live);
}
static INLINE Alive signs(I values) { return static_cast<Alive>(_mm256_movemask_ps(reinterpret_cast<__m256>(values))); }
static INLINE Alive alive(V values) { return signs(values != V{}); }
static INLINE Alive alive_at(V values, I places, std::int32_t place) {
    return signs((values != V{}) & (places == splat_int(place)));
}
static INLINE I counting() { return I{0, 1, 2, 3, 4, 5, 6, 7}; }
#endif

static std::int64_t live_terms(const float* x, std::int64_t count, std::int32_t step, Term* terms) {
    std::int64_t found = 0;
#if defined(__AVX2__)
    I offsets = counting() * step;
    for (std::int64_t i = 0; i < count; i += W, offsets += W * step) {
        const V values = load(x + i, count - i);
        found += put_terms(terms + found, alive(values), offsets, values);
    }
#else
    // Every value is written, and only a live one is kept: no branch to guess wrong.
    std::int32_t offset = 0;
    for (std::int64_t i = 0; i < count; i++, offset += step) {
        terms[found] = {offset, x[i]};
        found += x[i] != 0;
    }
#endif
    return found;
}

// The lists of a pixel's places, of filters [first, last): terms from number `done` on, whose offsets are filters yet.
// Empty lists are left out: they would touch what lies around the image, where another worker may be.
static INLINE TermList* lists_of_pixel(const WinnerLists& w, std::int64_t pixel, std::int64_t first, std::int64_t last,
                                       std::int32_t& done, TermList* lists) {
    const float* const gradient = w.gradient + pixel * w.filters;
    const std::uint8_t* const winners = w.winners + pixel * w.filters;
#if defined(__AVX2__)
    for (std::int32_t place = 0; place < w.window; place++) {
        const std::int32_t begin = done;
        for (std::int64_t filter = first; filter < last; filter += W) {
            const V values = load(gradient + filter, last - filter);
            const I winning = load_bytes(winners + filter, last - filter);
            done += put_terms(w.of_place + done, alive_at(values, winning, place),
                              counting() + static_cast<std::int32_t>(filter), values);
        }
        if (done > begin) *lists++ = {begin, done - begin, w.corners[pixel] + w.places[place]};
    }
#else
    // Of each place, how many are alive, then where the next one goes; the last is for the dead.
    std::int32_t next[257];
    for (std::int64_t place = 0; place <= w.window; place++) next[place] = 0;
    for (std::int64_t filter = first; filter < last; filter++)
        next[gradient[filter] != 0 ? winners[filter] : w.window]++;
    for (std::int64_t place = 0; place < w.window; place++) {
        const std::int32_t count = next[place];
        next[place] = done;
        if (count) *lists++ = {done, count, w.corners[pixel] + w.places[place]};
        done += count;
    }
    next[w.window] = done;
    for (std::int64_t filter = first; filter < last; filter++) {
        const std::int32_t live = gradient[filter] != 0;
        std::int32_t& at = next[live ? winners[filter] : w.window];
        w.of_place[at] = {static_cast<std::int32_t>(filter), gradient[filter]};
        at += live;
    }
#endif
    return lists;
}

// Where each filter's list begins, behind those of the filters before it; until they are full, `count` is where the
// next term goes.
static INLINE void begin_filter_lists(const WinnerLists& w) {
    std::int32_t begin = 0;
    for (std::int64_t filter = 0; filter < w.filters; filter += W) {
        const std::int64_t n = least(W, w.filters - filter);
        I live{};
        for (std::int64_t pixel = 0; pixel < w.pixels; pixel++)
            live -= load(w.gradient + pixel * w.filters + filter, n) != V{};
        for (std::int64_t i = 0; i < n; i++) {
            w.filter_lists[filter + i] = {begin, begin, static_cast<std::int32_t>((filter + i) * w.filter_step)};
            begin += live[i];
        }
    }
}

static std::int64_t winner_lists(const WinnerLists& w) {
    std::int32_t done = 0;
    TermList* end = w.place_lists;
    for (std::int64_t first = 0; first < w.filters; first += w.filters_at_once) {
        const std::int64_t last = least(first + w.filters_at_once, w.filters);
        for (std::int64_t pixel = 0; pixel < w.pixels; pixel++) end = lists_of_pixel(w, pixel, first, last, done, end);
    }
    begin_filter_lists(w);
    for (const TermList* list = w.place_lists; list < end; list++)
        for (Term *term = w.of_place + list->begin, *const last = term + list->count; term < last; term++) {
            w.of_filter[w.filter_lists[term->offset].count++] = {list->target, term->factor};
            term->offset *= w.filter_step;
        }
    for (std::int64_t filter = 0; filter < w.filters; filter++)
        w.filter_lists[filter].count -= w.filter_lists[filter].begin;
    return end - w.place_lists;
}

}  // namespace convoscope::CONVOSCOPE_ISA
