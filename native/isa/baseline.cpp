// What every processor of the architecture has: SSE2 on x86, and plain vectors elsewhere.
#include "../kernels/table.hpp"

#if !defined(__aarch64__)  // there NEON is the baseline
#define CONVOSCOPE_ISA baseline
#define CONVOSCOPE_ISA_NAME "baseline"
#include "../kernels/all.hpp"

const convoscope::Kernels* convoscope::baseline_kernels() { return &baseline::table; }
#else
const convoscope::Kernels* convoscope::baseline_kernels() { return nullptr; }
#endif
