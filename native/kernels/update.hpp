// The optimizers' formulas, as Keras has them.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

static INLINE V square_root(V x) {
#if defined(__AVX512F__)
    return reinterpret_cast<V>(_mm512_maskz_sqrt_ps(0xffff, reinterpret_cast<__m512>(x)));
#else
    V y{};
    for (int i = 0; i < W; i++) y[i] = __builtin_sqrtf(x[i]);
    return y;
#endif
}

// body(offset, lanes, gradient after clipping) for each vector; weights have been shrunk by then.
template <class Body>
static INLINE void each_gradient(const UpdateNumbers& u, float* w, const float* g, std::int64_t count, Body&& body) {
    for (std::int64_t i = 0; i < count; i += W) {
        const std::int64_t n = least(W, count - i);
        V gradient = load(g + i, n) * u.factor;
        gradient = select(gradient > u.clip, splat(u.clip), gradient);
        gradient = select(gradient < -u.clip, splat(-u.clip), gradient);
        body(i, n, gradient, load(w + i, n) * u.shrink);
    }
}

static void update_sgd(const UpdateNumbers& u, float* w, float* m, const float* g, std::int64_t count) {
    each_gradient(u, w, g, count, [&](std::int64_t i, std::int64_t n, V gradient, V weight) INLINE_LAMBDA {
        const V change = -(gradient * u.rate);
        if (!m) return store(w + i, weight + change, n);
        const V moved = load(m + i, n) * u.momentum + change;
        store(m + i, moved, n);
        store(w + i, weight + (u.nesterov ? moved * u.momentum + change : moved), n);
    });
}

static void update_adam(const UpdateNumbers& u, float* w, float* m, float* v, const float* g, std::int64_t count) {
    const float first = 1.0f - u.beta_1, second = 1.0f - u.beta_2;
    each_gradient(u, w, g, count, [&](std::int64_t i, std::int64_t n, V gradient, V weight) INLINE_LAMBDA {
        const V mean = load(m + i, n), square = load(v + i, n);
        const V new_mean = mean + (gradient - mean) * first;
        const V new_square = square + (gradient * gradient - square) * second;
        store(m + i, new_mean, n);
        store(v + i, new_square, n);
        store(w + i, weight - new_mean * u.rate / (square_root(new_square) + u.epsilon), n);
    });
}

static void update_rmsprop(const UpdateNumbers& u, float* w, float* v, float* m, float* average, const float* g,
                           std::int64_t count) {
    const float rest = 1.0f - u.rho;
    each_gradient(u, w, g, count, [&](std::int64_t i, std::int64_t n, V gradient, V weight) INLINE_LAMBDA {
        const V square = load(v + i, n) * u.rho + gradient * gradient * rest;
        store(v + i, square, n);
        V denominator = square + u.epsilon;
        if (average) {
            const V mean = load(average + i, n) * u.rho + gradient * rest;
            store(average + i, mean, n);
            denominator -= mean * mean;
        }
        V change = gradient * u.rate / square_root(denominator);
        if (m) {
            change = load(m + i, n) * u.momentum + change;
            store(m + i, change, n);
        }
        store(w + i, weight - change, n);
    });
}

}  // namespace convoscope::CONVOSCOPE_ISA
