// What multiplies in bfloat16, for the table. Plain data, as that is; what has to be counted is static, so that each
// translation unit has its own code for it.
#pragma once

#include <cstdint>

namespace convoscope {

struct Product;

// Products whose factors are rounded to bfloat16, the upper half of a float32, and whose sums are in float32. B is packed
// for them in groups of columns, with zeros for terms that are missing to a whole number of them.
constexpr std::int64_t bfloat16_columns = 16, bfloat16_terms = 32;
struct Bfloat16 {
    const char* unit;
    std::int64_t values_in_float;  // of packed ones: 1 or 2
    // B is (k, n); transposed, it is (n, k).
    void (*pack)(const float* b, std::int64_t step, std::int64_t k, std::int64_t n, float* packed);
    void (*pack_transposed)(const float* b, std::int64_t step, std::int64_t k, std::int64_t n, float* packed);
    // As a product, of a B that was packed so. `room` is for some of A's rows.
    void (*product)(const Product&, float* room);
};
// From so many terms to a whole number of them; rows of A that are packed at once, and the floats that takes.
static inline constexpr std::int64_t bfloat16_whole(std::int64_t k) {
    return (k + bfloat16_terms - 1) / bfloat16_terms * bfloat16_terms;
}
constexpr std::int64_t bfloat16_rows = 32;
static inline constexpr std::int64_t bfloat16_room(std::int64_t k) {
    return (bfloat16_rows + 2) * (bfloat16_whole(k) + bfloat16_terms);
}

}  // namespace convoscope
