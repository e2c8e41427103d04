// Vectors of floats, as wide as the instruction set that this translation unit is compiled for.
//
// Everything below kernels/ lives in a namespace named for the instruction set, and uses no function of the standard
// library that could be emitted out of line: the linker keeps only one copy of such a function, whichever unit it is
// from.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define INLINE inline __attribute__((always_inline))
#define OUTLINE __attribute__((noinline))
#define INLINE_LAMBDA __attribute__((always_inline))

namespace convoscope::CONVOSCOPE_ISA {

#if defined(__AVX512F__)
constexpr int W = 16;
#elif defined(__AVX2__)
constexpr int W = 8;
#else
constexpr int W = 4;
#endif

typedef float V __attribute__((vector_size(4 * W)));
typedef std::int32_t I __attribute__((vector_size(4 * W)));
typedef std::uint8_t Bytes __attribute__((vector_size(W)));
typedef float Unaligned __attribute__((vector_size(4 * W), aligned(4), may_alias));
typedef std::uint8_t UnalignedBytes __attribute__((vector_size(W), aligned(1), may_alias));

static INLINE V load(const float* p) { return *reinterpret_cast<const Unaligned*>(p); }
static INLINE void store(float* p, V v) { *reinterpret_cast<Unaligned*>(p) = v; }
static INLINE V splat(float x) { return x - V{}; }
static INLINE I splat_int(std::int32_t x) { return x - I{}; }
static INLINE V select(I mask, V yes, V no) { return mask ? yes : no; }
static INLINE I select(I mask, I yes, I no) { return mask ? yes : no; }
// The second one where either is NaN. Compilers need a mask for that unless told the instruction.
#if defined(__AVX512F__)
static INLINE V larger(V x, V y) {
    return reinterpret_cast<V>(_mm512_maskz_max_ps(0xffff, reinterpret_cast<__m512>(x), reinterpret_cast<__m512>(y)));
}
static INLINE V smaller(V x, V y) {
    return reinterpret_cast<V>(_mm512_maskz_min_ps(0xffff, reinterpret_cast<__m512>(x), reinterpret_cast<__m512>(y)));
}
#elif defined(__AVX2__)
static INLINE V larger(V x, V y) {
    return reinterpret_cast<V>(_mm256_max_ps(reinterpret_cast<__m256>(x), reinterpret_cast<__m256>(y)));
}
static INLINE V smaller(V x, V y) {
    return reinterpret_cast<V>(_mm256_min_ps(reinterpret_cast<__m256>(x), reinterpret_cast<__m256>(y)));
}
#else
static INLINE V larger(V x, V y) { return x > y ? x : y; }
static INLINE V smaller(V x, V y) { return x < y ? x : y; }
#endif
static INLINE I bits(V x) { return reinterpret_cast<I>(x); }
static INLINE V from_bits(I x) { return reinterpret_cast<V>(x); }

// The first n < W lanes; memory behind them is not touched.
#if defined(__AVX512F__)
static INLINE V load_first(const float* p, int n) {
    return reinterpret_cast<V>(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p));
}
static INLINE void store_first(float* p, V v, int n) {
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), reinterpret_cast<__m512>(v));
}
#elif defined(__AVX2__)
static const std::int32_t lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
static INLINE __m256i first(int n) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lanes + 8 - n)); }
static INLINE V load_first(const float* p, int n) { return reinterpret_cast<V>(_mm256_maskload_ps(p, first(n))); }
static INLINE void store_first(float* p, V v, int n) { _mm256_maskstore_ps(p, first(n), reinterpret_cast<__m256>(v)); }
#else
static INLINE V load_first(const float* p, int n) {
    V v{};
    if (n > 0) v[0] = p[0];
    if (n > 1) v[1] = p[1];
    if (n > 2) v[2] = p[2];
    return v;
}
static INLINE void store_first(float* p, V v, int n) {
    if (n > 0) p[0] = v[0];
    if (n > 1) p[1] = v[1];
    if (n > 2) p[2] = v[2];
}
#endif

// A whole vector where n >= W, else the first n lanes.
static INLINE V load(const float* p, std::int64_t n) { return n >= W ? load(p) : load_first(p, static_cast<int>(n)); }
static INLINE void store(float* p, V v, std::int64_t n) {
    if (n >= W)
        store(p, v);
    else
        store_first(p, v, static_cast<int>(n));
}

// Bytes as integers and back: compilers do it byte by byte unless told the instruction.
static INLINE I widen(Bytes bytes) {
#if defined(__AVX512F__)
    return reinterpret_cast<I>(_mm512_maskz_cvtepu8_epi32(0xffff, reinterpret_cast<__m128i>(bytes)));
#elif defined(__AVX2__)
    return reinterpret_cast<I>(_mm256_cvtepu8_epi32(_mm_set_epi64x(0, reinterpret_cast<long long>(bytes))));
#else
    return __builtin_convertvector(bytes, I);
#endif
}
static INLINE Bytes narrow(I v) {
#if defined(__AVX512F__)
    return reinterpret_cast<Bytes>(_mm512_maskz_cvtepi32_epi8(0xffff, reinterpret_cast<__m512i>(v)));
#elif defined(__AVX2__)
    const __m256i words = _mm256_packus_epi32(reinterpret_cast<__m256i>(v), _mm256_setzero_si256());
    const __m256i bytes = _mm256_packus_epi16(words, words);  // four bytes in each half
    const auto lower = static_cast<std::uint32_t>(_mm256_extract_epi32(bytes, 0)),
               upper = static_cast<std::uint32_t>(_mm256_extract_epi32(bytes, 4));
    return reinterpret_cast<Bytes>(static_cast<std::uint64_t>(upper) << 32 | lower);
#else
    return __builtin_convertvector(v, Bytes);
#endif
}

static INLINE I load_bytes(const std::uint8_t* p, std::int64_t n) {
    Bytes bytes{};
    if (n >= W)
        bytes = *reinterpret_cast<const UnalignedBytes*>(p);
    else
        for (int i = 0; i < n; i++) bytes[i] = p[i];
    return widen(bytes);
}
static INLINE void store_bytes(std::uint8_t* p, I v, std::int64_t n) {
    const Bytes bytes = narrow(v);
    if (n >= W)
        *reinterpret_cast<UnalignedBytes*>(p) = bytes;
    else
        for (int i = 0; i < n; i++) p[i] = bytes[i];
}

static INLINE bool any(I v) {
#if defined(__AVX512F__)
    return _mm512_test_epi32_mask(reinterpret_cast<__m512i>(v), reinterpret_cast<__m512i>(v)) != 0;
#elif defined(__AVX2__)
    return !_mm256_testz_si256(reinterpret_cast<__m256i>(v), reinterpret_cast<__m256i>(v));
#else
    std::int32_t all = 0;
    for (int i = 0; i < W; i++) all |= v[i];
    return all != 0;
#endif
}

static INLINE float sum(V v) {
    float total = 0;
    for (int i = 0; i < W; i++) total += v[i];
    return total;
}
static INLINE float largest(V v) {
    float best = v[0];
    for (int i = 1; i < W; i++) best = v[i] > best ? v[i] : best;
    return best;
}

// body(index) for 0 .. N-1 with the index known to the compiler: only so do arrays of accumulators stay in registers.
template <int N>
struct Index {
    constexpr operator int() const { return N; }
};
template <int N, class Body>
static INLINE void unroll(Body&& body) {
    if constexpr (N > 0) {
        unroll<N - 1>(body);
        body(Index<N - 1>{});
    }
}

// Lanes of two vectors by turns, from their lower or their upper halves.
template <int... Lane>
struct Lanes {
    static INLINE V interleave(V x, V y, bool upper) {
        constexpr int half = W / 2;
#if defined(__clang__)
        return upper ? __builtin_shufflevector(x, y, (Lane % 2 * W + Lane / 2 + half)...)
                     : __builtin_shufflevector(x, y, (Lane % 2 * W + Lane / 2)...);
#else
        return upper ? __builtin_shuffle(x, y, I{(Lane % 2 * W + Lane / 2 + half)...})
                     : __builtin_shuffle(x, y, I{(Lane % 2 * W + Lane / 2)...});
#endif
    }
};
template <int Count, int... Lane>
struct CountLanes : CountLanes<Count - 1, Count - 1, Lane...> {};
template <int... Lane>
struct CountLanes<0, Lane...> {
    using Type = Lanes<Lane...>;
};

// W vectors as a square matrix, turned over: log2(W) perfect shuffles.
static INLINE void transpose(V* rows) {
    using All = typename CountLanes<W>::Type;
    unroll<W == 16  ? 4
           : W == 8 ? 3
                    : 2>([&](auto) INLINE_LAMBDA {
        V next[W];
        unroll<W / 2>([&](auto i) INLINE_LAMBDA {
            next[2 * i] = All::interleave(rows[i], rows[i + W / 2], false);
            next[2 * i + 1] = All::interleave(rows[i], rows[i + W / 2], true);
        });
        unroll<W>([&](auto i) INLINE_LAMBDA { rows[i] = next[i]; });
    });
}

static INLINE std::int64_t least(std::int64_t x, std::int64_t y) { return x < y ? x : y; }
static INLINE std::int64_t most(std::int64_t x, std::int64_t y) { return x > y ? x : y; }

}  // namespace convoscope::CONVOSCOPE_ISA
