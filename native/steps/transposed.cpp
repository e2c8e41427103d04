// Transposed convolution, bias and activation in one step: a convolution walked the other way.
//
// What its input is to the convolution's feature map, its output is to the convolution's image. Forth it is that
// convolution's way back to the image's gradient (products scattered into patches), and back its way forth (products of
// patches); the kernel has the convolution's layout, so the kernel's gradient is the same in both.
#include <algorithm>
#include <cstring>

#include "activation.hpp"
#include "kinds.hpp"
#include "patches.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t strip_floats = 16 * 1024;    // of output: what leaves room in a second-level cache
constexpr std::int64_t gradient_floats = 3 * 1024;  // of input: what stays in a first-level cache beside patches

class TransposedConvolution final : public Step {
public:
    TransposedConvolution(const StepDescription& d, const Geometry& g, Activation activation, const float* kernel,
                          const float* bias)
        : Step(d),
          activation_(activation),
          kernel_(kernel),
          bias_(bias),
          height_(d.input()[0]),
          width_(d.input()[1]),
          channels_(d.input()[2]),
          filters_(d.output[2]),
          rows_(rows_at_once(d, g)),
          images_(rows_ < height_ ? 1 : std::clamp<std::int64_t>(strip_floats / output_size, 1, 32)),
          patches_(d.output, g, width_, rows_, images_) {
        for (std::int64_t i = 0; i < channels_; i++) counting_.push_back(i);
    }

    bool only_predicts() const override { return !output_tells_slope(activation_); }
    std::string kernel(const Kernels& k) const override {
        const std::string rows = rows_ == height_ ? "whole maps" : "strips of " + std::to_string(rows_) + " rows";
        return std::string("scattered product (") + k.name + "), " + rows + (patches_.copied() ? ", padded copy" : "") +
               "; products of patches";
    }

    std::int64_t samples_at_once() const override { return images_; }
    std::int64_t work() const override { return input_size * patches_.size(); }

    // [kernel turned round, for the way forth][kernel, for the way back]
    std::int64_t memo_floats(const Kernels& k) const override {
        return forward_floats(k) + padded(channels_, k.width) * patches_.size();
    }

    // [strip of output, zeros around it][gradient before the activation][patches]
    std::int64_t scratch_floats(const Kernels&) const override {
        return aligned(patches_.copy_floats()) + aligned(images_ * output_size) + patch_rows() * patches_.size();
    }

    void prepare(const Kernels& k, float* memo) const override {
        k.pack_transposed(kernel_, channels_, channels_, patches_.size(), memo);
    }

    void prepare_backward(const Kernels& k, float* memo) const override {
        k.pack(kernel_, channels_, patches_.size(), channels_, memo + forward_floats(k));
    }

    void forward(const Pass& pass, const Worker& worker) const override {
        float* copy = worker.scratch;
        float* columns = copy + aligned(patches_.copy_floats()) + aligned(images_ * output_size);
        std::memset(pass.output, 0, bytes(pass.samples * output_size));
        each_strip(pass, worker, [&](const Strip& s) {
            float* output = pass.output + s.image * output_size;
            float* target = patches_.copied() ? copy : output + patches_.start(s.begin);
            if (patches_.copied()) std::memset(copy, 0, bytes(patches_.copy_floats()));
            Product p{};
            p.row_step = channels_;
            p.columns = counting_.data();
            p.b = pass.memo;
            p.c = columns;
            p.c_step = patches_.size();
            p.n = patches_.size();
            p.k = channels_;
            for (std::int64_t first = 0; first < s.pixels && !worker.stopped(); first += patch_rows()) {
                p.m = std::min(patch_rows(), s.pixels - first);
                p.a = pass.input + s.input + first * channels_;
                pass.kernels->product(p);
                pass.kernels->scatter({columns, p.m, patches_.pixels() + first, patches_.runs(), patches_.run_count(),
                                       patches_.run_length(), target});
            }
            if (patches_.copied()) patches_.add_back(copy, s.images, s.begin, s.end, output);
            if (s.end == height_)
                pass.kernels->bias_activation(output, bias_, s.images * output_size / filters_, filters_, activation_);
        });
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        float* copy = worker.scratch;
        float* before = copy + aligned(patches_.copy_floats());
        each_strip(pass, worker, [&](const Strip& s) {
            const std::int64_t outputs = s.images * output_size;
            if (s.begin == 0) {
                pass.kernels->activation_gradient(activation_, nullptr, pass.output + s.image * output_size,
                                                  pass.output_gradient + s.image * output_size, before, outputs);
                if (bias_ && pass.weight_gradients[1])
                    pass.kernels->column_sums(before, outputs / filters_, filters_, pass.weight_gradients[1]);
            }
            const float* strip = patches_.strip(before, s.images, s.begin, s.end, copy);
            if (pass.weight_gradients[0]) add_kernel_gradient(pass, worker, s, strip);
            if (!pass.input_gradient) return;
            Product p{};
            p.a = strip;
            p.rows = patches_.pixels();
            p.columns = patches_.values();
            p.b = pass.memo + forward_floats(*pass.kernels);
            p.c = pass.input_gradient + s.input;
            p.c_step = channels_;
            p.m = s.pixels;
            p.n = channels_;
            p.k = patches_.size();
            pass.kernels->product(p);
        });
    }

private:
    // Input rows [begin, end) of some images: where they begin, and how many pixels they are.
    struct Strip {
        std::int64_t image, images, begin, end, input, pixels;
    };

    static std::int64_t padded(std::int64_t n, std::int64_t to) { return (n + to - 1) / to * to; }
    static std::int64_t aligned(std::int64_t floats) { return padded(floats, 16); }
    static std::size_t bytes(std::int64_t floats) { return static_cast<std::size_t>(floats) * sizeof(float); }

    static std::int64_t rows_at_once(const StepDescription& d, const Geometry& g) {
        const std::int64_t row = g.strides[0] * d.output[1] * d.output[2];
        return std::clamp<std::int64_t>(strip_floats / row, 1, d.input()[0]);
    }

    std::int64_t forward_floats(const Kernels& k) const { return padded(patches_.size(), k.width) * channels_; }

    // Patches that are made at once before they are added to the image.
    std::int64_t patch_rows() const {
        return std::clamp<std::int64_t>(2 * strip_floats / patches_.size() / 12, 1, 20) * 12;
    }

    template <class Body>
    void each_strip(const Pass& pass, const Worker& worker, Body&& body) const {
        for (std::int64_t image = 0; image < pass.samples; image += images_)
            for (std::int64_t row = 0; row < height_; row += rows_) {
                if (worker.stopped()) return;
                const std::int64_t images = std::min(images_, pass.samples - image);
                const std::int64_t end = std::min(row + rows_, height_);
                body(Strip{image, images, row, end, image * input_size + row * width_ * channels_,
                           images * (end - row) * width_});
            }
    }

    void add_kernel_gradient(const Pass& pass, const Worker& worker, const Strip& s, const float* strip) const {
        Product p{};
        p.a = strip;
        p.rows = patches_.values();
        p.b_step = channels_;
        p.c = pass.weight_gradients[0];
        p.c_step = channels_;
        p.m = patches_.size();
        p.n = channels_;
        p.accumulate = true;
        const std::int64_t most =
            std::max<std::int64_t>(gradient_floats / std::min<std::int64_t>(channels_, pass.kernels->panel), 1);
        for (std::int64_t first = 0; first < s.pixels && !worker.stopped(); first += most) {
            p.columns = patches_.pixels() + first;
            p.b = pass.input + s.input + first * channels_;
            p.k = std::min(most, s.pixels - first);
            pass.kernels->product(p);
        }
    }

    const Activation activation_;
    const float* const kernel_;  // (patch, channels)
    const float* const bias_;
    const std::int64_t height_, width_, channels_;  // of the input
    const std::int64_t filters_;
    const std::int64_t rows_;    // input rows of a strip
    const std::int64_t images_;  // of a strip
    const Patches patches_;      // of the output
    std::vector<std::int64_t> counting_;
};

// The settings are those of the convolution that would make the input's size of the output's.
std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker& weights) {
    const Geometry g = take_geometry(settings);
    expect_image(d.input(), "a transposed convolution's input");
    expect_image(d.output, "a transposed convolution's output");
    Shape painted{0, 0, d.output[2]};
    for (const std::size_t axis : {0u, 1u}) {
        painted[axis] = (d.input()[axis] - 1) * g.strides[axis] + g.reach(axis);
        expect(painted[axis] - g.padding[axis][0] - g.padding[axis][1] <= d.output[axis],
               "what is painted does not fit into the output");
    }
    expect_moderate_padding(painted, d.output);
    const float* kernel = weights.take({g.kernel[0], g.kernel[1], d.output[2], d.input()[2]}, "kernel");
    const float* bias = weights.take_if(settings.take<bool>("bias"), {d.output[2]}, "bias");
    return std::make_unique<TransposedConvolution>(d, g, take_activation(settings), kernel, bias);
}

}  // namespace

const Kind kinds::transposed{"transposed convolution", make};

}  // namespace convoscope
