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
