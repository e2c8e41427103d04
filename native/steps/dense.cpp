// Dense: a matrix product along the last axis, bias and activation.
//
// In training the whole batch goes through at once: forward is divided by columns of the output, the weight gradient by
// rows of the kernel, the input gradient by columns of the input, so that no sum is shared between workers. Values that
// are zero are left out where there are many: of the input, and of the gradient before a ReLU.
#include <algorithm>

#include "activation.hpp"
#include "folding.hpp"
#include "kinds.hpp"
#include "live_product.hpp"
#include "multiplier.hpp"
#include "plain_end.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t column_step = 16;         // columns are divided among workers in whole vectors
constexpr std::int64_t rows_at_once = 256;       // of the batch, in the sums of the weight gradient
constexpr std::int64_t kernel_rows = 96;         // of the weight gradient at a time
constexpr std::int64_t block_floats = 8 * 1024;  // of the kernel, for a part of a first-level cache
// A panel's rows lie far apart in the kernel: where so many samples read so many of them, they are packed first, a part
// of a first-level cache at a time.
constexpr std::int64_t fewest_samples = 16, fewest_packed = 128, packed_vectors = 512;

class Dense final : public Step {
public:
    Dense(const StepDescription& d, Activation activation, const float* kernel, const float* bias,
          std::optional<Folding> folding)
        : Step(d),
          activation_(activation),
          kernel_(kernel),
          bias_(bias),
          units_in_(d.input().back()),
          units_(d.output.back()),
          rows_(output_size / units_),
          multiplier_(d.precision, units_in_, units_),
          folding_(folding) {
        for (std::int64_t i = 0; i < std::max(units_in_, units_); i++) counting_.push_back(i);
        for (std::int64_t i = 0; i < rows_at_once; i++) batch_.push_back(i * units_in_);
    }

    std::string kernel(const Kernels& k) const override {
        return "matrix product (" + multiplier_.words(k) + ")" +
               (units_ >= 64 && !multiplier_.rounds() ? "; zeros left out where most are" : "");
    }

    bool only_predicts() const override { return folding_ || !output_tells_slope(activation_); }
    bool by_sample(bool) const override { return false; }
    std::int64_t kept_bytes() const override { return output_size * static_cast<std::int64_t>(sizeof(float)); }
    // [folded kernel and bias][kernel, rounded and packed][the same, transposed]
    std::int64_t memo_floats(const Kernels& k) const override {
        return folded_floats() + rounded_floats(k, units_in_, units_) +
               (folding_ ? 0 : rounded_floats(k, units_, units_in_));
    }
    // [kernel, transposed, or input, transposed, or nothing][what a live product needs], or what one that rounds needs:
    // [gradient, packed][room]
    std::int64_t scratch_floats(const Kernels& k) const override {
        if (multiplier_.rounds())
            return std::max(multiplier_.room_floats(std::max(units_in_, units_)),
                            packed_gradient(k) + multiplier_.room_floats(rows_at_once));
        const std::int64_t live =
            std::max({live_product_floats(rows_at_once, block_rows()), live_product_floats(rows_at_once, units_),
                      live_product_floats(kernel_rows, rows_at_once)});
        return std::max(units_ * k.panel, kernel_rows * rows_at_once) + live;
    }
    std::int64_t work() const override { return rows_ * units_in_ * units_; }
    std::int64_t pieces() const override { return (units_ + column_step - 1) / column_step; }

    void prepare(const Kernels& k, float* memo) const override {
        if (folding_) folding_->fold(kernel_, units_in_, bias_, memo);
        if (multiplier_.rounds())
            multiplier_.pack(k, folding_ ? memo : kernel_, units_, units_in_, units_, memo + folded_floats());
    }

    void prepare_backward(const Kernels& k, float* memo) const override {
        if (multiplier_.rounds())
            multiplier_.pack_transposed(k, kernel_, units_, units_, units_in_, turned(k, memo));
    }

    void forward(const Pass& pass, const Worker& worker) const override {
        const std::int64_t rows = pass.samples * rows_;
        const Range steps = part_of(pieces(), pass.piece, pass.pieces);
        const Range own{steps.begin * column_step, std::min(steps.end * column_step, units_)};
        const float* bias = folding_ ? pass.memo + units_in_ * units_ : bias_;
        columns(pass, worker, 0, rows, own.begin, own.end, bias);
        if (has_plain_end(activation_)) return;
        if (own.count() == units_) return pass.kernels->bias_activation(pass.output, bias, rows, units_, activation_);
        for (std::int64_t row = 0; row < rows; row++)
            pass.kernels->bias_activation(pass.output + row * units_ + own.begin, bias ? bias + own.begin : nullptr, 1,
                                          own.count(), activation_);
    }

    void forward_batch(const Pass& pass, Team& team) const override {
        const std::int64_t rows = pass.samples * rows_;
        if (!multiplier_.rounds() && live_pays(pass.input, rows, units_in_, units_)) {
            const int parts = static_cast<int>(std::min<std::int64_t>(team.parts, rows));
            return team.run(parts, [&](int part, const Worker& worker) {
                const Range own = part_of(rows, part, parts);
                multiply_live(pass, worker, own);
                pass.kernels->bias_activation(pass.output + own.begin * units_, bias_, own.count(), units_,
                                              activation_);
            });
        }
        const bool by_column = units_ >= 32 * team.parts;
        const std::int64_t vectors = by_column ? (units_ + 15) / 16 : rows;
        const int parts = static_cast<int>(std::min<std::int64_t>(team.parts, vectors));
        team.run(parts, [&](int part, const Worker& worker) {
            const Range own = part_of(vectors, part, parts);
            if (by_column)
                columns(pass, worker, 0, rows, own.begin * 16, std::min(own.end * 16, units_), bias_);
            else
                columns(pass, worker, own.begin, own.end, 0, units_, bias_);
        });
        if (has_plain_end(activation_)) return;
        team.run(parts, [&](int part, const Worker&) {
            const Range own = part_of(rows, part, parts);
            pass.kernels->bias_activation(pass.output + own.begin * units_, bias_, own.count(), units_, activation_);
        });
    }

    void backward_batch(const Pass& pass, Team& team) const override {
        const std::int64_t rows = pass.samples * rows_;
        team.run(team.parts,
                 [&](int part, const Worker&) { before_activation(pass, part_of(rows, part, team.parts)); });
        // Pieces of whole vectors: first the kernel's rows, then the input's columns, then the bias.
        const std::int64_t vectors = (units_in_ + 15) / 16;
        const int parts = static_cast<int>(std::min<std::int64_t>(team.parts, vectors));
        const auto piece = [&](int part) {
            const Range own = part_of(vectors, part, parts);
            return Range{own.begin * 16, std::min(own.end * 16, units_in_)};
        };
        const bool rounds = multiplier_.rounds(),
                   live_input = !rounds && live_pays(pass.input, rows, units_in_, units_),
                   live_gradient = !rounds && live_pays(before(pass), rows, units_, pass.kernels->panel);
        team.run(2 * parts + 1, [&](int part, const Worker& worker) {
            if (part < parts)
                weight_gradient(pass, worker, piece(part), live_input);
            else if (part < 2 * parts)
                input_gradient(pass, worker, piece(part - parts), live_gradient);
            else
                bias_gradient(pass);
        });
    }

private:
    float* before(const Pass& pass) const { return reinterpret_cast<float*>(pass.kept); }

    // Rows of the kernel that stay in the cache while all samples use them.
    std::int64_t block_rows() const { return std::clamp<std::int64_t>(block_floats / units_, 16, 256); }

    float* live_scratch(const Pass& pass, const Worker& worker) const {
        return worker.scratch + std::max(units_ * pass.kernels->panel, kernel_rows * rows_at_once);
    }

    void multiply_live(const Pass& pass, const Worker& worker, Range own) const {
        std::fill_n(pass.output + own.begin * units_, own.count() * units_, 0.0f);
        for (std::int64_t row = own.begin; row < own.end; row += rows_at_once)
            for (std::int64_t top = 0; top < units_in_ && !worker.stopped(); top += block_rows())
                add_live_product(*pass.kernels,
                                 {pass.input + row * units_in_ + top, units_in_, std::min(rows_at_once, own.end - row),
                                  std::min(block_rows(), units_in_ - top), kernel_ + top * units_, units_,
                                  pass.output + row * units_, units_, units_},
                                 live_scratch(pass, worker));
    }

    // Output rows [top, bottom), columns [left, right); finished with this bias if the activation is so plain.
    void columns(const Pass& pass, const Worker& worker, std::int64_t top, std::int64_t bottom, std::int64_t left,
                 std::int64_t right, const float* bias) const {
        // What is rounded and packed needs no panels: the input is rounded once for all columns.
        const std::int64_t width = multiplier_.rounds() ? right - left : pass.kernels->panel;
        for (std::int64_t column = left; column < right && !worker.stopped(); column += width)
            multiply(pass, worker, top, bottom, column, std::min(column + width, right), bias);
    }

    void multiply(const Pass& pass, const Worker& worker, std::int64_t top, std::int64_t bottom, std::int64_t left,
                  std::int64_t right, const float* bias) const {
        Product p{};
        p.a = pass.input + top * units_in_;
        p.row_step = units_in_;
        p.columns = counting_.data();
        p.b = multiplier_.rounds() ? multiplier_.column(*pass.kernels, pass.memo + folded_floats(), units_in_, left)
                                   : (folding_ ? pass.memo : kernel_) + left;
        p.b_step = multiplier_.rounds() ? 0 : units_;
        p.c = pass.output + top * units_ + left;
        p.c_step = units_;
        p.m = bottom - top;
        p.n = right - left;
        p.k = units_in_;
        const bool packs = !multiplier_.rounds() && p.m >= fewest_samples && units_in_ >= fewest_packed &&
                           units_ > pass.kernels->panel;
        if (packs) p = all_but_last(p, *pass.kernels, worker.scratch);
        add_plain_end(p, activation_, bias ? bias + left : nullptr);
        multiplier_.product(*pass.kernels, p, worker.scratch);
    }

    // Multiplies by packed rows of the kernel, and returns what is left to do: the last of them, and what follows.
    static Product all_but_last(Product p, const Kernels& k, float* packed) {
        const std::int64_t at_once = packed_vectors * k.width / k.panel, last = p.k, step = p.b_step;
        const float* b = p.b;
        p.b = packed;
        p.b_step = 0;
        for (std::int64_t done = 0;; done += at_once) {
            p.k = std::min(at_once, last - done);
            k.pack(b + done * step, step, p.k, p.n, packed);
            if (done + p.k == last) return p;
            k.product(p);
            p.a += at_once;
            p.addend = p.c;
        }
    }

    void before_activation(const Pass& pass, Range rows) const {
        const std::int64_t at = rows.begin * units_;
        pass.kernels->activation_gradient(activation_, nullptr, pass.output + at, pass.output_gradient + at,
                                          before(pass) + at, rows.count() * units_);
    }

    void bias_gradient(const Pass& pass) const {
        if (!bias_ || !pass.weight_gradients[1]) return;
        std::fill_n(pass.weight_gradients[1], units_, 0.0f);
        pass.kernels->column_sums(before(pass), pass.samples * rows_, units_, pass.weight_gradients[1]);
    }

    // Rows of the kernel's gradient: the input, transposed, times the gradient before the activation.
    void weight_gradient(const Pass& pass, const Worker& worker, Range own, bool live) const {
        if (!pass.weight_gradients[0]) return;
        // The gradient is rounded and packed once for all rows of the kernel.
        const std::int64_t rows = pass.samples * rows_, at_once = multiplier_.rounds() ? own.count() : kernel_rows;
        for (std::int64_t top = own.begin; top < own.end; top += at_once) {
            const std::int64_t height = std::min(at_once, own.end - top);
            float* const gradient = pass.weight_gradients[0] + top * units_;
            if (live) std::fill_n(gradient, height * units_, 0.0f);
            for (std::int64_t row = 0; row < rows && !worker.stopped(); row += rows_at_once) {
                const float* const input = pass.input + row * units_in_ + top;
                const float* const arriving = before(pass) + row * units_;
                const std::int64_t count = std::min(rows_at_once, rows - row);
                if (live) {
                    pass.kernels->transpose(input, units_in_, count, height, worker.scratch, count);
                    add_live_product(*pass.kernels,
                                     {worker.scratch, count, height, count, arriving, units_, gradient, units_, units_},
                                     live_scratch(pass, worker));
                    continue;
                }
                Product p{};
                p.a = input;
                p.row_step = 1;
                p.columns = batch_.data();
                p.b = arriving;
                p.b_step = units_;
                p.c = gradient;
                p.c_step = units_;
                p.m = height;
                p.n = units_;
                p.k = count;
                p.accumulate = row > 0;
                if (multiplier_.rounds()) {
                    multiplier_.pack(*pass.kernels, arriving, units_, count, units_, worker.scratch);
                    p.b = worker.scratch, p.b_step = 0;
                }
                multiplier_.product(*pass.kernels, p, worker.scratch + packed_gradient(*pass.kernels));
            }
        }
    }

    // Columns of the input's gradient: the gradient before the activation times the kernel, transposed.
    void input_gradient(const Pass& pass, const Worker& worker, Range own, bool live) const {
        if (!pass.input_gradient) return;
        const bool rounds = multiplier_.rounds();
        const std::int64_t rows = pass.samples * rows_, at_once = rounds ? own.count() : pass.kernels->panel;
        for (std::int64_t left = own.begin; left < own.end && !worker.stopped(); left += at_once) {
            const std::int64_t width = std::min(at_once, own.end - left),
                               step = (width + pass.kernels->width - 1) / pass.kernels->width * pass.kernels->width;
            float* const gradient = pass.input_gradient + left;
            if (!rounds) pass.kernels->pack_transposed(kernel_ + left * units_, units_, units_, width, worker.scratch);
            if (live) {
                for (std::int64_t row = 0; row < rows; row++) std::fill_n(gradient + row * units_in_, width, 0.0f);
                for (std::int64_t row = 0; row < rows; row += rows_at_once)
                    add_live_product(*pass.kernels,
                                     {before(pass) + row * units_, units_, std::min(rows_at_once, rows - row), units_,
                                      worker.scratch, step, gradient + row * units_in_, units_in_, width},
                                     live_scratch(pass, worker));
                continue;
            }
            Product p{};
            p.a = before(pass);
            p.row_step = units_;
            p.columns = counting_.data();
            p.b = rounds ? multiplier_.column(*pass.kernels, turned(*pass.kernels, pass.memo), units_, left)
                         : worker.scratch;
            p.c = gradient;
            p.c_step = units_in_;
            p.m = rows;
            p.n = width;
            p.k = units_;
            multiplier_.product(*pass.kernels, p, worker.scratch);
        }
    }

    std::int64_t folded_floats() const { return folding_ ? folding_->floats(units_in_) : 0; }
    std::int64_t rounded_floats(const Kernels& k, std::int64_t in, std::int64_t out) const {
        return multiplier_.rounds() ? multiplier_.packed_floats(k, in, out) : 0;
    }
    float* turned(const Kernels& k, float* memo) const {
        return memo + folded_floats() + rounded_floats(k, units_in_, units_);
    }
    std::int64_t packed_gradient(const Kernels& k) const { return rounded_floats(k, rows_at_once, units_); }

    const Activation activation_;
    const float* const kernel_;  // (in, out)
    const float* const bias_;
    const std::int64_t units_in_, units_, rows_;  // rows of one sample
    const Multiplier multiplier_;
    const std::optional<Folding> folding_;
    std::vector<std::int64_t> counting_, batch_;
};

std::unique_ptr<Step> make(const StepDescription& d, Settings& settings, Taker& weights) {
    const std::int64_t in = d.input().back(), units = d.output.back();
    expect(size_of(d.input()) / in == size_of(d.output) / units, "a dense layer changes the last axis only");
    const float* kernel = weights.take({in, units}, "kernel");
    const float* bias = weights.take_if(settings.take<bool>("bias"), {units}, "bias");
    const std::optional<Folding> folding = Folding::take(settings, units, weights);
    return std::make_unique<Dense>(d, take_activation(settings), kernel, bias, folding);
}

}  // namespace

const Kind kinds::dense{"dense", make};

}  // namespace convoscope
