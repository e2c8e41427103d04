// Contrast and brightness of images changed at random.
#include <algorithm>

#include "kinds.hpp"
#include "uniform.hpp"

namespace convoscope {
namespace {

struct ToneSettings {
    Bounds value_range, contrast, shift;
    Stream stream;
};

class Tone final : public Step {
public:
    Tone(const StepDescription& d, const ToneSettings& t)
        : Step(d), tone_(t), pixels_(d.input()[0] * d.input()[1]), channels_(d.input()[2]) {}

    std::string kernel(const Kernels& k) const override { return std::string("each value, Philox (") + k.name + ")"; }

    // Means of the channels, and of their gradients.
    std::int64_t scratch_floats(const Kernels&) const override { return 2 * channels_; }

    void forward(const Pass& pass, const Worker& worker) const override {
        if (!pass.training) return pass.kernels->affine(pass.input, 1, 0, pass.output, pass.samples * input_size);
        each_image(pass, worker, [&](const Drawn& drawn, const float* means, std::int64_t image) {
            each_value(image, [&](std::int64_t i, std::int64_t c) {
                pass.output[i] = std::clamp(changed(pass.input[i], means[c], drawn), drawn.low, drawn.high);
            });
        });
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        if (!pass.input_gradient) return;
        if (!pass.training)
            return pass.kernels->affine(pass.output_gradient, 1, 0, pass.input_gradient, pass.samples * input_size);
        float* const through_mean = worker.scratch + channels_;
        each_image(pass, worker, [&](const Drawn& drawn, const float* means, std::int64_t image) {
            each_value(image, [&](std::int64_t i, std::int64_t c) {
                const float value = changed(pass.input[i], means[c], drawn);
                const bool inside = value >= drawn.low && value <= drawn.high;
                pass.input_gradient[i] = inside ? pass.output_gradient[i] : 0.0f;
            });
            mean_of(pass, pass.input_gradient + image, through_mean);
            each_value(image, [&](std::int64_t i, std::int64_t c) {
                pass.input_gradient[i] =
                    pass.input_gradient[i] * drawn.contrast + through_mean[c] * (1.0f - drawn.contrast);
            });
        });
    }

private:
    struct Drawn {
        float contrast, shift, low, high;
    };

    static float changed(float x, float mean, const Drawn& drawn) {
        return (x - mean) * drawn.contrast + mean + drawn.shift;
    }

    // body(what is drawn for an image, means of its channels, its offset)
    template <class Body>
    void each_image(const Pass& pass, const Worker& worker, Body&& body) const {
        for (std::int64_t i = 0; i < pass.samples; i++) {
            if (worker.stopped()) return;
            std::uint32_t words[4];
            words_of(pass, tone_.stream, static_cast<std::uint64_t>(pass.first + i), 1, words);
            const Drawn drawn{static_cast<float>(between(tone_.contrast, words[0])),
                              static_cast<float>(between(tone_.shift, words[1])),
                              static_cast<float>(tone_.value_range[0]), static_cast<float>(tone_.value_range[1])};
            mean_of(pass, pass.input + i * input_size, worker.scratch);
            body(drawn, worker.scratch, i * input_size);
        }
    }

    // body(the value's offset, its channel)
    template <class Body>
    void each_value(std::int64_t image, Body&& body) const {
        for (std::int64_t pixel = 0; pixel < pixels_; pixel++)
            for (std::int64_t c = 0; c < channels_; c++) body(image + pixel * channels_ + c, c);
    }

    void mean_of(const Pass& pass, const float* image, float* means) const {
        std::fill_n(means, channels_, 0.0f);
        pass.kernels->column_sums(image, pixels_, channels_, means);
        for (std::int64_t c = 0; c < channels_; c++) means[c] /= static_cast<float>(pixels_);
    }

    const ToneSettings tone_;
    const std::int64_t pixels_, channels_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    expect_same_shape(d);
    expect_image(d.input(), "a change of tone's input");
    ToneSettings t{settings.take<Bounds>("value_range"), settings.take<Bounds>("contrast"),
                   settings.take<Bounds>("shift"), take_stream(settings)};
    for (const Bounds& bounds : {t.value_range, t.contrast, t.shift})
        for (const double end : bounds) finite(static_cast<double>(static_cast<float>(end)), "each end of a range");
    expect(t.value_range[0] <= t.value_range[1], "a value range begins with its smaller end");
    return std::make_unique<Tone>(d, t);
}

}  // namespace

const Kind kinds::tone{"tone", make};

}  // namespace convoscope
