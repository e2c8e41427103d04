// AMX: tiles of 16 rows of 32 terms, multiplied and added to a tile of 16 × 16 sums.
#include "../kernels/table.hpp"

#if defined(__AMX_BF16__) && defined(__AVX512BF16__)
#define CONVOSCOPE_ISA amx
#include "../kernels/bfloat16_pairs.hpp"

namespace convoscope::amx {
namespace {

constexpr std::int64_t side = 16;  // of a tile of sums
static_assert(side == bfloat16_columns && side == W);

// How large the eight tile registers are: all as large as can be. What lies outside of a matrix is left out at the end.
struct alignas(64) Configuration {
    std::uint8_t palette = 1, start = 0, reserved[14] = {};
    std::uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr Configuration configuration;

// Two by two tiles of sums, or one where the other would be outside, in registers 0 to 3; A's are in 4 and 5, B's in 6
// and 7. The sums go to rows of C, or of what is as wide as they are, and may be added to what is there.
struct Sums {
    float* to;
    std::int64_t step;
    bool accumulate;
};
template <bool BothRows, bool BothGroups>
void multiply(const Product& p, const Word* rows, const float* b, const Sums& sums) {
    const std::int64_t step = row_words(p.k), bytes = step * static_cast<std::int64_t>(sizeof(Word));
    const float* const other = b + group_floats(p.k);
    const std::int64_t c_bytes = sums.step * static_cast<std::int64_t>(sizeof(float));
    float* const lower = sums.to + side * sums.step;
    if (sums.accumulate) {
        _tile_loadd(0, sums.to, c_bytes);
        if constexpr (BothGroups) _tile_loadd(1, sums.to + side, c_bytes);
        if constexpr (BothRows) _tile_loadd(2, lower, c_bytes);
        if constexpr (BothRows && BothGroups) _tile_loadd(3, lower + side, c_bytes);
    } else {
        _tile_zero(0);
        if constexpr (BothGroups) _tile_zero(1);
        if constexpr (BothRows) _tile_zero(2);
        if constexpr (BothRows && BothGroups) _tile_zero(3);
    }
    for (std::int64_t k = 0; k < p.k; k += bfloat16_terms) {
        _tile_loadd(4, rows + k, bytes);
        _tile_loadd(6, b + k * side / 2, 64);
        _tile_dpbf16ps(0, 4, 6);
        if constexpr (BothGroups) {
            _tile_loadd(7, other + k * side / 2, 64);
            _tile_dpbf16ps(1, 4, 7);
        }
        if constexpr (BothRows) {
            _tile_loadd(5, rows + side * step + k, bytes);
            _tile_dpbf16ps(2, 5, 6);
        }
        if constexpr (BothRows && BothGroups) _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, sums.to, c_bytes);
    if constexpr (BothGroups) _tile_stored(1, sums.to + side, c_bytes);
    if constexpr (BothRows) _tile_stored(2, lower, c_bytes);
    if constexpr (BothRows && BothGroups) _tile_stored(3, lower + side, c_bytes);
}

// Rows of sums, as many columns side by side as there are in two tiles, to C.
template <int Rows>
INLINE void end_rows(const Product& p, const float* sums, std::int64_t row, std::int64_t column) {
    V values[2 * Rows];
    unroll<2 * Rows>([&](auto i) INLINE_LAMBDA { values[i] = load(sums + i * side); });
    finish_tile<Rows, 2>(
        p, values, row, column, [](const float* from, auto) INLINE_LAMBDA { return load(from); },
        [](float* to, V value, auto) INLINE_LAMBDA { store(to, value); });
}

void end_block(const Product& p, const float* sums, std::int64_t first, std::int64_t last, std::int64_t column) {
    std::int64_t row = first;
    if (p.n - column >= 2 * side)
        for (; row + 4 <= last; row += 4) end_rows<4>(p, sums + (row - first) * 2 * side, row, column);
    for (; row < last; row++) {
        const float* const own = sums + (row - first) * 2 * side;
        end_row(p, load(own), row, column);
        if (p.n - column > side) end_row(p, load(own + side), row, column + side);
    }
}

// Whether sums can be written to C as they are, where tiles are whole.
bool plain(const Product& p) {
    return !p.bias && !p.addend && !p.rectify && p.most == 0 && !p.c_rows && p.c_block == channel_block;
}

// Rows [first, last), 32 at most, of two groups of columns.
void block(const Product& p, const Word* rows, const float* b, std::int64_t first, std::int64_t last,
           std::int64_t column) {
    alignas(64) float room[4 * side * side];
    const std::int64_t height = last - first, width = least(p.n - column, 2 * side);
    const bool direct = height % side == 0 && width % side == 0 && plain(p);
    const Sums sums =
        direct ? Sums{p.c + first * p.c_step + column, p.c_step, p.accumulate} : Sums{room, 2 * side, false};
    if (height > side)
        width > side ? multiply<true, true>(p, rows, b, sums) : multiply<true, false>(p, rows, b, sums);
    else
        width > side ? multiply<false, true>(p, rows, b, sums) : multiply<false, false>(p, rows, b, sums);
    if (!direct) end_block(p, room, first, last, column);
}

void product(const Product& p, float* room) {
    _tile_loadconfig(&configuration);
    each_block(p, room, 2 * side, block);
    _tile_release();
}

constexpr Bfloat16 unit = {"AMX", 2, bfloat16_pack, bfloat16_pack_transposed, product};

}  // namespace
}  // namespace convoscope::amx

const convoscope::Bfloat16* convoscope::amx_bfloat16() { return &amx::unit; }
#else
const convoscope::Bfloat16* convoscope::amx_bfloat16() { return nullptr; }
#endif
