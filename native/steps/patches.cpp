#include "patches.hpp"

#include <algorithm>
#include <cstring>

namespace convoscope {

Patches::Patches(const Shape& image, const Geometry& c, std::int64_t feature_width, std::int64_t most_rows,
                 std::int64_t images)
    : height_(image[0]),
      width_(image[1]),
      channels_(image[2]),
      stride_y_(c.strides[0]),
      stride_x_(c.strides[1]),
      reach_y_(c.reach(0)),
      pad_y_(c.padding[0][0]),
      pad_x_(c.padding[1][0]),
      images_(images) {
    copied_ = c.padding != Padding{};
    copy_width_ = (feature_width - 1) * c.strides[1] + c.reach(1);
    copy_size_ = ((most_rows - 1) * stride_y_ + reach_y_) * copy_width_ * channels_;
    row_step_ = (copied_ ? copy_width_ : width_) * channels_;
    image_step_ = copied_ ? copy_size_ : height_ * width_ * channels_;
    const bool joined = c.dilation[1] == 1;  // neighbouring pixels of a kernel row lie next to each other
    for (std::int64_t y = 0; y < c.kernel[0]; y++)
        for (std::int64_t x = 0; x < c.kernel[1]; x++) {
            const std::int64_t offset = y * c.dilation[0] * row_step_ + x * c.dilation[1] * channels_;
            if (!joined || x == 0) runs_.push_back(offset);
            for (std::int64_t channel = 0; channel < channels_; channel++) values_.push_back(offset + channel);
        }
    pixels_.reserve(static_cast<std::size_t>(images * most_rows * feature_width));
    for (std::int64_t i = 0; i < images; i++)
        for (std::int64_t y = 0; y < most_rows; y++)
            for (std::int64_t x = 0; x < feature_width; x++)
                pixels_.push_back(i * image_step_ + y * stride_y_ * row_step_ + x * c.strides[1] * channels_);
}

// move(float offset in the copy, offset in the images, floats) for every row of the copy that lies on an image, at
// least in part; and move(offset, -1, floats) for what lies in the padding.
template <class Move>
void Patches::each_row(std::int64_t images, std::int64_t begin, std::int64_t end, Move&& move) const {
    const std::int64_t top = begin * stride_y_ - pad_y_, rows = (end - begin - 1) * stride_y_ + reach_y_;
    const std::int64_t left = std::min(pad_x_, copy_width_),
                       middle = std::clamp<std::int64_t>(width_, 0, copy_width_ - left);
    for (std::int64_t i = 0; i < images; i++)
        for (std::int64_t row = 0; row < rows; row++) {
            const std::int64_t at = i * image_step_ + row * row_step_, y = top + row;
            if (y < 0 || y >= height_) {
                move(at, -1, row_step_);
                continue;
            }
            move(at, -1, left * channels_);
            move(at + left * channels_, (i * height_ + y) * width_ * channels_, middle * channels_);
            move(at + (left + middle) * channels_, -1, row_step_ - (left + middle) * channels_);
        }
}

const float* Patches::strip(const float* image, std::int64_t images, std::int64_t begin, std::int64_t end,
                            float* scratch) const {
    if (!copied_) return image + start(begin);
    each_row(images, begin, end, [&](std::int64_t to, std::int64_t from, std::int64_t count) {
        const auto bytes = static_cast<std::size_t>(count) * sizeof(float);
        if (from < 0)
            std::memset(scratch + to, 0, bytes);
        else
            std::memcpy(scratch + to, image + from, bytes);
    });
    return scratch;
}

void Patches::add_back(const float* scratch, std::int64_t images, std::int64_t begin, std::int64_t end,
                       float* image) const {
    each_row(images, begin, end, [&](std::int64_t from, std::int64_t to, std::int64_t count) {
        if (to >= 0)
            for (std::int64_t i = 0; i < count; i++) image[to + i] += scratch[from + i];
    });
}

}  // namespace convoscope
