// AVX-512 (F, BW, DQ, VL).
#include "../kernels/table.hpp"

#if defined(__AVX512F__)
#define CONVOSCOPE_ISA avx512
#define CONVOSCOPE_ISA_NAME "avx512"
#include "../kernels/all.hpp"

const convoscope::Kernels* convoscope::avx512_kernels() { return &avx512::table; }
#else
const convoscope::Kernels* convoscope::avx512_kernels() { return nullptr; }
#endif
