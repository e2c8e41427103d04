// Depthwise convolutions and their gradients: a row of outputs at a time, vectors of channels side by side.
//
// Four neighbouring outputs stay in registers over all rows and taps of the kernel. The way back to the input is the
// same arithmetic with the kernel turned round, for each phase of the strides.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

constexpr int least_of(int x, int y) { return x < y ? x : y; }

// Whether an output and its neighbours read nothing but the image.
static INLINE bool inside(const DepthwiseRow& p, std::int64_t x) {
    return p.columns[x * p.taps] >= 0 && p.columns[(x + depthwise_outputs) * p.taps - 1] >= 0;
}

// `Vectors` vectors of channels of up to four outputs. With `Taps` and `Stride` known, each pixel is loaded once, if it
// is one of the image, which Inside says of all; else (0) each output's taps are looked up.
template <int Taps, int Stride, bool Inside, int Vectors, bool Tail>
static INLINE void depthwise_tile(const DepthwiseRow& p, std::int64_t x, std::int64_t channel, std::int64_t n) {
    const auto lanes_of = [&](int v) INLINE_LAMBDA { return Tail && v == Vectors - 1 ? n : std::int64_t{W}; };
    V sums[depthwise_outputs * Vectors];
    unroll<Vectors>([&](auto v) INLINE_LAMBDA {
        const V bias = p.bias ? load(p.bias + channel + v * W, lanes_of(v)) : V{};
        unroll<int(depthwise_outputs)>([&](auto i) INLINE_LAMBDA { sums[i * Vectors + v] = bias; });
    });
    const std::int64_t outputs = least(depthwise_outputs, p.count - x);
    for (std::int64_t row = 0; row < p.rows; row++) {
        const float* const kernel = p.kernels[row] + channel;
        const float* const image = p.inputs[row] + channel;
        if constexpr (Taps > 0) {
            V weights[Taps * Vectors];
            unroll<Taps>([&](auto t) INLINE_LAMBDA {
                unroll<Vectors>([&](auto v) INLINE_LAMBDA {
                    weights[t * Vectors + v] = load(kernel + p.tap_offsets[t] + v * W, lanes_of(v));
                });
            });
            const std::int64_t* const columns = p.columns + x * Taps;
            unroll<(int(depthwise_outputs) - 1) * Stride + Taps>([&](auto pixel) INLINE_LAMBDA {
                // An output that reads the pixel, to look up where it is.
                constexpr int reader = least_of(int(decltype(pixel){}) / Stride, int(depthwise_outputs) - 1);
                const std::int64_t column = Inside ? columns[0] + pixel * p.channels
                                                   : columns[reader * Taps + int(decltype(pixel){}) - reader * Stride];
                if (!Inside && column < 0) return;
                unroll<Vectors>([&](auto v) INLINE_LAMBDA {
                    const V value = load(image + column + v * W, lanes_of(v));
                    unroll<int(depthwise_outputs)>([&](auto i) INLINE_LAMBDA {
                        constexpr int tap = int(decltype(pixel){}) - int(decltype(i){}) * Stride;
                        if constexpr (tap >= 0 && tap < Taps)
                            sums[i * Vectors + v] += value * weights[tap * Vectors + v];
                    });
                });
            });
        } else {
            for (std::int64_t tap = 0; tap < p.taps; tap++)
                unroll<Vectors>([&](auto v) INLINE_LAMBDA {
                    const V weight = load(kernel + p.tap_offsets[tap] + v * W, lanes_of(v));
                    unroll<int(depthwise_outputs)>([&](auto i) INLINE_LAMBDA {
                        if (i >= outputs) return;
                        const std::int64_t column = p.columns[(x + i) * p.taps + tap];
                        if (column >= 0) sums[i * Vectors + v] += weight * load(image + column + v * W, lanes_of(v));
                    });
                });
        }
    }
    const V low = splat(p.low), high = splat(p.high);
    unroll<int(depthwise_outputs)>([&](auto i) INLINE_LAMBDA {
        if (i >= outputs) return;
        float* const to = p.output + (x + i) * p.output_step + channel;
        unroll<Vectors>([&](auto v) INLINE_LAMBDA {
            V value = sums[i * Vectors + v];
            if (p.bounded) {  // comparisons that let NaN through
                value = select(value < low, low, value);
                value = select(value > high, high, value);
            }
            store(to + v * W, value, lanes_of(v));
        });
    });
}

template <int Taps, int Stride, bool Inside>
static INLINE void depthwise_channels(const DepthwiseRow& p, std::int64_t x) {
    std::int64_t channel = 0;
    for (; channel + 2 * W <= p.channels; channel += 2 * W)
        depthwise_tile<Taps, Stride, Inside, 2, false>(p, x, channel, W);
    for (; channel + W <= p.channels; channel += W) depthwise_tile<Taps, Stride, Inside, 1, false>(p, x, channel, W);
    if (channel < p.channels) depthwise_tile<Taps, Stride, Inside, 1, true>(p, x, channel, p.channels - channel);
}

template <int Taps, int Stride>
static void depthwise_tiles(const DepthwiseRow& p) {
    for (std::int64_t x = 0; x < p.count; x += depthwise_outputs)
        if (inside(p, x))
            depthwise_channels<Taps, Stride, true>(p, x);
        else
            depthwise_channels<Taps, Stride, false>(p, x);
}

static void depthwise_row(const DepthwiseRow& p) {
    if (p.even && p.stride == 1) {
        if (p.taps == 1) return depthwise_tiles<1, 1>(p);
        if (p.taps == 2) return depthwise_tiles<2, 1>(p);
        if (p.taps == 3) return depthwise_tiles<3, 1>(p);
        if (p.taps == 5) return depthwise_tiles<5, 1>(p);
    }
    if (p.even && p.stride == 2) {
        if (p.taps == 3) return depthwise_tiles<3, 2>(p);
        if (p.taps == 5) return depthwise_tiles<5, 2>(p);
    }
    depthwise_tiles<0, 0>(p);
}

// `Count` outputs side by side, of one block of channels: in registers over all of the kernel.
template <int Taps, int Stride, int Count>
static INLINE void depthwise_blocks_tile(const DepthwiseBlocks& p, const float* const* rows, std::int64_t offset,
                                         const float* kernel, V bias, float* output, std::int64_t n) {
    V sums[Count];
    unroll<Count>([&](auto i) INLINE_LAMBDA { sums[i] = bias; });
    for (std::int64_t row = 0; row < p.size_y; row++, kernel += Taps * channel_block) {
        if (!rows[row]) continue;
        const float* const image = rows[row] + offset;
        V weights[Taps];
        unroll<Taps>([&](auto t) INLINE_LAMBDA { weights[t] = load(kernel + t * channel_block); });
        unroll<(Count - 1) * Stride + Taps>([&](auto pixel) INLINE_LAMBDA {
            const V value = load(image + pixel * channel_block);
            unroll<Count>([&](auto i) INLINE_LAMBDA {
                constexpr int tap = int(decltype(pixel){}) - int(decltype(i){}) * Stride;
                if constexpr (tap >= 0 && tap < Taps) sums[i] += value * weights[tap];
            });
        });
    }
    if (p.rectify) unroll<Count>([&](auto i) INLINE_LAMBDA { sums[i] = larger(V{}, sums[i]); });  // NaN stays
    if (p.most > 0) unroll<Count>([&](auto i) INLINE_LAMBDA { sums[i] = smaller(splat(p.most), sums[i]); });
    unroll<Count>([&](auto i) INLINE_LAMBDA { store(output + i * p.output_pixel, sums[i], n); });
}

template <int Taps, int Stride, int Count>
static void depthwise_blocks_of(const DepthwiseBlocks& p, std::int64_t first, std::int64_t count) {
    for (std::int64_t channel = 0; channel < p.channels; channel += W) {
        const std::int64_t block = channel / channel_block, lane = channel % channel_block;
        const float* const kernel = p.kernel + block * p.size_y * Taps * channel_block + lane;
        const V bias = load(p.bias + channel);
        for (std::int64_t y = 0; y < p.height; y++)
            for (std::int64_t i = 0; i < count; i++) {
                const std::int64_t x = first + i * Count;
                depthwise_blocks_tile<Taps, Stride, Count>(
                    p, p.rows + y * p.stride_y, block * p.block + x * Stride * channel_block + lane, kernel, bias,
                    p.output + block * p.output_block + lane + y * p.output_row + x * p.output_pixel,
                    p.channels - channel);
            }
    }
}

constexpr int most_outputs = 8;

// Tiles as even as they can be: of 14 outputs two of seven, of 15 one of eight and one of seven.
template <int Taps, int Stride, int Count>
static void depthwise_blocks_in(const DepthwiseBlocks& p, std::int64_t each) {
    if constexpr (Count > 1)
        if (each < Count) return depthwise_blocks_in<Taps, Stride, Count - 1>(p, each);
    const std::int64_t tiles = (p.width + Count - 1) / Count, fewer = tiles * Count - p.width;
    depthwise_blocks_of<Taps, Stride, Count>(p, 0, tiles - fewer);
    if constexpr (Count > 1) depthwise_blocks_of<Taps, Stride, Count - 1>(p, (tiles - fewer) * Count, fewer);
}

template <int Taps, int Stride>
static void depthwise_blocks_of_width(const DepthwiseBlocks& p) {
    const std::int64_t tiles = (p.width + most_outputs - 1) / most_outputs;
    depthwise_blocks_in<Taps, Stride, most_outputs>(p, (p.width + tiles - 1) / tiles);
}

static void depthwise_blocks(const DepthwiseBlocks& p) {
    if (p.size_x == 3) return p.stride_x == 1 ? depthwise_blocks_of_width<3, 1>(p) : depthwise_blocks_of_width<3, 2>(p);
    return p.stride_x == 1 ? depthwise_blocks_of_width<5, 1>(p) : depthwise_blocks_of_width<5, 2>(p);
}

static void copy_block(const float* from, std::int64_t step, std::int64_t pixels, std::int64_t channels, float* to) {
    for (std::int64_t i = 0; i < pixels; i++, from += step, to += channel_block)
        unroll<int(channel_block) / W>([&](auto v) INLINE_LAMBDA {
            store(to + v * W, v * W < channels ? load(from + v * W, channels - v * W) : V{});
        });
}

// What a row of outputs' gradients adds to one row of the kernel's: a sum for each tap, in registers over the row.
template <int Taps, int Vectors, bool Tail>
static INLINE void add_depthwise_taps(const DepthwiseGradient& p, const float* image, float* kernel,
                                      std::int64_t channel, std::int64_t n) {
    const auto lanes_of = [&](int v) INLINE_LAMBDA { return Tail && v == Vectors - 1 ? n : std::int64_t{W}; };
    V sums[Taps * Vectors]{};
    for (std::int64_t x = 0; x < p.count; x++) {
        const float* const sent = p.gradient + x * p.channels + channel;
        const std::int64_t* const columns = p.columns + x * p.taps;
        V gradients[Vectors];
        unroll<Vectors>([&](auto v) INLINE_LAMBDA { gradients[v] = load(sent + v * W, lanes_of(v)); });
        unroll<Taps>([&](auto t) INLINE_LAMBDA {
            if (columns[t] < 0) return;
            const float* const pixel = image + columns[t] + channel;
            unroll<Vectors>([&](auto v) INLINE_LAMBDA {
                sums[t * Vectors + v] += gradients[v] * load(pixel + v * W, lanes_of(v));
            });
        });
    }
    unroll<Taps>([&](auto t) INLINE_LAMBDA {
        unroll<Vectors>([&](auto v) INLINE_LAMBDA {
            float* const to = kernel + t * p.channels + channel + v * W;
            store(to, load(to, lanes_of(v)) + sums[t * Vectors + v], lanes_of(v));
        });
    });
}

template <int Taps>
static INLINE void add_depthwise_row(const DepthwiseGradient& p, const float* image, float* kernel) {
    std::int64_t channel = 0;
    for (; channel + 2 * W <= p.channels; channel += 2 * W)
        add_depthwise_taps<Taps, 2, false>(p, image, kernel, channel, W);
    for (; channel + W <= p.channels; channel += W) add_depthwise_taps<Taps, 1, false>(p, image, kernel, channel, W);
    if (channel < p.channels) add_depthwise_taps<Taps, 1, true>(p, image, kernel, channel, p.channels - channel);
}

static void depthwise_gradient(const DepthwiseGradient& p) {
    for (std::int64_t row = 0; row < p.rows; row++) {
        if (p.taps == 3) {
            add_depthwise_row<3>(p, p.inputs[row], p.kernels[row]);
            continue;
        }
        if (p.taps == 5) {
            add_depthwise_row<5>(p, p.inputs[row], p.kernels[row]);
            continue;
        }
        DepthwiseGradient one = p;
        for (std::int64_t tap = 0; tap < p.taps; tap++) {
            one.columns = p.columns + tap;
            add_depthwise_row<1>(one, p.inputs[row], p.kernels[row] + tap * p.channels);
        }
    }
}

}  // namespace convoscope::CONVOSCOPE_ISA
