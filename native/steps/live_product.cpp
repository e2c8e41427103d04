#include "live_product.hpp"

#include <algorithm>

namespace convoscope {
namespace {

// A live term costs a load with every multiplication, which the whole product shares between rows: at half of the
// values alive, both take the same time.
constexpr double most_live = 0.35;
constexpr std::int64_t fewest_columns = 64, judged_rows = 8;

}  // namespace

bool live_pays(const float* a, std::int64_t rows, std::int64_t count, std::int64_t columns) {
    if (columns < fewest_columns) return false;
    const std::int64_t values = std::min(rows, judged_rows) * count;
    const auto live = values - std::count(a, a + values, 0.0f);
    return static_cast<double>(live) <= most_live * static_cast<double>(values);
}

std::int64_t live_product_floats(std::int64_t rows, std::int64_t count) {
    return 2 * (rows * count + live_room) + 3 * rows;
}

void add_live_product(const Kernels& k, const LiveProduct& p, float* scratch) {
    auto* const terms = reinterpret_cast<Term*>(scratch);
    auto* const lists = reinterpret_cast<TermList*>(terms + p.rows * p.count + live_room);
    std::int64_t found = 0;
    for (std::int64_t row = 0; row < p.rows; row++) {
        const std::int64_t live =
            k.live_terms(p.a + row * p.a_step, p.count, static_cast<std::int32_t>(p.b_step), terms + found);
        lists[row] = {static_cast<std::int32_t>(found), static_cast<std::int32_t>(live),
                      static_cast<std::int32_t>(row * p.c_step)};
        found += live;
    }
    k.add_rows({{terms, lists, p.rows, p.b, p.c}, p.columns});
}

}  // namespace convoscope
