// Winograd's F(2×2, 3×3) and F(4×4, 3×3): four outputs of a 3×3 convolution from 16 products instead of 36, or 16 from
// 36 instead of 144, after Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). Products of all
// tiles and channels are 16 or 36 matrix products; here are the transforms before and after them, a vector of channels
// at a time. A larger kernel is a sum of blocks of 3×3 taps and fewer, whose products add up: a block of fewer taps has
// none at the last point of rows or columns.
#pragma once

#include "pool.hpp"
#include "product.hpp"
#include "simd.hpp"
#include "table.hpp"
#include "winograd_axis.hpp"

namespace convoscope::CONVOSCOPE_ISA {

template <class Axis>
static void transform_kernel(const WinogradKernel& w) {
    constexpr int points = Axis::points;
    for (std::int64_t column = 0; column < w.filters; column += panel) {
        const std::int64_t step = whole_vectors(least(panel, w.filters - column));
        for (std::int64_t channel = 0; channel < w.channels; channel++)
            for (std::int64_t j = 0; j < step; j += W) {
                const std::int64_t n = w.filters - column - j;
                V rows[points][3];
                unroll<3>([&](auto x) INLINE_LAMBDA {
                    V g[3], u[points];
                    unroll<3>([&](auto y) INLINE_LAMBDA {
                        const float* tap = w.taps + y * w.row + (x * w.channels + channel) * w.filters;
                        g[y] = y < w.size_y && x < w.size_x ? load(tap + column + j, n) : V{};
                    });
                    Axis::kernel(g, u);
                    unroll<points>([&](auto p) INLINE_LAMBDA { rows[p][x] = u[p]; });
                });
                unroll<points>([&](auto p) INLINE_LAMBDA {
                    V u[points];
                    Axis::kernel(rows[p], u);
                    unroll<points>([&](auto q) INLINE_LAMBDA {
                        const int i = p * points + q;
                        if (w.to[i]) store(w.to[i] + column * w.depth[i] + (w.first[i] + channel) * step + j, u[q]);
                    });
                });
            }
    }
}

static void winograd_kernel(const WinogradKernel& w) {
    return w.tile == 4 ? transform_kernel<AxisOfFour>(w) : transform_kernel<AxisOfTwo>(w);
}

// body(algorithm along y, along x, number of the tile) for each tile of a row.
template <class Y, class Body>
static INLINE void each_tile_across(const WinogradRow& row, Body&& body) {
    if constexpr (Y::all_points == AxisOfTwo::points) {
        for (std::int64_t tile = 0; tile < row.tiles; tile++) body(Y{}, Y{}, tile);
    } else {
        const std::int64_t whole = row.tiles - row.half;
        for (std::int64_t tile = 0; tile < whole; tile++) body(Y{}, AxisOfFour{}, tile);
        if (row.half) body(Y{}, AxisOfHalf{}, whole);
    }
}
template <class Body>
static INLINE void each_tile(const WinogradRow& row, Body&& body) {
    switch (row.height) {
        case WinogradTile::two: return each_tile_across<AxisOfTwo>(row, body);
        case WinogradTile::four: return each_tile_across<AxisOfFour>(row, body);
        case WinogradTile::half: return each_tile_across<AxisOfHalf>(row, body);
    }
}
// Outputs from one tile to the next: a half is the last.
static INLINE std::int64_t tile_width(const WinogradRow& row) { return row.height == WinogradTile::two ? 2 : 4; }

// body(first, how many) for each vector of so many values: the last may have fewer than W.
template <class Body>
static INLINE void each_vector(std::int64_t count, Body&& body) {
    std::int64_t at = 0;
    for (; at + W <= count; at += W) body(at, W);
    if (at < count) body(at, count - at);
}

// A vector of a tile's channels to its rows in the matrices; value(y, x) is a pixel.
template <class Y, class X, class Value>
static INLINE void transform_tile(Value&& value, const WinogradRow& row, std::int64_t at, std::int64_t n) {
    V rows[Y::points][X::pixels];
    unroll<X::pixels>([&](auto x) INLINE_LAMBDA {
        V d[Y::pixels], v[Y::points];
        unroll<Y::pixels>([&](auto y) INLINE_LAMBDA { d[y] = value(y, x); });
        Y::input(d, v);
        unroll<Y::points>([&](auto p) INLINE_LAMBDA { rows[p][x] = v[p]; });
    });
    unroll<Y::points>([&](auto p) INLINE_LAMBDA {
        V v[X::points];
        X::input(rows[p], v);
        unroll<X::points>([&](auto q) INLINE_LAMBDA {
            store(row.matrices[Y::point(p) * X::all_points + X::point(q)] + at, v[q], n);
        });
    });
}

static void winograd_input(const WinogradInput& w) {
    const std::int64_t row = w.width * w.channels, width = tile_width(w.to);
    each_tile(w.to, [&](auto along_y, auto along_x, std::int64_t tile) INLINE_LAMBDA {
        using Y = decltype(along_y);
        using X = decltype(along_x);
        const std::int64_t left = w.left + tile * width, to = tile * w.to.step;
        const float* const corner = w.image + w.top * row + left * w.channels;
        if (w.top >= 0 && left >= 0 && w.top + Y::pixels <= w.height && left + X::pixels <= w.width) {
            each_vector(w.channels, [&](std::int64_t c, std::int64_t n) INLINE_LAMBDA {
                const float* const from = corner + c;
                transform_tile<Y, X>(
                    [&](auto y, auto x) INLINE_LAMBDA { return load(from + y * row + x * w.channels, n); }, w.to,
                    to + c, n);
            });
            return;
        }
        for (std::int64_t c = 0; c < w.channels; c += W) {
            const std::int64_t n = least(W, w.channels - c);
            transform_tile<Y, X>(
                [&](auto y, auto x) INLINE_LAMBDA {
                    const bool inside = w.top + y >= 0 && w.top + y < w.height && left + x >= 0 && left + x < w.width;
                    return inside ? load(corner + y * row + x * w.channels + c, n) : V{};
                },
                w.to, to + c, n);
        }
    });
}

// A vector of a tile's outputs, row by row, from its products.
template <class Y, class X>
static INLINE void tile_outputs(const WinogradRow& row, std::int64_t at, std::int64_t n, V (*out)[X::outputs]) {
    V rows[Y::outputs][X::points];
    unroll<X::points>([&](auto q) INLINE_LAMBDA {
        V m[Y::points], y[Y::outputs];
        unroll<Y::points>([&](auto p) INLINE_LAMBDA {
            m[p] = load(row.matrices[Y::point(p) * X::all_points + X::point(q)] + at, n);
        });
        Y::output(m, y);
        unroll<Y::outputs>([&](auto i) INLINE_LAMBDA { rows[i][q] = y[i]; });
    });
    unroll<Y::outputs>([&](auto i) INLINE_LAMBDA { X::output(rows[i], out[i]); });
}

static void winograd_features(const WinogradOutput& w, float* features, std::int64_t rows, std::int64_t width) {
    each_tile(w.products, [&](auto along_y, auto along_x, std::int64_t tile) INLINE_LAMBDA {
        using Y = decltype(along_y);
        using X = decltype(along_x);
        const std::int64_t left = tile * tile_width(w.products), columns = width - left;
        each_vector(w.filters, [&](std::int64_t f, std::int64_t n) INLINE_LAMBDA {
            V out[Y::outputs][X::outputs];
            tile_outputs<Y, X>(w.products, tile * w.products.step + f, n, out);
            float* const to = features + left * w.filters + f;
            unroll<Y::outputs>([&](auto y) INLINE_LAMBDA {
                unroll<X::outputs>([&](auto x) INLINE_LAMBDA {
                    if (y < rows && x < columns) store(to + (y * width + x) * w.filters, out[y][x], n);
                });
            });
        });
    });
}

// Windows of a 2×2 pooling, of which a tile is made.
template <PoolMode Mode>
static void pool_tiles(const WinogradOutput& w, float* output, std::uint8_t* winners, std::int64_t width) {
    each_tile(w.products, [&](auto along_y, auto along_x, std::int64_t tile) INLINE_LAMBDA {
        using Y = decltype(along_y);
        using X = decltype(along_x);
        const std::int64_t first = tile * (tile_width(w.products) / 2) * w.filters;
        each_vector(w.filters, [&](std::int64_t f, std::int64_t n) INLINE_LAMBDA {
            V out[Y::outputs][X::outputs];
            tile_outputs<Y, X>(w.products, tile * w.products.step + f, n, out);
            unroll<Y::outputs / 2>([&](auto y) INLINE_LAMBDA {
                unroll<X::outputs / 2>([&](auto x) INLINE_LAMBDA {
                    const V *const upper = out[2 * y] + 2 * x, *const lower = out[2 * y + 1] + 2 * x;
                    const std::int64_t at = first + (y * width + x) * w.filters + f;
                    I place;
                    store(output + at, winner_of_four<Mode>(upper[0], upper[1], lower[0], lower[1], place), n);
                    if (winners) store_bytes(winners + at, place, n);
                });
            });
        });
    });
}

static void winograd_pooled(const WinogradOutput& w, PoolMode mode, float* output, std::uint8_t* winners,
                            std::int64_t width) {
    if (mode == PoolMode::max) return pool_tiles<PoolMode::max>(w, output, winners, width);
    pool_tiles<PoolMode::min>(w, output, winners, width);
}

// A tile's gradients to its rows in the matrices: `tile_outputs` transposed.
static void winograd_gradient(const WinogradGradient& w) {
    each_tile(w.to, [&](auto along_y, auto along_x, std::int64_t tile) INLINE_LAMBDA {
        using Y = decltype(along_y);
        using X = decltype(along_x);
        const std::int64_t left = tile * tile_width(w.to), columns = w.width - left;
        each_vector(w.filters, [&](std::int64_t f, std::int64_t n) INLINE_LAMBDA {
            const float* const from = w.gradient + left * w.filters + f;
            V rows[Y::points][X::outputs];
            unroll<X::outputs>([&](auto x) INLINE_LAMBDA {
                V y[Y::outputs], m[Y::points];
                unroll<Y::outputs>([&](auto i) INLINE_LAMBDA {
                    y[i] = i < w.rows && x < columns ? load(from + (i * w.width + x) * w.filters, n) : V{};
                });
                Y::gradient(y, m);
                unroll<Y::points>([&](auto p) INLINE_LAMBDA { rows[p][x] = m[p]; });
            });
            unroll<Y::points>([&](auto p) INLINE_LAMBDA {
                V m[X::points];
                X::gradient(rows[p], m);
                unroll<X::points>([&](auto q) INLINE_LAMBDA {
                    float* const to = w.to.matrices[Y::point(p) * X::all_points + X::point(q)];
                    store(to + tile * w.to.step + f, m[q], n);
                });
            });
        });
    });
}

// `transform_kernel` transposed.
template <class Axis>
static void add_kernel_gradient(const WinogradKernelGradient& w) {
    constexpr int points = Axis::points;
    for (std::int64_t channel = 0; channel < w.channels; channel++)
        for (std::int64_t f = 0; f < w.filters; f += W) {
            const std::int64_t n = least(W, w.filters - f), at = channel * w.filters + f;
            V rows[3][points];
            unroll<points>([&](auto q) INLINE_LAMBDA {
                V u[points], g[3];
                unroll<points>([&](auto p) INLINE_LAMBDA {
                    const int i = p * points + q;
                    u[p] = w.from[i] ? load(w.from[i] + at, n) : V{};
                });
                Axis::kernel_gradient(u, g);
                unroll<3>([&](auto y) INLINE_LAMBDA { rows[y][q] = g[y]; });
            });
            unroll<3>([&](auto y) INLINE_LAMBDA {
                if (y >= w.size_y) return;
                V taps[3];
                Axis::kernel_gradient(rows[y], taps);
                float* to = w.taps + y * w.row + at;
                for (std::int64_t x = 0; x < w.size_x; x++, to += w.channels * w.filters)
                    store(to, load(to, n) + taps[x], n);
            });
        }
}

static void winograd_kernel_gradient(const WinogradKernelGradient& w) {
    return w.tile == 4 ? add_kernel_gradient<AxisOfFour>(w) : add_kernel_gradient<AxisOfTwo>(w);
}

}  // namespace convoscope::CONVOSCOPE_ISA
