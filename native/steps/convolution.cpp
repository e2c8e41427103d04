// Convolution, bias, activation and perhaps a pooling in one step.
//
// The image is worked on in strips whose feature maps stay in the cache: products of patches with the kernel, then bias
// and activation, or the pooling, from there. With a pooling the un-pooled maps never reach memory: the pooled value
// and its place in the window are all that the backward pass needs.
#include <algorithm>
#include <cstring>

#include "activation.hpp"
#include "convolution.hpp"
#include "folding.hpp"
#include "kinds.hpp"
#include "live_winners.hpp"
#include "patches.hpp"
#include "plain_end.hpp"
#include "winograd.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t strip_floats = 16 * 1024;  // of feature map: what leaves room in a second-level cache
// Of a map that Winograd makes: whole, it gives the input's gradient in the same way, which is worth some traffic.
constexpr std::int64_t whole_floats = 4 * strip_floats;
constexpr std::int64_t gradient_floats = 3 * 1024;  // of its gradient: what stays in a first-level cache beside patches

class Convolution final : public Step {
public:
    Convolution(const StepDescription& d, const ConvolutionSettings& c, const float* kernel, const float* bias,
                std::optional<Folding> folding)
        : Step(d),
          activation_(c.activation),
          kernel_(kernel),
          bias_(bias),
          input_height_(map_of(d.input())[0]),
          filters_(c.features[2]),
          height_(c.features[0]),
          width_(used_width(c, map_of(d.output))),
          pooled_(c.pool.has_value()),
          out_rows_(map_of(d.output)[0]),
          out_width_(map_of(d.output)[1]),
          pool_(pooled_ ? pool_rows(*c.pool, c.features, out_width_) : PoolRows{}),
          pairs_(pooled_in_pairs(c)),
          few_channels_(pairs_ && c.strides == Pair{1, 1} && c.dilation == Pair{1, 1} &&
                        ((c.kernel[1] == 3 && d.input()[2] <= 4) || (c.kernel[1] == 5 && d.input()[2] <= 2))),
          against_winograd_(Winograd::objection(d.input(), c, width_)),
          saving_(Winograd::saving(c)),
          winograd_(winograd_for(d.input(), c)),
          rows_(rows_at_once()),
          turned_(!pooled_ && rows_ == out_rows_ ? Winograd::turned(d.input(), c) : std::nullopt),
          images_(images_at_once(size_of({c.kernel[0], c.kernel[1], d.input()[2]}) * filters_)),
          winograd_sums_(winograd_ && winograd_->sums_pay(images_, strip_rows(rows_))),
          patches_(d.input(), c, width_, strip_rows(rows_), images_),
          folding_(folding) {
        pool_.width = width_;
        if (pooled_ && !few_channels_ && LiveWinners::pays(pool_, patches_))
            live_.emplace(pool_, filters_, patches_, rows_);
        for (std::int64_t i = 0; i < std::max(filters_, patches_.size()); i++) counting_.push_back(i);
    }

    std::string kernel(const Kernels& k) const override {
        const std::string rows = rows_ == out_rows_ ? "whole maps" : "strips of " + std::to_string(rows_) + " rows";
        const std::string product = pools_product()       ? "direct product with pooling"
                                    : !winograd_          ? "direct product"
                                    : winograd_->pooled() ? "Winograd with pooling"
                                                          : "Winograd";
        return product + " (" + k.name + "), " + rows + (patches_.copied() ? ", padded copy" : "") +
               (live_                       ? "; through live winners"
                : turned_ && winograd_sums_ ? "; both gradients by Winograd"
                : turned_                   ? "; the input's gradient by Winograd"
                : winograd_sums_            ? "; the kernel's gradient by Winograd"
                : few_channels_             ? "; the kernel's gradient through winners"
                                            : "");
    }

    std::string why() const override {
        if (winograd_) return "stride 1, 16 channels and filters or more: " + saving_;
        const std::string picked = pools_product() ? "; a window's winner is picked in registers" : "";
        return "no Winograd: " + against_winograd_ + picked;
    }

    bool only_predicts() const override { return folding_.has_value(); }
    std::int64_t kept_bytes() const override { return pooled_ ? output_size : 0; }
    std::int64_t samples_at_once() const override { return images_; }
    std::int64_t work() const override { return height_ * width_ * filters_ * patches_.size(); }
    std::int64_t pieces() const override { return (out_rows_ + row_step() - 1) / row_step(); }

    std::int64_t memo_floats(const Kernels& k) const override {
        if (folding_) return forward_floats(k) + folding_->floats(patches_.size());
        if (turned_) return forward_floats(k) + turned_->turned_memo_floats(k);
        return forward_floats(k) + (live_ ? patches_.size() : padded(patches_.size(), k.width)) * filters_;
    }

    // [strip of image][its gradient][feature maps, or their gradient][gradient before the activation][patches'
    // gradients]; and from the feature maps' end on, what the forward pass needs for itself
    std::int64_t scratch_floats(const Kernels&) const override {
        const std::int64_t sums = winograd_sums_ ? winograd_->gradient_scratch_floats() : 0;
        const std::int64_t columns = live_     ? std::max(live_->scratch_floats(), patches_.size() * filters_)
                                     : turned_ ? std::max(turned_->scratch_floats(), sums)
                                               : std::max(patch_rows() * patches_.size(), sums);
        const std::int64_t before = aligned(images_ * rows_ * out_width_ * filters_);
        return 2 * aligned(patches_.copy_floats()) + aligned(map_floats()) +
               std::max(before + aligned(columns), winograd_ ? winograd_->scratch_floats() : 0);
    }

    void prepare(const Kernels& k, float* memo) const override {
        float* const folded = memo + forward_floats(k);
        if (folding_) folding_->fold(kernel_, patches_.size(), bias_, folded);
        const float* const kernel = folding_ ? folded : kernel_;
        if (winograd_)
            winograd_->prepare(k, kernel, memo);
        else
            k.pack(kernel, patches_.size(), filters_, memo);
    }

    void prepare_backward(const Kernels& k, float* memo) const override {
        float* const turned = memo + forward_floats(k);
        if (turned_) return turned_->prepare_turned(k, kernel_, turned);
        if (live_)
            k.transpose(kernel_, filters_, patches_.size(), filters_, turned, patches_.size());
        else
            k.pack_transposed(kernel_, filters_, filters_, patches_.size(), turned);
    }

    void forward(const Pass& pass, const Worker& worker) const override {
        float* features = worker.scratch + 2 * aligned(patches_.copy_floats());
        const float* bias = folding_ ? pass.memo + forward_floats(*pass.kernels) + patches_.size() * filters_ : bias_;
        each_strip(pass, worker, [&](const Strip& s) {
            const std::int64_t out = (s.image * out_rows_ + s.begin) * out_width_ * filters_;
            float* output = pass.output + out;
            std::uint8_t* winners = pass.kept ? pass.kept + out : nullptr;
            if (winograd_ && winograd_->pooled()) {
                winograd(pass, s, output, winners, features);
            } else if (pools_product()) {
                convolve_and_pool(pass, worker, s, output, winners);
            } else if (!pooled_) {
                convolve(pass, worker, s, output, bias);
            } else {
                convolve(pass, worker, s, features, nullptr);
                each_map(s, [&](const PoolRows& rows, std::int64_t map, std::int64_t offset) {
                    PoolRows filled = rows;
                    filled.input = features + map;
                    pass.kernels->pool(filled, output + offset, winners ? winners + offset : nullptr);
                });
            }
            if (!finishes_product())
                pass.kernels->bias_activation(output, bias, s.images * (s.end - s.begin) * out_width_, filters_,
                                              activation_);
        });
    }

    void backward(const Pass& pass, const Worker& worker) const override {
        float* image_gradient = worker.scratch + aligned(patches_.copy_floats());
        float* maps = image_gradient + aligned(patches_.copy_floats());
        float* before = maps + aligned(map_floats());
        float* columns = before + aligned(images_ * rows_ * out_width_ * filters_);
        if (pass.input_gradient)
            std::memset(pass.input_gradient, 0, static_cast<std::size_t>(pass.samples * input_size) * sizeof(float));
        each_strip(pass, worker, [&](const Strip& s) {
            const std::int64_t out = (s.image * out_rows_ + s.begin) * out_width_ * filters_;
            const std::int64_t pixels = s.images * (s.end - s.begin) * out_width_;
            pass.kernels->activation_gradient(activation_, nullptr, pass.output + out, pass.output_gradient + out,
                                              before, pixels * filters_);
            if (bias_ && pass.weight_gradients[1])
                pass.kernels->column_sums(before, pixels, filters_, pass.weight_gradients[1]);
            if (live_) return through_live_winners(pass, worker, s, before, image_gradient, columns);
            if (few_channels_ && pass.weight_gradients[0]) add_kernel_gradient_of_winners(pass, worker, s, before);
            const bool dense_kernel_gradient = !few_channels_ && pass.weight_gradients[0];
            if (!dense_kernel_gradient && !pass.input_gradient) return;
            const float* gradient = before;
            if (pooled_) {
                std::memset(
                    maps, 0,
                    static_cast<std::size_t>(s.images * (s.bottom - s.top) * width_ * filters_) * sizeof(float));
                each_map(s, [&](const PoolRows& rows, std::int64_t map, std::int64_t offset) {
                    pass.kernels->pool_gradient(rows, pass.kept + out + offset, before + offset, maps + map);
                });
                gradient = maps;
            }
            if (dense_kernel_gradient && winograd_sums_)
                winograd_->add_kernel_gradient({pass.kernels, pass.input + s.image * input_size, s.images, s.top,
                                                s.bottom, gradient, pass.weight_gradients[0], columns});
            else if (dense_kernel_gradient)
                add_weight_gradient(pass, worker, s, gradient);
            if (pass.input_gradient && turned_)
                turned_->forward({pass.kernels, pass.memo + forward_floats(*pass.kernels), gradient, s.images, 0,
                                  input_height_, pass.input_gradient + s.image * input_size, nullptr, columns});
            else if (pass.input_gradient)
                add_input_gradient(pass, worker, s, gradient, image_gradient, columns);
        });
    }

    // Live winners leave the kernel's gradient (filters, patch): turn it over.
    void finish(const Pass& pass, const Worker& worker) const override {
        if (!live_ || !pass.weight_gradients[0]) return;
        const std::int64_t size = patches_.size();
        pass.kernels->transpose(pass.weight_gradients[0], size, filters_, size, worker.scratch, filters_);
        std::memcpy(pass.weight_gradients[0], worker.scratch,
                    static_cast<std::size_t>(size * filters_) * sizeof(float));
    }

private:
    // Output rows [begin, end) of some images, and the feature rows [top, bottom) under them.
    struct Strip {
        std::int64_t image, images, begin, end, top, bottom;
    };

    static std::int64_t padded(std::int64_t n, std::int64_t to) { return (n + to - 1) / to * to; }
    static std::int64_t aligned(std::int64_t floats) { return padded(floats, 16); }

    // Columns of the feature map that anything is made of: a pooling may leave some out at the right.
    static std::int64_t used_width(const ConvolutionSettings& c, const Shape& output) {
        if (!c.pool) return c.features[1];
        return std::min(c.features[1], (output[1] - 1) * c.pool->strides[1] - c.pool->padding[1][0] + c.pool->size[1]);
    }

    std::int64_t top_of(std::int64_t begin) const {
        return pooled_ ? std::max<std::int64_t>(begin * pool_.stride_y - pool_.pad_y, 0) : begin;
    }
    std::int64_t bottom_of(std::int64_t end) const {
        return pooled_ ? std::min((end - 1) * pool_.stride_y - pool_.pad_y + pool_.size_y, height_) : end;
    }

    // Feature rows under so many output rows: exact for the whole map, and enough for any strip.
    std::int64_t strip_rows(std::int64_t rows) const {
        if (rows == out_rows_) return bottom_of(rows) - top_of(0);
        return pooled_ ? std::min((rows - 1) * pool_.stride_y + pool_.size_y, height_) : rows;
    }

    std::int64_t rows_at_once() const {
        const std::int64_t most = winograd_ && !pooled_ ? whole_floats : strip_floats;
        std::int64_t rows = 1;
        while (rows < out_rows_ && strip_rows(rows + 1) * width_ * filters_ <= most) rows++;
        return rows < out_rows_ && winograd_ && !pooled_ && rows > 1 ? rows / 2 * 2 : rows;  // whole rows of tiles
    }

    // A strip may begin at every so many output rows without changing which features share a tile.
    std::int64_t row_step() const {
        if (!winograd_ || pairs_) return 1;
        return pooled_ ? rows_ : std::min<std::int64_t>(2, rows_);
    }

    std::int64_t forward_floats(const Kernels& k) const {
        return winograd_ ? winograd_->memo_floats(k) : padded(filters_, k.width) * patches_.size();
    }

    // Whether each window of the pooling is two by two features, and no feature is in two windows.
    bool pooled_in_pairs(const ConvolutionSettings& c) const {
        return pooled_ && pool_.mode != PoolMode::average && c.pool->size == Pair{2, 2} &&
               c.pool->strides == Pair{2, 2} && pool_.pad_y == 0 && pool_.pad_x == 0 && 2 * out_rows_ <= height_ &&
               2 * out_width_ <= width_;
    }

    std::optional<Winograd> winograd_for(const Shape& image, const ConvolutionSettings& c) const {
        if (!against_winograd_.empty()) return std::nullopt;
        return std::optional<Winograd>(std::in_place, image, c, width_, pairs_);
    }

    // Whether pooling straight from the product pays: its tiles are small, so a panel should stay in the first cache.
    bool pools_product() const { return pairs_ && !winograd_ && patches_.size() <= 96; }

    // Whether bias and activation are done while a product's tile is in registers.
    bool finishes_product() const { return !pooled_ && !winograd_ && has_plain_end(activation_); }

    // Small maps are taken several at a time, so that the kernel is read less often, the more of them the larger it is.
    std::int64_t images_at_once(std::int64_t kernel_floats) const {
        if (rows_ < out_rows_) return 1;
        const std::int64_t scale = kernel_floats > 64 * strip_floats ? 16 : kernel_floats > 4 * strip_floats ? 4 : 1;
        const std::int64_t pixels = strip_rows(rows_) * width_;
        const std::int64_t enough = winograd_ ? 208 : 96;  // four pixels are one row of Winograd's products
        return std::clamp<std::int64_t>(std::min(scale * enough / pixels, scale * strip_floats / (pixels * filters_)),
                                        1, 32);
    }

    std::int64_t map_floats() const { return pooled_ ? images_ * strip_rows(rows_) * width_ * filters_ : 0; }

    // Patches whose gradients are made at once before they are added to the image's.
    std::int64_t patch_rows() const {
        return std::clamp<std::int64_t>(2 * strip_floats / patches_.size() / 12, 1, 20) * 12;
    }

    template <class Body>
    void each_strip(const Pass& pass, const Worker& worker, Body&& body) const {
        const Range steps = part_of(pieces(), pass.piece, pass.pieces);
        const Range own{steps.begin * row_step(), std::min(steps.end * row_step(), out_rows_)};
        for (std::int64_t image = 0; image < pass.samples; image += images_)
            for (std::int64_t row = own.begin; row < own.end; row += rows_) {
                if (worker.stopped()) return;
                const std::int64_t end = std::min(row + rows_, own.end);
                body(Strip{image, std::min(images_, pass.samples - image), row, end, top_of(row), bottom_of(end)});
            }
    }

    // body(pooling, offset of the map, offset of the output) for each image of a strip.
    template <class Body>
    void each_map(const Strip& s, Body&& body) const {
        PoolRows rows = pool_;
        rows.first_row = s.top;
        rows.begin = s.begin;
        rows.end = s.end;
        for (std::int64_t i = 0; i < s.images; i++)
            body(rows, i * (s.bottom - s.top) * width_ * filters_, i * (s.end - s.begin) * out_width_ * filters_);
    }

    // The strip's feature maps, finished with this bias if `finishes_product`.
    void convolve(const Pass& pass, const Worker& worker, const Strip& s, float* maps, const float* bias) const {
        if (winograd_)
            return winograd(pass, s, maps, nullptr,
                            worker.scratch + 2 * aligned(patches_.copy_floats()) + aligned(map_floats()));
        Product p{};
        p.a = patches_.strip(pass.input + s.image * input_size, s.images, s.top, s.bottom, worker.scratch);
        p.rows = patches_.pixels();
        p.columns = patches_.values();
        p.b = pass.memo;
        p.c = maps;
        p.c_step = filters_;
        p.m = s.images * (s.bottom - s.top) * width_;
        p.n = filters_;
        p.k = patches_.size();
        if (finishes_product()) add_plain_end(p, activation_, bias);
        pass.kernels->product(p);
    }

    void convolve_and_pool(const Pass& pass, const Worker& worker, const Strip& s, float* output,
                           std::uint8_t* winners) const {
        const float* strip =
            patches_.strip(pass.input + s.image * input_size, s.images, s.top, s.bottom, worker.scratch);
        PooledProduct p{};
        for (std::int64_t i = 0; i < 4; i++) p.places[i] = i / 2 * patches_.step_y() + i % 2 * patches_.step_x();
        p.step = 2 * patches_.step_x();
        p.columns = patches_.values();
        p.b = pass.memo;
        p.windows = out_width_;
        p.n = filters_;
        p.k = patches_.size();
        p.mode = pool_.mode;
        if (few_channels_) {
            p.pixel_rows = patches_.run_count() + 1;
            p.pixel_row = patches_.step_y();
            p.pixel_floats = patches_.run_length() + patches_.step_x();
        }
        for (std::int64_t i = 0; i < s.images; i++)
            for (std::int64_t row = 0; row < s.end - s.begin; row++) {
                const std::int64_t at = (i * (s.end - s.begin) + row) * out_width_ * filters_;
                p.a = strip + i * patches_.image_step() + 2 * row * patches_.step_y();
                p.output = output + at;
                p.winners = winners ? winners + at : nullptr;
                pass.kernels->pooled_product(p);
            }
    }

    void winograd(const Pass& pass, const Strip& s, float* output, std::uint8_t* winners, float* scratch) const {
        winograd_->forward({pass.kernels, pass.memo, pass.input + s.image * input_size, s.images, s.top, s.bottom,
                            output, winners, scratch});
    }

    void add_weight_gradient(const Pass& pass, const Worker& worker, const Strip& s, const float* gradient) const {
        const std::int64_t pixels = s.images * (s.bottom - s.top) * width_;
        Product p{};
        p.a = patches_.strip(pass.input + s.image * input_size, s.images, s.top, s.bottom, worker.scratch);
        p.rows = patches_.values();
        p.b_step = filters_;
        p.c = pass.weight_gradients[0];
        p.c_step = filters_;
        p.m = patches_.size();
        p.n = filters_;
        p.accumulate = true;
        const std::int64_t most = gradient_floats / std::min<std::int64_t>(filters_, pass.kernels->panel);
        const std::int64_t blocks = (pixels + most - 1) / most;
        for (std::int64_t block = 0; block < blocks && !worker.stopped(); block++) {
            const std::int64_t first = pixels * block / blocks;
            p.columns = patches_.pixels() + first;
            p.b = gradient + first * filters_;
            p.k = pixels * (block + 1) / blocks - first;
            pass.kernels->product(p);
        }
    }

    void add_kernel_gradient_of_winners(const Pass& pass, const Worker& worker, const Strip& s,
                                        const float* gradient) const {
        const float* strip =
            patches_.strip(pass.input + s.image * input_size, s.images, s.top, s.bottom, worker.scratch);
        PooledGradient p{};
        p.row = patches_.step_y();
        p.channels = patches_.step_x();
        p.size_y = patches_.run_count();
        p.size_x = patches_.run_length() / p.channels;
        p.rows = s.end - s.begin;
        p.windows = out_width_;
        p.filters = filters_;
        p.kernel_gradient = pass.weight_gradients[0];
        for (std::int64_t i = 0; i < s.images; i++) {
            const std::int64_t at = i * p.rows * out_width_ * filters_;
            p.image = strip + i * patches_.image_step();
            p.gradient = gradient + at;
            p.winners = pass.kept + (s.image * out_rows_ + s.begin) * out_width_ * filters_ + at;
            pass.kernels->pooled_gradient(p);
        }
    }

    void add_input_gradient(const Pass& pass, const Worker& worker, const Strip& s, const float* gradient, float* copy,
                            float* columns) const {
        const std::int64_t pixels = s.images * (s.bottom - s.top) * width_;
        float* image = pass.input_gradient + s.image * input_size;
        float* target = patches_.copied() ? copy : image + patches_.start(s.top);
        if (patches_.copied()) std::memset(copy, 0, static_cast<std::size_t>(patches_.copy_floats()) * sizeof(float));
        Product p{};
        p.row_step = filters_;
        p.columns = counting_.data();
        p.b = pass.memo + forward_floats(*pass.kernels);
        p.c = columns;
        p.c_step = patches_.size();
        p.n = patches_.size();
        p.k = filters_;
        for (std::int64_t first = 0; first < pixels && !worker.stopped(); first += patch_rows()) {
            p.m = std::min(patch_rows(), pixels - first);
            p.a = gradient + first * filters_;
            pass.kernels->product(p);
            pass.kernels->scatter({columns, p.m, patches_.pixels() + first, patches_.runs(), patches_.run_count(),
                                   patches_.run_length(), target});
        }
        if (patches_.copied()) patches_.add_back(copy, s.images, s.top, s.bottom, image);
    }

    void through_live_winners(const Pass& pass, const Worker& worker, const Strip& s, const float* gradient,
                              float* copy, float* scratch) const {
        const std::int64_t out = (s.image * out_rows_ + s.begin) * out_width_ * filters_;
        const float* image =
            patches_.strip(pass.input + s.image * input_size, s.images, s.top, s.bottom, worker.scratch);
        float* input_gradient = pass.input_gradient ? pass.input_gradient + s.image * input_size : nullptr;
        float* target = input_gradient ? patches_.copied() ? copy : input_gradient + patches_.start(s.top) : nullptr;
        if (target == copy) std::memset(copy, 0, static_cast<std::size_t>(patches_.copy_floats()) * sizeof(float));
        for (std::int64_t i = 0; i < s.images; i++) {
            const std::int64_t offset = i * (s.end - s.begin) * out_width_ * filters_;
            live_->backward({pass.kernels, s.begin, s.end, s.top, gradient + offset, pass.kept + out + offset,
                             image + i * patches_.image_step(), pass.weight_gradients[0],
                             pass.memo + forward_floats(*pass.kernels),
                             target ? target + i * patches_.image_step() : nullptr, scratch});
        }
        if (target == copy) patches_.add_back(copy, s.images, s.top, s.bottom, input_gradient);
    }

    const Activation activation_;
    const float* const kernel_;  // (patch, filters)
    const float* const bias_;
    const std::int64_t input_height_, filters_;
    const std::int64_t height_, width_;  // of the feature map, as far as it is used
    const bool pooled_;
    const std::int64_t out_rows_, out_width_;
    PoolRows pool_;
    const bool pairs_, few_channels_;
    const std::string against_winograd_, saving_;
    const std::optional<Winograd> winograd_;  // where that pays
    const std::int64_t rows_;                 // output rows of a strip
    const std::optional<Winograd> turned_;    // the input's gradient, where that pays
    const std::int64_t images_;               // of a strip
    const bool winograd_sums_;                // for the kernel's gradient
    const Patches patches_;
    std::optional<LiveWinners> live_;  // where that pays
    const std::optional<Folding> folding_;
    std::vector<std::int64_t> counting_;
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
    const Shape output = map_of(d.output);
    if (!c.pool) return expect(output == c.features, "a convolution's output must be its features");
    expect(c.pool->mode != PoolMode::average, "an average is not pooled within a convolution");
    check_window(*c.pool, c.features, output);
    expect(c.pool->size[0] * c.pool->size[1] <= 256, "a fused pooling's window has at most 256 places");
}

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker& weights) {
    ConvolutionSettings c{take_geometry(settings), settings.take<Shape>("features"), take_activation(settings), {}};
    if (auto pool = settings.take<std::optional<Settings>>("pool")) c.pool = window_of(std::move(*pool));
    check(d, c);
    const std::int64_t filters = c.features[2];
    const float* kernel = weights.take({c.kernel[0], c.kernel[1], d.input()[2], filters}, "kernel");
    const float* bias = weights.take_if(settings.take<bool>("bias"), {filters}, "bias");
    const std::optional<Folding> folding = Folding::take(settings, filters, weights);
    return std::make_unique<Convolution>(d, c, kernel, bias, folding);
}

}  // namespace

const Kind kinds::convolution{"convolution", make};

}  // namespace convoscope
