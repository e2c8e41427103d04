// Images flipped, shifted, turned and zoomed at random: each output pixel reads the input at a place, between four
// pixels.
//
// Places are whole numbers of 2^-32 pixels, so that this and the reference engine read the same pixels, to the bit.
#include <cmath>
#include <cstring>

#include "kinds.hpp"
#include "uniform.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t half = std::int64_t{1} << 31, one = 2 * half;  // a pixel
constexpr double full_turn = 6.283185307179586;

enum class FillMode { constant, nearest, reflect, wrap };

// The words are those of the plan's AffineStep.
struct AffineSettings {
    std::uint32_t stream;
    std::optional<std::uint64_t> seed;
    std::array<bool, 2> flips;
    std::array<Bounds, 2> shifts;
    Bounds turns;
    std::array<Bounds, 2> zooms;
    bool even;  // whether the width is zoomed as the height is
    bool bilinear;
    FillMode fill_mode;
    float fill_value;
};

std::int64_t whole(double value) { return static_cast<std::int64_t>(std::floor(value + 0.5)); }

// What is done to one image, in 2^-32 pixels for each half pixel from the centre.
struct Drawn {
    std::int64_t down, right, turn, shift_down, shift_right;
};

// The two pixels around a place along an axis, as offsets in the image, and the second one's weight. An offset below 0
// is outside the image.
struct Neighbours {
    std::int32_t first, second;
    float share;
};

class Affine final : public Step {
public:
    Affine(const StepDescription& d, const AffineSettings& m)
        : Step(d), settings_(m), height_(d.input()[0]), width_(d.input()[1]), channels_(d.input()[2]) {}

    std::string kernel(const Kernels& k) const override {
        return std::string("each pixel from ") + (settings_.bilinear ? "four" : "one") + ", Philox (" + k.name + ")";
    }

    // A pixel that stands for all outside, and each column's neighbours.
    std::int64_t scratch_floats(const Kernels&) const override {
        return channels_ + width_ * static_cast<std::int64_t>(sizeof(Neighbours) / sizeof(float));
    }

    void forward(const Pass& pass, const Worker& worker) const override {
        if (!pass.training) return pass.kernels->affine(pass.input, 1, 0, pass.output, pass.samples * input_size);
        float* outside = worker.scratch;
        for (std::int64_t c = 0; c < channels_; c++) outside[c] = settings_.fill_value;
        for (std::int64_t i = 0; i < pass.samples; i++) {
            const float* image = pass.input + i * input_size;
            float* output = pass.output + i * input_size;
            const auto pixel = [&](std::int32_t row, std::int32_t column) {
                return (row | column) < 0 ? outside : image + row + column;
            };
            const auto copy = [&](std::int64_t to, const Neighbours& row, const Neighbours& column) {
                const float* from = pixel(row.first, column.first);
                each_channel([&](std::int64_t c) { output[to + c] = from[c]; });
            };
            const auto mix = [&](std::int64_t to, const Neighbours& row, const Neighbours& column) {
                const float *a = pixel(row.first, column.first), *b = pixel(row.first, column.second),
                            *c = pixel(row.second, column.first), *d = pixel(row.second, column.second);
                each_channel([&](std::int64_t k) {
                    const float above = (1 - column.share) * a[k] + column.share * b[k];
                    const float below = (1 - column.share) * c[k] + column.share * d[k];
                    output[to + k] = (1 - row.share) * above + row.share * below;
                });
            };
            const Drawn drawn = draw(pass, i);
            settings_.bilinear ? each_pixel(drawn, worker, mix) : each_pixel(drawn, worker, copy);
        }
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        if (!pass.input_gradient) return;
        const std::int64_t count = pass.samples * input_size;
        if (!pass.training) return pass.kernels->affine(pass.output_gradient, 1, 0, pass.input_gradient, count);
        std::memset(pass.input_gradient, 0, static_cast<std::size_t>(count) * sizeof(float));
        float* outside = worker.scratch;  // receives what nobody asks for
        for (std::int64_t c = 0; c < channels_; c++) outside[c] = 0;
        for (std::int64_t i = 0; i < pass.samples; i++) {
            float* image = pass.input_gradient + i * input_size;
            const float* gradient = pass.output_gradient + i * input_size;
            each_pixel(draw(pass, i), worker, [&](std::int64_t from, const Neighbours& row, const Neighbours& column) {
                const auto add = [&](std::int32_t y, std::int32_t x, float weight) {
                    float* pixel = (y | x) < 0 ? outside : image + y + x;
                    each_channel([&](std::int64_t c) { pixel[c] += weight * gradient[from + c]; });
                };
                add(row.first, column.first, (1 - row.share) * (1 - column.share));
                if (!settings_.bilinear) return;
                add(row.first, column.second, (1 - row.share) * column.share);
                add(row.second, column.first, row.share * (1 - column.share));
                add(row.second, column.second, row.share * column.share);
            });
        }
    }

private:
    Drawn draw(const Pass& pass, std::int64_t sample) const {
        std::uint32_t words[4];
        pass.kernels->random_words(settings_.seed.value_or(pass.seed), pass.iteration, settings_.stream,
                                   static_cast<std::uint64_t>(pass.first + sample), 1, words);
        const double angle = full_turn * between(settings_.turns, words[2]);
        const std::int64_t cosine = whole(std::cos(angle) * half), sine = whole(std::sin(angle) * half);
        const double tall = between(settings_.zooms[0], words[0]),
                     wide = settings_.even ? tall : between(settings_.zooms[1], words[1]);
        const auto zoomed = [&](double zoom) { return whole(static_cast<double>(cosine) * zoom); };
        const auto flipped = [&](int axis) { return settings_.flips[axis] && words[axis] < (1u << 31); };
        const auto shift = [&](int axis, std::int64_t length) {
            return whole(between(settings_.shifts[axis], words[axis]) * static_cast<double>(length) * one);
        };
        return {flipped(0) ? -zoomed(tall) : zoomed(tall), flipped(1) ? -zoomed(wide) : zoomed(wide), sine,
                shift(0, height_), shift(1, width_)};
    }

    template <class Body>
    void each_channel(Body&& body) const {
        if (channels_ == 1) return body(0);  // without a loop, which would be most of the work
        for (std::int64_t c = 0; c < channels_; c++) body(c);
    }

    // body(offset of the output's pixel, neighbours of the row and of the column that it reads)
    template <class Body>
    void each_pixel(const Drawn& d, const Worker& worker, Body&& body) const {
        const std::int64_t row_step = width_ * channels_, left = width_ - 1;
        auto* columns = reinterpret_cast<Neighbours*>(worker.scratch + channels_);
        for (std::int64_t y = 0, to = 0; y < height_; y++) {
            const std::int64_t below = 2 * y - (height_ - 1);
            std::int64_t row = d.down * below - d.turn * left + (height_ - 1) * half - d.shift_down;
            std::int64_t column = -d.right * left - d.turn * below + (width_ - 1) * half - d.shift_right;
            if (d.turn != 0) {
                for (std::int64_t x = 0; x < width_; x++, to += channels_, row += 2 * d.turn, column += 2 * d.right)
                    body(to, neighbours(row, height_, row_step), neighbours(column, width_, channels_));
            } else {  // every row reads the same columns
                if (y == 0)
                    for (std::int64_t x = 0; x < width_; x++, column += 2 * d.right)
                        columns[x] = neighbours(column, width_, channels_);
                const Neighbours rows = neighbours(row, height_, row_step);
                for (std::int64_t x = 0; x < width_; x++, to += channels_) body(to, rows, columns[x]);
            }
        }
    }

    Neighbours neighbours(std::int64_t place, std::int64_t length, std::int64_t step) const {
        const std::int64_t pixel = floor_of(settings_.bilinear ? place : place + half);
        const auto first = static_cast<std::int32_t>(fold(pixel, length) * step);
        if (!settings_.bilinear) return {first, first, 0};
        const float share = static_cast<float>(place - pixel * one) * (1.0f / static_cast<float>(one));
        return {first, share == 0 ? first : static_cast<std::int32_t>(fold(pixel + 1, length) * step), share};
    }

    static std::int64_t floor_of(std::int64_t place) { return place >> 32; }

    std::int64_t fold(std::int64_t index, std::int64_t length) const {
        if (index >= 0 && index < length) return index;
        const auto modulo = [&](std::int64_t n) { return ((index % n) + n) % n; };
        switch (settings_.fill_mode) {
            case FillMode::constant: return -1;
            case FillMode::nearest: return index < 0 ? 0 : length - 1;
            case FillMode::wrap: return modulo(length);
            case FillMode::reflect: break;
        }
        const std::int64_t within = modulo(2 * length);
        return within < length ? within : 2 * length - 1 - within;
    }

    const AffineSettings settings_;
    const std::int64_t height_, width_, channels_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    static const std::map<std::string, FillMode> modes = {{"constant", FillMode::constant},
                                                          {"nearest", FillMode::nearest},
                                                          {"reflect", FillMode::reflect},
                                                          {"wrap", FillMode::wrap}};
    expect_same_shape(d);
    expect_image(d.input(), "the input of an affine augmentation");
    AffineSettings m;
    m.stream = settings.take<std::uint32_t>("stream");
    m.seed = settings.take<std::optional<std::uint64_t>>("seed");
    m.flips = settings.take<std::array<bool, 2>>("flips");
    m.shifts = settings.take<std::array<Bounds, 2>>("shifts");
    m.turns = settings.take<Bounds>("turns");
    m.zooms = settings.take<std::array<Bounds, 2>>("zooms");
    m.even = settings.take<bool>("even");
    m.bilinear = settings.take<bool>("bilinear");
    m.fill_mode = settings.take("fill_mode", modes);
    m.fill_value = settings.take<float>("fill_value");
    for (const Bounds& shift : m.shifts) in_range(shift, -1, 1, "a shift");
    in_range(m.turns, -1, 1, "a turn");
    for (const Bounds& zoom : m.zooms) in_range(zoom, 0, 2, "a zoom");
    return std::make_unique<Affine>(d, m);
}

}  // namespace

const Kind kinds::affine{"affine", make};

}  // namespace convoscope
