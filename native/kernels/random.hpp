// Philox4x32-10, several blocks side by side.
//
// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Value i takes word i % 4 of
// the block with counter (i / 4 mod 2^32, i / 4 div 2^32, iteration, stream), and the seed is the key.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// Counters and products are 64 bits wide, with values below 2^32: that is how processors multiply such numbers in
// vectors.
typedef std::uint64_t Wide __attribute__((vector_size(4 * W)));
constexpr int wide = W / 2;  // counters in a vector
constexpr int vectors = 4;   // side by side, so that multiplications overlap
constexpr int blocks_at_once = wide * vectors;

static INLINE Wide multiply(Wide x, std::uint32_t y) {
#if defined(__AVX512F__)
    return reinterpret_cast<Wide>(_mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(x), _mm512_set1_epi64(y)));
#elif defined(__AVX2__)
    return reinterpret_cast<Wide>(_mm256_mul_epu32(reinterpret_cast<__m256i>(x), _mm256_set1_epi64x(y)));
#elif defined(__SSE2__)
    return reinterpret_cast<Wide>(_mm_mul_epu32(reinterpret_cast<__m128i>(x), _mm_set1_epi64x(y)));
#else
    return x * y;
#endif
}

// The words of `blocks_at_once` blocks from `block` on, in order.
static INLINE void draw(std::uint64_t seed, std::uint32_t iteration, std::uint32_t stream, std::uint64_t block,
                        std::uint32_t* words) {
    const std::uint64_t low = 0xffffffff;
    Wide a[vectors], b[vectors], c[vectors], d[vectors];
    unroll<vectors>([&](auto v) INLINE_LAMBDA {
        Wide number{};
        for (int i = 0; i < wide; i++) number[i] = block + static_cast<std::uint64_t>(v * wide + i);
        a[v] = number & low;
        b[v] = number >> 32;
        c[v] = Wide{} + iteration;
        d[v] = Wide{} + stream;
    });
    std::uint32_t key_low = static_cast<std::uint32_t>(seed), key_high = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; round++) {
        unroll<vectors>([&](auto v) INLINE_LAMBDA {
            const Wide x = multiply(a[v], 0xD2511F53), y = multiply(c[v], 0xCD9E8D57);
            a[v] = (y >> 32) ^ b[v] ^ std::uint64_t{key_low};
            b[v] = y & low;
            c[v] = (x >> 32) ^ d[v] ^ std::uint64_t{key_high};
            d[v] = x & low;
        });
        key_low += 0x9E3779B9;
        key_high += 0xBB67AE85;
    }
    unroll<vectors>([&](auto v) INLINE_LAMBDA {
        for (int i = 0; i < wide; i++) {
            std::uint32_t* of_block = words + 4 * (v * wide + i);
            of_block[0] = static_cast<std::uint32_t>(a[v][i]);
            of_block[1] = static_cast<std::uint32_t>(b[v][i]);
            of_block[2] = static_cast<std::uint32_t>(c[v][i]);
            of_block[3] = static_cast<std::uint32_t>(d[v][i]);
        }
    });
}

static void random_words(std::uint64_t seed, std::uint32_t iteration, std::uint32_t stream, std::uint64_t first,
                         std::int64_t count, std::uint32_t* words) {
    for (std::int64_t block = 0; block < count; block += blocks_at_once) {
        std::uint32_t drawn[4 * blocks_at_once];
        draw(seed, iteration, stream, first + static_cast<std::uint64_t>(block), drawn);
        const std::int64_t wanted = 4 * least(count - block, blocks_at_once);
        for (std::int64_t i = 0; i < wanted; i++) words[4 * block + i] = drawn[i];
    }
}

static void keep_mask(std::uint64_t seed, std::uint32_t iteration, std::uint32_t stream, std::uint32_t threshold,
                      std::int64_t first, std::int64_t count, std::uint8_t* keep) {
    const std::int64_t end = first + count;
    for (std::int64_t block = first / 4; block * 4 < end; block += blocks_at_once) {
        std::uint32_t words[4 * blocks_at_once];
        draw(seed, iteration, stream, static_cast<std::uint64_t>(block), words);
        const std::int64_t begin = most(block * 4, first), stop = least((block + blocks_at_once) * 4, end);
        for (std::int64_t i = begin; i < stop; i++) keep[i - first] = words[i - block * 4] >= threshold;
    }
}

}  // namespace convoscope::CONVOSCOPE_ISA
