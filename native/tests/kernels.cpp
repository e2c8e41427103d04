// Kernels on buffers without a float to spare, against the plainest loops.
#include <algorithm>
#include <limits>

#include "check.hpp"
#include "isa/choice.hpp"

using namespace convoscope;

namespace {

// Where rows of A begin: none said, at equal distances, or with gaps here and there, as patches at the end of a map's row.
enum class Distances { row_step, even, uneven };

void product_of(std::int64_t m, std::int64_t n, std::int64_t k, bool packed, bool transposed, bool accumulate,
                Distances distances = Distances::row_step) {
    const Kernels& kernel = kernels();
    std::vector<std::int64_t> rows;
    for (std::int64_t i = 0, at = 0; i < m; i++, at += k) {
        if (distances == Distances::uneven && random_int(0, 5) == 0) at += k;
        rows.push_back(at);
    }
    const Floats a = random_floats(rows.back() + k), b = random_floats(k * n), before = random_floats(m * n),
                 bias = random_floats(n);
    const bool plain = !accumulate && random_int(0, 1);
    std::vector<std::int64_t> columns;
    for (std::int64_t i = 0; i < k; i++) columns.push_back(i);
    const float most = random_int(0, 1) ? 1.5f : 0.0f;
    Floats expected = before,
           panels(static_cast<std::size_t>((n + kernel.width - 1) / kernel.width * kernel.width * k)), found = before;
    for (std::int64_t i = 0; i < m; i++)
        for (std::int64_t j = 0; j < n; j++) {
            double sum = accumulate ? static_cast<double>(before[static_cast<std::size_t>(i * n + j)]) : 0.0;
            for (std::int64_t l = 0; l < k; l++)
                sum += static_cast<double>(a[static_cast<std::size_t>(rows[static_cast<std::size_t>(i)] + l)]) *
                       static_cast<double>(b[static_cast<std::size_t>(transposed ? j * k + l : l * n + j)]);
            if (!accumulate && !plain) sum = std::max(sum + static_cast<double>(bias[static_cast<std::size_t>(j)]), 0.0);
            if (!accumulate && !plain && most > 0) sum = std::min(sum, static_cast<double>(most));
            expected[static_cast<std::size_t>(i * n + j)] = static_cast<float>(sum);
        }
    if (transposed)
        kernel.pack_transposed(b.data(), k, k, n, panels.data());
    else if (packed)
        kernel.pack(b.data(), n, k, n, panels.data());
    const bool in_panels = packed || transposed;
    Product p{};
    p.a = a.data(), p.row_step = k, p.columns = columns.data();
    if (distances != Distances::row_step) p.rows = rows.data(), p.row_step = 0;
    p.b = in_panels ? panels.data() : b.data(), p.b_step = in_panels ? 0 : n;
    p.c = found.data(), p.c_step = n;
    p.m = m, p.n = n, p.k = k;
    p.accumulate = accumulate, p.rectify = !accumulate && !plain;
    if (!accumulate && !plain) p.bias = bias.data(), p.most = most;
    kernel.product(p);
    // Rounding goes with the terms, which are about 1, and not with what is left where they cancel.
    expect_near(found, expected, 1e-5,
                "product " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k), 1);
}

void activations_of(std::int64_t count) {
    const Kernels& k = kernels();
    const Floats x = random_floats(count), dy = random_floats(count);
    for (int kind = 0; kind <= static_cast<int>(Nonlinearity::silu); kind++) {
        const Activation f{static_cast<Nonlinearity>(kind), 0.3f};
        Floats y(x.size()), dx(x.size()), above(x.size()), below(x.size()), expected(x.size()), higher = x, lower = x;
        k.activation(f, x.data(), y.data(), count);
        k.activation_gradient(f, x.data(), y.data(), dy.data(), dx.data(), count);
        for (float& value : higher) value += 1e-2f;
        for (float& value : lower) value -= 1e-2f;
        k.activation(f, higher.data(), above.data(), count);
        k.activation(f, lower.data(), below.data(), count);
        for (std::size_t i = 0; i < x.size(); i++) {
            const bool kink = std::fabs(x[i]) < 2e-2f;
            expected[i] = kink ? dx[i] : dy[i] * (above[i] - below[i]) / 2e-2f;
        }
        expect_near(dx, expected, 1e-2, "gradient of activation " + std::to_string(kind));
    }
    Floats y(x.size()), sums(1);
    k.softmax(x.data(), y.data(), 1, count);
    k.column_sums(y.data(), count, 1, sums.data());
    expect_near(sums, {1.0f}, 1e-5, "sum of a softmax");
}

void columns_of(std::int64_t rows, std::int64_t n) {
    const Kernels& k = kernels();
    const Floats x = random_floats(rows * n), y = random_floats(rows * n), centre = random_floats(n);
    Floats found(static_cast<std::size_t>(n)), expected(static_cast<std::size_t>(n));
    k.column_products(x.data(), centre.data(), y.data(), rows, n, found.data());
    for (std::int64_t i = 0; i < rows * n; i++)
        expected[static_cast<std::size_t>(i % n)] +=
            (x[static_cast<std::size_t>(i)] - centre[static_cast<std::size_t>(i % n)]) * y[static_cast<std::size_t>(i)];
    expect_near(found, expected, 1e-4, "column products");
    Floats squares(static_cast<std::size_t>(n)), again(static_cast<std::size_t>(n)), centred(x.size());
    k.column_squares(x.data(), centre.data(), rows, n, squares.data());
    const Floats ones(static_cast<std::size_t>(n), 1.0f);
    k.normalize(x.data(), centre.data(), ones.data(), nullptr, centred.data(), rows, n);
    const Floats zeros(static_cast<std::size_t>(n), 0.0f);
    k.column_products(centred.data(), zeros.data(), centred.data(), rows, n, again.data());
    expect_near(squares, again, 1e-4, "column squares");
}

void conversions_of(std::int64_t count) {
    const Kernels& k = kernels();
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
    std::vector<double> doubles(static_cast<std::size_t>(count));
    Floats expected(static_cast<std::size_t>(count)), from_bytes = expected, from_doubles = expected;
    for (std::size_t i = 0; i < bytes.size(); i++) {
        bytes[i] = static_cast<std::uint8_t>(i * 7);
        doubles[i] = bytes[i];
        expected[i] = bytes[i];
    }
    k.from_bytes(bytes.data(), from_bytes.data(), count);
    k.from_doubles(doubles.data(), from_doubles.data(), count);
    expect_near(from_bytes, expected, 0, "from bytes");
    expect_near(from_doubles, expected, 0, "from doubles");
}

// A value that is not finite is seen wherever it stands, and the largest number is none.
void finite_of(std::int64_t count) {
    const Kernels& k = kernels();
    Floats x = random_floats(count);
    x[0] = -std::numeric_limits<float>::max();
    if (!k.finite(x.data(), count)) fail("finite numbers are taken for others");
    for (const float bad : {std::nanf(""), -std::nanf(""), HUGE_VALF, -HUGE_VALF})
        for (float& value : x) {
            const float before = value;
            value = bad;
            if (k.finite(x.data(), count)) fail("a value that is not finite is not seen");
            value = before;
        }
}

// A mask made in one go and the same made piece by piece; and the words of the paper's known answer.
void masks_of(std::int64_t count) {
    const Kernels& k = kernels();
    std::vector<std::uint8_t> whole(static_cast<std::size_t>(count)), piece;
    k.keep_mask(7, 3, 2, 1u << 31, 0, count, whole.data());
    for (std::int64_t first = 0; first < count; first += 5) {
        const std::int64_t n = std::min<std::int64_t>(5, count - first);
        piece.assign(static_cast<std::size_t>(n), 2);
        k.keep_mask(7, 3, 2, 1u << 31, first, n, piece.data());
        for (std::int64_t i = 0; i < n; i++)
            if (piece[static_cast<std::size_t>(i)] != whole[static_cast<std::size_t>(first + i)])
                fail("masks depend on how they are cut");
    }
    const std::uint32_t words[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    for (std::int64_t i = 0; i < 4; i++) {
        std::uint8_t at = 0, above = 1;
        k.keep_mask(0, 0, 0, words[i], i, 1, &at);
        k.keep_mask(0, 0, 0, words[i] + 1, i, 1, &above);
        if (at != 1 || above != 0) fail("Philox's known answer");
    }
}

}  // namespace

void test_kernels() {
    for (const std::int64_t m : {1, 2, 5, 6, 7, 13, 25})
        for (const std::int64_t n : {1, 3, 7, 8, 16, 17, 31, 40, 48, 64, 65, 100})
            for (const std::int64_t k : {1, 9, 33})
                for (const int how : {0, 1, 2}) product_of(m, n, k, how == 1, how == 2, (m + n + k) % 2 == 0);
    // Rows of tiles that are shared evenly, with fewer pointers than rows.
    for (const std::int64_t m : {8, 9, 12, 15, 16, 17, 24, 31, 33, 47})
        for (const std::int64_t n : {5, 8, 16, 24, 30, 32, 56})
            for (const Distances distances : {Distances::row_step, Distances::even, Distances::uneven})
                for (const std::int64_t k : {0, 1, 18})
                    for (const bool accumulate : {false, true})
                        for (const bool packed : {false, true})
                            product_of(m, n, k, packed, false, accumulate, distances);
    for (const std::int64_t count : {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100}) {
        activations_of(count);
        columns_of(5, count);
        conversions_of(count);
        finite_of(count);
        masks_of(count);
    }
}
