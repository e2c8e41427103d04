#include "finite.hpp"

#include <algorithm>
#include <atomic>

#include "../isa/choice.hpp"
#include "pool.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t values_of_part = 1 << 15;

}  // namespace

bool all_finite(const float* values, std::int64_t count, Interrupt& interrupt) {
    const Kernels& k = kernels();
    Pool& pool = Pool::shared();
    const auto parts = static_cast<int>((count + values_of_part - 1) / values_of_part);
    std::atomic<bool> finite{true};
    pool.run(parts, std::min(pool.threads(), parts), interrupt, [&](int part, int) {
        const std::int64_t begin = part * values_of_part;
        if (finite && !k.finite(values + begin, std::min(values_of_part, count - begin))) finite = false;
    });
    interrupt.throw_if_stopped();
    return finite;
}

}  // namespace convoscope
