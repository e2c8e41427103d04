// A part of each image brought to another size; or, in training, cut out of it at random.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kinds.hpp"
#include "uniform.hpp"

namespace convoscope {
namespace {

// A new pixel along an axis: first + share × (second - first) of two old ones; -1 is outside of the image.
struct Between {
    std::int64_t first, second;
    float share;
};

struct ResizingSettings {
    std::array<Pair, 2> part;  // of each axis the first pixel and the length
    bool bilinear;
    float fill_value;
    std::optional<Stream> crop;
};

std::vector<Between> places_of(const Pair& part, std::int64_t length, std::int64_t made, bool bilinear) {
    const auto pixel = [&](std::int64_t i) { return part[0] + i >= 0 && part[0] + i < length ? part[0] + i : -1; };
    std::vector<Between> places;
    places.reserve(static_cast<std::size_t>(made));
    for (std::int64_t i = 0; i < made; i++) {
        if (!bilinear) {
            const std::int64_t nearest = pixel((2 * i + 1) * part[1] / (2 * made));
            places.push_back({nearest, nearest, 0});
            continue;
        }
        const double at =
            (static_cast<double>(i) + 0.5) * static_cast<double>(part[1]) / static_cast<double>(made) - 0.5;
        const auto before = static_cast<std::int64_t>(std::floor(at));
        const std::int64_t low = std::max<std::int64_t>(before, 0), high = std::min(before + 1, part[1] - 1);
        const double share = low < high ? at - static_cast<double>(before) : 0.0;
        places.push_back({pixel(low), pixel(high), static_cast<float>(share)});
    }
    return places;
}

class Resizing final : public Step {
public:
    Resizing(const StepDescription& d, const ResizingSettings& r)
        : Step(d),
          crop_(r.crop),
          fill_value_(r.fill_value),
          channels_(d.input()[2]),
          row_(d.input()[1] * d.input()[2]),
          out_height_(d.output[0]),
          out_row_(d.output[1] * d.output[2]),
          free_{d.input()[0] - d.output[0] + 1, d.input()[1] - d.output[1] + 1},
          rows_(places_of(r.part[0], d.input()[0], d.output[0], r.bilinear)),
          columns_(places_of(r.part[1], d.input()[1], d.output[1], r.bilinear)) {}

    std::string kernel(const Kernels&) const override { return "rows, then columns"; }
    std::int64_t pieces() const override { return out_height_; }

    // A row of the image, and a pixel of what is around it.
    std::int64_t scratch_floats(const Kernels&) const override { return row_ + channels_; }

    void forward(const Pass& pass, const Worker& worker) const override {
        if (crops(pass)) return cut(pass);
        float* const room = worker.scratch;
        float* const outside = room + row_;
        std::fill_n(outside, channels_, fill_value_);
        each_row(pass, worker, [&](const Between& y, std::int64_t in, std::int64_t out) {
            const float* const image = pass.input + in;
            const float* row = room;
            if (y.share == 0 && y.first >= 0)
                row = image + y.first * row_;
            else
                for (std::int64_t i = 0; i < row_; i++)
                    room[i] = between(y.first < 0 ? fill_value_ : image[y.first * row_ + i],
                                      y.second < 0 ? fill_value_ : image[y.second * row_ + i], y.share);
            float* to = pass.output + out;
            for (const Between& x : columns_) {
                const float* const first = x.first < 0 ? outside : row + x.first * channels_;
                const float* const second = x.second < 0 ? outside : row + x.second * channels_;
                for (std::int64_t c = 0; c < channels_; c++) to[c] = between(first[c], second[c], x.share);
                to += channels_;
            }
        });
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        if (!pass.input_gradient) return;
        std::memset(pass.input_gradient, 0, static_cast<std::size_t>(pass.samples * input_size) * sizeof(float));
        if (crops(pass)) return put_back(pass);
        float* const row = worker.scratch;
        each_row(pass, worker, [&](const Between& y, std::int64_t in, std::int64_t out) {
            std::fill_n(row, row_, 0.0f);
            const float* from = pass.output_gradient + out;
            for (const Between& x : columns_) {
                if (x.first >= 0) add(from, 1.0f - x.share, channels_, row + x.first * channels_);
                if (x.second >= 0) add(from, x.share, channels_, row + x.second * channels_);
                from += channels_;
            }
            float* const image = pass.input_gradient + in;
            if (y.first >= 0) add(row, 1.0f - y.share, row_, image + y.first * row_);
            if (y.second >= 0) add(row, y.share, row_, image + y.second * row_);
        });
    }

private:
    static float between(float first, float second, float share) { return first + share * (second - first); }

    static void add(const float* from, float share, std::int64_t count, float* to) {
        if (share == 0) return;
        for (std::int64_t i = 0; i < count; i++) to[i] += share * from[i];
    }

    bool crops(const Pass& pass) const { return crop_ && pass.training; }

    // body(the row's place between old ones, offset of its image in the input, its own offset in the output)
    template <class Body>
    void each_row(const Pass& pass, const Worker& worker, Body&& body) const {
        const Range rows = part_of(out_height_, pass.piece, pass.pieces);
        for (std::int64_t image = 0; image < pass.samples; image++)
            for (std::int64_t y = rows.begin; y < rows.end; y++) {
                if (worker.stopped()) return;
                body(rows_[static_cast<std::size_t>(y)], image * input_size, image * output_size + y * out_row_);
            }
    }

    // body(offset of a row of a part in the input, and in the output)
    template <class Body>
    void each_cut_row(const Pass& pass, Body&& body) const {
        for (std::int64_t image = 0; image < pass.samples; image++) {
            std::uint32_t words[4];
            words_of(pass, *crop_, static_cast<std::uint64_t>(pass.first + image), 1, words);
            const auto start = [&](int axis) {
                return static_cast<std::int64_t>(std::uint64_t{words[axis]} * static_cast<std::uint64_t>(free_[axis]) >>
                                                 32);
            };
            const std::int64_t from = image * input_size + start(0) * row_ + start(1) * channels_;
            for (std::int64_t y = 0; y < out_height_; y++) body(from + y * row_, image * output_size + y * out_row_);
        }
    }

    void cut(const Pass& pass) const {
        each_cut_row(pass, [&](std::int64_t from, std::int64_t to) {
            std::copy_n(pass.input + from, out_row_, pass.output + to);
        });
    }

    void put_back(const Pass& pass) const {
        each_cut_row(pass, [&](std::int64_t to, std::int64_t from) {
            std::copy_n(pass.output_gradient + from, out_row_, pass.input_gradient + to);
        });
    }

    const std::optional<Stream> crop_;
    const float fill_value_;
    const std::int64_t channels_, row_, out_height_, out_row_;
    const Pair free_;  // positions of a part that is cut out
    const std::vector<Between> rows_, columns_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    expect_image(d.input(), "a resizing's input");
    expect_image(d.output, "a resizing's output");
    expect(d.input()[2] == d.output[2], "a resizing leaves the channels");
    ResizingSettings r;
    r.part = settings.take<std::array<Pair, 2>>("part");
    for (const Pair& axis : r.part) {
        in_range(axis[0], -largest_size, largest_size, "the first pixel of a part");
        in_range(axis[1], 1, largest_size, "the length of a part");
    }
    r.bilinear = settings.take<bool>("bilinear");
    const auto fill_value = settings.take<double>("fill_value");
    finite(fill_value, "a fill value");
    r.fill_value = static_cast<float>(fill_value);
    if (auto crop = settings.take<std::optional<Settings>>("crop")) {
        r.crop = take_stream(*crop);
        crop->finish();
        expect(d.output[0] <= d.input()[0] && d.output[1] <= d.input()[1],
               "what is cut out is no larger than its image");
    }
    return std::make_unique<Resizing>(d, r);
}

}  // namespace

const Kind kinds::resizing{"resizing", make};

}  // namespace convoscope
