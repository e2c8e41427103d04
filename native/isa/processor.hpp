// What this processor and its operating system support. The compilers' own question needs a library that Clang does not
// link on Windows, so it is put to the processor itself.
#pragma once

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

namespace convoscope {

struct Processor {
    bool avx2 = false;
    bool avx512 = false;  // F, BW, DQ and VL
};

inline Processor processor() {
    constexpr unsigned fma = 1u << 12, system_saves = 1u << 27;                         // leaf 1, ecx
    constexpr unsigned avx2 = 1u << 5, avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // leaf 7, ebx: F, DQ, BW, VL
    constexpr unsigned middle = 0x6, wide = 0xe6;  // registers that the system keeps apart: of 32 bytes, of 64
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & fma) == 0 || (c & system_saves) == 0) return {};
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return {};
    unsigned saved = 0, upper = 0;
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(upper) : "c"(0));
    Processor found;
    found.avx2 = (saved & middle) == middle && (b & avx2) != 0;
    found.avx512 = found.avx2 && (saved & wide) == wide && (b & avx512) == avx512;
    return found;
}

}  // namespace convoscope
#endif
