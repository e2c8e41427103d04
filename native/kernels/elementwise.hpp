// What is done to each value on its own: conversion, scaling, adding, dropping.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

static void affine(const float* x, float scale, float shift, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i++) y[i] = x[i] * scale + shift;
}

static void add(const float* x, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i++) y[i] += x[i];
}

static void from_bytes(const std::uint8_t* x, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i++) y[i] = x[i];
}

static void from_doubles(const double* x, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i++) y[i] = static_cast<float>(x[i]);
}

static void keep(const float* x, const std::uint8_t* keep, float scale, float* y, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i++) y[i] = keep[i] ? x[i] * scale : 0.0f;
}

// Without the sign, the bits of a number that is not finite are as large as infinity's or larger.
static bool finite(const float* x, std::int64_t count) {
    constexpr int rows = 4;
    I largest[rows]{};
    const auto look = [&](I& most, V value) INLINE_LAMBDA {
        const I magnitude = bits(value) & splat_int(0x7FFFFFFF);
        most = select(magnitude > most, magnitude, most);
    };
    std::int64_t at = 0;
    for (; at + rows * W <= count; at += rows * W)
        unroll<rows>([&](auto i) INLINE_LAMBDA { look(largest[i], load(x + at + i * W)); });
    for (; at < count; at += W) look(largest[0], load(x + at, count - at));
    I bad{};
    unroll<rows>([&](auto i) INLINE_LAMBDA { bad |= largest[i] >= splat_int(0x7F800000); });
    return !any(bad);
}

static double sum_of_squares(const float* x, std::int64_t count) {
    double total = 0;
    while (count > 0) {
        const std::int64_t block = least(count, 256);  // short enough for float sums to be exact enough
        V squares{};
        for (std::int64_t i = 0; i < block; i += W) {
            const V value = load(x + i, block - i);
            squares += value * value;
        }
        total += static_cast<double>(sum(squares));
        x += block;
        count -= block;
    }
    return total;
}

}  // namespace convoscope::CONVOSCOPE_ISA
