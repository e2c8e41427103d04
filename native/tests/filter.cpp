// A kernel over images of every type, without a value to spare, against the plainest loop.
#include "core/filter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "check.hpp"

using namespace convoscope;

namespace {

template <class In>
struct TypeOf;
template <>
struct TypeOf<std::uint8_t> {
    static constexpr SampleType value = SampleType::bytes;
};
template <>
struct TypeOf<std::uint16_t> {
    static constexpr SampleType value = SampleType::words;
};
template <>
struct TypeOf<float> {
    static constexpr SampleType value = SampleType::floats;
};
template <>
struct TypeOf<double> {
    static constexpr SampleType value = SampleType::doubles;
};

template <class In, class Out>
void filter_of(std::int64_t columns, std::int64_t channels, std::int64_t stride, std::int64_t dilation, bool single) {
    const std::int64_t size_y = 3, size_x = 2, rows = 4;
    const std::int64_t height = (rows - 1) * stride + (size_y - 1) * dilation + 1,
                       width = (columns - 1) * stride + (size_x - 1) * dilation + 1, row = width * channels;
    std::vector<In> image(static_cast<std::size_t>(height * row));
    for (std::size_t i = 0; i < image.size(); i++) image[i] = static_cast<In>(i * 37 % 251);
    const std::vector<double> kernel = {-3, 0, 2, 1, 5, -4};
    std::vector<Out> found(static_cast<std::size_t>(rows * columns * channels));
    const bool whole = static_cast<Out>(0.5) == 0;
    const double low = whole ? 0 : -std::numeric_limits<double>::infinity(),
                 high = whole ? static_cast<double>(std::numeric_limits<Out>::max())
                              : std::numeric_limits<double>::infinity();
    const Filter f{image.data(),
                   TypeOf<In>::value,
                   row,
                   channels,
                   kernel.data(),
                   size_y,
                   size_x,
                   dilation,
                   dilation,
                   stride,
                   stride,
                   0.5,
                   3,
                   low,
                   high,
                   single,
                   found.data(),
                   TypeOf<Out>::value,
                   columns};
    Interrupt interrupt;
    filter(f, rows, interrupt);
    std::size_t at = 0;
    for (std::int64_t y = 0; y < rows; y++)
        for (std::int64_t x = 0; x < columns; x++)
            for (std::int64_t c = 0; c < channels; c++) {
                double sum = 0;
                for (std::int64_t i = 0; i < size_y; i++)
                    for (std::int64_t j = 0; j < size_x; j++)
                        sum += kernel[static_cast<std::size_t>(i * size_x + j)] *
                               static_cast<double>(image[static_cast<std::size_t>(
                                   (y * stride + i * dilation) * row + (x * stride + j * dilation) * channels + c)]);
                double expected = std::min(std::max(sum * 0.5 + 3, low), high);
                if (whole) expected = std::nearbyint(expected);
                if (static_cast<double>(found[at++]) != expected)
                    fail("filter " + std::to_string(columns) + "x" + std::to_string(channels));
            }
}

}  // namespace

void test_filter() {
    for (const std::int64_t columns : {1, 3, 31, 511, 512, 1027})
        for (const std::int64_t channels : {1, 3})
            for (const std::int64_t stride : {1, 2, 3}) {
                filter_of<std::uint8_t, std::uint8_t>(columns, channels, stride, 1, true);
                filter_of<std::uint8_t, std::uint8_t>(columns, channels, stride, 2, false);
                filter_of<std::uint8_t, float>(columns, channels, stride, 1, true);
                filter_of<std::uint16_t, std::uint16_t>(columns, channels, stride, 3, true);
                filter_of<std::uint16_t, float>(columns, channels, stride, 1, false);
                filter_of<float, float>(columns, channels, stride, 2, false);
                filter_of<double, double>(columns, channels, stride, 1, false);
            }
}
