// Lists of what is alive: the terms of sums over rows, for all values that are not zero.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

#if defined(__AVX512F__)
// The live lanes, one behind the other. Writes 16 terms, whatever is alive; returns how many are.
static INLINE std::int32_t put_terms(Term* terms, __mmask16 live, I offsets, V factors) {
    const __m512i lower = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i upper = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const __m512i at = _mm512_maskz_compress_epi32(live, reinterpret_cast<__m512i>(offsets));
    const __m512i by = _mm512_maskz_compress_epi32(live, reinterpret_cast<__m512i>(factors));
    _mm512_storeu_si512(terms, _mm512_permutex2var_epi32(at, lower, by));
    _mm512_storeu_si512(terms + 8, _mm512_permutex2var_epi32(at, upper, by));
    return __builtin_popcount(live);
}
static INLINE __mmask16 alive(V values) {
    return _mm512_cmp_ps_mask(reinterpret_cast<__m512>(values), _mm512_setzero_ps(), _CMP_NEQ_UQ);
}
static INLINE I counting() { return I{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }
#endif

static std::int64_t live_terms(const float* x, std::int64_t count, std::int32_t step, Term* terms) {
    std::int64_t found = 0;
#if defined(__AVX512F__)
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

#if defined(__AVX512F__)
// For 16 filters at a time the pixels are turned into lanes.
static INLINE void lists_of_filters(const WinnerLists& w) {
    const I table = reinterpret_cast<I>(_mm512_loadu_si512(w.places));
    for (std::int64_t first = 0; first < w.filters; first += W) {
        const std::int64_t n = least(W, w.filters - first);
        for (std::int64_t pixel = 0; pixel < w.pixels; pixel += W) {
            V gradients[W], patches[W];
            unroll<W>([&](auto i) INLINE_LAMBDA {
                const std::int64_t at = (pixel + i) * w.filters + first;
                gradients[i] = V{};
                patches[i] = V{};
                if (pixel + i >= w.pixels) return;
                gradients[i] = load(w.gradient + at, n);
                const auto place = reinterpret_cast<__m512i>(load_bytes(w.winners + at, n));
                const __m512i patch =
                    w.window <= W ? _mm512_maskz_permutexvar_epi32(0xffff, place, reinterpret_cast<__m512i>(table))
                                  : _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), 0xffff, place, w.places, 4);
                patches[i] = from_bits(reinterpret_cast<I>(patch) + w.corners[pixel + i]);
            });
            transpose(gradients);
            transpose(patches);
            unroll<W>([&](auto i) INLINE_LAMBDA {
                if (i >= n) return;
                TermList& list = w.filter_lists[first + i];
                list.count += put_terms(w.of_filter + list.begin + list.count, alive(gradients[i]), bits(patches[i]),
                                        gradients[i]);
            });
        }
    }
}

static INLINE TermList* lists_of_places(const WinnerLists& w) {
    TermList* lists = w.place_lists;
    const float* gradient = w.gradient;
    const std::uint8_t* winners = w.winners;
    std::int32_t done = 0;
    for (std::int64_t pixel = 0; pixel < w.pixels; pixel++, gradient += w.filters, winners += w.filters)
        for (std::int32_t place = 0; place < w.window; place++) {
            const std::int32_t begin = done;
            I offsets = counting() * w.filter_step;
            for (std::int64_t f = 0; f < w.filters; f += W, offsets += W * w.filter_step) {
                const V values = load(gradient + f, w.filters - f);
                const auto here = reinterpret_cast<__m512i>(load_bytes(winners + f, w.filters - f));
                const __mmask16 live = _mm512_mask_cmpeq_epi32_mask(alive(values), here, _mm512_set1_epi32(place));
                done += put_terms(w.of_place + done, live, offsets, values);
            }
            // Empty lists are left out: they would touch what lies around the image, where another worker may be.
            if (done > begin) *lists++ = {begin, done - begin, w.corners[pixel] + w.places[place]};
        }
    return lists;
}
#else
// Every value is written behind its list, and only the live ones make it longer: no branch to guess wrong.
static INLINE void lists_of_filters(const WinnerLists& w) {
    const float* gradient = w.gradient;
    const std::uint8_t* winners = w.winners;
    for (std::int64_t pixel = 0; pixel < w.pixels; pixel++, gradient += w.filters, winners += w.filters)
        for (std::int64_t filter = 0; filter < w.filters; filter++) {
            TermList& list = w.filter_lists[filter];
            w.of_filter[list.begin + list.count] = {w.corners[pixel] + w.places[winners[filter]], gradient[filter]};
            list.count += gradient[filter] != 0;
        }
}

static INLINE TermList* lists_of_places(const WinnerLists& w) {
    TermList* lists = w.place_lists;
    const float* gradient = w.gradient;
    const std::uint8_t* winners = w.winners;
    std::int32_t done = 0;
    for (std::int64_t pixel = 0; pixel < w.pixels; pixel++, gradient += w.filters, winners += w.filters) {
        // Of each place, how many are alive, then where the next one goes; the last is for the dead.
        std::int32_t next[257];
        for (std::int64_t place = 0; place <= w.window; place++) next[place] = 0;
        for (std::int64_t filter = 0; filter < w.filters; filter++)
            next[gradient[filter] != 0 ? winners[filter] : w.window]++;
        for (std::int64_t place = 0; place < w.window; place++) {
            const std::int32_t count = next[place];
            next[place] = done;
            // Empty lists are left out: they would touch what lies around the image, where another worker may be.
            if (count) *lists++ = {done, count, w.corners[pixel] + w.places[place]};
            done += count;
        }
        next[w.window] = done;
        std::int32_t offset = 0;
        for (std::int64_t filter = 0; filter < w.filters; filter++, offset += w.filter_step) {
            const std::int32_t live = gradient[filter] != 0;
            std::int32_t& at = next[live ? winners[filter] : w.window];
            w.of_place[at] = {offset, gradient[filter]};
            at += live;
        }
    }
    return lists;
}
#endif

static std::int64_t winner_lists(const WinnerLists& w) {
    for (std::int64_t filter = 0; filter < w.filters; filter++)
        w.filter_lists[filter] = {static_cast<std::int32_t>(filter * (w.pixels + live_room)), 0,
                                  static_cast<std::int32_t>(filter * w.filter_step)};
    lists_of_filters(w);
    return lists_of_places(w) - w.place_lists;
}

}  // namespace convoscope::CONVOSCOPE_ISA
