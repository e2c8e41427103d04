// One small kernel over an image of any number of channels: what the filter lab does.
//
// Channels lie side by side, so a row is filtered as if it had one: the left neighbour is `channels` values before.
#pragma once

#include "simd.hpp"
#include "table.hpp"

namespace convoscope::CONVOSCOPE_ISA {

// Sums of values that stay in the first cache while all of the kernel's cells pass over them.
constexpr std::int64_t filter_block = 512;

template <class T>
constexpr bool is_whole = static_cast<T>(0.5) == 0;

// Adding and subtracting rounds to the nearest, halves to the even: below 2^51 only, to which values are clipped.
static INLINE double nearest(double x) {
    constexpr double shift = 6755399441055744.0;
    return x + shift - shift;
}

template <class In, class Sum>
static INLINE void filter_sums(const Filter& f, const In* image, std::int64_t count, Sum* sums) {
    for (std::int64_t i = 0; i < count; i++) sums[i] = 0;
    for (std::int64_t y = 0; y < f.size_y; y++)
        for (std::int64_t x = 0; x < f.size_x; x++) {
            const Sum factor = static_cast<Sum>(f.kernel[y * f.size_x + x]);
            if (factor == 0) continue;
            const In* from = image + y * f.dilation_y * f.row + x * f.dilation_x * f.channels;
            if (count == filter_block)
                for (std::int64_t i = 0; i < filter_block; i++) sums[i] += factor * static_cast<Sum>(from[i]);
            else
                for (std::int64_t i = 0; i < count; i++) sums[i] += factor * static_cast<Sum>(from[i]);
        }
}

template <class In, class Sum, class Out>
static void filter_rows(const Filter& f, std::int64_t begin, std::int64_t end) {
    const std::int64_t columns = ((f.out_width - 1) * f.stride_x + 1) * f.channels;
    Sum sums[filter_block];
    Out values[filter_block];
    for (std::int64_t y = begin; y < end; y++) {
        const In* image = static_cast<const In*>(f.image) + y * f.stride_y * f.row;
        Out* output = static_cast<Out*>(f.output) + y * f.out_width * f.channels;
        std::int64_t channel = 0, skipped = 0;  // columns between strides are computed too, and left out
        for (std::int64_t from = 0; from < columns; from += filter_block) {
            const std::int64_t count = least(filter_block, columns - from);
            filter_sums<In, Sum>(f, image + from, count, sums);
            Out* to = f.stride_x == 1 ? output + from : values;
            for (std::int64_t i = 0; i < count; i++) {
                double value = static_cast<double>(sums[i]) * f.weight + f.bias;
                value = value < f.low ? f.low : value;
                value = value > f.high ? f.high : value;
                to[i] = static_cast<Out>(is_whole<Out> ? nearest(value) : value);
            }
            if (f.stride_x == 1) continue;
            for (std::int64_t i = 0; i < count; i++) {
                if (skipped == 0) *output++ = values[i];
                if (++channel < f.channels) continue;
                channel = 0;
                if (++skipped == f.stride_x) skipped = 0;
            }
        }
    }
}

template <class In>
static void filter_whole(const Filter& f, std::int64_t begin, std::int64_t end) {
    const bool floats = f.result == SampleType::floats;
    if (f.single_precision)
        floats ? filter_rows<In, float, float>(f, begin, end) : filter_rows<In, float, In>(f, begin, end);
    else
        floats ? filter_rows<In, double, float>(f, begin, end) : filter_rows<In, double, In>(f, begin, end);
}

static void filter(const Filter& f, std::int64_t begin, std::int64_t end) {
    switch (f.type) {
        case SampleType::bytes: return filter_whole<std::uint8_t>(f, begin, end);
        case SampleType::words: return filter_whole<std::uint16_t>(f, begin, end);
        case SampleType::floats: return filter_rows<float, double, float>(f, begin, end);
        case SampleType::doubles: return filter_rows<double, double, double>(f, begin, end);
    }
}

}  // namespace convoscope::CONVOSCOPE_ISA
