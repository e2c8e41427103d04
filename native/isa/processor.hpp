// What this processor and its operating system support. The compilers' own question needs a library that Clang does not
// link on Windows, so it is put to the processor itself.
#pragma once

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

namespace convoscope {

struct Processor {
    bool avx2 = false;
    bool avx512 = false;    // F, BW, DQ and VL
    bool bfloat16 = false;  // AVX512-BF16
    bool tiles = false;     // AMX-TILE and AMX-BF16, which the system lets a process use that asks for it
};

inline Processor processor() {
    constexpr unsigned fma = 1u << 12, system_saves = 1u << 27;                         // leaf 1, ecx
    constexpr unsigned avx2 = 1u << 5, avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // leaf 7, ebx: F DQ BW VL
    constexpr unsigned bfloat16 = 1u << 5;           // leaf 7, part 1, eax
    constexpr unsigned tiles = 1u << 22 | 1u << 24;  // leaf 7, edx
    constexpr unsigned middle = 0x6, wide = 0xe6, large = 0x60000;  // registers that the system keeps apart, by size
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & fma) == 0 || (c & system_saves) == 0) return {};
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return {};
    const unsigned with_tiles = d & tiles;
    unsigned saved = 0, upper = 0;
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(upper) : "c"(0));
    Processor found;
    found.avx2 = (saved & middle) == middle && (b & avx2) != 0;
    found.avx512 = found.avx2 && (saved & wide) == wide && (b & avx512) == avx512;
    if (!found.avx512 || !__get_cpuid_count(7, 1, &a, &b, &c, &d)) return found;
    found.bfloat16 = (a & bfloat16) != 0;
    found.tiles = found.bfloat16 && with_tiles == tiles && (saved & large) == large;
    return found;
}

}  // namespace convoscope
#endif
