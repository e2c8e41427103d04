// Convolution in groups, bias and activation: each filter sees the channels of its own group alone.
//
// Each group is a product of its own, whose patches and filters lie between those of the others.
#include <algorithm>
#include <cstring>

#include "activation.hpp"
#include "folding.hpp"
#include "kinds.hpp"
#include "patches.hpp"
#include "plain_end.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t strip_floats = 16 * 1024;  // of feature map: what leaves room in a second-level cache

std::int64_t aligned(std::int64_t floats) { return (floats + 15) / 16 * 16; }

class Grouped final : public Step {
public:
    Grouped(const StepDescription& d, const Geometry& g, std::int64_t groups, const Activation& activation,
            const float* kernel, const float* bias, std::optional<Folding> folding)
        : Step(d),
          activation_(activation),
          kernel_(kernel),
          bias_(bias),
          folding_(folding),
          groups_(groups),
          channels_(d.input()[2] / groups),
          filters_(d.output[2] / groups),
          out_rows_(d.output[0]),
          out_width_(d.output[1]),
          rows_(std::clamp<std::int64_t>(strip_floats / (out_width_ * d.output[2]), 1, out_rows_)),
          patches_(d.input(), g, out_width_, rows_, 1) {
        const std::int64_t taps = g.kernel[0] * g.kernel[1];
        for (std::int64_t tap = 0; tap < taps; tap++) {
            const std::int64_t offset = patches_.values()[tap * d.input()[2]];
            runs_.push_back(offset);
            for (std::int64_t channel = 0; channel < channels_; channel++) values_.push_back(offset + channel);
        }
        for (std::int64_t i = 0; i < filters_; i++) counting_.push_back(i);
    }

    std::string kernel(const Kernels& k) const override {
        return std::string("a product for each group (") + k.name + ")" + (patches_.copied() ? ", padded copy" : "");
    }

    bool only_predicts() const override { return folding_ || !output_tells_slope(activation_); }
    std::int64_t work() const override { return output_size * size(); }
    std::int64_t pieces() const override { return (out_rows_ + rows_ - 1) / rows_; }

    // In prediction the folded kernel and bias; else the kernel turned over, group by group.
    std::int64_t memo_floats(const Kernels& k) const override {
        if (folding_) return folding_->floats(size());
        return groups_ * turned_floats(k);
    }

    // [strip of image][its gradient][gradient before the activation][patches' gradients]
    std::int64_t scratch_floats(const Kernels&) const override {
        return 2 * aligned(patches_.copy_floats()) + aligned(strip_pixels() * all_filters()) +
               aligned(strip_pixels() * size());
    }

    void prepare(const Kernels&, float* memo) const override {
        if (folding_) folding_->fold(kernel_, size(), bias_, memo);
    }

    void prepare_backward(const Kernels& k, float* memo) const override {
        for (std::int64_t group = 0; group < groups_; group++)
            k.pack_transposed(kernel_ + group * filters_, all_filters(), filters_, size(),
                              memo + group * turned_floats(k));
    }

    void forward(const Pass& pass, const Worker& worker) const override {
        const float* const kernel = folding_ ? pass.memo : kernel_;
        const float* const bias = folding_ ? pass.memo + size() * all_filters() : bias_;
        each_strip(pass, worker, [&](std::int64_t image, Range rows) {
            const float* strip =
                patches_.strip(pass.input + image * input_size, 1, rows.begin, rows.end, worker.scratch);
            float* const maps = pass.output + image * output_size + rows.begin * out_width_ * all_filters();
            for (std::int64_t group = 0; group < groups_; group++) {
                Product p{};
                p.a = strip + group * channels_;
                p.rows = patches_.pixels();
                p.columns = values_.data();
                p.b = kernel + group * filters_;
                p.b_step = all_filters();
                p.c = maps + group * filters_;
                p.c_step = all_filters();
                p.m = rows.count() * out_width_;
                p.n = filters_;
                p.k = size();
                add_plain_end(p, activation_, bias ? bias + group * filters_ : nullptr);
                pass.kernels->product(p);
            }
            if (!has_plain_end(activation_))
                pass.kernels->bias_activation(maps, bias, rows.count() * out_width_, all_filters(), activation_);
        });
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        float* const copy = worker.scratch + aligned(patches_.copy_floats());
        float* const before = copy + aligned(patches_.copy_floats());
        float* const columns = before + aligned(strip_pixels() * all_filters());
        if (pass.input_gradient)
            std::memset(pass.input_gradient, 0, static_cast<std::size_t>(pass.samples * input_size) * sizeof(float));
        each_strip(pass, worker, [&](std::int64_t image, Range rows) {
            const std::int64_t out = image * output_size + rows.begin * out_width_ * all_filters();
            const std::int64_t pixels = rows.count() * out_width_;
            pass.kernels->activation_gradient(activation_, nullptr, pass.output + out, pass.output_gradient + out,
                                              before, pixels * all_filters());
            if (bias_ && pass.weight_gradients[1])
                pass.kernels->column_sums(before, pixels, all_filters(), pass.weight_gradients[1]);
            if (pass.weight_gradients[0]) {
                const float* strip =
                    patches_.strip(pass.input + image * input_size, 1, rows.begin, rows.end, worker.scratch);
                for (std::int64_t group = 0; group < groups_; group++)
                    add_kernel_gradient(pass, group, strip, pixels, before);
            }
            if (pass.input_gradient) add_input_gradient(pass, image, rows, before, copy, columns);
        });
    }

private:
    std::int64_t size() const { return static_cast<std::int64_t>(values_.size()); }  // values in a group's patch
    std::int64_t all_filters() const { return groups_ * filters_; }
    std::int64_t strip_pixels() const { return rows_ * out_width_; }
    std::int64_t turned_floats(const Kernels& k) const { return (size() + k.width - 1) / k.width * k.width * filters_; }

    // body(image, output rows)
    template <class Body>
    void each_strip(const Pass& pass, const Worker& worker, Body&& body) const {
        const Range strips = part_of(pieces(), pass.piece, pass.pieces);
        for (std::int64_t image = 0; image < pass.samples; image++)
            for (std::int64_t strip = strips.begin; strip < strips.end; strip++) {
                if (worker.stopped()) return;
                body(image, Range{strip * rows_, std::min((strip + 1) * rows_, out_rows_)});
            }
    }

    void add_kernel_gradient(const Pass& pass, std::int64_t group, const float* strip, std::int64_t pixels,
                             const float* gradient) const {
        Product p{};
        p.a = strip + group * channels_;
        p.rows = values_.data();
        p.columns = patches_.pixels();
        p.b = gradient + group * filters_;
        p.b_step = p.c_step = all_filters();
        p.c = pass.weight_gradients[0] + group * filters_;
        p.m = size();
        p.n = filters_;
        p.k = pixels;
        p.accumulate = true;
        pass.kernels->product(p);
    }

    void add_input_gradient(const Pass& pass, std::int64_t image, Range rows, const float* gradient, float* copy,
                            float* columns) const {
        float* const whole = pass.input_gradient + image * input_size;
        float* const target = patches_.copied() ? copy : whole + patches_.start(rows.begin);
        if (patches_.copied()) std::memset(copy, 0, static_cast<std::size_t>(patches_.copy_floats()) * sizeof(float));
        for (std::int64_t group = 0; group < groups_; group++) {
            Product p{};
            p.a = gradient + group * filters_;
            p.row_step = all_filters();
            p.columns = counting_.data();
            p.b = pass.memo + group * turned_floats(*pass.kernels);
            p.c = columns;
            p.c_step = p.n = size();
            p.m = rows.count() * out_width_;
            p.k = filters_;
            pass.kernels->product(p);
            pass.kernels->scatter({columns, p.m, patches_.pixels(), runs_.data(),
                                   static_cast<std::int64_t>(runs_.size()), channels_, target + group * channels_});
        }
        if (patches_.copied()) patches_.add_back(copy, 1, rows.begin, rows.end, whole);
    }

    const Activation activation_;
    const float* const kernel_;
    const float* const bias_;
    const std::optional<Folding> folding_;
    const std::int64_t groups_, channels_, filters_;  // of a group
    const std::int64_t out_rows_, out_width_;
    const std::int64_t rows_;  // of a strip
    const Patches patches_;
    std::vector<std::int64_t> values_, runs_, counting_;
};

void check(const StepDescription& d, const Geometry& g, std::int64_t groups) {
    expect_image(d.input(), "a convolution's input");
    expect_image(d.output, "a convolution's output");
    in_range(groups, 1, std::min(d.input()[2], d.output[2]), "the number of groups");
    expect(d.input()[2] % groups == 0 && d.output[2] % groups == 0, "groups divide channels and filters");
    Shape padded{0, 0, d.input()[2]};
    for (const std::size_t axis : {0u, 1u}) {
        padded[axis] = d.input()[axis] + g.padding[axis][0] + g.padding[axis][1];
        expect(padded[axis] >= g.reach(axis), "a kernel is larger than its image");
        expect(d.output[axis] == (padded[axis] - g.reach(axis)) / g.strides[axis] + 1,
               "a convolution's output is of another size than its kernel makes");
    }
    expect_moderate_padding(padded, d.input());
}

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker& weights) {
    const Geometry g = take_geometry(settings);
    const auto groups = settings.take<std::int64_t>("groups");
    const Activation activation = take_activation(settings);
    check(d, g, groups);
    const std::int64_t filters = d.output[2];
    const float* kernel = weights.take({g.kernel[0], g.kernel[1], d.input()[2] / groups, filters}, "kernel");
    const float* bias = weights.take_if(settings.take<bool>("bias"), {filters}, "bias");
    const std::optional<Folding> folding = Folding::take(settings, filters, weights);
    return std::make_unique<Grouped>(d, g, groups, activation, kernel, bias, folding);
}

}  // namespace

const Kind kinds::grouped{"grouped convolution", make};

}  // namespace convoscope
