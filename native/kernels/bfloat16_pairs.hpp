// Factors as the processor's own products of bfloat16 want them: two neighbouring terms of a sum in 32 bits.
#pragma once

#include "ending.hpp"
#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

typedef std::uint16_t Word;

// Words from a row of A to the next: not a power of two, whose rows would share few lines of the cache.
static INLINE std::int64_t row_words(std::int64_t k) { return bfloat16_whole(k) + bfloat16_terms; }
// Floats from a group of B's columns to the next.
static INLINE std::int64_t group_floats(std::int64_t k) { return bfloat16_columns * bfloat16_whole(k) / 2; }

static INLINE void store_words(void* to, __m512bh words) { _mm512_storeu_si512(to, reinterpret_cast<__m512i>(words)); }
static INLINE __m512bh round_two(V first, V second) {
    return _mm512_cvtne2ps_pbh(reinterpret_cast<__m512>(second), reinterpret_cast<__m512>(first));
}
// Lane by lane, a value of the one and of the other.
static INLINE V paired(V one, V other) {
    alignas(64) static const Word order[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                               8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return reinterpret_cast<V>(
        _mm512_permutexvar_epi16(_mm512_load_si512(order), reinterpret_cast<__m512i>(round_two(one, other))));
}

// Values that lie anywhere: n of them, at most as many as a vector has.
struct Places {
    const std::int64_t* offsets;
    std::int64_t count;
    bool side_by_side;

    INLINE Places(const std::int64_t* of, std::int64_t n) : offsets(of), count(least(n, W)), side_by_side(true) {
        for (std::int64_t i = 1; i < count; i++) side_by_side &= of[i] == of[0] + i;
    }
    INLINE V of(const float* from) const {
        if (count <= 0) return V{};
        if (side_by_side) return load(from + offsets[0], count);
        const auto live = static_cast<unsigned>((1u << count) - 1);
        const __m256 zero = _mm256_setzero_ps();
        const auto lower = static_cast<__mmask8>(live), upper = static_cast<__mmask8>(live >> 8);
        const __m512i at = _mm512_maskz_loadu_epi64(lower, offsets);
        const __m512i above = _mm512_maskz_loadu_epi64(upper, offsets + (upper ? 8 : 0));
        const __m512 first = _mm512_castps256_ps512(_mm512_mask_i64gather_ps(zero, lower, at, from, 4));
        return reinterpret_cast<V>(
            _mm512_maskz_insertf32x8(0xffff, first, _mm512_mask_i64gather_ps(zero, upper, above, from, 4), 1));
    }
};

static INLINE std::int64_t row_of(const Product& p, std::int64_t i) { return p.rows ? p.rows[i] : i * p.row_step; }

// Rows [first, first + count) of A, whose neighbours in memory are terms of one sum.
static void pack_rows_along(const Product& p, std::int64_t first, std::int64_t count, Word* to) {
    const std::int64_t step = row_words(p.k);
    for (std::int64_t k = 0; k < p.k; k += bfloat16_terms) {
        const Places lower(p.columns + k, p.k - k), upper(p.columns + k + W, p.k - k - W);
        for (std::int64_t i = 0; i < count; i++) {
            const float* const from = p.a + row_of(p, first + i);
            store_words(to + i * step + k, round_two(lower.of(from), upper.of(from)));
        }
    }
}

// The same where neighbours in memory are of neighbouring rows.
static void pack_rows_across(const Product& p, std::int64_t first, std::int64_t count, Word* to) {
    const std::int64_t step = row_words(p.k);
    for (std::int64_t row = 0; row < count; row += W) {
        std::int64_t offsets[W];
        for (std::int64_t i = 0; i < least(W, count - row); i++) offsets[i] = row_of(p, first + row + i);
        const Places rows(offsets, count - row);
        for (std::int64_t k = 0; k < p.k; k += bfloat16_terms) {
            V square[W];
            unroll<W>([&](auto pair) INLINE_LAMBDA {
                const std::int64_t one = k + 2 * pair;
                const V left = one < p.k ? rows.of(p.a + p.columns[one]) : V{},
                        right = one + 1 < p.k ? rows.of(p.a + p.columns[one + 1]) : V{};
                square[pair] = paired(left, right);
            });
            transpose(square);
            unroll<W>([&](auto i)
                          INLINE_LAMBDA { store(reinterpret_cast<float*>(to + (row + i) * step + k), square[i]); });
        }
    }
}

// Behind the last row of A there is room up to a multiple of 16.
static void pack_rows(const Product& p, std::int64_t first, std::int64_t count, Word* to) {
    const bool across = p.m > 1 && p.k > 1 && row_of(p, 1) == row_of(p, 0) + 1 && p.columns[1] != p.columns[0] + 1;
    if (across)
        pack_rows_across(p, first, count, to);
    else
        pack_rows_along(p, first, count, to);
}

static void bfloat16_pack(const float* b, std::int64_t step, std::int64_t k, std::int64_t n, float* packed) {
    for (std::int64_t column = 0; column < n; column += bfloat16_columns, packed += group_floats(k)) {
        const std::int64_t columns = n - column;
        const float* from = b + column;
        for (std::int64_t row = 0; row < bfloat16_whole(k); row += 2, from += 2 * step)
            store(packed + row / 2 * W, paired(row < k ? load(from, columns) : V{},
                                               row + 1 < k ? load(from + step, columns) : V{}));
    }
}

static void bfloat16_pack_transposed(const float* b, std::int64_t step, std::int64_t k, std::int64_t n, float* packed) {
    for (std::int64_t column = 0; column < n; column += bfloat16_columns, packed += group_floats(k))
        for (std::int64_t row = 0; row < k; row += bfloat16_terms) {
            V square[W];
            unroll<W>([&](auto i) INLINE_LAMBDA {
                square[i] = V{};
                if (column + i >= n) return;
                const float* const from = b + (column + i) * step + row;
                const V upper = k - row > W ? load(from + W, k - row - W) : V{};
                square[i] = reinterpret_cast<V>(round_two(load(from, k - row), upper));
            });
            transpose(square);
            unroll<W>([&](auto i) INLINE_LAMBDA { store(packed + (row / 2 + i) * W, square[i]); });
        }
}

// block(product, packed rows of A, packed columns of B, first row, end of the rows, first column), for some rows and so
// many columns at a time.
template <class Block>
static INLINE void each_block(const Product& whole, float* room, std::int64_t columns, Block&& block) {
    Product p = whole;
    if (p.c_block == 0) p.c_block = channel_block;
    auto* const rows = reinterpret_cast<Word*>(room);
    for (std::int64_t first = 0; first < p.m; first += bfloat16_rows) {
        const std::int64_t end = least(first + bfloat16_rows, p.m);
        pack_rows(p, first, end - first, rows);
        for (std::int64_t column = 0; column < p.n; column += columns)
            block(p, rows, p.b + column / bfloat16_columns * group_floats(p.k), first, end, column);
    }
}

// A row's sums of a group of columns, with what comes after them.
static INLINE void end_row(const Product& p, V sums, std::int64_t row, std::int64_t column) {
    const std::int64_t columns = p.n - column;
    finish_tile<1, 1>(
        p, &sums, row, column, [&](const float* from, auto) INLINE_LAMBDA { return load(from, columns); },
        [&](float* to, V value, auto) INLINE_LAMBDA { store(to, value, columns); });
}

}  // namespace convoscope::CONVOSCOPE_ISA
