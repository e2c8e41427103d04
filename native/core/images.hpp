// Samples as they come: 8-bit, single or double precision, read where they lie.
#pragma once

#include <cstdint>

#include "../kernels/table.hpp"

namespace convoscope {

struct Images {
    enum class Type { bytes, floats, doubles };

    const void* data;
    Type type;
    std::int64_t count;  // samples
    std::int64_t size;   // values of each

    const float* floats() const { return type == Type::floats ? static_cast<const float*>(data) : nullptr; }

    // `samples` samples from `first` on, as floats.
    void read(const Kernels& k, std::int64_t first, std::int64_t samples, float* to) const {
        const std::int64_t at = first * size, values = samples * size;
        if (type == Type::bytes)
            k.from_bytes(static_cast<const std::uint8_t*>(data) + at, to, values);
        else if (type == Type::floats)
            k.affine(static_cast<const float*>(data) + at, 1, 0, to, values);
        else
            k.from_doubles(static_cast<const double*>(data) + at, to, values);
    }
};

}  // namespace convoscope
