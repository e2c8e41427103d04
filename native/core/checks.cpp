#include "checks.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace convoscope {
namespace {

void expect(bool condition, const std::string& message) {
    if (!condition) throw std::invalid_argument(message);
}

void in_range(std::int64_t value, std::int64_t least, std::int64_t most, const char* what) {
    expect(least <= value && value <= most, std::string(what) + " must be from " + std::to_string(least) + " to " +
                                                std::to_string(most) + ", but is " + std::to_string(value));
}

void in_range(const Pair& values, std::int64_t least, const char* what) {
    for (const std::int64_t value : values) in_range(value, least, largest_size, what);
}

void in_range(const Padding& padding) {
    for (const Pair& side : padding) in_range(side, 0, "padding");
}

void in_bounds(const Bounds& bounds, double least, double most, const char* what) {
    for (const double end : bounds)
        expect(least <= end && end <= most, std::string(what) + " must be from " + std::to_string(least) + " to " +
                                                std::to_string(most));
}

void finite(double value, const char* what) {
    expect(std::isfinite(value), std::string(what) + " must be a finite number");
}

void image(const Shape& shape, const char* what) {
    expect(shape.size() == 3, std::string(what) + " must have height, width and channels");
    in_range(shape[0], 1, largest_size, "an image's height");
    in_range(shape[1], 1, largest_size, "an image's width");
}

// A global pooling's output has no rows and columns left.
Shape map_like(const Shape& shape) { return shape.size() == 3 ? shape : Shape{1, 1, checked_size(shape, "output")}; }

// The pixels that a kernel covers along an axis; both factors are at most `largest_size`.
std::int64_t reach_of(std::int64_t kernel, std::int64_t dilation) {
    const std::int64_t reach = (kernel - 1) * dilation + 1;
    in_range(reach, 1, largest_size, "what a kernel covers");
    return reach;
}

// An image with its padding, which is copied: no more than twice the image, but for small ones.
void check_padded(const Shape& padded, const Shape& whole) {
    constexpr std::int64_t small = std::int64_t{1} << 24;
    const std::int64_t size = checked_size(padded, "a padded image");
    expect(size <= small || size <= 2 * size_of(whole), "an image with its padding is too large");
}

void same(const StepDescription& d) {
    expect(d.input == d.output, "a step that changes values must leave their shape");
}

// Hands out a step's weights one by one, each as large as it has to be.
class Taker {
public:
    Taker(const StepDescription& d, const std::vector<Weight>& weights) : places_(d.weights), weights_(weights) {}

    void take(const Shape& shape, const char* what) {
        expect(next_ < places_.size(), std::string("a step lacks its ") + what);
        const int place = places_[next_++];
        expect(place >= 0 && static_cast<std::size_t>(place) < weights_.size(),
               "a step names a weight that the program does not have");
        const Weight& weight = weights_[static_cast<std::size_t>(place)];
        expect(checked_size(weight.shape, what) == checked_size(shape, what),
               std::string("a step's ") + what + " has another size than its shapes ask for");
    }

    void take(const NormalizationDescription& n, std::int64_t channels) {
        expect(n.epsilon > 0 && std::isfinite(n.epsilon), "epsilon must be above 0");
        expect(0 <= n.momentum && n.momentum <= 1, "momentum must be from 0 to 1");
        if (n.scale) take({channels}, "gamma");
        if (n.center) take({channels}, "beta");
        take({channels}, "moving mean");
        take({channels}, "moving variance");
    }

    void finish() const { expect(next_ == places_.size(), "a step names weights that it has no use for"); }

private:
    const std::vector<int>& places_;
    const std::vector<Weight>& weights_;
    std::size_t next_ = 0;
};

// A window over a map, of which each place has at least one pixel that is not padding.
void check_window(const WindowDescription& w, const Shape& map, const Shape& output) {
    in_range(w.size, 1, "a window's size");
    in_range(w.strides, 1, "a window's stride");
    in_range(w.padding);
    checked_size({w.size[0], w.size[1]}, "a window");
    expect(map[2] == output[2], "a pooling leaves the channels as they are");
    for (const std::size_t axis : {0u, 1u}) {
        expect(w.padding[axis][0] < w.size[axis] && w.padding[axis][1] < w.size[axis],
               "a window must not lie in the padding as a whole");
        expect((output[axis] - 1) * w.strides[axis] + w.size[axis] <=
                   map[axis] + w.padding[axis][0] + w.padding[axis][1],
               "a window leaves the map");
    }
}

struct Check {
    const StepDescription& d;
    Taker& weights;

    void operator()(const ConvolutionDescription& c) const {
        image(d.input, "a convolution's input");
        image(c.features, "a convolution's features");
        checked_size(c.features, "a convolution's features");
        check_kernel(c.kernel, c.strides, c.dilation, c.padding);
        Shape padded{0, 0, d.input[2]};
        for (const std::size_t axis : {0u, 1u}) {
            const std::int64_t reach = reach_of(c.kernel[axis], c.dilation[axis]);
            padded[axis] = d.input[axis] + c.padding[axis][0] + c.padding[axis][1];
            expect(padded[axis] >= reach, "a kernel is larger than its image");
            expect(c.features[axis] == (padded[axis] - reach) / c.strides[axis] + 1,
                   "a convolution's features are of another size than its kernel makes");
        }
        check_padded(padded, d.input);
        const Shape output = map_like(d.output);
        if (c.pool) {
            expect(c.pool->mode != PoolMode::average, "an average is not pooled within a convolution");
            check_window(*c.pool, c.features, output);
            expect(c.pool->size[0] * c.pool->size[1] <= 256, "a fused pooling's window has at most 256 places");
        } else {
            expect(output == c.features, "a convolution's output must be its features");
        }
        weights.take({c.kernel[0], c.kernel[1], d.input[2], c.features[2]}, "kernel");
        if (c.bias) weights.take({c.features[2]}, "bias");
        if (c.normalization) weights.take(*c.normalization, c.features[2]);
    }

    void operator()(const TransposedDescription& t) const {
        image(d.input, "a transposed convolution's input");
        image(d.output, "a transposed convolution's output");
        check_kernel(t.kernel, t.strides, t.dilation, t.padding);
        Shape painted{0, 0, d.output[2]};
        for (const std::size_t axis : {0u, 1u}) {
            const std::int64_t reach = reach_of(t.kernel[axis], t.dilation[axis]);
            painted[axis] = (d.input[axis] - 1) * t.strides[axis] + reach;
            expect(painted[axis] - t.padding[axis][0] - t.padding[axis][1] <= d.output[axis],
                   "what is painted does not fit into the output");
        }
        check_padded(painted, d.output);
        weights.take({t.kernel[0], t.kernel[1], d.output[2], d.input[2]}, "kernel");
        if (t.bias) weights.take({d.output[2]}, "bias");
    }

    void operator()(const UpsamplingDescription& u) const {
        image(d.input, "an upsampling's input");
        in_range(u.size, 1, "a factor");
        image(d.output, "an upsampling's output");
        expect(d.output == Shape{d.input[0] * u.size[0], d.input[1] * u.size[1], d.input[2]},
               "an upsampling's output must be its input times its factors");
    }

    void operator()(const PoolingDescription& p) const {
        image(d.input, "a pooling's input");
        check_window(p.window, d.input, map_like(d.output));
    }

    void operator()(const DenseDescription& dense) const {
        const std::int64_t in = d.input.back(), units = d.output.back();
        expect(size_of(d.input) / in == size_of(d.output) / units, "a dense layer changes the last axis only");
        weights.take({in, units}, "kernel");
        if (dense.bias) weights.take({units}, "bias");
        if (dense.normalization) weights.take(*dense.normalization, units);
    }

    void operator()(const ActivationDescription&) const { same(d); }

    void operator()(const DropoutDescription& dropout) const {
        same(d);
        expect(0 <= dropout.rate && dropout.rate < 1, "a dropout's rate must be at least 0 and below 1");
    }

    void operator()(const MotionDescription& m) const {
        same(d);
        image(d.input, "a motion's input");
        for (const Bounds& shift : m.shifts) in_bounds(shift, -1, 1, "a shift");
        in_bounds(m.turns, -1, 1, "a turn");
    }

    void operator()(const ErasingDescription& e) const {
        same(d);
        image(d.input, "an erasing's input");
        in_bounds(e.probability, 0, 1, "a probability");
        in_bounds(e.scale, 0, 1, "a scale");
        for (const double end : e.value_range) finite(end, "each end of a value range");
        expect(e.value_range[0] <= e.value_range[1], "a value range begins with its smaller end");
        if (e.fill_value) finite(*e.fill_value, "a fill value");
    }

    void operator()(const NormalizationDescription& n) const {
        same(d);
        weights.take(n, d.input.back());
    }

    void operator()(const PaddingDescription& p) const {
        image(d.input, "a padding's input");
        in_range(p.padding);
        image(d.output, "a padding's output");
        expect(d.output == Shape{d.input[0] + p.padding[0][0] + p.padding[0][1],
                                 d.input[1] + p.padding[1][0] + p.padding[1][1], d.input[2]},
               "a padding's output must be its input with the padding around it");
    }

    void operator()(const RescalingDescription&) const { same(d); }

    void operator()(const ReshapeDescription&) const {
        expect(size_of(d.input) == size_of(d.output), "a reshape leaves the number of values as it is");
    }

private:
    static void check_kernel(const Pair& kernel, const Pair& strides, const Pair& dilation, const Padding& padding) {
        in_range(kernel, 1, "a kernel's size");
        in_range(strides, 1, "a stride");
        in_range(dilation, 1, "a dilation");
        in_range(padding);
    }
};

}  // namespace

std::int64_t checked_size(const Shape& shape, const char* what) {
    std::int64_t size = 1;
    for (const std::int64_t length : shape) {
        in_range(length, 1, most_values, (std::string("each axis of ") + what).c_str());
        size *= length;  // at most most_values², which does not overflow
        in_range(size, 1, most_values, (std::string("the number of values of ") + what).c_str());
    }
    return size;
}

void check_step(const StepDescription& d, const std::vector<Weight>& weights) {
    expect(!d.input.empty() && !d.output.empty(), "a step's input and output must have an axis");
    checked_size(d.input, "a step's input");
    checked_size(d.output, "a step's output");
    Taker taker(d, weights);
    std::visit(Check{d, taker}, d.what);
    taker.finish();
}

}  // namespace convoscope
