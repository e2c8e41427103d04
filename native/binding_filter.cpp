// The filter lab's convolution, seen from Python (filters/arithmetic.py).
#include <nanobind/stl/pair.h>

#include "binding.hpp"
#include "core/filter.hpp"

using namespace nanobind::literals;

namespace convoscope {
namespace {

using Numbers = std::pair<std::int64_t, std::int64_t>;
using AnyOutput = nb::ndarray<nb::c_contig, nb::device::cpu>;

template <class Array>
SampleType type_of(const Array& array) {
    if (array.dtype() == nb::dtype<std::uint8_t>()) return SampleType::bytes;
    if (array.dtype() == nb::dtype<std::uint16_t>()) return SampleType::words;
    if (array.dtype() == nb::dtype<float>()) return SampleType::floats;
    require(array.dtype() == nb::dtype<double>(), "an image must be uint8, uint16, float32 or float64");
    return SampleType::doubles;
}

void run(const AnyArray& image, const In<double>& kernel, AnyOutput output, Numbers stride, Numbers dilation,
         double weight, double bias, double low, double high, bool single_precision) {
    require(image.ndim() == 3 && output.ndim() == 3 && kernel.ndim() == 2, "expected (height, width, channels)");
    const auto length = [](const auto& array, std::size_t axis) {
        return static_cast<std::int64_t>(array.shape(axis));
    };
    const SampleType type = type_of(image), result = type_of(output);
    const bool whole = type == SampleType::bytes || type == SampleType::words;
    require(result == type || (whole && result == SampleType::floats), "no such type of result");
    const std::int64_t rows = length(output, 0), columns = length(output, 1), channels = length(image, 2);
    require(rows > 0 && columns > 0 && channels > 0 && channels == length(output, 2), "channels differ");
    constexpr std::int64_t most = std::int64_t{1} << 31;  // times a length, no product overflows
    for (const std::int64_t step : {stride.first, stride.second, dilation.first, dilation.second})
        require(step <= most && rows <= most && columns <= most, "a step or a length is too large");
    require(stride.first > 0 && stride.second > 0 && dilation.first > 0 && dilation.second > 0, "steps must be more");
    require(length(kernel, 0) > 0 && length(kernel, 1) > 0 &&
                (rows - 1) * stride.first + (length(kernel, 0) - 1) * dilation.first < length(image, 0) &&
                (columns - 1) * stride.second + (length(kernel, 1) - 1) * dilation.second < length(image, 1),
            "the kernel leaves the image");
    const Filter f{image.data(),
                   type,
                   length(image, 1) * channels,
                   channels,
                   kernel.data(),
                   length(kernel, 0),
                   length(kernel, 1),
                   dilation.first,
                   dilation.second,
                   stride.first,
                   stride.second,
                   weight,
                   bias,
                   low,
                   high,
                   single_precision,
                   output.data(),
                   result,
                   columns};
    compute([&](Interrupt& interrupt) { filter(f, rows, interrupt); });
}

}  // namespace

void bind_filter(nb::module_& m) {
    m.def("filter", &run, nb::arg("image").noconvert(), nb::arg("kernel").noconvert(), nb::arg("output").noconvert(),
          "stride"_a, "dilation"_a, "weight"_a, "bias"_a, "low"_a, "high"_a, "single_precision"_a);
}

}  // namespace convoscope
