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

}  // namespace convoscope::CONVOSCOPE_ISA
