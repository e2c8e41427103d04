// Two matrices made into one, value by value, where a row or a column may stand for all of its kind.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// Whether the second value is the one that is taken: the first of equals stays, and NaN is not lost.
template <CombineMode Mode>
static INLINE I takes_second(V a, V b) {
    return (Mode == CombineMode::maximum ? b > a : b < a) | (b != b);
}

template <CombineMode Mode>
static INLINE V combined(V a, V b) {
    if constexpr (Mode == CombineMode::add) return a + b;
    if constexpr (Mode == CombineMode::subtract) return a - b;
    if constexpr (Mode == CombineMode::multiply) return a * b;
    if constexpr (Mode == CombineMode::divide) return a / b;
    return select(takes_second<Mode>(a, b), b, a);
}

template <CombineMode Mode, bool Second>
static INLINE V pulled(V a, V b, V dy) {
    if constexpr (Mode == CombineMode::add) return dy;
    if constexpr (Mode == CombineMode::subtract) return Second ? -dy : dy;
    if constexpr (Mode == CombineMode::multiply) return dy * (Second ? a : b);
    if constexpr (Mode == CombineMode::divide) return Second ? -dy * (a / b) / b : dy / b;
    const I second = takes_second<Mode>(a, b);
    return Second ? select(second, dy, V{}) : select(second, V{}, dy);
}

// Calls body with the mode as a compile-time constant.
template <class Body>
static INLINE void with_mode(CombineMode mode, Body&& body) {
    switch (mode) {
        case CombineMode::add: return body(Index<int(CombineMode::add)>{});
        case CombineMode::subtract: return body(Index<int(CombineMode::subtract)>{});
        case CombineMode::multiply: return body(Index<int(CombineMode::multiply)>{});
        case CombineMode::divide: return body(Index<int(CombineMode::divide)>{});
        case CombineMode::maximum: return body(Index<int(CombineMode::maximum)>{});
        case CombineMode::minimum: return body(Index<int(CombineMode::minimum)>{});
    }
}

static INLINE V side(const Operand& x, std::int64_t row, std::int64_t column, std::int64_t n) {
    const float* const at = x.values + row * x.row;
    return x.column ? load(at + column, n) : splat(*at);
}

static void combine(const Pairing& p, float scale, bool rectify, float* y) {
    with_mode(p.mode, [&](auto mode) INLINE_LAMBDA {
        constexpr auto Mode = static_cast<CombineMode>(int(mode));
        for (std::int64_t row = 0; row < p.rows; row++)
            for (std::int64_t j = 0; j < p.columns; j += W) {
                const std::int64_t n = p.columns - j;
                V value = combined<Mode>(side(p.a, row, j, n), side(p.b, row, j, n)) * scale;
                if (rectify) value = select(value <= 0.0f, V{}, value);
                store(y + row * p.columns + j, value, n);
            }
    });
}

template <CombineMode Mode, bool Second>
static INLINE void pull(const Pairing& p, const float* dy, float scale, const Pulled& to) {
    const auto at = [&](std::int64_t row, std::int64_t j) INLINE_LAMBDA {
        const std::int64_t n = p.columns - j;
        const V arriving = load(dy + row * p.columns + j, n) * scale;
        return pulled<Mode, Second>(side(p.a, row, j, n), side(p.b, row, j, n), arriving);
    };
    if (!to.column) {  // a value for each row, or one for all
        for (std::int64_t row = 0; row < p.rows; row++) {
            V total{};
            std::int64_t j = 0;
            for (; j + W <= p.columns; j += W) total += at(row, j);
            float sums = sum(total);
            if (j < p.columns) {
                const V last = at(row, j);
                for (std::int64_t i = 0; i < p.columns - j; i++) sums += last[i];
            }
            to.values[row * to.row] += sums;
        }
        return;
    }
    if (to.row == 0) {  // a row for all: short sums, with few roundings in each
        constexpr std::int64_t block = 256;
        for (std::int64_t j = 0; j < p.columns; j += W) {
            V total{};
            for (std::int64_t begin = 0; begin < p.rows; begin += block) {
                V part{};
                for (std::int64_t row = begin; row < least(begin + block, p.rows); row++) part += at(row, j);
                total += part;
            }
            const std::int64_t n = p.columns - j;
            store(to.values + j, load(to.values + j, n) + total, n);
        }
        return;
    }
    for (std::int64_t row = 0; row < p.rows; row++)
        for (std::int64_t j = 0; j < p.columns; j += W) {
            float* const target = to.values + row * to.row + j;
            const std::int64_t n = p.columns - j;
            store(target, to.adds ? load(target, n) + at(row, j) : at(row, j), n);
        }
}

static void combine_gradient(const Pairing& p, bool second, const float* dy, float scale, const Pulled& to) {
    with_mode(p.mode, [&](auto mode) INLINE_LAMBDA {
        constexpr auto Mode = static_cast<CombineMode>(int(mode));
        if (second)
            pull<Mode, true>(p, dy, scale, to);
        else
            pull<Mode, false>(p, dy, scale, to);
    });
}

}  // namespace convoscope::CONVOSCOPE_ISA
