// Numbers below 1e-38 count as zero while the core computes.
//
// Averages of gradients that have died out shrink towards zero for ever, and many processors take a hundred times as
// long for such numbers as for others.
#pragma once

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif
#include <cstdint>

namespace convoscope {

class FlushDenormals {
public:
#if defined(__SSE2__)
    FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040u); }
    ~FlushDenormals() { _mm_setcsr(saved_); }
#elif defined(__aarch64__)
    FlushDenormals() {
        asm volatile("mrs %0, fpcr" : "=r"(saved_));
        asm volatile("msr fpcr, %0" ::"r"(saved_ | (std::uint64_t{1} << 24)));
    }
    ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(saved_)); }
#else
    FlushDenormals() : saved_(0) {}
#endif
    FlushDenormals(const FlushDenormals&) = delete;

private:
#if defined(__aarch64__)
    std::uint64_t saved_;
#else
    [[maybe_unused]] unsigned saved_;
#endif
};

}  // namespace convoscope
