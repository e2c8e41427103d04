// Products of what is rounded to bfloat16, by everything that multiplies so here, against sums in double precision.
#include <algorithm>
#include <cstring>
#include <limits>

#include "check.hpp"
#include "isa/bfloat16.hpp"
#include "isa/choice.hpp"

using namespace convoscope;

namespace {

// To the nearest, by trying both neighbours: not as the kernels do it.
float nearest(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    float near[2];
    for (int i = 0; i < 2; i++) {
        const std::uint32_t cut = (bits & 0xffff0000u) + static_cast<std::uint32_t>(i) * 0x10000u;
        std::memcpy(near + i, &cut, sizeof cut);
    }
    const float below = std::fabs(x - near[0]), above = std::fabs(near[1] - x);
    if (below == above) return bits >> 16 & 1u ? near[1] : near[0];
    return below < above ? near[0] : near[1];
}

// How A lies in memory: terms of a sum side by side; rows side by side; neither; or in runs, as patches do.
enum class Lie { along, across, apart, runs };

struct Case {
    std::int64_t m, n, k;
    Lie lie;
    bool transposed, accumulate, plain, blocks;
};

void product_of(const Case& of, const std::string& what) {
    const auto [m, n, k, lie, transposed, accumulate, is_plain, blocks] = of;
    const Bfloat16& unit = bfloat16(kernels());
    std::vector<std::int64_t> rows, columns;
    for (std::int64_t i = 0; i < m; i++) rows.push_back(lie == Lie::across ? i : i * (3 * k + 5));
    for (std::int64_t l = 0; l < k; l++)
        columns.push_back(lie == Lie::across  ? l * (m + 3)
                          : lie == Lie::apart ? 3 * l
                          : lie == Lie::runs  ? l + l / 20 * 2
                                              : l);
    const Floats a = random_floats(rows.back() + columns.back() + 1), b = random_floats(k * n);
    const std::int64_t step = blocks ? channel_block : n, block = blocks ? m * channel_block : 0;
    const std::int64_t size = blocks ? (n + channel_block - 1) / channel_block * block : m * n;
    const Floats before = random_floats(size), addend = random_floats(size), bias = random_floats(n);
    Floats expected = before, found = before;
    const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    for (std::int64_t i = 0; i < m; i++)
        for (std::int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (std::int64_t l = 0; l < k; l++)
                sum += static_cast<double>(nearest(a[at(rows[at(i)] + columns[at(l)])])) *
                       static_cast<double>(nearest(b[at(transposed ? j * k + l : l * n + j)]));
            const std::size_t to = at(blocks ? i * step + j / channel_block * block + j % channel_block : i * step + j);
            if (!is_plain) sum = std::min(std::max(sum + static_cast<double>(bias[at(j)] + addend[to]), 0.0), 1.5);
            expected[to] = static_cast<float>(sum + (accumulate ? static_cast<double>(before[to]) : 0));
        }
    Floats packed(at((n + bfloat16_columns - 1) / bfloat16_columns * bfloat16_columns * bfloat16_whole(k) /
                     unit.values_in_float)),
        room(at(bfloat16_room(k)));
    (transposed ? unit.pack_transposed : unit.pack)(b.data(), transposed ? k : n, k, n, packed.data());
    Product p{};
    p.a = a.data(), p.rows = rows.data(), p.columns = columns.data();
    p.b = packed.data();
    p.c = found.data(), p.c_step = step, p.c_block = block;
    p.m = m, p.n = n, p.k = k;
    p.accumulate = accumulate;
    if (!is_plain) p.bias = bias.data(), p.addend = addend.data(), p.rectify = true, p.most = 1.5f;
    unit.product(p, room.data());
    expect_near(found, expected, 1e-5, what, 1);
}

void test_unit() {
    for (const std::int64_t m : {1, 5, 16, 17, 32, 39, 64})
        for (const std::int64_t n : {1, 15, 16, 24, 32, 48, 70})
            for (const std::int64_t k : {1, 31, 32, 33, 50, 96})
                for (const Lie lie : {Lie::along, Lie::across, Lie::apart, Lie::runs}) {
                    const std::int64_t some = m + n + k + static_cast<std::int64_t>(lie);
                    const Case of{m, n, k, lie, some % 2 == 0, some % 3 == 0, some % 5 < 2, some % 7 == 0};
                    product_of(of, "product " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) +
                                       " of A's kind " + std::to_string(static_cast<int>(lie)));
                }
}

// What is not finite stays so, and only in the sums that it is in.
void test_not_finite() {
    const Bfloat16& unit = bfloat16(kernels());
    constexpr std::int64_t m = 3, n = 16, k = 40;
    for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::max()}) {
        Floats a(m * k, 1.0f), b(k * n, 1.0f), found(m * n), packed(16 * bfloat16_whole(k)), room(bfloat16_room(k));
        std::vector<std::int64_t> columns(k);
        for (std::size_t i = 0; i < columns.size(); i++) columns[i] = static_cast<std::int64_t>(i);
        a[k + 39] = bad;
        unit.pack(b.data(), n, k, n, packed.data());
        Product p{};
        p.a = a.data(), p.row_step = k, p.columns = columns.data(), p.b = packed.data();
        p.c = found.data(), p.c_step = n, p.m = m, p.n = n, p.k = k;
        unit.product(p, room.data());
        for (std::size_t i = 0; i < found.size(); i++)
            if (i / n == 1 ? std::isfinite(found[i]) : found[i] != 40.0f) fail("a value that is not finite");
    }
}

}  // namespace

void test_bfloat16() {
    const bool best = kernels().name == available_isas().back();
    for (const std::string& unit : bfloat16_units()) {
        if (!best && unit != "emulated") continue;  // the processor's own are of its best set
        set_bfloat16_unit(unit);
        where = unit + ": ";
        test_unit();
        test_not_finite();
    }
    where.clear();
    set_bfloat16_unit("auto");
}
