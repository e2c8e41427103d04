// NEON on 64-bit Arm, where it is always there.
#include "../kernels/table.hpp"

#if defined(__aarch64__)
#define CONVOSCOPE_ISA neon
#define CONVOSCOPE_ISA_NAME "neon"
#include "../kernels/all.hpp"

const convoscope::Kernels* convoscope::neon_kernels() { return &neon::table; }
#else
const convoscope::Kernels* convoscope::neon_kernels() { return nullptr; }
#endif
