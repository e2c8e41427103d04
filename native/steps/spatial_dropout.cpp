// Dropout of whole feature maps: in training, some are left out at random, and the others made larger in return.
#include "kinds.hpp"

namespace convoscope {
namespace {

class SpatialDropout final : public Step {
public:
    SpatialDropout(const StepDescription& d, double rate, std::uint32_t stream, std::optional<std::uint64_t> seed)
        : Step(d),
          threshold_(static_cast<std::uint32_t>(rate * 4294967296.0)),
          scale_(static_cast<float>(1.0 / (1.0 - rate))),
          stream_(stream),
          seed_(seed),
          channels_(d.input()[2]) {}

    std::string kernel(const Kernels& k) const override { return std::string("each map, Philox (") + k.name + ")"; }
    std::int64_t kept_bytes() const override { return channels_; }

    void forward(const Pass& pass, const Worker&) const override {
        const std::int64_t count = pass.samples * input_size;
        if (!pass.training) return pass.kernels->affine(pass.input, 1, 0, pass.output, count);
        pass.kernels->keep_mask(seed_.value_or(pass.seed), pass.iteration, stream_, threshold_, pass.first * channels_,
                                pass.samples * channels_, pass.kept);
        keep(pass, pass.input, pass.output);
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (!pass.input_gradient) return;
        if (pass.training) return keep(pass, pass.output_gradient, pass.input_gradient);
        pass.kernels->affine(pass.output_gradient, 1, 0, pass.input_gradient, pass.samples * input_size);
    }

private:
    void keep(const Pass& pass, const float* from, float* to) const {
        for (std::int64_t i = 0; i < pass.samples; i++)
            for (std::int64_t at = i * input_size; at < (i + 1) * input_size; at += channels_)
                pass.kernels->keep(from + at, pass.kept + i * channels_, scale_, to + at, channels_);
    }

    const std::uint32_t threshold_;
    const float scale_;
    const std::uint32_t stream_;
    const std::optional<std::uint64_t> seed_;
    const std::int64_t channels_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    expect_same_shape(d);
    expect_image(d.input(), "a dropout of feature maps' input");
    const auto rate = settings.take<double>("rate");
    expect(0 <= rate && rate < 1, "a dropout's rate must be at least 0 and below 1");
    const auto stream = settings.take<std::uint32_t>("stream");
    return std::make_unique<SpatialDropout>(d, rate, stream, settings.take<std::optional<std::uint64_t>>("seed"));
}

}  // namespace

const Kind kinds::spatial_dropout{"spatial dropout", make};

}  // namespace convoscope
