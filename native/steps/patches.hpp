// Where a convolution finds its patches: offsets of output pixels and of a patch's values, in strips of the image.
#pragma once

#include <vector>

#include "geometry.hpp"

namespace convoscope {

// A strip is some rows of feature map, and the rows of image under them. Without padding it is read where it lies; with
// padding it is first copied, zeros around it, so that no patch needs to know where the image ends.
class Patches {
public:
    Patches(const Shape& image, const Geometry& geometry, std::int64_t feature_width, std::int64_t most_rows,
            std::int64_t images);

    std::int64_t size() const { return static_cast<std::int64_t>(values_.size()); }  // values in a patch
    const std::int64_t* values() const { return values_.data(); }                    // their offsets
    const std::int64_t* pixels() const { return pixels_.data(); }                    // of patches, row by row
    const std::int64_t* runs() const { return runs_.data(); }                        // where contiguous values begin
    std::int64_t run_count() const { return static_cast<std::int64_t>(runs_.size()); }
    std::int64_t run_length() const { return size() / run_count(); }
    std::int64_t step_y() const { return stride_y_ * row_step_; }  // from a pixel's patch to the next one's
    std::int64_t step_x() const { return stride_x_ * channels_; }
    std::int64_t row_step() const { return row_step_; }      // from a row of what is read to the next one
    std::int64_t image_step() const { return image_step_; }  // within a strip of several images
    // Pixels that are read under so many feature rows, as far as whole rows go.
    std::int64_t strip_pixels(std::int64_t rows) const {
        return ((rows - 1) * stride_y_ + reach_y_) * row_step_ / channels_;
    }

    bool copied() const { return copied_; }
    std::int64_t copy_floats() const { return copied_ ? images_ * copy_size_ : 0; }

    // The strip under feature rows [begin, end) of so many images: within the image, or copied to `scratch`.
    const float* strip(const float* image, std::int64_t images, std::int64_t begin, std::int64_t end,
                       float* scratch) const;
    // Add a strip's gradient, gathered in `scratch`, to the image's; only for copied strips.
    void add_back(const float* scratch, std::int64_t images, std::int64_t begin, std::int64_t end, float* image) const;
    // Where in the image a strip begins; only for strips that are not copied.
    std::int64_t start(std::int64_t begin) const { return begin * stride_y_ * row_step_; }

private:
    template <class Move>
    void each_row(std::int64_t images, std::int64_t begin, std::int64_t end, Move&& move) const;

    std::int64_t height_, width_, channels_;
    std::int64_t stride_y_, stride_x_, reach_y_, pad_y_, pad_x_;
    std::int64_t images_;
    bool copied_;
    std::int64_t row_step_, image_step_;  // of what is read
    std::int64_t copy_width_, copy_size_;
    std::vector<std::int64_t> values_, pixels_, runs_;
};

}  // namespace convoscope
