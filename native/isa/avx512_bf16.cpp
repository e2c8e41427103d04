// AVX512-BF16: vectors of pairs, multiplied and added to a vector of sums.
#include "../kernels/table.hpp"

#if defined(__AVX512BF16__)
#define CONVOSCOPE_ISA avx512_bf16
#include "../kernels/bfloat16_pairs.hpp"

namespace convoscope::avx512_bf16 {
namespace {

constexpr int most_rows = 6, most_groups = 4;  // of a tile: as many sums as registers allow

template <int Rows, int Groups>
INLINE void tile(const Product& p, const Word* rows, const float* b, std::int64_t row, std::int64_t column) {
    const std::int64_t pairs = bfloat16_whole(p.k) / 2, step = row_words(p.k), group = group_floats(p.k);
    __m512 sums[Rows * Groups];
    unroll<Rows * Groups>([&](auto i) INLINE_LAMBDA { sums[i] = _mm512_setzero_ps(); });
    for (std::int64_t pair = 0; pair < pairs; pair++) {
        __m512bh right[Groups];
        unroll<Groups>([&](auto j) INLINE_LAMBDA {
            right[j] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + j * group + pair * W));
        });
        unroll<Rows>([&](auto i) INLINE_LAMBDA {
            std::int32_t two;
            __builtin_memcpy(&two, rows + i * step + 2 * pair, sizeof two);
            const auto left = reinterpret_cast<__m512bh>(_mm512_set1_epi32(two));
            unroll<Groups>([&](auto j) INLINE_LAMBDA {
                sums[i * Groups + j] = _mm512_dpbf16_ps(sums[i * Groups + j], left, right[j]);
            });
        });
    }
    unroll<Rows>([&](auto i) INLINE_LAMBDA {
        unroll<Groups>([&](auto j) INLINE_LAMBDA {
            end_row(p, reinterpret_cast<V>(sums[i * Groups + j]), row + i, column + j * bfloat16_columns);
        });
    });
}

// Rows [first, last), of which the packed ones begin at `rows`.
template <int Rows, int Groups>
void tiles(const Product& p, const Word* rows, const float* b, std::int64_t first, std::int64_t last,
           std::int64_t column) {
    for (; first + Rows <= last; first += Rows, rows += Rows * row_words(p.k))
        tile<Rows, Groups>(p, rows, b, first, column);
    if constexpr (Rows > 1)
        if (first < last) tiles<Rows / 2, Groups>(p, rows, b, first, last, column);
}

template <int Groups>
void panel(const Product& p, const Word* rows, const float* b, std::int64_t first, std::int64_t last,
           std::int64_t column) {
    if constexpr (Groups > 1)
        if (p.n - column <= (Groups - 1) * bfloat16_columns) return panel<Groups - 1>(p, rows, b, first, last, column);
    tiles<most_rows, Groups>(p, rows, b, first, last, column);
}

void product(const Product& p, float* room) {
    each_block(p, room, most_groups * bfloat16_columns, panel<most_groups>);
}

constexpr Bfloat16 unit = {"AVX512-BF16", 2, bfloat16_pack, bfloat16_pack_transposed, product};

}  // namespace
}  // namespace convoscope::avx512_bf16

const convoscope::Bfloat16* convoscope::avx512_bfloat16() { return &avx512_bf16::unit; }
#else
const convoscope::Bfloat16* convoscope::avx512_bfloat16() { return nullptr; }
#endif
