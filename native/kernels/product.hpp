// The matrix product that nearly everything stands on: tiles of C kept in registers over the whole sum.
#pragma once

#include "ending.hpp"
#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// Rows × vectors of a tile: as many accumulators as registers allow beside the operands.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int panel_vectors = 4;
template <int Vectors>
constexpr int tile_rows = Vectors == 4   ? 6
                          : Vectors == 3 ? 8
                                         : 12;
#else
constexpr int panel_vectors = 2;
template <int Vectors>
constexpr int tile_rows = Vectors == 2 ? 6 : 12;
#endif
constexpr int panel = panel_vectors * W;
static_assert(W == channel_block || channel_block % panel == 0);

static INLINE std::int64_t whole_vectors(std::int64_t n) { return (n + W - 1) / W * W; }

// sums = rows of A · columns of B, the last vector of which may be a tail of fewer than W.
template <int Rows, int Vectors, bool Tail>
static INLINE void tile_sums(const float* const* a, const std::int64_t* columns, std::int64_t count, const float* b,
                             std::int64_t b_step, int tail, V* sums) {
    unroll<Rows * Vectors>([&](auto i) INLINE_LAMBDA { sums[i] = V{}; });
    for (std::int64_t k = 0; k < count; k++, b += b_step) {
        const std::int64_t offset = columns[k];
        V right[Vectors];
        unroll<Vectors>([&](auto j) INLINE_LAMBDA {
            right[j] = Tail && j == Vectors - 1 ? load_first(b + j * W, tail) : load(b + j * W);
        });
        unroll<Rows>([&](auto i) INLINE_LAMBDA {
            const V left = splat(a[i][offset]);
            unroll<Vectors>([&](auto j) INLINE_LAMBDA { sums[i * Vectors + j] += left * right[j]; });
        });
    }
}

template <int Rows, int Vectors, Edge edge>
static INLINE void tile(const Product& p, const float* b, std::int64_t row, std::int64_t column, int tail) {
    const float* a[Rows];
    unroll<Rows>([&](auto i) INLINE_LAMBDA { a[i] = p.a + (p.rows ? p.rows[row + i] : (row + i) * p.row_step); });
    V sums[Rows * Vectors];
    tile_sums<Rows, Vectors, edge == Edge::tail>(a, p.columns, p.k, b, p.b_step, tail, sums);
    finish_tile<Rows, Vectors>(
        p, sums, row, column,
        [&](const float* from, auto j)
            INLINE_LAMBDA { return edge == Edge::tail && j == Vectors - 1 ? load_first(from, tail) : load(from); },
        [&](float* to, V value, auto j) INLINE_LAMBDA {
            if (edge == Edge::tail && j == Vectors - 1)
                store_first(to, value, tail);
            else
                store(to, value);
        });
}

#if defined(__AVX512F__)
// `Whole` vectors and one of half the width.
template <int Rows, int Whole>
static INLINE void tile_with_half(const Product& p, const float* b, std::int64_t row, std::int64_t column) {
    const float* a[Rows];
    unroll<Rows>([&](auto i) INLINE_LAMBDA { a[i] = p.a + (p.rows ? p.rows[row + i] : (row + i) * p.row_step); });
    const auto get = [](const float* from, auto) INLINE_LAMBDA { return load(from); };
    const auto get_half = [](const float* from, auto) INLINE_LAMBDA { return load_half(from); };
    V sums[Rows * Whole + 1];
    Half halves[Rows];
    unroll<Rows * Whole>([&](auto i) INLINE_LAMBDA { sums[i] = V{}; });
    unroll<Rows>([&](auto i) INLINE_LAMBDA { halves[i] = Half{}; });
    for (std::int64_t k = 0; k < p.k; k++, b += p.b_step) {
        const std::int64_t offset = p.columns[k];
        V right[Whole + 1];
        unroll<Whole>([&](auto j) INLINE_LAMBDA { right[j] = load(b + j * W); });
        const Half last = load_half(b + Whole * W);
        unroll<Rows>([&](auto i) INLINE_LAMBDA {
            const V left = splat(a[i][offset]);
            unroll<Whole>([&](auto j) INLINE_LAMBDA { sums[i * Whole + j] += left * right[j]; });
            halves[i] += lower_half(left) * last;
        });
    }
    finish_tile<Rows, Whole>(p, sums, row, column, get,
                             [](float* to, V value, auto) INLINE_LAMBDA { store(to, value); });
    finish_tile<Rows, 1>(p, halves, row, column + Whole * W, get_half,
                         [](float* to, Half value, auto) INLINE_LAMBDA { store_half(to, value); });
}
#endif

template <int Rows, int Vectors, Edge edge>
static void tile_column(const Product& p, const float* b, std::int64_t row, std::int64_t column, int tail) {
    for (; row + Rows <= p.m; row += Rows) {
#if defined(__AVX512F__)
        if constexpr (edge == Edge::half)
            tile_with_half<Rows, Vectors - 1>(p, b, row, column);
        else
#endif
            tile<Rows, Vectors, edge>(p, b, row, column, tail);
    }
    if constexpr (Rows > 1)
        if (row < p.m) tile_column<Rows / 2, Vectors, edge>(p, b, row, column, tail);
}

// Rows of a whole panel, shared evenly by its tiles: sums of a few rows that are left over would wait for each other.
template <int Rows>
static INLINE void tile_of(const Product& p, const float* b, std::int64_t row, std::int64_t rows, std::int64_t column) {
    if (rows == Rows) return tile<Rows, panel_vectors, Edge::whole>(p, b, row, column, 0);
    if constexpr (Rows > 1) tile_of<Rows - 1>(p, b, row, rows, column);
}
static void whole_panel(const Product& p, const float* b, std::int64_t column) {
    constexpr int most = tile_rows<panel_vectors>;
    const std::int64_t tiles = (p.m + most - 1) / most;
    for (std::int64_t i = 0, row = 0; i < tiles; i++) {
        const std::int64_t end = p.m * (i + 1) / tiles;
        tile_of<most>(p, b, row, end - row, column);
        row = end;
    }
}

template <int Vectors>
static void panel_of(const Product& p, const float* b, std::int64_t column, std::int64_t columns) {
    if constexpr (Vectors > 1)
        if (columns <= (Vectors - 1) * W) return panel_of<Vectors - 1>(p, b, column, columns);
    const int tail = static_cast<int>(columns % W);
    if (has_halves && tail == W / 2)
        tile_column<tile_rows<Vectors>, Vectors, Edge::half>(p, b, 0, column, tail);
    else if (tail)
        tile_column<tile_rows<Vectors>, Vectors, Edge::tail>(p, b, 0, column, tail);
    else if constexpr (Vectors == panel_vectors)
        whole_panel(p, b, column);
    else
        tile_column<tile_rows<Vectors>, Vectors, Edge::whole>(p, b, 0, column, 0);
}

static void product(const Product& p) {
    Product one = p;
    if (p.c_block == 0) one.c_block = channel_block;
    for (std::int64_t column = 0; column < p.n; column += panel) {
        const std::int64_t columns = least(panel, p.n - column);
        if (p.b_step == 0) one.b_step = whole_vectors(columns);
        panel_of<panel_vectors>(one, p.b + column * (p.b_step == 0 ? p.k : 1), column, columns);
    }
}

static void pack(const float* b, std::int64_t b_step, std::int64_t k, std::int64_t n, float* packed) {
    for (std::int64_t column = 0; column < n; column += panel) {
        const std::int64_t columns = least(panel, n - column), step = whole_vectors(columns);
        for (std::int64_t row = 0; row < k; row++, packed += step) {
            const float* from = b + row * b_step + column;
            for (std::int64_t j = 0; j < step; j += W) store(packed + j, load(from + j, columns - j));
        }
    }
}

// to (columns, rows) = from (rows, columns), both with their own steps from row to row.
static void transpose(const float* from, std::int64_t step, std::int64_t rows, std::int64_t columns, float* to,
                      std::int64_t to_step) {
    for (std::int64_t row = 0; row < rows; row += W)
        for (std::int64_t column = 0; column < columns; column += W) {
            const std::int64_t high = least(W, rows - row), wide = least(W, columns - column);
            V square[W];
            unroll<W>([&](auto i)
                          INLINE_LAMBDA { square[i] = i < high ? load(from + (row + i) * step + column, wide) : V{}; });
            transpose(square);
            unroll<W>([&](auto i) INLINE_LAMBDA {
                if (i < wide) store(to + (column + i) * to_step + row, square[i], high);
            });
        }
}

static void pack_transposed(const float* b, std::int64_t step, std::int64_t k, std::int64_t n, float* packed) {
    for (std::int64_t column = 0; column < n; column += panel) {
        const std::int64_t columns = least(panel, n - column), width = whole_vectors(columns);
        transpose(b + column * step, step, columns, k, packed, width);
        for (std::int64_t row = 0; row < k; row++, packed += width)
            for (std::int64_t j = columns; j < width; j++) packed[j] = 0;
    }
}

static void scatter(const Scatter& s) {
    const float* from = s.patches;
    for (std::int64_t i = 0; i < s.count; i++)
        for (std::int64_t r = 0; r < s.run_count; r++, from += s.run_length) {
            float* to = s.image + s.places[i] + s.runs[r];
            std::int64_t j = 0;
            for (; j + W <= s.run_length; j += W) store(to + j, load(to + j) + load(from + j));
            for (; j < s.run_length; j++) to[j] += from[j];
        }
}

}  // namespace convoscope::CONVOSCOPE_ISA
