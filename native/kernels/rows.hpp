// Sums of a few rows out of many: what a gradient costs where only some of its values are alive.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// `Vectors` vectors of one run, in registers over all terms; the last one may be a tail of fewer than W lanes.
template <int Vectors, bool Tail>
static INLINE void add_terms(const RowSum& s, const float* source, float* target, int tail) {
    V sums[Vectors];
    unroll<Vectors>([&](auto i) INLINE_LAMBDA {
        sums[i] = Tail && i == Vectors - 1 ? load_first(target + i * W, tail) : load(target + i * W);
    });
    for (std::int64_t t = 0; t < s.count; t++) {
        const float* row = source + s.terms[t].offset;
        const V factor = splat(s.terms[t].factor);
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

template <int Vectors>
static INLINE std::int64_t add_chunks(const RowSum& s, const float* source, float* target, std::int64_t done) {
    for (; done + Vectors * W <= s.run_length; done += Vectors * W)
        add_terms<Vectors, false>(s, source + done, target + done, 0);
    return done;
}

static void add_rows(const RowSum& s) {
    for (std::int64_t run = 0; run < s.run_count; run++) {
        const float* source = s.source + s.source_runs[run];
        float* target = s.target + s.target_runs[run];
        std::int64_t done = add_chunks<12>(s, source, target, 0);
        done = add_chunks<6>(s, source, target, done);
        done = add_chunks<3>(s, source, target, done);
        done = add_chunks<1>(s, source, target, done);
        if (done < s.run_length)
            add_terms<1, true>(s, source + done, target + done, static_cast<int>(s.run_length - done));
    }
}

}  // namespace convoscope::CONVOSCOPE_ISA
