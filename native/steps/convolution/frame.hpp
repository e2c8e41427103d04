// How a convolution's maps are divided into strips, for whatever strategy computes them.
//
// A strip's feature maps stay in the cache: they are made of patches or tiles of the image, and bias and activation, or
// the pooling, go on from there. Small maps are taken several at a time.
#pragma once

#include <algorithm>

#include "../../core/step.hpp"
#include "../convolution.hpp"
#include "../multiplier.hpp"
#include "../patches.hpp"

namespace convoscope {

// Output rows [begin, end) of some images, and the feature rows [top, bottom) under them.
struct Strip {
    std::int64_t image, images, begin, end, top, bottom;
};

inline std::int64_t padded(std::int64_t n, std::int64_t to) { return (n + to - 1) / to * to; }
inline std::int64_t aligned(std::int64_t floats) { return padded(floats, 16); }

class Frame {
public:
    Frame(const Shape& image, const ConvolutionSettings&, const Shape& output);

    const ConvolutionSettings settings;
    const Shape image;
    const std::int64_t input_size, filters;
    const std::int64_t height, width;  // of the feature map, as far as it is used
    const Multiplier multiplier;
    const bool pooled;
    const std::int64_t out_rows, out_width;
    const PoolRows pool;
    const bool pairs;                    // a pooling's windows are two by two features, and no feature is in two
    const std::string against_winograd;  // why there are no tiles, for people to read
    const bool tiled;                    // made by Winograd,
    const std::int64_t tile;             // by tiles of so many outputs a side
    const std::int64_t rows;             // output rows of a strip
    const std::int64_t images;           // of a strip
    const Patches patches;

    // Feature rows under so many output rows: exact for the whole map, and enough for any strip.
    std::int64_t strip_rows(std::int64_t of_output) const;
    std::int64_t map_floats() const { return pooled ? images * strip_rows(rows) * width * filters : 0; }
    std::int64_t output_floats() const { return images * rows * out_width * filters; }
    std::int64_t pixels(const Strip& s) const { return s.images * (s.bottom - s.top) * width; }  // of features
    // Where a strip's outputs begin.
    std::int64_t output_of(const Strip& s) const { return (s.image * out_rows + s.begin) * out_width * filters; }

    // The image under a strip, as `patches` read it: perhaps copied to the start of the worker's scratch.
    const float* under(const Strip& s, const Pass& pass, const Worker& worker) const {
        return patches.strip(pass.input + s.image * input_size, s.images, s.top, s.bottom, worker.scratch);
    }

    std::int64_t pieces() const { return (out_rows + row_step() - 1) / row_step(); }

    // body(strip) for each strip of the samples, or of the piece of each that is asked for.
    template <class Body>
    void each_strip(const Pass& pass, const Worker& worker, Body&& body) const {
        const Range steps = part_of(pieces(), pass.piece, pass.pieces);
        const Range own{steps.begin * row_step(), std::min(steps.end * row_step(), out_rows)};
        for (std::int64_t first = 0; first < pass.samples; first += images)
            for (std::int64_t row = own.begin; row < own.end; row += rows) {
                if (worker.stopped()) return;
                const std::int64_t end = std::min(row + rows, own.end);
                body(Strip{first, std::min(images, pass.samples - first), row, end, top_of(row), bottom_of(end)});
            }
    }

    // body(pooling, offset of the map, offset of the output) for each image of a strip.
    template <class Body>
    void each_map(const Strip& s, Body&& body) const {
        PoolRows of_strip = pool;
        of_strip.first_row = s.top;
        of_strip.begin = s.begin;
        of_strip.end = s.end;
        for (std::int64_t i = 0; i < s.images; i++)
            body(of_strip, i * (s.bottom - s.top) * width * filters, i * (s.end - s.begin) * out_width * filters);
    }

private:
    PoolRows used_pool() const;
    bool pooled_in_pairs() const;
    std::int64_t rows_at_once() const;
    std::int64_t tile_rows() const;
    std::int64_t images_at_once() const;
    std::int64_t row_step() const;
    std::int64_t top_of(std::int64_t begin) const;
    std::int64_t bottom_of(std::int64_t end) const;
};

}  // namespace convoscope
