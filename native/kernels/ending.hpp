// How a product's tile ends, while its sums are in registers.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// How a tile ends at the right: with a whole vector, with some lanes of one, or with one of half the width, which takes
// half the time where a vector is that wide.
enum class Edge { whole, tail, half };
#if defined(__AVX512F__)
typedef float Half __attribute__((vector_size(2 * W)));
typedef float UnalignedHalf __attribute__((vector_size(2 * W), aligned(4), may_alias));
constexpr bool has_halves = true;
static INLINE Half load_half(const float* p) { return *reinterpret_cast<const UnalignedHalf*>(p); }
static INLINE void store_half(float* p, Half v) { *reinterpret_cast<UnalignedHalf*>(p) = v; }
static INLINE Half lower_half(V v) {
    return reinterpret_cast<Half>(_mm512_maskz_extractf32x8_ps(0xff, reinterpret_cast<__m512>(v), 0));
}
static INLINE Half larger(Half x, Half y) {
    return reinterpret_cast<Half>(_mm256_max_ps(reinterpret_cast<__m256>(x), reinterpret_cast<__m256>(y)));
}
static INLINE Half smaller(Half x, Half y) {
    return reinterpret_cast<Half>(_mm256_min_ps(reinterpret_cast<__m256>(x), reinterpret_cast<__m256>(y)));
}
#else
constexpr bool has_halves = false;
#endif

// Whether sums go where they belong as they are: most are short, and would wait for what others need.
static INLINE bool ends_plainly(const Product& p) {
    return !p.bias && !p.addend && !p.rectify && !(p.most > 0) && !p.c_rows;
}

// What comes after a tile's sums: bias, addend, bounds, and what is there already. `get` and `put` know how many lanes
// a vector has.
template <int Rows, int Vectors, class Sum, class Get, class Put>
static INLINE void finish_tile(const Product& p, Sum* sums, std::int64_t row, std::int64_t column, Get&& get,
                               Put&& put) {
    const std::int64_t step = W == channel_block ? p.c_block : W;  // a panel of narrower vectors is within a block
    const std::int64_t first = column / channel_block * p.c_block + column % channel_block;
    if (ends_plainly(p)) {
        float* to = p.c + first + row * p.c_step;
        unroll<Rows>([&](auto i) INLINE_LAMBDA {
            unroll<Vectors>([&](auto j) INLINE_LAMBDA {
                const Sum sum = sums[i * Vectors + j];
                put(to + j * step, p.accumulate ? sum + get(to + j * step, j) : sum, j);
            });
            to += p.c_step;
        });
        return;
    }
    std::int64_t at[Rows];
    unroll<Rows>([&](auto i) INLINE_LAMBDA { at[i] = first + (p.c_rows ? p.c_rows[row + i] : (row + i) * p.c_step); });
    const auto add = [&](const float* from) INLINE_LAMBDA {
        unroll<Rows>([&](auto i) INLINE_LAMBDA {
            unroll<Vectors>([&](auto j) INLINE_LAMBDA { sums[i * Vectors + j] += get(from + at[i] + j * step, j); });
        });
    };
    float* const c = p.c;
    if (p.bias)
        unroll<Vectors>([&](auto j) INLINE_LAMBDA {
            const Sum bias = get(p.bias + column + j * W, j);
            unroll<Rows>([&](auto i) INLINE_LAMBDA { sums[i * Vectors + j] += bias; });
        });
    if (p.addend) add(p.addend);
    if (p.rectify)
        unroll<Rows * Vectors>([&](auto i) INLINE_LAMBDA { sums[i] = larger(Sum{}, sums[i]); });  // NaN stays
    if (p.most > 0) {
        const Sum most = p.most - Sum{};
        unroll<Rows * Vectors>([&](auto i) INLINE_LAMBDA { sums[i] = smaller(most, sums[i]); });
    }
    if (p.accumulate) add(c);
    unroll<Rows>([&](auto i) INLINE_LAMBDA {
        unroll<Vectors>([&](auto j) INLINE_LAMBDA { put(c + at[i] + j * step, sums[i * Vectors + j], j); });
    });
}

}  // namespace convoscope::CONVOSCOPE_ISA
