// Products of a matrix many of whose values are zero, as those behind a ReLU are, and of images with a dark background.
#pragma once

#include "../kernels/table.hpp"

namespace convoscope {

// C (rows, columns) += A (rows, count) · B (count, columns), by A's values that are not zero.
struct LiveProduct {
    const float* a;
    std::int64_t a_step, rows, count;
    const float* b;
    std::int64_t b_step;
    float* c;
    std::int64_t c_step, columns;
};

// Whether so much of A is zero that this is less work than the whole product: judged by a few of its rows.
bool live_pays(const float* a, std::int64_t rows, std::int64_t count, std::int64_t columns);

std::int64_t live_product_floats(std::int64_t rows, std::int64_t count);
void add_live_product(const Kernels&, const LiveProduct&, float* scratch);

}  // namespace convoscope
