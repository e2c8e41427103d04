// Depthwise convolution, bias and activation: each channel has kernels of its own.
//
// A channel with several kernels is repeated for each of them first, so that output and input channels are the same.
#include <algorithm>
#include <cstring>
#include <limits>

#include "activation.hpp"
#include "depthwise_blocks.hpp"
#include "folding.hpp"
#include "geometry.hpp"
#include "kinds.hpp"
#include "plain_end.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t block_copy = 6 * 1024;    // floats of a strip's copy: what leaves room in a first-level cache
constexpr std::int64_t most_copied = 64 * 1024;  // of that under one row

constexpr float infinity = std::numeric_limits<float>::infinity();

std::int64_t aligned(std::int64_t floats) { return (floats + 15) / 16 * 16; }

// Where a row's outputs find their pixels: those of all outputs, or of every so many, which have the same taps.
struct Columns {
    std::int64_t first, count;  // of outputs
    std::vector<std::int64_t> taps, offsets;

    std::int64_t tap_count() const { return static_cast<std::int64_t>(taps.size()); }
};

class Depthwise final : public Step {
public:
    Depthwise(const StepDescription& d, const Geometry& g, const Activation& activation, const float* kernel,
              const float* bias, std::optional<Folding> folding)
        : Step(d),
          geometry_(g),
          activation_(activation),
          kernel_(kernel),
          bias_(bias),
          folding_(folding),
          height_(d.input()[0]),
          width_(d.input()[1]),
          out_height_(d.output[0]),
          out_width_(d.output[1]),
          channels_(d.output[2]),
          multiplier_(d.output[2] / d.input()[2]),
          forth_(columns_forth()) {
        for (std::int64_t phase = 0; phase < std::min(g.strides[1], width_); phase++)
            back_.push_back(columns_back(phase));
    }

    std::string kernel(const Kernels& k) const override {
        return (in_blocks() ? "block by block of channels (" : "channels side by side (") + std::string(k.name) + ")";
    }
    bool only_predicts() const override { return folding_ || !output_tells_slope(activation_); }
    std::int64_t work() const override { return output_size * geometry_.kernel[0] * geometry_.kernel[1]; }
    std::int64_t pieces() const override { return out_height_; }

    // [kernel and bias, folded][kernel and bias in blocks]
    std::int64_t memo_floats(const Kernels&) const override {
        return folded_floats() + (in_blocks() ? block_floats(taps(), channels_) : 0);
    }
    void prepare(const Kernels&, float* memo) const override {
        if (folding_) folding_->fold(kernel_, taps(), bias_, memo);
        if (!in_blocks()) return;
        const float* const bias = folding_ ? memo + taps() * channels_ : bias_;
        pack_blocks(folding_ ? memo : kernel_, bias, taps(), channels_, memo + folded_floats());
    }

    // [pointers to rows][the image, repeated][its gradient][the gradient before the activation], or on the way forth
    // [pointers to rows][a block of rows]
    std::int64_t scratch_floats(const Kernels&) const override {
        return pointer_floats() + std::max(2 * repeated_floats() + (linear() ? 0 : aligned(output_size)),
                                           in_blocks() ? rows_under(block_rows()) * block_row() : 0);
    }

    void forward(const Pass& pass, const Worker& worker) const override {
        const Range rows = part_of(out_height_, pass.piece, pass.pieces);
        if (in_blocks()) return forward_in_blocks(pass, worker, rows);
        const std::int64_t top = rows.begin * geometry_.strides[0] - geometry_.padding[0][0],
                           bottom =
                               (rows.end - 1) * geometry_.strides[0] - geometry_.padding[0][0] + geometry_.reach(0);
        DepthwiseRow row = row_of(forth_, geometry_.strides[1], geometry_.dilation[1] == 1);
        row.bias = folding_ ? pass.memo + taps() * channels_ : bias_;
        row.bounded = activation_.kind == Nonlinearity::relu || activation_.kind == Nonlinearity::relu6;
        row.high = activation_.kind == Nonlinearity::relu6 ? 6.0f : infinity;
        row.output_step = channels_;
        for (std::int64_t i = 0; i < pass.samples; i++) {
            const float* image = repeated(pass.input + i * input_size, std::max<std::int64_t>(top, 0),
                                          std::min(bottom, height_), worker.scratch + pointer_floats());
            for (std::int64_t y = rows.begin; y < rows.end; y++) {
                if (worker.stopped()) return;
                rows_under(y, image, folding_ ? pass.memo : kernel_, worker, row);
                row.output = pass.output + i * output_size + y * out_width_ * channels_;
                pass.kernels->depthwise_row(row);
                if (!row.bounded)
                    pass.kernels->bias_activation(row.output, nullptr, out_width_, channels_, activation_);
            }
        }
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        float* const image_room = worker.scratch + pointer_floats();
        float* const gradient_room = image_room + repeated_floats();
        float* const before = gradient_room + repeated_floats();
        for (std::int64_t i = 0; i < pass.samples; i++) {
            if (worker.stopped()) return;
            const float* sent = pass.output_gradient + i * output_size;
            if (!linear()) {
                pass.kernels->activation_gradient(activation_, nullptr, pass.output + i * output_size, sent, before,
                                                  output_size);
                sent = before;
            }
            if (bias_ && pass.weight_gradients[1])
                pass.kernels->column_sums(sent, out_height_ * out_width_, channels_, pass.weight_gradients[1]);
            if (pass.weight_gradients[0]) {
                const float* image = repeated(pass.input + i * input_size, 0, height_, image_room);
                add_kernel_gradient(pass, worker, image, sent);
            }
            if (!pass.input_gradient) continue;
            float* const gradient = pass.input_gradient + i * input_size;
            set_input_gradient(pass, worker, sent, multiplier_ > 1 ? gradient_room : gradient);
            if (multiplier_ > 1) add_up(gradient_room, gradient);
        }
    }

private:
    std::int64_t taps() const { return geometry_.kernel[0] * geometry_.kernel[1]; }
    bool linear() const { return activation_.kind == Nonlinearity::linear; }
    std::int64_t repeated_floats() const { return multiplier_ > 1 ? aligned(input_size * multiplier_) : 0; }

    std::int64_t folded_floats() const { return folding_ ? aligned(folding_->floats(taps())) : 0; }

    // Two for each row of the kernel, or one for each row under a strip.
    std::int64_t pointer_floats() const {
        constexpr std::size_t each = sizeof(const float*);
        const std::int64_t pointers = std::max(2 * geometry_.kernel[0], in_blocks() ? rows_under(block_rows()) : 0);
        return aligned(pointers * static_cast<std::int64_t>(each / sizeof(float)));
    }

    // ---- in blocks: a strip of rows is copied block by block, with zeros around it

    // Not where a row is so wide that no copy of it would stay in a cache.
    bool in_blocks() const {
        return multiplier_ == 1 && suits_blocks(geometry_) && has_plain_end(activation_) &&
               rows_under(1) * block_row() <= most_copied;
    }
    std::int64_t rows_under(std::int64_t outputs) const {
        return (outputs - 1) * geometry_.strides[0] + geometry_.kernel[0];
    }
    std::int64_t block_row() const { return block_row_floats(geometry_, width_, out_width_); }

    // Output rows at once: as many as stay in a first-level cache with those under them.
    std::int64_t block_rows() const {
        std::int64_t rows = 1;
        while (rows < out_height_ && rows_under(rows + 1) * block_row() <= block_copy) rows++;
        return rows;
    }

    void forward_in_blocks(const Pass& pass, const Worker& worker, Range rows) const {
        float* const copy = worker.scratch + pointer_floats();
        const std::int64_t strip = block_rows();
        std::fill_n(copy, rows_under(strip) * block_row(), 0.0f);
        DepthwiseBlocks p{};
        p.rows = pointers(worker);
        p.size_y = geometry_.kernel[0], p.size_x = geometry_.kernel[1];
        p.stride_y = geometry_.strides[0], p.stride_x = geometry_.strides[1];
        p.width = out_width_;
        p.output_row = out_width_ * channels_;
        p.output_pixel = channels_;
        for (std::int64_t i = 0; i < pass.samples; i++)
            for (std::int64_t y = rows.begin; y < rows.end; y += strip) {
                if (worker.stopped()) return;
                p.height = std::min(strip, rows.end - y);
                p.output = pass.output + i * output_size + y * out_width_ * channels_;
                const Range under = point_at(y, p.height, copy, worker);
                for (std::int64_t channel = 0; channel < channels_; channel += channel_block) {
                    p.channels = std::min(channel_block, channels_ - channel);
                    const float* from = pass.input + i * input_size + under.begin * width_ * channels_ + channel;
                    float* to =
                        copy + (under.begin - top_of(y)) * block_row() + geometry_.padding[1][0] * channel_block;
                    for (std::int64_t row = 0; row < under.count(); row++)
                        pass.kernels->copy_block(from + row * width_ * channels_, channels_, width_, p.channels,
                                                 to + row * block_row());
                    const float* const packed = pass.memo + folded_floats();
                    p.kernel = packed + channel * taps();
                    add_plain_end(p, activation_, block_bias(packed, taps(), channels_) + channel);
                    pass.kernels->depthwise_blocks(p);
                    p.output += channel_block;
                }
            }
    }

    std::int64_t top_of(std::int64_t y) const { return y * geometry_.strides[0] - geometry_.padding[0][0]; }

    // Sets pointers to the copies of the rows under some outputs; returns those that are of the image.
    Range point_at(std::int64_t y, std::int64_t outputs, const float* copy, const Worker& worker) const {
        const std::int64_t top = top_of(y), count = rows_under(outputs);
        for (std::int64_t row = 0; row < count; row++)
            pointers(worker)[row] = top + row >= 0 && top + row < height_ ? copy + row * block_row() : nullptr;
        const std::int64_t begin = std::clamp<std::int64_t>(top, 0, height_);
        return {begin, std::clamp(top + count, begin, height_)};
    }

    Columns columns_forth() const {
        Columns c{0, out_width_, {}, {}};
        for (std::int64_t tap = 0; tap < geometry_.kernel[1]; tap++) c.taps.push_back(tap * channels_);
        each_output(
            c,
            [&](std::int64_t x, std::int64_t tap) {
                return x * geometry_.strides[1] + tap * geometry_.dilation[1] - geometry_.padding[1][0];
            },
            width_);
        return c;
    }

    // Of every stride-th pixel from `phase` on: the outputs that were made of it, and by which taps.
    Columns columns_back(std::int64_t phase) const {
        const std::int64_t stride = geometry_.strides[1], shift = phase + geometry_.padding[1][0];
        Columns c{phase, (width_ - phase + stride - 1) / stride, {}, {}};
        std::vector<std::int64_t> of_tap;  // the output of the first of these pixels
        for (std::int64_t tap = geometry_.kernel[1] - 1; tap >= 0; tap--) {
            const std::int64_t at = shift - tap * geometry_.dilation[1];
            if (((at % stride) + stride) % stride != 0) continue;
            c.taps.push_back(tap * channels_);
            of_tap.push_back(at / stride);
        }
        if (c.taps.empty()) {  // a pixel that nothing is made of
            c.taps.push_back(0);
            of_tap.push_back(-c.count - depthwise_outputs);
        }
        each_output(
            c, [&](std::int64_t x, std::int64_t tap) { return of_tap[static_cast<std::size_t>(tap)] + x; }, out_width_);
        return c;
    }

    template <class Place>
    void each_output(Columns& c, Place&& place, std::int64_t width) const {
        const std::int64_t outputs = (c.count + depthwise_outputs - 1) / depthwise_outputs * depthwise_outputs;
        c.offsets.reserve(static_cast<std::size_t>(outputs * c.tap_count()));
        for (std::int64_t x = 0; x < outputs; x++)
            for (std::int64_t tap = 0; tap < c.tap_count(); tap++) {
                const std::int64_t at = place(x, tap);
                c.offsets.push_back(at >= 0 && at < width ? at * channels_ : -1);
            }
    }

    DepthwiseRow row_of(const Columns& c, std::int64_t stride, bool even) const {
        DepthwiseRow row{};
        row.taps = c.tap_count();
        row.tap_offsets = c.taps.data();
        row.columns = c.offsets.data();
        row.even = even;
        row.stride = stride;
        row.count = c.count;
        row.channels = channels_;
        return row;
    }

    const float** pointers(const Worker& worker) const { return reinterpret_cast<const float**>(worker.scratch); }

    // The rows of the image under row y of the outputs, and those of the kernel that lie on them.
    void rows_under(std::int64_t y, const float* image, const float* kernel, const Worker& worker,
                    DepthwiseRow& row) const {
        const float** inputs = pointers(worker);
        const float** kernels = inputs + geometry_.kernel[0];
        row.rows = 0;
        for (std::int64_t tap = 0; tap < geometry_.kernel[0]; tap++) {
            const std::int64_t at = y * geometry_.strides[0] + tap * geometry_.dilation[0] - geometry_.padding[0][0];
            if (at < 0 || at >= height_) continue;
            inputs[row.rows] = image + at * width_ * channels_;
            kernels[row.rows++] = kernel + tap * geometry_.kernel[1] * channels_;
        }
        row.inputs = inputs;
        row.kernels = kernels;
    }

    void add_kernel_gradient(const Pass& pass, const Worker& worker, const float* image, const float* sent) const {
        DepthwiseRow row{};
        DepthwiseGradient g{};
        g.taps = forth_.tap_count();
        g.columns = forth_.offsets.data();
        g.count = out_width_;
        g.channels = channels_;
        for (std::int64_t y = 0; y < out_height_ && !worker.stopped(); y++) {
            rows_under(y, image, pass.weight_gradients[0], worker, row);
            g.inputs = row.inputs;
            g.kernels = const_cast<float* const*>(row.kernels);  // they came as what may be written
            g.rows = row.rows;
            g.gradient = sent + y * out_width_ * channels_;
            pass.kernels->depthwise_gradient(g);
        }
    }

    void set_input_gradient(const Pass& pass, const Worker& worker, const float* sent, float* gradient) const {
        const float** inputs = pointers(worker);
        const float** kernels = inputs + geometry_.kernel[0];
        for (std::int64_t y = 0; y < height_ && !worker.stopped(); y++) {
            std::int64_t rows = 0;
            for (std::int64_t tap = 0; tap < geometry_.kernel[0]; tap++) {
                const std::int64_t at = y + geometry_.padding[0][0] - tap * geometry_.dilation[0],
                                   from = at / geometry_.strides[0];
                if (at < 0 || at % geometry_.strides[0] != 0 || from >= out_height_) continue;
                inputs[rows] = sent + from * out_width_ * channels_;
                kernels[rows++] = kernel_ + tap * geometry_.kernel[1] * channels_;
            }
            for (const Columns& phase : back_) {
                DepthwiseRow row = row_of(phase, 1, geometry_.dilation[1] == 1);
                row.inputs = inputs;
                row.kernels = kernels;
                row.rows = rows;
                row.output = gradient + (y * width_ + phase.first) * channels_;
                row.output_step = geometry_.strides[1] * channels_;
                pass.kernels->depthwise_row(row);
            }
        }
    }

    // Rows of an image with each channel as often as it has kernels; as it is where that is once.
    const float* repeated(const float* image, std::int64_t begin, std::int64_t end, float* room) const {
        if (multiplier_ == 1) return image;
        const std::int64_t first = begin * width_ * channels_ / multiplier_,
                           last = end * width_ * channels_ / multiplier_;
        for (std::int64_t i = first; i < last; i++) std::fill_n(room + i * multiplier_, multiplier_, image[i]);
        return room;
    }

    void add_up(const float* gradients, float* gradient) const {
        for (std::int64_t i = 0; i < input_size; i++) {
            float total = 0;
            for (std::int64_t m = 0; m < multiplier_; m++) total += gradients[i * multiplier_ + m];
            gradient[i] = total;
        }
    }

    const Geometry geometry_;
    const Activation activation_;
    const float* const kernel_;
    const float* const bias_;
    const std::optional<Folding> folding_;
    const std::int64_t height_, width_, out_height_, out_width_;
    const std::int64_t channels_, multiplier_;  // of the output; for each of the input
    const Columns forth_;
    std::vector<Columns> back_;
};

void check(const StepDescription& d, const Geometry& g) {
    expect_image(d.input(), "a depthwise convolution's input");
    expect_image(d.output, "a depthwise convolution's output");
    expect(d.output[2] % d.input()[2] == 0, "a depthwise convolution makes a whole number of channels of each");
    Shape padded{0, 0, d.output[2]};
    for (const std::size_t axis : {0u, 1u}) {
        padded[axis] = d.input()[axis] + g.padding[axis][0] + g.padding[axis][1];
        expect(padded[axis] >= g.reach(axis), "a kernel is larger than its image");
        expect(d.output[axis] == (padded[axis] - g.reach(axis)) / g.strides[axis] + 1,
               "a depthwise convolution's output is of another size than its kernel makes");
    }
    checked_size({d.input()[0], d.input()[1], d.output[2]}, "an image with its channels repeated");
    checked_size({std::max(d.input()[1], d.output[1]), g.kernel[1]}, "all taps of a row");
}

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker& weights) {
    const Geometry g = take_geometry(settings);
    const Activation activation = take_activation(settings);
    check(d, g);
    const std::int64_t channels = d.output[2];
    const float* kernel = weights.take({g.kernel[0], g.kernel[1], channels}, "kernel");
    const float* bias = weights.take_if(settings.take<bool>("bias"), {channels}, "bias");
    const std::optional<Folding> folding = Folding::take(settings, channels, weights);
    expect(!by_row(activation), "a depthwise convolution takes no softmax in");
    return std::make_unique<Depthwise>(d, g, activation, kernel, bias, folding);
}

}  // namespace

const Kind kinds::depthwise{"depthwise convolution", make};

}  // namespace convoscope
