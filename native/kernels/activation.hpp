// Activations and their gradients.
#pragma once

#include <math.h>

#include "math.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// Lane by lane, for the two functions that are not worth a polynomial.
static V error_function(V x) {
    V y{};
    for (int i = 0; i < W; i++) y[i] = ::erff(x[i]);
    return y;
}

static V log_1_plus(V x) {
    V y{};
    for (int i = 0; i < W; i++) y[i] = ::log1pf(x[i]);
    return y;
}

constexpr float selu_alpha = 1.6732632423543772f, selu_scale = 1.0507009873554805f;

// Comparisons that let NaN through.
static INLINE V clamp(V x, float low, float high) {
    const V above = select(x < low, splat(low), x);
    return select(above > high, splat(high), above);
}

static INLINE V hard_sigmoid(V x) { return clamp(x + 3.0f, 0.0f, 6.0f) / 6.0f; }

// tanh(log(1 + e^x)) = e (e + 2) / (e (e + 2) + 2), which is 1 in single precision long before e overflows.
static INLINE V tanh_of_softplus(V x) {
    const V e = exp(select(x > 20.0f, splat(20.0f), x));
    const V n = e * (e + 2.0f);
    return n / (n + 2.0f);
}

static INLINE V normal_cdf(V x) { return 0.5f * (1.0f + error_function(x * 0.70710678118654752f)); }

template <Nonlinearity Kind>
static INLINE V activate(V x, V alpha) {
    if constexpr (Kind == Nonlinearity::relu) return select(x <= 0.0f, V{}, x);  // NaN stays NaN, and is noticed
    if constexpr (Kind == Nonlinearity::leaky_relu) return select(x > 0.0f, x, x * alpha);
    if constexpr (Kind == Nonlinearity::sigmoid) return sigmoid(x);
    if constexpr (Kind == Nonlinearity::tanh) return tanh(x);
    if constexpr (Kind == Nonlinearity::elu) return select(x > 0.0f, x, alpha * expm1(x));
    if constexpr (Kind == Nonlinearity::gelu) return x * normal_cdf(x);
    if constexpr (Kind == Nonlinearity::silu) return x * sigmoid(x);
    if constexpr (Kind == Nonlinearity::relu6) return clamp(x, 0.0f, 6.0f);
    if constexpr (Kind == Nonlinearity::selu) return selu_scale * select(x > 0.0f, x, selu_alpha * expm1(x));
    if constexpr (Kind == Nonlinearity::softplus) return select(x > 0.0f, x, V{}) + log_1_plus(exp(-magnitude(x)));
    if constexpr (Kind == Nonlinearity::softsign) return x / (1.0f + magnitude(x));
    if constexpr (Kind == Nonlinearity::hard_sigmoid) return hard_sigmoid(x);
    if constexpr (Kind == Nonlinearity::hard_silu) return x * hard_sigmoid(x);
    if constexpr (Kind == Nonlinearity::mish) return x * tanh_of_softplus(x);
    if constexpr (Kind == Nonlinearity::exponential) return exp(x);
    return x;
}

// f'(x), from x for gelu, silu, hard_silu and mish, from y = f(x) for the others; leaky_relu and elu look at x's sign.
template <Nonlinearity Kind>
static INLINE V slope(V x, V y, V alpha) {
    const V one = splat(1.0f);
    if constexpr (Kind == Nonlinearity::relu) return select(y > 0.0f, one, V{});
    if constexpr (Kind == Nonlinearity::leaky_relu) return select(x > 0.0f, one, alpha);
    if constexpr (Kind == Nonlinearity::sigmoid) return y * (one - y);
    if constexpr (Kind == Nonlinearity::tanh) return one - y * y;
    if constexpr (Kind == Nonlinearity::elu) return select(x > 0.0f, one, y + alpha);
    if constexpr (Kind == Nonlinearity::gelu) return normal_cdf(x) + x * 0.3989422804014327f * exp(-0.5f * x * x);
    if constexpr (Kind == Nonlinearity::silu) {
        const V s = sigmoid(x);
        return s * (one + x * (one - s));
    }
    if constexpr (Kind == Nonlinearity::relu6) return select((y > 0.0f) & (y < 6.0f), one, V{});
    if constexpr (Kind == Nonlinearity::selu) return select(y > 0.0f, splat(selu_scale), y + selu_scale * selu_alpha);
    if constexpr (Kind == Nonlinearity::softplus) return -expm1(-y);
    if constexpr (Kind == Nonlinearity::softsign) return (one - magnitude(y)) * (one - magnitude(y));
    if constexpr (Kind == Nonlinearity::hard_sigmoid) return select((y > 0.0f) & (y < 1.0f), splat(1.0f / 6.0f), V{});
    if constexpr (Kind == Nonlinearity::hard_silu)
        return select(x <= -3.0f, V{}, select(x >= 3.0f, one, (2.0f * x + 3.0f) / 6.0f));
    if constexpr (Kind == Nonlinearity::mish) {
        const V t = tanh_of_softplus(x);
        return t + x * (one - t * t) * sigmoid(x);
    }
    if constexpr (Kind == Nonlinearity::exponential) return y;
    return one;
}

// Calls body with the activation as a compile-time constant.
template <class Body>
static INLINE void with_kind(Nonlinearity kind, Body&& body) {
    switch (kind) {
        case Nonlinearity::relu: return body(Index<int(Nonlinearity::relu)>{});
        case Nonlinearity::leaky_relu: return body(Index<int(Nonlinearity::leaky_relu)>{});
        case Nonlinearity::sigmoid: return body(Index<int(Nonlinearity::sigmoid)>{});
        case Nonlinearity::tanh: return body(Index<int(Nonlinearity::tanh)>{});
        case Nonlinearity::elu: return body(Index<int(Nonlinearity::elu)>{});
        case Nonlinearity::gelu: return body(Index<int(Nonlinearity::gelu)>{});
        case Nonlinearity::silu: return body(Index<int(Nonlinearity::silu)>{});
        case Nonlinearity::relu6: return body(Index<int(Nonlinearity::relu6)>{});
        case Nonlinearity::selu: return body(Index<int(Nonlinearity::selu)>{});
        case Nonlinearity::softplus: return body(Index<int(Nonlinearity::softplus)>{});
        case Nonlinearity::softsign: return body(Index<int(Nonlinearity::softsign)>{});
        case Nonlinearity::hard_sigmoid: return body(Index<int(Nonlinearity::hard_sigmoid)>{});
        case Nonlinearity::hard_silu: return body(Index<int(Nonlinearity::hard_silu)>{});
        case Nonlinearity::mish: return body(Index<int(Nonlinearity::mish)>{});
        case Nonlinearity::exponential: return body(Index<int(Nonlinearity::exponential)>{});
        default: return body(Index<int(Nonlinearity::linear)>{});
    }
}

// The columns' biases, or zeros, over and over, until a vector begins where a row does.
constexpr std::int64_t repeated_columns = 64;
static INLINE void repeat(const float* bias, std::int64_t n, float* pattern) {
    for (std::int64_t i = 0; i < n; i++) pattern[i] = bias ? bias[i] : 0;
    for (std::int64_t i = n; i < n * W; i++) pattern[i] = pattern[i - n];
}

template <bool Adds>
static INLINE void end(float* values, const float* bias, const float* addend, std::int64_t rows, std::int64_t n,
                       Activation f) {
    const V alpha = splat(f.alpha);
    // Where rows are not whole vectors, tails would cost more than the arithmetic: take all rows as one.
    float pattern[repeated_columns * W];
    const bool uneven = n % W != 0 && n < repeated_columns && rows > W;
    if (uneven) repeat(bias, n, pattern);
    const float* const biases = uneven ? pattern : bias;
    const std::int64_t length = uneven ? n * W : n, count = rows * n;
    with_kind(f.kind, [&](auto kind) INLINE_LAMBDA {
        constexpr auto Kind = static_cast<Nonlinearity>(int(kind));
        for (std::int64_t at = 0; at < count; at += length) {
            const std::int64_t end = least(length, count - at);
            for (std::int64_t j = 0; j < end; j += W) {
                V x = load(values + at + j, end - j);
                if (biases) x += load(biases + j, end - j);
                if constexpr (Adds) x += load(addend + at + j, end - j);
                store(values + at + j, activate<Kind>(x, alpha), end - j);
            }
        }
    });
}

static void bias_activation(float* values, const float* bias, std::int64_t rows, std::int64_t n, Activation f) {
    if (bias || f.kind != Nonlinearity::linear) end<false>(values, bias, nullptr, rows, n, f);
}

static void bias_addend_activation(float* values, const float* bias, const float* addend, std::int64_t rows,
                                   std::int64_t n, Activation f) {
    end<true>(values, bias, addend, rows, n, f);
}

static void activation(Activation f, const float* x, float* y, std::int64_t count) {
    const V alpha = splat(f.alpha);
    with_kind(f.kind, [&](auto kind) INLINE_LAMBDA {
        for (std::int64_t i = 0; i < count; i += W)
            store(y + i, activate<static_cast<Nonlinearity>(int(kind))>(load(x + i, count - i), alpha), count - i);
    });
}

static void activation_gradient(Activation f, const float* x, const float* y, const float* dy, float* dx,
                                std::int64_t count) {
    const V alpha = splat(f.alpha);
    if (!x) x = y;  // only ever looked at for its sign, which the output shares
    with_kind(f.kind, [&](auto kind) INLINE_LAMBDA {
        for (std::int64_t i = 0; i < count; i += W) {
            const std::int64_t n = count - i;
            const V d = slope<static_cast<Nonlinearity>(int(kind))>(load(x + i, n), load(y + i, n), alpha);
            store(dx + i, load(dy + i, n) * d, n);
        }
    });
}

static INLINE float largest(const float* x, std::int64_t n) {
    float top = x[0];
    for (std::int64_t j = 1; j < n; j++) top = x[j] > top ? x[j] : top;
    return top;
}

static void softmax(const float* x, float* y, std::int64_t rows, std::int64_t n) {
    for (std::int64_t row = 0; row < rows; row++, x += n, y += n) {
        const float top = largest(x, n);
        float total = 0;
        for (std::int64_t j = 0; j < n; j += W) {
            const V power = exp(load(x + j, n - j) - top);
            store(y + j, power, n - j);
            for (std::int64_t i = 0; i < least(W, n - j); i++) total += power[i];
        }
        for (std::int64_t j = 0; j < n; j += W) store(y + j, load(y + j, n - j) / total, n - j);
    }
}

static void softmax_gradient(const float* y, const float* dy, float* dx, std::int64_t rows, std::int64_t n) {
    for (std::int64_t row = 0; row < rows; row++, y += n, dy += n, dx += n) {
        V products{};
        for (std::int64_t j = 0; j < n; j += W) products += load(y + j, n - j) * load(dy + j, n - j);
        const V mean = splat(sum(products));
        for (std::int64_t j = 0; j < n; j += W) store(dx + j, load(y + j, n - j) * (load(dy + j, n - j) - mean), n - j);
    }
}

static void log_softmax(const float* x, float* y, std::int64_t rows, std::int64_t n) {
    for (std::int64_t row = 0; row < rows; row++, x += n, y += n) {
        const float top = largest(x, n);
        float total = 0;
        for (std::int64_t j = 0; j < n; j += W) {
            const V power = exp(load(x + j, n - j) - top);
            for (std::int64_t i = 0; i < least(W, n - j); i++) total += power[i];
        }
        const float logarithm = ::logf(total);
        // The largest first: beside it the logarithm would be lost where values are large.
        for (std::int64_t j = 0; j < n; j += W) store(y + j, (load(x + j, n - j) - top) - logarithm, n - j);
    }
}

static void log_softmax_gradient(const float* y, const float* dy, float* dx, std::int64_t rows, std::int64_t n) {
    for (std::int64_t row = 0; row < rows; row++, y += n, dy += n, dx += n) {
        V arriving{};
        for (std::int64_t j = 0; j < n; j += W) arriving += load(dy + j, n - j);
        const V total = splat(sum(arriving));
        for (std::int64_t j = 0; j < n; j += W)
            store(dx + j, load(dy + j, n - j) - exp(load(y + j, n - j)) * total, n - j);
    }
}

}  // namespace convoscope::CONVOSCOPE_ISA
