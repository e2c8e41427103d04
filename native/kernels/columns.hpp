// What runs along the columns of a matrix: sums, and batch normalisation.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// sums[j] += term(row offset, j, valid), one vector of columns at a time.
template <class Term>
static INLINE void accumulate(std::int64_t rows, std::int64_t n, float* sums, Term&& term) {
    for (std::int64_t j = 0; j < n; j += W) {
        const std::int64_t valid = least(W, n - j);
        V total{};
        for (std::int64_t row = 0; row < rows; row++) total += term(row * n + j, j, valid);
        store(sums + j, load(sums + j, valid) + total, valid);
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
