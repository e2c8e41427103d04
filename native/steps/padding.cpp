// Zeros around an image.
#include <cstring>

#include "kinds.hpp"

namespace convoscope {
namespace {

class ZeroPadding final : public Step {
public:
    ZeroPadding(const StepDescription& d, const Padding& padding)
        : Step(d),
          rows_(d.input()[0]),
          row_(d.input()[1] * d.input()[2]),
          out_row_(d.output[1] * d.output[2]),
          start_((padding[0][0] * d.output[1] + padding[1][0]) * d.output[2]) {}

    std::string kernel(const Kernels&) const override { return "copied rows"; }

    void forward(const Pass& pass, const Worker&) const override {
        std::memset(pass.output, 0, bytes(pass.samples * output_size));
        for (std::int64_t i = 0; i < pass.samples; i++)
            for (std::int64_t y = 0; y < rows_; y++)
                std::memcpy(pass.output + i * output_size + start_ + y * out_row_,
                            pass.input + i * input_size + y * row_, bytes(row_));
    }

    void backward(const Pass& pass, const Worker&) const override {
        if (!pass.input_gradient) return;
        for (std::int64_t i = 0; i < pass.samples; i++)
            for (std::int64_t y = 0; y < rows_; y++)
                std::memcpy(pass.input_gradient + i * input_size + y * row_,
                            pass.output_gradient + i * output_size + start_ + y * out_row_, bytes(row_));
    }

private:
    static std::size_t bytes(std::int64_t floats) { return static_cast<std::size_t>(floats) * sizeof(float); }

    const std::int64_t rows_, row_, out_row_, start_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker&) {
    const auto padding = settings.take<Padding>("padding");
    expect_image(d.input(), "a padding's input");
    in_range(padding);
    expect_image(d.output, "a padding's output");
    expect(d.output == Shape{d.input()[0] + padding[0][0] + padding[0][1], d.input()[1] + padding[1][0] + padding[1][1],
                             d.input()[2]},
           "a padding's output must be its input with the padding around it");
    return std::make_unique<ZeroPadding>(d, padding);
}

}  // namespace

const Kind kinds::padding{"padding", make};

}  // namespace convoscope
