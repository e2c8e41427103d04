// Images made larger: each new pixel is an old one, or lies between two of them on each axis.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kinds.hpp"

namespace convoscope {
namespace {

// A new pixel along an axis: first + share × (second - first) of two old ones.
struct Between {
    std::int64_t first, second;
    float share;
};

std::vector<Between> places_of(std::int64_t length, std::int64_t size, bool bilinear) {
    std::vector<Between> places;
    places.reserve(static_cast<std::size_t>(length * size));
    for (std::int64_t i = 0; i < length * size; i++) {
        if (!bilinear) {
            places.push_back({i / size, i / size, 0});
            continue;
        }
        const double middle = (static_cast<double>(i) + 0.5) / static_cast<double>(size) - 0.5;
        const double at = std::clamp(middle, 0.0, static_cast<double>(length - 1));
        const auto first = static_cast<std::int64_t>(at);
        places.push_back({first, std::min(first + 1, length - 1), static_cast<float>(at - std::floor(at))});
    }
    return places;
}

class Upsampling final : public Step {
public:
    Upsampling(const StepDescription& d, const Pair& size, bool bilinear)
        : Step(d),
          channels_(d.input()[2]),
          row_(d.input()[1] * d.input()[2]),
          out_row_(d.output[1] * d.output[2]),
          rows_(places_of(d.input()[0], size[0], bilinear)),
          columns_(places_of(d.input()[1], size[1], bilinear)) {}

    std::string kernel(const Kernels&) const override { return "rows, then columns"; }
    std::int64_t scratch_floats(const Kernels&) const override { return row_; }

    void forward(const Pass& pass, const Worker& worker) const override {
        each_row(pass, worker, [&](const Between& y, std::int64_t in, std::int64_t out) {
            const float* row = pass.input + in + y.first * row_;
            if (y.share != 0) row = between(row, pass.input + in + y.second * row_, y.share, row_, worker.scratch);
            float* to = pass.output + out;
            for (const Between& x : columns_) {
                const float* first = row + x.first * channels_;
                if (x.share == 0)
                    std::memcpy(to, first, static_cast<std::size_t>(channels_) * sizeof(float));
                else
                    between(first, row + x.second * channels_, x.share, channels_, to);
                to += channels_;
            }
        });
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        if (!pass.input_gradient) return;
        std::memset(pass.input_gradient, 0, static_cast<std::size_t>(pass.samples * input_size) * sizeof(float));
        each_row(pass, worker, [&](const Between& y, std::int64_t in, std::int64_t out) {
            float* row = worker.scratch;
            std::fill_n(row, row_, 0.0f);
            const float* from = pass.output_gradient + out;
            for (const Between& x : columns_) {
                share_out(from, x, channels_, row + x.first * channels_, row + x.second * channels_);
                from += channels_;
            }
            float* image = pass.input_gradient + in;
            share_out(row, y, row_, image + y.first * row_, image + y.second * row_);
        });
    }

private:
    // body(the row's place between old ones, offset of its image in the input, its own offset in the output)
    template <class Body>
    void each_row(const Pass& pass, const Worker& worker, Body&& body) const {
        for (std::int64_t image = 0; image < pass.samples; image++) {
            if (worker.stopped()) return;
            for (std::size_t y = 0; y < rows_.size(); y++)
                body(rows_[y], image * input_size, image * output_size + static_cast<std::int64_t>(y) * out_row_);
        }
    }

    static const float* between(const float* first, const float* second, float share, std::int64_t count, float* to) {
        for (std::int64_t i = 0; i < count; i++) to[i] = first[i] + share * (second[i] - first[i]);
        return to;
    }

    static void share_out(const float* from, const Between& at, std::int64_t count, float* first, float* second) {
        for (std::int64_t i = 0; i < count; i++) first[i] += (1.0f - at.share) * from[i];
        if (at.share == 0) return;
        for (std::int64_t i = 0; i < count; i++) second[i] += at.share * from[i];
    }

    const std::int64_t channels_, row_, out_row_;
    const std::vector<Between> rows_, columns_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    const auto size = settings.take<Pair>("size");
    expect_image(d.input(), "an upsampling's input");
    in_range(size, 1, "a factor");
    expect_image(d.output, "an upsampling's output");
    expect(d.output == Shape{d.input()[0] * size[0], d.input()[1] * size[1], d.input()[2]},
           "an upsampling's output must be its input times its factors");
    return std::make_unique<Upsampling>(d, size, settings.take<bool>("bilinear"));
}

}  // namespace

const Kind kinds::upsampling{"upsampling", make};

}  // namespace convoscope
