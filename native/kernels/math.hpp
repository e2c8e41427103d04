// exp, expm1 and their like on vectors, to about one unit in the last place.
#pragma once

#include "simd.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// 2^n for whole n from -126 to 127.
static INLINE V power_of_two(I n) { return from_bits((n + 127) << 23); }

// exp(x) = 2^n exp(r), |r| <= ln(2) / 2, with ln(2) in two parts; the polynomial is Cephes' (Moshier).
static INLINE V exp(V x) {
    const V low = splat(-104.0f), high = splat(88.8f);
    V y = select(x > high, high, x);  // comparisons that let NaN through
    y = select(y < low, low, y);
    const V shifted =
        y * 1.44269504088896341f + 12582912.0f;  // 1.5 × 2^23: what is left of the sum is rounded to whole
    const V whole = shifted - 12582912.0f;
    const I n = __builtin_convertvector(select(y == y, whole, V{}), I);
    const V r = (y - whole * 0.693359375f) - whole * -2.12194440e-4f;
    V p = splat(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const V e = p * (r * r) + r + 1.0f;
    const I half = n >> 1;  // two factors, so that subnormal results and the largest ones come out
    return e * power_of_two(half) * power_of_two(n - half);
}

// exp(x) - 1 without loss near 0.
static INLINE V expm1(V x) {
    V p = splat(1.0f / 5040.0f);
    p = p * x + 1.0f / 720.0f;
    p = p * x + 1.0f / 120.0f;
    p = p * x + 1.0f / 24.0f;
    p = p * x + 1.0f / 6.0f;
    p = p * x + 0.5f;
    const V near = p * (x * x) + x;
    const I small = (x < 0.34f) & (x > -0.34f);
    return select(small, near, exp(x) - 1.0f);
}

static INLINE V magnitude(V x) { return from_bits(bits(x) & 0x7fffffff); }
static INLINE V with_sign_of(V x, V sign) {
    return from_bits((bits(x) & 0x7fffffff) | (bits(sign) & splat_int(INT32_MIN)));
}

static INLINE V sigmoid(V x) {
    const V small = exp(-magnitude(x));
    return select(x >= 0.0f, splat(1.0f), small) / (1.0f + small);
}

static INLINE V tanh(V x) {
    const V m = expm1(-2.0f * magnitude(x));  // in (-1, 0]
    return with_sign_of(-m / (2.0f + m), x);
}

}  // namespace convoscope::CONVOSCOPE_ISA
