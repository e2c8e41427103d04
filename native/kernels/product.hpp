// The matrix product that nearly everything stands on: tiles of C kept in registers over the whole sum.
#pragma once

#include "ending.hpp"
#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// Rows × vectors of a tile: as many accumulators as registers allow beside the operands, or as hide what a sum takes.
#if defined(__AVX512F__)
constexpr int panel_vectors = 4;
template <int Vectors>
constexpr int tile_rows = Vectors == 4 ? 6 : Vectors == 1 ? 16 : 8;
#elif defined(__aarch64__)
constexpr int panel_vectors = 4;
template <int Vectors>
constexpr int tile_rows = Vectors == 4 ? 6 : Vectors == 3 ? 8 : 12;
#else
constexpr int panel_vectors = 2;
template <int Vectors>
constexpr int tile_rows = Vectors == 2 ? 6 : 12;
#endif
constexpr int panel = panel_vectors * W;
static_assert(W == channel_block || channel_block % panel == 0);
// Rows of A that have a register each for where they are, whatever else needs one.
constexpr int most_pointers = 8;

static INLINE std::int64_t whole_vectors(std::int64_t n) { return (n + W - 1) / W * W; }

// Some rows of A, anywhere: `column(offset)(i)` is what row i has there.
template <int Rows>
struct AnyRows {
    const float* rows[Rows];

    INLINE auto column(std::int64_t offset) const {
        return [this, offset](auto i) INLINE_LAMBDA { return rows[i][offset]; };
    }
};
template <int Rows>
static INLINE AnyRows<Rows> any_rows(const Product& p, std::int64_t row) {
    AnyRows<Rows> a;
    unroll<Rows>([&](auto i) INLINE_LAMBDA { a.rows[i] = p.a + (p.rows ? p.rows[row + i] : (row + i) * p.row_step); });
    return a;
}

// The same at equal distances: a register for every four.
template <int Rows>
struct EvenRows {
    struct Column {
        const float* fours[(Rows + 3) / 4];
        std::int64_t step, three_steps;

        template <class Row>
        INLINE float operator()(Row i) const {
            constexpr int within = Row() % 4;
            return fours[i / 4][within == 3 ? three_steps : within * step];
        }
    };
    const float* first;
    std::int64_t step, three_steps;

    INLINE Column column(std::int64_t offset) const {
        Column made{{first + offset}, step, three_steps};
        // From the one before or the one before that: compilers would keep a register for each distance from the first.
        unroll<(Rows - 1) / 4>([&](auto i) INLINE_LAMBDA {
            made.fours[i + 1] = i % 2 ? made.fours[i - 1] + 8 * step : made.fours[i] + 4 * step;
        });
        return made;
    }
};
static INLINE bool are_even(const std::int64_t* rows, int count) {
    bool even = true;
    for (int i = 2; i < count; i++) even &= rows[i] - rows[i - 1] == rows[1] - rows[0];
    return even;
}

// sums = rows of A · columns of B, the last vector of which may be a tail of fewer than W.
template <int Rows, int Vectors, bool Tail, template <int> class Left>
static INLINE void tile_sums(const Left<Rows>& a, const std::int64_t* columns, std::int64_t count, const float* b,
                             std::int64_t b_step, int tail, V* sums) {
    unroll<Rows * Vectors>([&](auto i) INLINE_LAMBDA { sums[i] = V{}; });
    for (std::int64_t k = 0; k < count; k++, b += b_step) {
        const auto left = a.column(columns[k]);
        V right[Vectors];
        unroll<Vectors>([&](auto j) INLINE_LAMBDA {
            right[j] = Tail && j == Vectors - 1 ? load_first(b + j * W, tail) : load(b + j * W);
        });
        unroll<Rows>([&](auto i) INLINE_LAMBDA {
            const V value = splat(left(i));
            unroll<Vectors>([&](auto j) INLINE_LAMBDA { sums[i * Vectors + j] += value * right[j]; });
        });
    }
}

template <int Vectors, Edge edge, template <int> class Left, int Rows>
static INLINE void tile_at(const Product& p, const Left<Rows>& a, const float* b, std::int64_t row, std::int64_t column,
                           int tail) {
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
template <int Whole, template <int> class Left, int Rows>
static INLINE void tile_with_half(const Product& p, const Left<Rows>& a, const float* b, std::int64_t row,
                                  std::int64_t column) {
    const auto get = [](const float* from, auto) INLINE_LAMBDA { return load(from); };
    const auto get_half = [](const float* from, auto) INLINE_LAMBDA { return load_half(from); };
    V sums[Rows * Whole + 1];
    Half halves[Rows];
    unroll<Rows * Whole>([&](auto i) INLINE_LAMBDA { sums[i] = V{}; });
    unroll<Rows>([&](auto i) INLINE_LAMBDA { halves[i] = Half{}; });
    for (std::int64_t k = 0; k < p.k; k++, b += p.b_step) {
        const auto left = a.column(p.columns[k]);
        V right[Whole + 1];
        unroll<Whole>([&](auto j) INLINE_LAMBDA { right[j] = load(b + j * W); });
        const Half last = load_half(b + Whole * W);
        unroll<Rows>([&](auto i) INLINE_LAMBDA {
            const V value = splat(left(i));
            unroll<Whole>([&](auto j) INLINE_LAMBDA { sums[i * Whole + j] += value * right[j]; });
            halves[i] += lower_half(value) * last;
        });
    }
    finish_tile<Rows, Whole>(p, sums, row, column, get,
                             [](float* to, V value, auto) INLINE_LAMBDA { store(to, value); });
    finish_tile<Rows, 1>(p, halves, row, column + Whole * W, get_half,
                         [](float* to, Half value, auto) INLINE_LAMBDA { store_half(to, value); });
}
#endif

template <int Vectors, Edge edge, class Left>
static INLINE void tile_from(const Product& p, const Left& a, const float* b, std::int64_t row, std::int64_t column,
                             int tail) {
#if defined(__AVX512F__)
    if constexpr (edge == Edge::half) return tile_with_half<Vectors - 1>(p, a, b, row, column);
#endif
    tile_at<Vectors, edge>(p, a, b, row, column, tail);
}

// Out of line, so that each has all registers to itself.
template <int Rows, int Vectors, Edge edge>
static OUTLINE void tile(const Product& p, const float* b, std::int64_t row, std::int64_t column, int tail) {
    if constexpr (Rows <= most_pointers) {
        tile_from<Vectors, edge>(p, any_rows<Rows>(p, row), b, row, column, tail);
    } else if (!p.rows || are_even(p.rows + row, Rows)) {
        const std::int64_t first = p.rows ? p.rows[row] : row * p.row_step;
        const std::int64_t step = p.rows ? p.rows[row + 1] - first : p.row_step;
        tile_from<Vectors, edge>(p, EvenRows<Rows>{p.a + first, step, 3 * step}, b, row, column, tail);
    } else {
        tile<Rows / 2, Vectors, edge>(p, b, row, column, tail);
        tile<Rows - Rows / 2, Vectors, edge>(p, b, row + Rows / 2, column, tail);
    }
}

// A panel of whole vectors: its rows are shared evenly by its tiles, as sums of a few rows that are left over would wait
// for each other.
template <int Rows, int Vectors>
static void tile_of(const Product& p, const float* b, std::int64_t row, std::int64_t rows, std::int64_t column) {
    if (rows == Rows) return tile<Rows, Vectors, Edge::whole>(p, b, row, column, 0);
    if constexpr (Rows > 1) tile_of<Rows - 1, Vectors>(p, b, row, rows, column);
}
template <int Vectors>
static void whole_panel(const Product& p, const float* b, std::int64_t column) {
    constexpr int most = tile_rows<Vectors>;
    const std::int64_t tiles = (p.m + most - 1) / most;
    for (std::int64_t i = 0, row = 0; i < tiles; i++) {
        const std::int64_t end = p.m * (i + 1) / tiles;
        tile_of<most, Vectors>(p, b, row, end - row, column);
        row = end;
    }
}

template <int Rows, int Vectors, Edge edge>
static void edge_panel(const Product& p, const float* b, std::int64_t row, std::int64_t column, int tail) {
    for (; row + Rows <= p.m; row += Rows) tile<Rows, Vectors, edge>(p, b, row, column, tail);
    if constexpr (Rows > 1)
        if (row < p.m) edge_panel<Rows / 2, Vectors, edge>(p, b, row, column, tail);
}

template <int Vectors>
static void panel_of(const Product& p, const float* b, std::int64_t column, std::int64_t columns) {
    if constexpr (Vectors > 1)
        if (columns <= (Vectors - 1) * W) return panel_of<Vectors - 1>(p, b, column, columns);
    const int tail = static_cast<int>(columns % W);
    if (has_halves && tail == W / 2)
        edge_panel<tile_rows<Vectors>, Vectors, Edge::half>(p, b, 0, column, tail);
    else if (tail)
        edge_panel<tile_rows<Vectors>, Vectors, Edge::tail>(p, b, 0, column, tail);
    else
        whole_panel<Vectors>(p, b, column);
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
