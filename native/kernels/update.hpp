// The optimizers' formulas, and what regularizers and constraints add to them, as Keras has them.
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

static double penalize(double l1, double l2, const float* w, float* g, std::int64_t count) {
    const V pull = splat(static_cast<float>(l1)), twice = splat(static_cast<float>(2 * l2));
    double penalty = 0;
    while (count > 0) {
        const std::int64_t block = least(count, 256);  // short enough for float sums to be exact enough
        V magnitudes{}, squares{};
        for (std::int64_t i = 0; i < block; i += W) {
            const std::int64_t n = least(W, block - i);
            const V weight = load(w + i, n);
            const V sign = select(weight > 0.0f, pull, select(weight < 0.0f, -pull, V{}));
            store(g + i, load(g + i, n) + (sign + weight * twice), n);
            magnitudes += larger(weight, -weight);
            squares += weight * weight;
        }
        penalty += l1 * static_cast<double>(sum(magnitudes)) + l2 * static_cast<double>(sum(squares));
        w += block;
        g += block;
        count -= block;
    }
    return penalty;
}

static void non_negative(float* w, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i += W) {
        const std::int64_t n = least(W, count - i);
        const V weight = load(w + i, n);
        store(w + i, select(weight < 0.0f, V{}, weight), n);
    }
}

static void add_squares(const float* w, std::int64_t rows, std::int64_t step, std::int64_t columns, double* sums) {
    constexpr std::int64_t most = 64;  // rows: few enough for float sums to be exact enough
    for (std::int64_t j = 0; j < columns; j += W) {
        const std::int64_t n = least(W, columns - j);
        for (std::int64_t begin = 0; begin < rows; begin += most) {
            V squares{};
            for (std::int64_t row = begin; row < least(begin + most, rows); row++) {
                const V weight = load(w + row * step + j, n);
                squares += weight * weight;
            }
            for (std::int64_t i = 0; i < n; i++) sums[j + i] += static_cast<double>(squares[i]);
        }
    }
}

static void scale_columns(float* w, std::int64_t rows, std::int64_t step, std::int64_t columns, const float* factors) {
    for (std::int64_t row = 0; row < rows; row++, w += step)
        for (std::int64_t j = 0; j < columns; j += W) {
            const std::int64_t n = least(W, columns - j);
            store(w + j, load(w + j, n) * load(factors + j, n), n);
        }
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

static void update_sgd(const UpdateNumbers& u, float* w, float* const* slots, const float* g, std::int64_t count) {
    float* const m = slots[0];
    each_gradient(u, w, g, count, [&](std::int64_t i, std::int64_t n, V gradient, V weight) INLINE_LAMBDA {
        const V change = -(gradient * u.rate);
        if (!m) return store(w + i, weight + change, n);
        const V moved = load(m + i, n) * u.momentum + change;
        store(m + i, moved, n);
        store(w + i, weight + (u.nesterov ? moved * u.momentum + change : moved), n);
    });
}

static void update_adam(const UpdateNumbers& u, float* w, float* const* slots, const float* g, std::int64_t count) {
    float* const m = slots[0];
    float* const v = slots[1];
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

static void update_amsgrad(const UpdateNumbers& u, float* w, float* const* slots, const float* g, std::int64_t count) {
    float* const m = slots[0];
    float* const v = slots[1];
    float* const h = slots[2];
    const float first = 1.0f - u.beta_1, second = 1.0f - u.beta_2;
    each_gradient(u, w, g, count, [&](std::int64_t i, std::int64_t n, V gradient, V weight) INLINE_LAMBDA {
        const V mean = load(m + i, n), square = load(v + i, n);
        const V new_mean = mean + (gradient - mean) * first;
        const V new_square = square + (gradient * gradient - square) * second;
        const V largest = larger(load(h + i, n), new_square);
        store(m + i, new_mean, n);
        store(v + i, new_square, n);
        store(h + i, largest, n);
        store(w + i, weight - new_mean * u.rate / (square_root(largest) + u.epsilon), n);
    });
}

static void update_rmsprop(const UpdateNumbers& u, float* w, float* const* slots, const float* g, std::int64_t count) {
    float* const v = slots[0];
    float* const m = slots[1];
    float* const average = slots[2];
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

static void update_adamax(const UpdateNumbers& u, float* w, float* const* slots, const float* g, std::int64_t count) {
    float* const m = slots[0];
    float* const norm = slots[1];
    const float first = 1.0f - u.beta_1;
    each_gradient(u, w, g, count, [&](std::int64_t i, std::int64_t n, V gradient, V weight) INLINE_LAMBDA {
        const V mean = load(m + i, n);
        const V new_mean = mean + (gradient - mean) * first;
        const V largest = larger(load(norm + i, n) * u.beta_2, larger(gradient, -gradient));
        store(m + i, new_mean, n);
        store(norm + i, largest, n);
        store(w + i, weight - new_mean * u.rate / (largest + u.epsilon), n);
    });
}

static void update_nadam(const UpdateNumbers& u, float* w, float* const* slots, const float* g, std::int64_t count) {
    float* const m = slots[0];
    float* const v = slots[1];
    const float first = 1.0f - u.beta_1, second = 1.0f - u.beta_2;
    each_gradient(u, w, g, count, [&](std::int64_t i, std::int64_t n, V gradient, V weight) INLINE_LAMBDA {
        const V mean = load(m + i, n), square = load(v + i, n);
        const V new_mean = mean + (gradient - mean) * first;
        const V new_square = square + (gradient * gradient - square) * second;
        store(m + i, new_mean, n);
        store(v + i, new_square, n);
        const V looking = new_mean * u.of_mean + gradient * u.of_gradient;
        store(w + i, weight - looking * u.rate / (square_root(new_square * u.of_square) + u.epsilon), n);
    });
}

static void update_adagrad(const UpdateNumbers& u, float* w, float* const* slots, const float* g, std::int64_t count) {
    float* const total = slots[0];
    each_gradient(u, w, g, count, [&](std::int64_t i, std::int64_t n, V gradient, V weight) INLINE_LAMBDA {
        const V sum = load(total + i, n) + gradient * gradient;
        store(total + i, sum, n);
        store(w + i, weight - gradient * u.rate / square_root(sum + u.epsilon), n);
    });
}

static void update_adadelta(const UpdateNumbers& u, float* w, float* const* slots, const float* g, std::int64_t count) {
    float* const squares = slots[0];
    float* const steps = slots[1];
    const float rest = 1.0f - u.rho;
    each_gradient(u, w, g, count, [&](std::int64_t i, std::int64_t n, V gradient, V weight) INLINE_LAMBDA {
        const V square = load(squares + i, n) * u.rho + gradient * gradient * rest, before = load(steps + i, n);
        const V step = square_root(before + u.epsilon) * gradient / square_root(square + u.epsilon);
        store(squares + i, square, n);
        store(steps + i, before * u.rho + step * step * rest, n);
        store(w + i, weight - step * u.rate, n);
    });
}

static void update_lion(const UpdateNumbers& u, float* w, float* const* slots, const float* g, std::int64_t count) {
    float* const m = slots[0];
    const float first = 1.0f - u.beta_1, second = 1.0f - u.beta_2;
    each_gradient(u, w, g, count, [&](std::int64_t i, std::int64_t n, V gradient, V weight) INLINE_LAMBDA {
        const V mean = load(m + i, n), direction = mean * u.beta_1 + gradient * first, rate = splat(u.rate);
        store(m + i, mean * u.beta_2 + gradient * second, n);
        store(w + i, weight - select(direction > 0.0f, rate, select(direction < 0.0f, -rate, V{})), n);
    });
}

static INLINE V raised(V x, float power) {
    if (power == 0.5f) return square_root(x);
    V y{};
    for (int i = 0; i < W; i++) y[i] = __builtin_powf(x[i], power);
    return y;
}

static void update_ftrl(const UpdateNumbers& u, float* w, float* const* slots, const float* g, std::int64_t count) {
    float* const totals = slots[0];
    float* const linears = slots[1];
    const V bound = splat(u.l1);
    each_gradient(u, w, g, count, [&](std::int64_t i, std::int64_t n, V gradient, V weight) INLINE_LAMBDA {
        const V before = load(totals + i, n), total = before + gradient * gradient, grown = raised(total, u.power);
        const V pulled = gradient + weight * (2 * u.shrinkage);
        const V linear = load(linears + i, n) + (pulled - (grown - raised(before, u.power)) / u.rate * weight);
        const V kept = select(linear > bound, bound, select(linear < -bound, -bound, linear));
        store(totals + i, total, n);
        store(linears + i, linear, n);
        store(w + i, (kept - linear) / (grown / u.rate + 2 * u.l2), n);
    });
}

}  // namespace convoscope::CONVOSCOPE_ISA
