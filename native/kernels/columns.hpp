// What runs along the columns of a matrix: sums, and batch normalization.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// sums[j] += term(row offset, j, valid), one vector of columns at a time.
//
// Eight sums side by side do not wait for each other, and a thousand rows at a time: so a total of many rows is a short
// sum of short sums, with few roundings in each.
template <class Term>
static INLINE void accumulate(std::int64_t rows, std::int64_t n, float* sums, Term&& term) {
    constexpr std::int64_t abreast = 8, block = 1024;
    for (std::int64_t j = 0; j < n; j += W) {
        const std::int64_t valid = least(W, n - j);
        V total = load(sums + j, valid);
        for (std::int64_t begin = 0; begin < rows; begin += block) {
            const std::int64_t end = least(begin + block, rows);
            V parts[abreast]{};
            std::int64_t row = begin;
            for (; row + abreast <= end; row += abreast)
                for (std::int64_t i = 0; i < abreast; i++) parts[i] += term((row + i) * n + j, j, valid);
            for (; row < end; row++) parts[0] += term(row * n + j, j, valid);
            total += ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]));
        }
        store(sums + j, total, valid);
    }
}

static void column_sums(const float* x, std::int64_t rows, std::int64_t n, float* sums) {
    accumulate(rows, n, sums,
               [&](std::int64_t at, std::int64_t, std::int64_t valid) INLINE_LAMBDA { return load(x + at, valid); });
}

static void column_squares(const float* x, const float* centre, std::int64_t rows, std::int64_t n, float* sums) {
    accumulate(rows, n, sums, [&](std::int64_t at, std::int64_t j, std::int64_t valid) INLINE_LAMBDA {
        const V d = load(x + at, valid) - load(centre + j, valid);
        return d * d;
    });
}

static void column_products(const float* x, const float* centre, const float* y, std::int64_t rows, std::int64_t n,
                            float* sums) {
    accumulate(rows, n, sums, [&](std::int64_t at, std::int64_t j, std::int64_t valid) INLINE_LAMBDA {
        return (load(x + at, valid) - load(centre + j, valid)) * load(y + at, valid);
    });
}

static void normalize(const float* x, const float* centre, const float* scale, const float* shift, float* y,
                      std::int64_t rows, std::int64_t n) {
    for (std::int64_t row = 0; row < rows; row++, x += n, y += n)
        for (std::int64_t j = 0; j < n; j += W) {
            const std::int64_t valid = least(W, n - j);
            V value = (load(x + j, valid) - load(centre + j, valid)) * load(scale + j, valid);
            if (shift) value += load(shift + j, valid);
            store(y + j, value, valid);
        }
}

static void normalize_gradient(const float* x, const float* dy, const float* centre, const float* scale,
                               const float* mean_dy, const float* slope, float* dx, std::int64_t rows, std::int64_t n) {
    for (std::int64_t row = 0; row < rows; row++, x += n, dy += n, dx += n)
        for (std::int64_t j = 0; j < n; j += W) {
            const std::int64_t valid = least(W, n - j);
            const V pulled = (load(x + j, valid) - load(centre + j, valid)) * load(slope + j, valid);
            store(dx + j, load(scale + j, valid) * (load(dy + j, valid) - load(mean_dy + j, valid) - pulled), valid);
        }
}

}  // namespace convoscope::CONVOSCOPE_ISA
