// Winograd's algorithms for three taps along one axis.
//
// Neighbouring outputs are a product of polynomials: taps and pixels are evaluated at some points, multiplied there,
// and outputs are read from the products. The point at infinity takes the leading coefficients. A tile along two axes
// is one such algorithm in the other, so all that a tile needs to know of an axis is here: `pixels` to values at
// `points`, taps to values at points, products to `outputs`; and the transposes of the last two, on the way back.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// Two outputs, at 0, ±1 and infinity.
struct AxisOfTwo {
    static constexpr int outputs = 2, pixels = 4, points = 4, all_points = 4;
    static constexpr int point(int i) { return i; }  // which of all points is the i-th one here

    static INLINE void input(const V* d, V* v) {
        v[0] = d[0] - d[2];
        v[1] = d[1] + d[2];
        v[2] = d[2] - d[1];
        v[3] = d[1] - d[3];
    }
    static INLINE void kernel(const V* g, V* u) {
        const V outer = 0.5f * (g[0] + g[2]), middle = 0.5f * g[1];
        u[0] = g[0];
        u[1] = outer + middle;
        u[2] = outer - middle;
        u[3] = g[2];
    }
    static INLINE void output(const V* m, V* y) {
        y[0] = m[0] + (m[1] + m[2]);
        y[1] = m[1] - m[2] - m[3];
    }
    static INLINE void gradient(const V* y, V* m) {
        m[0] = y[0];
        m[1] = y[0] + y[1];
        m[2] = y[0] - y[1];
        m[3] = -y[1];
    }
    static INLINE void kernel_gradient(const V* u, V* g) {
        const V sum = 0.5f * (u[1] + u[2]);
        g[0] = u[0] + sum;
        g[1] = 0.5f * (u[1] - u[2]);
        g[2] = sum + u[3];
    }
};

// Of four outputs' points 0, ±a, ±b and infinity. Powers and products of these are exact in float; among such points
// they round least.
constexpr float point_a = 0.625f, point_b = 1.5f;
constexpr float square_a = point_a * point_a, square_b = point_b * point_b;

struct AxisOfFour {
    static constexpr int outputs = 4, pixels = 6, points = 6, all_points = 6;
    static constexpr int point(int i) { return i; }

    static INLINE void input(const V* d, V* v) {
        constexpr float sum = square_a + square_b, product = square_a * square_b;
        const V even_a = d[4] - square_b * d[2], odd_a = d[3] - square_b * d[1];
        const V even_b = d[4] - square_a * d[2], odd_b = d[3] - square_a * d[1];
        v[0] = product * d[0] + (d[4] - sum * d[2]);
        v[1] = even_a + point_a * odd_a;
        v[2] = even_a - point_a * odd_a;
        v[3] = even_b + point_b * odd_b;
        v[4] = even_b - point_b * odd_b;
        v[5] = product * d[1] + (d[5] - sum * d[3]);
    }
    // The value at each point is divided by the product of its distances from the others.
    static constexpr float at_zero = 1 / (square_a * square_b), at_a = 0.5f / (square_a * (square_a - square_b)),
                           at_b = 0.5f / (square_b * (square_b - square_a));
    static INLINE void kernel(const V* g, V* u) {
        const V even_a = at_a * g[0] + at_a * square_a * g[2], odd_a = at_a * point_a * g[1];
        const V even_b = at_b * g[0] + at_b * square_b * g[2], odd_b = at_b * point_b * g[1];
        u[0] = at_zero * g[0];
        u[1] = even_a + odd_a;
        u[2] = even_a - odd_a;
        u[3] = even_b + odd_b;
        u[4] = even_b - odd_b;
        u[5] = g[2];
    }
    static INLINE void output(const V* m, V* y) {
        const V even_a = m[1] + m[2], odd_a = m[1] - m[2], even_b = m[3] + m[4], odd_b = m[3] - m[4];
        y[0] = m[0] + (even_a + even_b);
        y[1] = point_a * odd_a + point_b * odd_b;
        y[2] = square_a * even_a + square_b * even_b;
        y[3] = square_a * point_a * odd_a + (square_b * point_b * odd_b + m[5]);
    }
    static INLINE void gradient(const V* y, V* m) {
        const V even_a = y[0] + square_a * y[2], odd_a = point_a * (y[1] + square_a * y[3]);
        const V even_b = y[0] + square_b * y[2], odd_b = point_b * (y[1] + square_b * y[3]);
        m[0] = y[0];
        m[1] = even_a + odd_a;
        m[2] = even_a - odd_a;
        m[3] = even_b + odd_b;
        m[4] = even_b - odd_b;
        m[5] = y[3];
    }
    static INLINE void kernel_gradient(const V* u, V* g) {
        const V even_a = at_a * (u[1] + u[2]), odd_a = u[1] - u[2], even_b = at_b * (u[3] + u[4]), odd_b = u[3] - u[4];
        g[0] = at_zero * u[0] + (even_a + even_b);
        g[1] = at_a * point_a * odd_a + at_b * point_b * odd_b;
        g[2] = square_a * even_a + (square_b * even_b + u[5]);
    }
};

// Two outputs at 0, ±a and infinity of the points above, for kernels as `AxisOfFour` transforms them: the pixels make
// up for what these are divided by.
struct AxisOfHalf {
    static constexpr int outputs = 2, pixels = 4, points = 4, all_points = 6;
    static constexpr int point(int i) { return i < 3 ? i : 5; }

    static INLINE void input(const V* d, V* v) {
        constexpr float difference = square_a - square_b;
        const V even = difference * d[2];
        v[0] = square_a * square_b * d[0] - square_b * d[2];
        v[1] = even + difference * point_a * d[1];
        v[2] = even - difference * point_a * d[1];
        v[3] = d[3] - square_a * d[1];
    }
    static INLINE void output(const V* m, V* y) {
        y[0] = m[0] + (m[1] + m[2]);
        y[1] = point_a * (m[1] - m[2]) + m[3];
    }
    static INLINE void gradient(const V* y, V* m) {
        m[0] = y[0];
        m[1] = y[0] + point_a * y[1];
        m[2] = y[0] - point_a * y[1];
        m[3] = y[1];
    }
};

}  // namespace convoscope::CONVOSCOPE_ISA
