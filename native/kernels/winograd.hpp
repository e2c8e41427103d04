// Winograd's F(2×2, 3×3): four outputs of a 3×3 convolution from 16 products instead of 36, after Lavin and Gray, "Fast
// Algorithms for Convolutional Neural Networks" (2016). Products of all tiles and channels are 16 matrix products;
// here are the transforms before and after them, a vector of channels at a time. A larger kernel is a sum of blocks of
// 3×3 taps and fewer, whose products add up: a block of fewer taps has none in the last of four rows or columns.
#pragma once

#include "product.hpp"
#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

static void winograd_kernel(const WinogradKernel& w) {
    for (std::int64_t column = 0; column < w.filters; column += panel) {
        const std::int64_t step = whole_vectors(least(panel, w.filters - column));
        for (std::int64_t channel = 0; channel < w.channels; channel++)
            for (std::int64_t j = 0; j < step; j += W) {
                const std::int64_t n = w.filters - column - j;
                V g[9], rows[12];
                unroll<9>([&](auto i) INLINE_LAMBDA {
                    const float* tap = w.taps + i / 3 * w.row + (i % 3 * w.channels + channel) * w.filters;
                    g[i] = i / 3 < w.size_y && i % 3 < w.size_x ? load(tap + column + j, n) : V{};
                });
                unroll<3>([&](auto x) INLINE_LAMBDA {
                    const V outer = 0.5f * (g[x] + g[6 + x]), middle = 0.5f * g[3 + x];
                    rows[x] = g[x], rows[3 + x] = outer + middle, rows[6 + x] = outer - middle, rows[9 + x] = g[6 + x];
                });
                const auto put = [&](int i, V value) INLINE_LAMBDA {
                    if (w.to[i]) store(w.to[i] + column * w.depth[i] + (w.first[i] + channel) * step + j, value);
                };
                unroll<4>([&](auto y) INLINE_LAMBDA {
                    const V first = rows[3 * y], last = rows[3 * y + 2];
                    const V outer = 0.5f * (first + last), middle = 0.5f * rows[3 * y + 1];
                    put(4 * y, first);
                    put(4 * y + 1, outer + middle);
                    put(4 * y + 2, outer - middle);
                    put(4 * y + 3, last);
                });
            }
    }
}

// One vector of a tile's channels to its places in the 16 matrices; value(i) is the tile's i-th pixel.
template <class Value>
static INLINE void transform_tile(Value&& value, float* to, std::int64_t matrix, std::int64_t n) {
    V d[16], e[16];
    unroll<16>([&](auto i) INLINE_LAMBDA { d[i] = value(i); });
    unroll<4>([&](auto x) INLINE_LAMBDA {
        e[x] = d[x] - d[8 + x];
        e[4 + x] = d[4 + x] + d[8 + x];
        e[8 + x] = d[8 + x] - d[4 + x];
        e[12 + x] = d[4 + x] - d[12 + x];
    });
    unroll<4>([&](auto y) INLINE_LAMBDA {
        constexpr int at = 4 * y;
        store(to + at * matrix, e[at] - e[at + 2], n);
        store(to + (at + 1) * matrix, e[at + 1] + e[at + 2], n);
        store(to + (at + 2) * matrix, e[at + 2] - e[at + 1], n);
        store(to + (at + 3) * matrix, e[at + 1] - e[at + 3], n);
    });
}

static void winograd_input(const WinogradInput& w) {
    const std::int64_t row = w.width * w.channels;
    float* to = w.to;
    for (std::int64_t x = w.left; x < w.left + 2 * w.tiles; x += 2, to += w.step) {
        const float* corner = w.image + w.top * row + x * w.channels;
        if (w.top >= 0 && x >= 0 && w.top + 4 <= w.height && x + 4 <= w.width) {
            std::int64_t c = 0;
            for (; c + W <= w.channels; c += W)
                transform_tile([&](auto i)
                                   INLINE_LAMBDA { return load(corner + i / 4 * row + i % 4 * w.channels + c); },
                               to + c, w.matrix, W);
            if (c < w.channels)
                transform_tile(
                    [&](auto i)
                        INLINE_LAMBDA { return load(corner + i / 4 * row + i % 4 * w.channels + c, w.channels - c); },
                    to + c, w.matrix, w.channels - c);
            continue;
        }
        const auto inside = [&](int i) INLINE_LAMBDA {
            const std::int64_t y = w.top + i / 4, column = x + i % 4;
            return y >= 0 && y < w.height && column >= 0 && column < w.width;
        };
        for (std::int64_t c = 0; c < w.channels; c += W) {
            const std::int64_t n = least(W, w.channels - c);
            transform_tile(
                [&](auto i)
                    INLINE_LAMBDA { return inside(i) ? load(corner + i / 4 * row + i % 4 * w.channels + c, n) : V{}; },
                to + c, w.matrix, n);
        }
    }
}

// A tile's four outputs, row by row, from its 16 products.
static INLINE void tile_outputs(const float* products, std::int64_t matrix, std::int64_t n, V* out) {
    V e[8];
    unroll<4>([&](auto x) INLINE_LAMBDA {
        const V a = load(products + x * matrix, n), b = load(products + (4 + x) * matrix, n),
                c = load(products + (8 + x) * matrix, n), d = load(products + (12 + x) * matrix, n);
        e[x] = a + (b + c);
        e[4 + x] = b - c - d;
    });
    unroll<2>([&](auto y) INLINE_LAMBDA {
        out[2 * y] = e[4 * y] + (e[4 * y + 1] + e[4 * y + 2]);
        out[2 * y + 1] = e[4 * y + 1] - e[4 * y + 2] - e[4 * y + 3];
    });
}

static void winograd_features(const WinogradOutput& w, float* features, std::int64_t rows, std::int64_t width) {
    for (std::int64_t tile = 0; tile < w.tiles; tile++) {
        float* const to = features + 2 * tile * w.filters;
        const bool both = 2 * tile + 1 < width;
        for (std::int64_t f = 0; f < w.filters; f += W) {
            const std::int64_t n = least(W, w.filters - f);
            V out[4];
            tile_outputs(w.products + tile * w.filters + f, w.matrix, n, out);
            float* const below = to + width * w.filters;
            store(to + f, out[0], n);
            if (both) store(to + w.filters + f, out[1], n);
            if (rows == 1) continue;
            store(below + f, out[2], n);
            if (both) store(below + w.filters + f, out[3], n);
        }
    }
}

// A tile is one window of a 2×2 pooling.
template <PoolMode Mode>
static void winograd_pool(const WinogradOutput& w, float* output, std::uint8_t* winners) {
    for (std::int64_t tile = 0; tile < w.tiles; tile++)
        for (std::int64_t f = 0; f < w.filters; f += W) {
            const std::int64_t n = least(W, w.filters - f), at = tile * w.filters + f;
            V out[4];
            tile_outputs(w.products + at, w.matrix, n, out);
            I place;
            store(output + at, winner_of_four<Mode>(out[0], out[1], out[2], out[3], place), n);
            if (winners) store_bytes(winners + at, place, n);
        }
}

static void winograd_pooled(const WinogradOutput& w, PoolMode mode, float* output, std::uint8_t* winners) {
    if (mode == PoolMode::max) return winograd_pool<PoolMode::max>(w, output, winners);
    winograd_pool<PoolMode::min>(w, output, winners);
}

// A tile's four gradients to its places in the 16 matrices: `tile_outputs` the other way.
static void winograd_gradient(const WinogradGradient& w) {
    for (std::int64_t tile = 0; tile < w.tiles; tile++) {
        const float* const from = w.gradient + 2 * tile * w.filters;
        const bool right = 2 * tile + 1 < w.width, below = w.rows > 1;
        for (std::int64_t f = 0; f < w.filters; f += W) {
            const std::int64_t n = least(W, w.filters - f);
            const float* const next = from + w.width * w.filters + f;
            const V zero{};
            const V g[4] = {load(from + f, n), right ? load(from + w.filters + f, n) : zero,
                            below ? load(next, n) : zero, below && right ? load(next + w.filters, n) : zero};
            const V e[8] = {g[0], g[1], g[0] + g[2], g[1] + g[3], g[0] - g[2], g[1] - g[3], -g[2], -g[3]};
            float* to = w.to + tile * w.filters + f;
            unroll<4>([&](auto y) INLINE_LAMBDA {
                store(to, e[2 * y], n);
                store(to + w.matrix, e[2 * y] + e[2 * y + 1], n);
                store(to + 2 * w.matrix, e[2 * y] - e[2 * y + 1], n);
                store(to + 3 * w.matrix, -e[2 * y + 1], n);
                to += 4 * w.matrix;
            });
        }
    }
}

// `winograd_kernel` the other way.
static void winograd_kernel_gradient(const WinogradKernelGradient& w) {
    for (std::int64_t channel = 0; channel < w.channels; channel++)
        for (std::int64_t f = 0; f < w.filters; f += W) {
            const std::int64_t n = least(W, w.filters - f), at = channel * w.filters + f;
            V u[16], rows[12];
            unroll<16>([&](auto i) INLINE_LAMBDA { u[i] = w.from[i] ? load(w.from[i] + at, n) : V{}; });
            unroll<4>([&](auto x) INLINE_LAMBDA {
                const V sum = 0.5f * (u[4 + x] + u[8 + x]);
                rows[x] = u[x] + sum;
                rows[4 + x] = 0.5f * (u[4 + x] - u[8 + x]);
                rows[8 + x] = sum + u[12 + x];
            });
            unroll<3>([&](auto y) INLINE_LAMBDA {
                if (y >= w.size_y) return;
                const V* const r = rows + 4 * y;
                const V sum = 0.5f * (r[1] + r[2]);
                const V taps[3] = {r[0] + sum, 0.5f * (r[1] - r[2]), sum + r[3]};
                float* to = w.taps + y * w.row + at;
                for (std::int64_t x = 0; x < w.size_x; x++, to += w.channels * w.filters)
                    store(to, load(to, n) + taps[x], n);
            });
        }
}

}  // namespace convoscope::CONVOSCOPE_ISA
