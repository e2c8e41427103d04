#include "filter.hpp"

#include <algorithm>

#include "../isa/choice.hpp"
#include "pool.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t products_of_part = 1 << 20;

}  // namespace

void filter(const Filter& f, std::int64_t rows, Interrupt& interrupt) {
    const Kernels& k = kernels();
    Pool& pool = Pool::shared();
    const std::int64_t of_row = std::max<std::int64_t>(1, f.row * f.size_y * f.size_x),
                       band = std::max<std::int64_t>(1, products_of_part / of_row), parts = (rows + band - 1) / band;
    pool.run(static_cast<int>(parts), static_cast<int>(std::min<std::int64_t>(pool.threads(), parts)), interrupt,
             [&](int part, int) { k.filter(f, part * band, std::min(rows, (part + 1) * band)); });
    interrupt.throw_if_stopped();
}

}  // namespace convoscope
