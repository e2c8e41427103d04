// Convolution, bias, activation and perhaps a pooling in one step; or a second value that is added before the
// activation, as at the end of a residual block.
//
// With a pooling the un-pooled maps never reach memory: the pooled value and its place in the window are all that the
// backward pass needs. What computes maps and gradients is chosen in convolution/choice.cpp.
#include "convolution.hpp"

#include <algorithm>
#include <cstring>

#include "activation.hpp"
#include "convolution/strategy.hpp"
#include "folding.hpp"
#include "kinds.hpp"

namespace convoscope {
namespace {

class Convolution final : public Step {
public:
    Convolution(const StepDescription& d, std::unique_ptr<const Frame> frame, const float* kernel, const float* bias,
                std::optional<Folding> folding)
        : Step(d),
          frame_(std::move(frame)),
          f_(*frame_),
          activation_(f_.settings.activation),
          kernel_(kernel),
          bias_(bias),
          strategy_(choose(f_)),
          product_(*strategy_.product),
          folding_(folding) {}

    std::string kernel(const Kernels& k) const override {
        const std::string rows =
            f_.rows == f_.out_rows ? "whole maps" : "strips of " + std::to_string(f_.rows) + " rows";
        return product_.words() + (f_.settings.addend ? " and a sum" : "") + " (" + f_.multiplier.words(k) + "), " +
               rows + (f_.patches.copied() ? ", padded copy" : "") +
               (strategy_.backward.empty() ? "" : "; " + strategy_.backward);
    }

    std::string why() const override { return strategy_.why; }
    bool only_predicts() const override { return folding_ || !output_tells_slope(activation_); }
    std::int64_t kept_bytes() const override { return f_.pooled ? output_size : 0; }
    std::int64_t samples_at_once() const override { return f_.images; }
    std::int64_t work() const override { return f_.height * f_.width * f_.filters * f_.patches.size(); }
    std::int64_t pieces() const override { return by_filters() ? f_.filters / filter_group : f_.pieces(); }

    // [of the product][folded kernel and bias, or what the gradients made]
    std::int64_t memo_floats(const Kernels& k) const override {
        std::int64_t floats = product_.memo_floats(k);
        if (folding_) return floats + folding_->floats(f_.patches.size());
        for (const auto& gradient : strategy_.gradients) floats += gradient->memo_floats(k);
        return floats;
    }

    // [strip of image][its gradient][feature maps, or their gradient][gradient before the activation][of the gradients]
    // and from the feature maps' end on, what the product needs for itself
    std::int64_t scratch_floats(const Kernels&) const override {
        std::int64_t own = 0;
        for (const auto& gradient : strategy_.gradients) own = std::max(own, gradient->scratch_floats());
        return 2 * aligned(f_.patches.copy_floats()) + aligned(f_.map_floats()) +
               std::max(aligned(f_.output_floats()) + aligned(own), product_.scratch_floats());
    }

    void prepare(const Kernels& k, float* memo) const override {
        float* const folded = memo + product_.memo_floats(k);
        if (folding_) folding_->fold(kernel_, f_.patches.size(), bias_, folded);
        product_.prepare(k, folding_ ? folded : kernel_, memo);
    }

    void prepare_backward(const Kernels& k, float* memo) const override {
        each_gradient(k, memo, [&](const MapGradient& gradient, float* own) { gradient.prepare(k, kernel_, own); });
    }

    void forward(const Pass& pass, const Worker& worker) const override {
        const Kernels& k = *pass.kernels;
        float* features = worker.scratch + 2 * aligned(f_.patches.copy_floats());
        float* own = features + aligned(f_.map_floats());
        const float* bias = folding_ ? pass.memo + product_.memo_floats(k) + f_.patches.size() * f_.filters : bias_;
        Pass whole = pass;
        Range filters{0, f_.filters};
        if (pass.pieces > 1 && by_filters()) {
            filters = filters_of(pass);
            whole.piece = 0, whole.pieces = 1;
        }
        f_.each_strip(whole, worker, [&](const Strip& s) {
            const std::int64_t out = f_.output_of(s);
            float* output = pass.output + out;
            std::uint8_t* winners = pass.kept ? pass.kept + out : nullptr;
            if (product_.pools()) {
                product_.forward({pass, worker, s, filters, bias, output, winners, features});
            } else if (!f_.pooled) {
                const float* addend = f_.settings.addend && product_.finishes() ? pass.inputs[1] + out : nullptr;
                product_.forward({pass, worker, s, filters, bias, output, nullptr, own, addend});
            } else {
                product_.forward({pass, worker, s, filters, nullptr, features, nullptr, own});
                f_.each_map(s, [&](const PoolRows& rows, std::int64_t map, std::int64_t offset) {
                    PoolRows filled = rows;
                    filled.input = features + map;
                    k.pool(filled, output + offset, winners ? winners + offset : nullptr);
                });
            }
            if (!product_.finishes()) finish_off(pass, s, filters, bias, output);
        });
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        const Kernels& k = *pass.kernels;
        float* copy = worker.scratch + aligned(f_.patches.copy_floats());
        float* maps = copy + aligned(f_.patches.copy_floats());
        float* room = maps + aligned(f_.map_floats());
        float* own = room + aligned(f_.output_floats());
        const bool set = std::any_of(strategy_.gradients.begin(), strategy_.gradients.end(),
                                     [](const auto& gradient) { return gradient->sets_input(); });
        if (pass.input_gradient && !set)
            std::memset(pass.input_gradient, 0, static_cast<std::size_t>(pass.samples * input_size) * sizeof(float));
        f_.each_strip(pass, worker, [&](const Strip& s) {
            const std::int64_t out = f_.output_of(s), pixels = s.images * (s.end - s.begin) * f_.out_width;
            const float* before = pass.output_gradient + out;  // the activation
            if (activation_.kind != Nonlinearity::linear) {
                k.activation_gradient(activation_, nullptr, pass.output + out, before, room, pixels * f_.filters);
                before = room;
            }
            if (f_.settings.addend && pass.input_gradients[1])
                std::memcpy(pass.input_gradients[1] + out, before,
                            static_cast<std::size_t>(pixels * f_.filters) * sizeof(float));
            if (bias_ && pass.weight_gradients[1]) k.column_sums(before, pixels, f_.filters, pass.weight_gradients[1]);
            const float* gradient_of_maps = f_.pooled ? nullptr : before;
            each_gradient(k, pass.memo, [&](const MapGradient& gradient, const float* memo) {
                if (!gradient.wanted(pass)) return;
                if (gradient.reads_maps() && !gradient_of_maps) gradient_of_maps = unpool(pass, s, before, maps);
                gradient.add({pass, worker, s, before, gradient_of_maps, memo, copy, own});
            });
        });
    }

    void finish(const Pass& pass, const Worker& worker) const override {
        for (const auto& gradient : strategy_.gradients) gradient->finish(pass, worker);
    }

private:
    // A small map is divided among workers by its filters: its rows make uneven shares, and every worker would read the
    // whole kernel.
    bool by_filters() const {
        constexpr std::int64_t few_pixels = 64;
        return product_.divides() && f_.filters >= 2 * filter_group && f_.height * f_.width <= few_pixels;
    }

    // The last piece has those too that are no whole group.
    Range filters_of(const Pass& pass) const {
        const Range groups = part_of(f_.filters / filter_group, pass.piece, pass.pieces);
        const bool last = pass.piece == pass.pieces - 1;
        return {groups.begin * filter_group, last ? f_.filters : groups.end * filter_group};
    }

    // Bias, addend and activation; what was just made is still in the cache.
    void finish_off(const Pass& pass, const Strip& s, Range filters, const float* bias, float* output) const {
        const std::int64_t pixels = s.images * (s.end - s.begin) * f_.out_width;
        const bool whole = filters.count() == f_.filters;
        const float* const from = bias ? bias + filters.begin : nullptr;
        for (std::int64_t pixel = 0; pixel < (whole ? 1 : pixels); pixel++) {
            const std::int64_t at = pixel * f_.filters + filters.begin, rows = whole ? pixels : 1;
            if (f_.settings.addend)
                pass.kernels->bias_addend_activation(output + at, from, pass.inputs[1] + f_.output_of(s) + at, rows,
                                                     filters.count(), activation_);
            else
                pass.kernels->bias_activation(output + at, from, rows, filters.count(), activation_);
        }
    }

    // body(gradient, its part of the memo)
    template <class Body>
    void each_gradient(const Kernels& k, float* memo, Body&& body) const {
        memo += product_.memo_floats(k);
        for (const auto& gradient : strategy_.gradients) {
            body(*gradient, memo);
            memo += gradient->memo_floats(k);
        }
    }

    // From the gradient of a strip's pooled values to that of its feature maps.
    const float* unpool(const Pass& pass, const Strip& s, const float* before, float* maps) const {
        std::memset(maps, 0, static_cast<std::size_t>(f_.pixels(s) * f_.filters) * sizeof(float));
        f_.each_map(s, [&](const PoolRows& rows, std::int64_t map, std::int64_t offset) {
            pass.kernels->pool_gradient(rows, pass.kept + f_.output_of(s) + offset, before + offset, maps + map);
        });
        return maps;
    }

    const std::unique_ptr<const Frame> frame_;
    const Frame& f_;
    const Activation activation_;
    const float* const kernel_;  // (patch, filters)
    const float* const bias_;
    const Strategy strategy_;
    const MapProduct& product_;
    const std::optional<Folding> folding_;
};

void check(const StepDescription& d, const ConvolutionSettings& c) {
    expect_image(d.input(), "a convolution's input");
    expect_image(c.features, "a convolution's features");
    checked_size(c.features, "a convolution's features");
    Shape padded{0, 0, d.input()[2]};
    for (const std::size_t axis : {0u, 1u}) {
        padded[axis] = d.input()[axis] + c.padding[axis][0] + c.padding[axis][1];
        expect(padded[axis] >= c.reach(axis), "a kernel is larger than its image");
        expect(c.features[axis] == (padded[axis] - c.reach(axis)) / c.strides[axis] + 1,
               "a convolution's features are of another size than its kernel makes");
    }
    expect_moderate_padding(padded, d.input());
    expect(c.addend == (d.inputs.size() == 2), "a convolution reads a second value only as its addend");
    expect(!c.addend || (d.inputs[1] == c.features && !c.pool),
           "a convolution's addend must be as large as its features, and is not pooled");
    const Shape output = map_of(d.output);
    if (!c.pool) return expect(output == c.features, "a convolution's output must be its features");
    expect(c.pool->mode != PoolMode::average, "an average is not pooled within a convolution");
    check_window(*c.pool, c.features, output);
    expect(c.pool->size[0] * c.pool->size[1] <= 256, "a fused pooling's window has at most 256 places");
}

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker& weights) {
    ConvolutionSettings c{
        take_geometry(settings), settings.take<Shape>("features"), take_activation(settings), {}, false, d.precision};
    if (auto pool = settings.take<std::optional<Settings>>("pool")) c.pool = window_of(std::move(*pool));
    if (settings.has("addend")) c.addend = settings.take<bool>("addend");
    check(d, c);
    const std::int64_t filters = c.features[2];
    const float* kernel = weights.take({c.kernel[0], c.kernel[1], d.input()[2], filters}, "kernel");
    const float* bias = weights.take_if(settings.take<bool>("bias"), {filters}, "bias");
    const std::optional<Folding> folding = Folding::take(settings, filters, weights);
    return std::make_unique<Convolution>(d, std::make_unique<const Frame>(d.input(), c, map_of(d.output)), kernel, bias,
                                         folding);
}

}  // namespace

const Kind kinds::convolution{"convolution", make, 1, 2};

}  // namespace convoscope
