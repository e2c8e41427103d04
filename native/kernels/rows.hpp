// Sums of a few rows out of many: what a gradient costs where only some of its values are alive.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// `Vectors` vectors of every sum, in registers over all of its terms; the last may be a tail of fewer than W lanes.
template <int Vectors, bool Tail>
static INLINE void add_terms(const RowSums& s, std::int64_t column, int tail) {
    const float* source = s.source + column;
    for (std::int64_t list = 0; list < s.list_count; list++) {
        const TermList& l = s.lists[list];
        float* target = s.target + l.target + column;
        V sums[Vectors];
        unroll<Vectors>([&](auto i) INLINE_LAMBDA {
            sums[i] = Tail && i == Vectors - 1 ? load_first(target + i * W, tail) : load(target + i * W);
        });
        const Term* const end = s.terms + l.begin + l.count;
        for (const Term* term = end - l.count; term < end; term++) {
            const float* row = source + term->offset;
            const V factor = splat(term->factor);
            unroll<Vectors>([&](auto i) INLINE_LAMBDA {
                sums[i] += factor * (Tail && i == Vectors - 1 ? load_first(row + i * W, tail) : load(row + i * W));
            });
        }
        unroll<Vectors>([&](auto i) INLINE_LAMBDA {
            if (Tail && i == Vectors - 1)
                store_first(target + i * W, sums[i], tail);
            else
                store(target + i * W, sums[i]);
        });
    }
}

template <int Vectors>
static INLINE std::int64_t add_columns(const RowSums& s, std::int64_t done) {
    for (; done + Vectors * W <= s.length; done += Vectors * W) add_terms<Vectors, false>(s, done, 0);
    return done;
}

static void add_rows(const RowSums& s) {
    std::int64_t done = add_columns<12>(s, 0);
    done = add_columns<8>(s, done);
    done = add_columns<6>(s, done);
    done = add_columns<4>(s, done);
    done = add_columns<2>(s, done);
    done = add_columns<1>(s, done);
    if (done < s.length) add_terms<1, true>(s, done, static_cast<int>(s.length - done));
}

static std::int64_t live_terms(const float* x, std::int64_t count, std::int32_t step, Term* terms) {
    std::int64_t found = 0;
#if defined(__AVX512F__)
    __m512i offsets = _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                         _mm512_set1_epi32(step));
    const __m512i next = _mm512_set1_epi32(16 * step);
    const __m512i lower = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i upper = _mm512_add_epi32(lower, _mm512_set1_epi32(8));
    for (std::int64_t i = 0; i < count; i += W, offsets = _mm512_add_epi32(offsets, next)) {
        const auto values = reinterpret_cast<__m512>(load(x + i, count - i));
        const __mmask16 live = _mm512_cmp_ps_mask(values, _mm512_setzero_ps(), _CMP_NEQ_UQ);
        const __m512i at = _mm512_maskz_compress_epi32(live, offsets);
        const __m512i factors = _mm512_castps_si512(_mm512_maskz_compress_ps(live, values));
        _mm512_storeu_si512(terms + found, _mm512_permutex2var_epi32(at, lower, factors));
        _mm512_storeu_si512(terms + found + 8, _mm512_permutex2var_epi32(at, upper, factors));
        found += __builtin_popcount(live);
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

}  // namespace convoscope::CONVOSCOPE_ISA
