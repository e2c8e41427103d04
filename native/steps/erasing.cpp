// Random rectangles of images overwritten with a value or with noise.
#include <algorithm>
#include <cmath>

#include "kinds.hpp"
#include "uniform.hpp"

namespace convoscope {
namespace {

// Noise where there is no fill value.
struct ErasingSettings {
    std::uint32_t stream;
    std::optional<std::uint64_t> seed;
    Bounds probability, scale;
    std::optional<double> fill_value;
    Bounds value_range;
};

struct Box {
    Range rows, columns;
};

class Erasing final : public Step {
public:
    Erasing(const StepDescription& d, const ErasingSettings& e)
        : Step(d), erasing_(e), height_(d.input()[0]), width_(d.input()[1]), channels_(d.input()[2]) {}

    std::string kernel(const Kernels& k) const override { return std::string("rectangles, Philox (") + k.name + ")"; }

    void forward(const Pass& pass, const Worker&) const override {
        pass.kernels->affine(pass.input, 1, 0, pass.output, pass.samples * input_size);
        each_row(pass, [&](std::int64_t begin, std::int64_t count) {
            if (erasing_.fill_value)
                std::fill_n(pass.output + begin, count, in_range(*erasing_.fill_value));
            else
                write_noise(pass, begin, count);
        });
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (!pass.input_gradient) return;
        pass.kernels->affine(pass.output_gradient, 1, 0, pass.input_gradient, pass.samples * input_size);
        each_row(pass, [&](std::int64_t begin, std::int64_t count) {
            std::fill_n(pass.input_gradient + begin, count, 0.0f);
        });
    }

private:
    // body(first value, count) for each row of each image's rectangle; in prediction there are none.
    template <class Body>
    void each_row(const Pass& pass, Body&& body) const {
        if (!pass.training) return;
        for (std::int64_t i = 0; i < pass.samples; i++) {
            const Box box = draw(pass, pass.first + i);
            for (std::int64_t y = box.rows.begin; y < box.rows.end; y++)
                body(i * input_size + (y * width_ + box.columns.begin) * channels_, box.columns.count() * channels_);
        }
    }

    Box draw(const Pass& pass, std::int64_t image) const {
        std::uint32_t words[8];
        words_of(pass, stream(), 2 * static_cast<std::uint64_t>(image), 2, words);
        if (uniform(words[5]) >= between(erasing_.probability, words[4])) return {{0, 0}, {0, 0}};
        return {side(height_, words[0], words[2]), side(width_, words[1], words[3])};
    }

    // The pixels whose number lies within the side's start and end.
    Range side(std::int64_t length, std::uint32_t share, std::uint32_t place) const {
        const double all = static_cast<double>(length), part = std::sqrt(between(erasing_.scale, share)) * all;
        const double start = uniform(place) * (all - part);
        const auto up = [&](double at) { return std::min(static_cast<std::int64_t>(std::ceil(at)), length); };
        return {up(start), up(start + part)};
    }

    void write_noise(const Pass& pass, std::int64_t begin, std::int64_t count) const {
        each_normal(pass, stream(), pass.first * input_size + begin, count, [&](std::int64_t i, double normal) {
            pass.output[begin + i] = in_range(normal * erasing_.value_range[1]);
        });
    }

    Stream stream() const { return {erasing_.stream, erasing_.seed}; }

    float in_range(double value) const {
        return static_cast<float>(std::clamp(value, erasing_.value_range[0], erasing_.value_range[1]));
    }

    const ErasingSettings erasing_;
    const std::int64_t height_, width_, channels_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    expect_same_shape(d);
    expect_image(d.input(), "an erasing's input");
    ErasingSettings e;
    e.stream = settings.take<std::uint32_t>("stream");
    e.seed = settings.take<std::optional<std::uint64_t>>("seed");
    e.probability = settings.take<Bounds>("probability");
    e.scale = settings.take<Bounds>("scale");
    e.fill_value = settings.take<std::optional<double>>("fill_value");
    e.value_range = settings.take<Bounds>("value_range");
    in_range(e.probability, 0, 1, "a probability");
    in_range(e.scale, 0, 1, "a scale");
    for (const double end : e.value_range) finite(end, "each end of a value range");
    expect(e.value_range[0] <= e.value_range[1], "a value range begins with its smaller end");
    if (e.fill_value) finite(*e.fill_value, "a fill value");
    return std::make_unique<Erasing>(d, e);
}

}  // namespace

const Kind kinds::erasing{"erasing", make};

}  // namespace convoscope
