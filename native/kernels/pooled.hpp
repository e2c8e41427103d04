// Convolutions of few channels under a 2×2 pooling: the winner is picked while its window is in registers, and the
// backward pass gives each lane, a filter, the pixels under its own winner. Where the image is blank, as the background
// of digits and clothes is, both are known without arithmetic.
#pragma once

#include "pool.hpp"
#include "product.hpp"
#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

constexpr std::int64_t windows_at_once = 64;
constexpr std::int64_t most_step = 8, most_floats = 16;  // of four channels: from a window to the next; under a row of it

// The pixels under a stretch of windows: how many rows, how far they are apart, from a window to the next, and how many
// floats of each row.
struct WindowPixels {
    const float* image;
    std::int64_t rows, row, step, floats;
};

// Those of up to windows_at_once windows that have a pixel that is not zero, and those that have none. Returns how many
// have.
static std::int64_t part_windows(const WindowPixels& p, std::int64_t count, std::int32_t* seen, std::int32_t* blank) {
    alignas(64) float column[windows_at_once * most_step + most_floats + W];  // what any row has there
    const std::int64_t floats = (count - 1) * p.step + p.floats;
    for (std::int64_t i = 0; i < floats; i += W) {
        I bits_of_rows{};
        for (std::int64_t row = 0; row < p.rows; row++)
            bits_of_rows |= bits(load(p.image + row * p.row + i, floats - i));
        store(column + i, from_bits(bits_of_rows));
    }
    std::int64_t found = 0;
    for (std::int64_t window = 0; window < count; window++) {
        std::uint32_t all = 0, pixel;
        for (std::int64_t i = 0; i < p.floats; i++) {
            __builtin_memcpy(&pixel, column + window * p.step + i, sizeof pixel);
            all |= pixel;
        }
        // Both are written and one of them counts: no branch to guess wrong.
        seen[found] = blank[window - found] = static_cast<std::int32_t>(window);
        found += all != 0;
    }
    return found;
}

template <PoolMode Mode, int Vectors, bool Tail>
static void pooled_windows(const PooledProduct& p, const float* b, std::int64_t column, int tail,
                           const std::int32_t* windows, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i++) {
        const std::int64_t window = windows[i];
        AnyRows<4> rows;
        unroll<4>([&](auto j) INLINE_LAMBDA { rows.rows[j] = p.a + window * p.step + p.places[j]; });
        V sums[4 * Vectors];
        tile_sums<4, Vectors, false>(rows, p.columns, p.k, b, Vectors * W, 0, sums);  // packed: no tail to mind in B
        const std::int64_t at = window * p.n + column;
        unroll<Vectors>([&](auto j) INLINE_LAMBDA {
            const std::int64_t n = Tail && j == Vectors - 1 ? tail : W;
            I place;
            const V best =
                winner_of_four<Mode>(sums[j], sums[Vectors + j], sums[2 * Vectors + j], sums[3 * Vectors + j], place);
            store(p.output + at + j * W, best, n);
            if (p.winners) store_bytes(p.winners + at + j * W, place, n);
        });
    }
}

template <PoolMode Mode, int Vectors>
static void pooled_panel(const PooledProduct& p, std::int64_t column, const std::int32_t* windows, std::int64_t count) {
    const std::int64_t columns = least(panel, p.n - column);
    if constexpr (Vectors > 1)
        if (columns <= (Vectors - 1) * W) return pooled_panel<Mode, Vectors - 1>(p, column, windows, count);
    const int tail = static_cast<int>(columns % W);
    const float* const b = p.b + column * p.k;
    if (tail)
        pooled_windows<Mode, Vectors, true>(p, b, column, tail, windows, count);
    else
        pooled_windows<Mode, Vectors, false>(p, b, column, 0, windows, count);
}

static void pooled_product(const PooledProduct& whole) {
    PooledProduct p = whole;
    std::int32_t seen[windows_at_once], blank[windows_at_once];
    for (std::int64_t i = 0; i < windows_at_once; i++) seen[i] = static_cast<std::int32_t>(i);
    for (std::int64_t first = 0; first < whole.windows; first += windows_at_once) {
        p.windows = least(windows_at_once, whole.windows - first);
        p.a = whole.a + first * p.step;
        p.output = whole.output + first * p.n;
        if (p.winners) p.winners = whole.winners + first * p.n;
        std::int64_t count = p.windows;
        if (p.pixel_rows)
            count = part_windows({p.a, p.pixel_rows, p.pixel_row, p.step, p.pixel_floats}, p.windows, seen, blank);
        for (std::int64_t column = 0; column < p.n; column += panel)
            if (p.mode == PoolMode::max)
                pooled_panel<PoolMode::max, panel_vectors>(p, column, seen, count);
            else
                pooled_panel<PoolMode::min, panel_vectors>(p, column, seen, count);
        for (std::int64_t i = 0; i < p.windows - count; i++) {
            __builtin_memset(p.output + blank[i] * p.n, 0, static_cast<std::size_t>(p.n) * sizeof(float));
            if (p.winners) __builtin_memset(p.winners + blank[i] * p.n, 0, static_cast<std::size_t>(p.n));
        }
    }
}

// What a window adds to the sums of `Rows` rows of `Taps` values of the kernel: each lane, a filter, meets the pixels
// under its own winner.
#if defined(__AVX512F__)
// A lane looks its pixel up in two rows of the image, a register each.
template <int Rows, int Taps>
static INLINE void add_window(const PooledGradient& p, const float* image, V gradient, I place, V* sums) {
    const I first = (-(place & 1) & static_cast<std::int32_t>(p.channels)) + ((place & 2) << 3);
    const int length = Taps + static_cast<int>(p.channels);
    V pixels[Rows + 1];
    I seen{};
    unroll<Rows + 1>([&](auto i) INLINE_LAMBDA {
        pixels[i] = load(image + i * p.row, length);
        seen |= bits(pixels[i]);
    });
    if (!any(seen)) return;
    unroll<Taps>([&](auto tap) INLINE_LAMBDA {
        const auto index = reinterpret_cast<__m512i>(first + int(tap));
        unroll<Rows>([&](auto i) INLINE_LAMBDA {
            sums[i * Taps + tap] +=
                gradient * reinterpret_cast<V>(_mm512_permutex2var_ps(reinterpret_cast<__m512>(pixels[i]), index,
                                                                      reinterpret_cast<__m512>(pixels[i + 1])));
        });
    });
}
#else
#if defined(__AVX2__)
// Of one channel: two rows of four pixels are a register.
template <int Rows>
static INLINE void add_window_of_four(const PooledGradient& p, const float* image, V gradient, I place, V* sums) {
    const I first = (place & 1) + ((place & 2) << 1);
    __m128 pixels[Rows + 1], seen = _mm_setzero_ps();
    unroll<Rows + 1>([&](auto i) INLINE_LAMBDA {
        pixels[i] = _mm_loadu_ps(image + i * p.row);
        seen = _mm_or_ps(seen, pixels[i]);
    });
    if (_mm_testz_si128(_mm_castps_si128(seen), _mm_castps_si128(seen))) return;
    unroll<Rows>([&](auto i) INLINE_LAMBDA {
        const __m256 rows = _mm256_set_m128(pixels[i + 1], pixels[i]);
        unroll<3>([&](auto tap) INLINE_LAMBDA {
            const auto index = reinterpret_cast<__m256i>(first + int(tap));
            sums[3 * i + tap] += gradient * reinterpret_cast<V>(_mm256_permutevar8x32_ps(rows, index));
        });
    });
}
#endif
template <int Rows, int Taps>
static INLINE void add_window(const PooledGradient& p, const float* image, V gradient, I place, V* sums) {
#if defined(__AVX2__)
    if constexpr (Taps == 3) return add_window_of_four<Rows>(p, image, gradient, place, sums);
#endif
    unroll<4>([&](auto here) INLINE_LAMBDA {
        const V share = select(place == splat_int(here), gradient, V{});
        const float* pixel = image + here / 2 * p.row + here % 2 * p.channels;
        unroll<Rows * Taps>([&](auto i) INLINE_LAMBDA { sums[i] += share * pixel[i / Taps * p.row + i % Taps]; });
    });
}
#endif

// What kernel rows `top` to `top + Rows - 1` get from a vector of filters, `Taps` values of the kernel each.
template <int Rows, int Taps>
static INLINE void add_taps(const PooledGradient& p, std::int64_t top, std::int64_t filter, std::int64_t n) {
    float* const kernel = p.kernel_gradient + top * Taps * p.filters + filter;
    V sums[Rows * Taps];
    unroll<Rows * Taps>([&](auto i) INLINE_LAMBDA { sums[i] = load(kernel + i * p.filters, n); });
    std::int64_t at = filter;
    for (std::int64_t row = 0; row < p.rows; row++) {
        const float* image = p.image + (2 * row + top) * p.row;
        for (std::int64_t window = 0; window < p.windows; window++, at += p.filters, image += 2 * p.channels)
            add_window<Rows, Taps>(p, image, load(p.gradient + at, n), load_bytes(p.winners + at, n), sums);
    }
    unroll<Rows * Taps>([&](auto i) INLINE_LAMBDA { store(kernel + i * p.filters, sums[i], n); });
}

template <int Rows, int Taps>
static void add_pooled_gradient(const PooledGradient& p) {
    for (std::int64_t filter = 0; filter < p.filters; filter += W) {
        const std::int64_t n = p.filters - filter;
        for (std::int64_t top = 0; top < p.size_y; top += Rows)
            if (n >= W)
                add_taps<Rows, Taps>(p, top, filter, W);
            else
                add_taps<Rows, Taps>(p, top, filter, n);
    }
}

// A row of the image under a kernel's row and its neighbour fits in a register; so many kernel rows at a time as leave
// registers for their sums.
static void pooled_gradient(const PooledGradient& p) {
    switch (p.size_x * p.channels) {
        case 3: return p.size_y == 3 ? add_pooled_gradient<3, 3>(p) : add_pooled_gradient<1, 3>(p);
        case 5: return add_pooled_gradient<1, 5>(p);
        case 6: return add_pooled_gradient<1, 6>(p);
        case 9: return add_pooled_gradient<1, 9>(p);
        case 10: return add_pooled_gradient<1, 10>(p);
        case 12: return add_pooled_gradient<1, 12>(p);
    }
}

}  // namespace convoscope::CONVOSCOPE_ISA
