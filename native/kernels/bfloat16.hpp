// Products in bfloat16 for processors that know nothing of it: factors are rounded, and multiplied as floats.
#pragma once

#include "product.hpp"
#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// To the nearest value of 16 bits, to the even one halfway. NaN stays NaN.
static INLINE float rounded(float x) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    const std::uint32_t nan = bits | 0x00400000u, nearest = bits + 0x7fffu + (bits >> 16 & 1u);
    bits = (x == x ? nearest : nan) & 0xffff0000u;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

static INLINE void round_all(float* values, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i++) values[i] = rounded(values[i]);
}

static void bfloat16_pack(const float* b, std::int64_t step, std::int64_t k, std::int64_t n, float* packed) {
    for (std::int64_t column = 0; column < n; column += bfloat16_columns) {
        const std::int64_t columns = least(bfloat16_columns, n - column);
        pack(b + column, step, k, columns, packed);
        round_all(packed, k * whole_vectors(columns));
        packed += bfloat16_columns * bfloat16_whole(k);
    }
}

static void bfloat16_pack_transposed(const float* b, std::int64_t step, std::int64_t k, std::int64_t n, float* packed) {
    for (std::int64_t column = 0; column < n; column += bfloat16_columns) {
        const std::int64_t columns = least(bfloat16_columns, n - column);
        pack_transposed(b + column * step, step, k, columns, packed);
        round_all(packed, k * whole_vectors(columns));
        packed += bfloat16_columns * bfloat16_whole(k);
    }
}

// [numbers of columns][rows of A, rounded]
static void bfloat16_product(const Product& p, float* room) {
    auto* const counting = reinterpret_cast<std::int64_t*>(room);
    float* const rows = room + 2 * bfloat16_whole(p.k);
    for (std::int64_t k = 0; k < p.k; k++) counting[k] = k;
    Product one = p;
    one.a = rows;
    one.rows = nullptr;
    one.row_step = p.k;
    one.columns = counting;
    one.b_step = 0;
    for (std::int64_t first = 0; first < p.m; first += bfloat16_rows) {
        one.m = least(bfloat16_rows, p.m - first);
        for (std::int64_t i = 0; i < one.m; i++) {
            const float* const from = p.a + (p.rows ? p.rows[first + i] : (first + i) * p.row_step);
            for (std::int64_t k = 0; k < p.k; k++) rows[i * p.k + k] = rounded(from[p.columns[k]]);
        }
        one.c_rows = p.c_rows ? p.c_rows + first : nullptr;
        const std::int64_t down = p.c_rows ? 0 : first * p.c_step;
        for (std::int64_t column = 0; column < p.n; column += bfloat16_columns) {
            const std::int64_t at = down + (p.c_block ? column / channel_block * p.c_block : column);
            one.n = least(bfloat16_columns, p.n - column);
            one.b = p.b + column * bfloat16_whole(p.k);
            one.c = p.c + at;
            one.addend = p.addend ? p.addend + at : nullptr;
            one.bias = p.bias ? p.bias + column : nullptr;
            product(one);
        }
    }
}

}  // namespace convoscope::CONVOSCOPE_ISA
