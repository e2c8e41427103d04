// A convolution, a depthwise one and one with a 1×1 kernel as one step: in prediction, what is between them stays in
// the cache. The first may be missing; most often its kernel is 1×1 too. A second value may be added to what the last
// makes.
//
// Of a strip of output rows, the rows under it are expanded into a ring of rows, those filtered, and the strip
// projected from that. The next strip goes on with the rows that are there already. Both maps in between lie in blocks
// of channels, the expanded one with zeros at both ends of its rows: no window needs to know where the image ends.
#include <algorithm>
#include <cstring>

#include "activation.hpp"
#include "depthwise_blocks.hpp"
#include "folding.hpp"
#include "geometry.hpp"
#include "kinds.hpp"
#include "patches.hpp"
#include "plain_end.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t ring_floats = 64 * 1024;  // of both maps in between: what leaves room in a second-level cache

std::int64_t padded(std::int64_t n, std::int64_t to) { return (n + to - 1) / to * to; }

// One of the three: its kernel, bias, activation, and a normalization that is folded into kernel and bias.
struct Part {
    Geometry geometry;
    Shape made;         // of what it makes
    std::int64_t rows;  // of the kernel, which has a column for each channel
    const float* kernel;
    const float* bias;
    std::optional<Folding> folding;
    Activation activation;

    std::int64_t channels() const { return made[2]; }

    // [kernel and bias, folded or as they are]
    std::int64_t memo_floats() const { return (rows + 1) * channels(); }

    void fold(float* memo) const {
        if (folding) return folding->fold(kernel, rows, bias, memo);
        std::memcpy(memo, kernel, static_cast<std::size_t>(rows * channels()) * sizeof(float));
        for (std::int64_t c = 0; c < channels(); c++) memo[rows * channels() + c] = bias ? bias[c] : 0.0f;
    }
};

// Where the weights of a product lie in a memo: [packed kernel][bias].
struct Packed {
    std::int64_t kernel, bias, end;

    Packed(const Part& part, std::int64_t from, const Kernels& k)
        : kernel(from),
          bias(kernel + padded(padded(part.channels(), k.width) * part.rows, 16)),
          end(bias + padded(part.channels(), 16)) {}
};

class InvertedResidual final : public Step {
public:
    InvertedResidual(const StepDescription& d, std::optional<Part> expand, Part filter, Part project)
        : Step(d),
          expand_(std::move(expand)),
          filter_(std::move(filter)),
          project_(std::move(project)),
          geometry_(filter_.geometry),
          adds_(d.inputs.size() > 1),
          height_((expand_ ? expand_->made : d.input())[0]),
          width_((expand_ ? expand_->made : d.input())[1]),
          out_height_(filter_.made[0]),
          out_width_(filter_.made[1]),
          blocks_(whole_blocks(filter_.channels())),
          row_(block_row_floats(geometry_, width_, out_width_)),
          strip_(strip_rows()),
          slots_(rows_under(strip_)) {
        if (expand_) patches_.emplace(d.input(), expand_->geometry, width_, slots_, 1);
        for (std::int64_t i = 0; i < 2 * slots_; i++)
            for (std::int64_t x = 0; x < width_; x++)
                places_.push_back(i % slots_ * row_ + (g(1).before + x) * channel_block);
        for (std::int64_t i = 0; i < filter_.channels(); i++)
            filtered_.push_back(i / channel_block * filtered_block() + i % channel_block);
    }

    std::string kernel(const Kernels& k) const override {
        return (strip_ == 1 ? "row by row" : "strips of " + std::to_string(strip_) + " rows") + " through " +
               (expand_ ? "all three" : "both") + " (" + k.name + ")";
    }

    bool only_predicts() const override { return true; }
    std::int64_t work() const override {
        return (expand_ ? height_ * width_ * expand_->rows * expand_->channels() : 0) +
               out_height_ * out_width_ * filter_.channels() * (filter_.rows + project_.channels());
    }
    // Each piece expands the rows that its windows share with the next piece's once more.
    std::int64_t pieces() const override {
        const std::int64_t shared = std::max<std::int64_t>(g(0).size - g(0).stride, 0);
        return std::max<std::int64_t>(out_height_ * g(0).stride / std::max(shared, g(0).stride), 1);
    }

    // [depthwise kernel in blocks][that of the projection][of the expansion][room to fold in]
    std::int64_t memo_floats(const Kernels& k) const override {
        const std::int64_t expanding = expand_ ? expand_->memo_floats() : 0;
        return packed_end(k) + std::max({expanding, filter_.memo_floats(), project_.memo_floats()});
    }

    void prepare(const Kernels& k, float* memo) const override {
        float* const folded = memo + packed_end(k);
        filter_.fold(folded);
        pack_blocks(folded, folded + filter_.rows * filter_.channels(), filter_.rows, filter_.channels(), memo);
        pack(k, project_, packed_project(k), memo, folded);
        if (expand_) pack(k, *expand_, packed_expand(k), memo, folded);
    }

    // [ring of expanded rows][filtered strip][pointers to rows][strip of image]
    std::int64_t scratch_floats(const Kernels&) const override {
        return blocks_ * (ring_block() + filtered_block()) + pointer_floats() +
               (patches_ ? patches_->copy_floats() : 0);
    }

    void forward(const Pass& pass, const Worker& worker) const override {
        const Range rows = part_of(out_height_, pass.piece, pass.pieces);
        std::memset(worker.scratch, 0, static_cast<std::size_t>(blocks_ * ring_block()) * sizeof(float));
        for (std::int64_t i = 0; i < pass.samples; i++) {
            std::int64_t there = 0;  // the rows up to which all that will be read have been expanded
            for (std::int64_t y = rows.begin; y < rows.end; y += strip_) {
                if (worker.stopped()) return;
                const Range strip{y, std::min(y + strip_, rows.end)};
                const std::int64_t top = top_of(y), bottom = std::min(top_of(strip.end - 1) + g(0).size, height_);
                const std::int64_t first = std::max({top, there, std::int64_t{0}});
                if (first < bottom) fill(pass, pass.input + i * input_size, {first, bottom}, worker.scratch);
                there = std::max(there, bottom);
                filter(pass, strip, worker.scratch);
                project(pass, i, strip, worker.scratch + blocks_ * ring_block());
            }
        }
    }

private:
    struct Axis {
        std::int64_t size, stride, before;
    };
    Axis g(std::size_t axis) const {
        return {geometry_.kernel[axis], geometry_.strides[axis], geometry_.padding[axis][0]};
    }

    std::int64_t top_of(std::int64_t y) const { return y * g(0).stride - g(0).before; }
    std::int64_t rows_under(std::int64_t strip) const { return (strip - 1) * g(0).stride + g(0).size; }
    std::int64_t ring_block() const { return slots_ * row_; }
    std::int64_t pointer_floats() const {
        return padded(slots_ * static_cast<std::int64_t>(sizeof(const float*) / sizeof(float)), 16);
    }
    std::int64_t filtered_block() const { return strip_ * out_width_ * channel_block; }

    std::int64_t strip_rows() const {
        std::int64_t rows = 1;
        const auto floats = [&](std::int64_t strip) {
            return blocks_ * (rows_under(strip) * row_ + strip * out_width_ * channel_block);
        };
        while (rows < out_height_ && floats(rows + 1) <= ring_floats) rows++;
        return rows;
    }

    Packed packed_project(const Kernels& k) const {
        return {project_, block_floats(filter_.rows, filter_.channels()), k};
    }
    Packed packed_expand(const Kernels& k) const { return {*expand_, packed_project(k).end, k}; }
    std::int64_t packed_end(const Kernels& k) const { return (expand_ ? packed_expand(k) : packed_project(k)).end; }

    static void pack(const Kernels& k, const Part& part, const Packed& to, float* memo, float* folded) {
        part.fold(folded);
        k.pack(folded, part.channels(), part.rows, part.channels(), memo + to.kernel);
        std::memcpy(memo + to.bias, folded + part.rows * part.channels(),
                    static_cast<std::size_t>(part.channels()) * sizeof(float));
    }

    static Product product_of(const Part& part, const Packed& packed, const float* memo) {
        Product p{};
        p.b = memo + packed.kernel;
        p.n = part.channels();
        p.k = part.rows;
        add_plain_end(p, part.activation, memo + packed.bias);
        return p;
    }

    // Rows of the image, expanded or as they are, in their slots of the ring.
    void fill(const Pass& pass, const float* image, Range rows, float* ring) const {
        const std::int64_t* const to = places_.data() + rows.begin % slots_ * width_;
        if (!expand_) {
            const std::int64_t channels = filter_.channels();
            for (std::int64_t y = 0; y < rows.count(); y++)
                for (std::int64_t channel = 0; channel < channels; channel += channel_block)
                    pass.kernels->copy_block(image + (rows.begin + y) * width_ * channels + channel, channels, width_,
                                             std::min(channel_block, channels - channel),
                                             ring + channel / channel_block * ring_block() + to[y * width_]);
            return;
        }
        float* const copy = ring + blocks_ * (ring_block() + filtered_block()) + pointer_floats();
        Product p = product_of(*expand_, packed_expand(*pass.kernels), pass.memo);
        p.a = patches_->strip(image, 1, rows.begin, rows.end, copy);
        p.rows = patches_->pixels();
        p.columns = patches_->values();
        p.c = ring;
        p.c_rows = to;
        p.c_block = ring_block();
        p.m = rows.count() * width_;
        pass.kernels->product(p);
    }

    void filter(const Pass& pass, Range strip, float* scratch) const {
        float* const output = scratch + blocks_ * ring_block();
        auto* const rows = reinterpret_cast<const float**>(output + blocks_ * filtered_block());
        const std::int64_t top = top_of(strip.begin);
        for (std::int64_t i = 0; i < rows_under(strip.count()); i++) {
            const std::int64_t y = top + i;
            rows[i] = y >= 0 && y < height_ ? scratch + y % slots_ * row_ : nullptr;
        }
        DepthwiseBlocks p{};
        p.rows = rows;
        p.block = ring_block();
        p.size_y = g(0).size, p.size_x = g(1).size;
        p.stride_y = g(0).stride, p.stride_x = g(1).stride;
        p.kernel = pass.memo;
        p.channels = filter_.channels();
        p.output = output;
        p.height = strip.count(), p.width = out_width_;
        p.output_row = out_width_ * channel_block;
        p.output_pixel = channel_block;
        p.output_block = filtered_block();
        add_plain_end(p, filter_.activation, block_bias(pass.memo, filter_.rows, filter_.channels()));
        pass.kernels->depthwise_blocks(p);
    }

    void project(const Pass& pass, std::int64_t sample, Range strip, const float* filtered) const {
        const std::int64_t at = sample * output_size + strip.begin * out_width_ * project_.channels();
        Product p = product_of(project_, packed_project(*pass.kernels), pass.memo);
        p.a = filtered;
        p.row_step = channel_block;
        p.columns = filtered_.data();
        p.c = pass.output + at;
        p.c_step = project_.channels();
        p.m = strip.count() * out_width_;
        if (adds_) p.addend = pass.inputs[1] + at;
        pass.kernels->product(p);
    }

    const std::optional<Part> expand_;
    const Part filter_, project_;
    const Geometry geometry_;  // of the filter
    const bool adds_;
    const std::int64_t height_, width_;  // of what is filtered
    const std::int64_t out_height_, out_width_;
    const std::int64_t blocks_;       // of channels in between
    const std::int64_t row_;          // floats of an expanded row in a block
    const std::int64_t strip_;        // output rows that are made at once
    const std::int64_t slots_;        // rows in the ring
    std::optional<Patches> patches_;  // of the image
    // Offsets: of the ring's pixels, twice, so that any run of rows is a run here; of a filtered pixel's values.
    std::vector<std::int64_t> places_, filtered_;
};

Shape made_of(const Shape& image, const Geometry& g, std::int64_t channels) {
    Shape padded_image{0, 0, channels}, made{0, 0, channels};
    for (const std::size_t axis : {0u, 1u}) {
        padded_image[axis] = image[axis] + g.padding[axis][0] + g.padding[axis][1];
        expect(padded_image[axis] >= g.reach(axis), "a kernel is larger than its image");
        made[axis] = (padded_image[axis] - g.reach(axis)) / g.strides[axis] + 1;
    }
    expect_moderate_padding(padded_image, {image[0], image[1], channels});
    checked_size(made, "what is inside an inverted residual");
    return made;
}

Part take_part(Settings& settings, Taker& weights, const Shape& image, const Geometry& geometry, std::int64_t channels,
               std::int64_t before) {
    const Shape made = made_of(image, geometry, channels);
    const float* values = weights.take({geometry.kernel[0], geometry.kernel[1], before, channels}, "kernel");
    const float* bias = weights.take_if(settings.take<bool>("bias"), {channels}, "bias");
    const std::optional<Folding> folding = Folding::take(settings, channels, weights);
    const Activation activation = take_activation(settings);
    expect(has_plain_end(activation), "the parts of an inverted residual are linear, relu or relu6");
    return {geometry, made, geometry.kernel[0] * geometry.kernel[1] * before, values, bias, folding, activation};
}

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker& weights) {
    expect_image(d.input(), "an inverted residual's input");
    expect_image(d.output, "an inverted residual's output");
    Shape wide = d.input();
    std::optional<Part> expand;
    if (auto own = settings.take<std::optional<Settings>>("expand")) {
        const auto channels = own->take<std::int64_t>("channels");
        in_range(channels, 1, largest_size, "an inverted residual's channels");
        const Geometry g = take_geometry(*own);
        expand.emplace(take_part(*own, weights, d.input(), g, channels, d.input()[2]));
        own->finish();
        wide = expand->made;
    }
    auto own = settings.take<Settings>("depthwise");
    const Geometry g = take_geometry(own);
    expect(suits_blocks(g),
           "an inverted residual's kernel is 3 or 5 pixels wide, not dilated, and steps 1 or 2 along x");
    Part filter = take_part(own, weights, wide, g, wide[2], 1);
    own.finish();
    checked_size({g.kernel[0], block_row_floats(g, wide[1], filter.made[1]), whole_blocks(wide[2])},
                 "what is under a row of an inverted residual");
    auto last = settings.take<Settings>("project");
    Part project = take_part(last, weights, filter.made, {{1, 1}, {1, 1}, {1, 1}, {}}, d.output[2], wide[2]);
    last.finish();
    expect(project.made == d.output, "an inverted residual's output is of another size than its kernels make");
    expect(d.inputs.size() == 1 || d.inputs[1] == d.output, "an inverted residual's addend must be as its output");
    return std::make_unique<InvertedResidual>(d, std::move(expand), std::move(filter), std::move(project));
}

}  // namespace

const Kind kinds::inverted_residual{"inverted residual", make, 1, 2};

}  // namespace convoscope
