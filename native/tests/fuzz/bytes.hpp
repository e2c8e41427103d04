// An input of the fuzz target, read as numbers: most of them such as are asked for, now and then an odd one.
#pragma once

#include <cstdint>
#include <iterator>
#include <limits>
#include <vector>

namespace convoscope::fuzz {

inline constexpr std::int64_t odd_numbers[] = {0,
                                               -1,
                                               1,
                                               2,
                                               255,
                                               257,
                                               65536,
                                               (std::int64_t{1} << 24),
                                               (std::int64_t{1} << 28),
                                               (std::int64_t{1} << 31) - 1,
                                               (std::int64_t{1} << 31),
                                               (std::int64_t{1} << 32),
                                               (std::int64_t{1} << 32) + 1,
                                               (std::int64_t{1} << 62),
                                               std::numeric_limits<std::int64_t>::max(),
                                               std::numeric_limits<std::int64_t>::min()};

class Bytes {
public:
    Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {
        const int twists = byte() % 2 == 0 ? 0 : 1 + byte() % 3;
        for (int i = 0; i < twists; i++) twisted_.push_back(byte() % 96);
    }

    std::uint8_t byte() { return at_ < size_ ? data_[at_++] : 0; }

    // A number from `least` to `most`; now and then, where the input says so, another one.
    std::int64_t number(std::int64_t least, std::int64_t most) {
        const std::int64_t usual = least + byte() % (most - least + 1), place = asked_++;
        for (const std::int64_t twisted : twisted_)
            if (twisted == place) return odd_numbers[byte() % std::size(odd_numbers)];
        return usual;
    }

    double real() {
        constexpr double odd[] = {0,
                                  -1,
                                  1e30,
                                  -1e300,
                                  1e-300,
                                  std::numeric_limits<double>::infinity(),
                                  std::numeric_limits<double>::quiet_NaN(),
                                  1.0000001};
        for (const std::int64_t twisted : twisted_)
            if (twisted == asked_) return odd[byte() % std::size(odd)];
        asked_++;
        return byte() / 256.0;
    }

    bool flag() { return byte() % 2 == 1; }

    // Without twists: what decides how the input is read.
    std::int64_t choice(std::int64_t count) { return byte() % count; }

private:
    const std::uint8_t* const data_;
    const std::size_t size_;
    std::size_t at_ = 0;
    std::int64_t asked_ = 0;
    std::vector<std::int64_t> twisted_;
};

}  // namespace convoscope::fuzz
