// AVX2 with fused multiply-add.
#include "../kernels/table.hpp"

#if defined(__AVX2__) && defined(__FMA__)
#define CONVOSCOPE_ISA avx2
#define CONVOSCOPE_ISA_NAME "avx2"
#include "../kernels/all.hpp"

const convoscope::Kernels* convoscope::avx2_kernels() { return &avx2::table; }
#else
const convoscope::Kernels* convoscope::avx2_kernels() { return nullptr; }
#endif
