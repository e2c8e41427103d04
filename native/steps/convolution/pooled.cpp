// A direct product with a 2×2 pooling whose winners are picked in registers, and the kernel's gradient through them,
// where channels are so few that a window's pixels fit there too.
#include "strategy.hpp"

namespace convoscope {
namespace {

class DirectPooledProduct final : public MapProduct {
public:
    explicit DirectPooledProduct(const Frame& f) : f_(f) {}

    std::string words() const override { return "direct product with pooling"; }
    bool pools() const override { return true; }

    std::int64_t memo_floats(const Kernels& k) const override {
        return padded(f_.filters, k.width) * f_.patches.size();
    }

    void prepare(const Kernels& k, const float* kernel, float* memo) const override {
        k.pack(kernel, f_.filters, f_.patches.size(), f_.filters, memo);
    }

    void forward(const Work& work) const override {
        const Patches& patches = f_.patches;
        const Strip& s = work.strip;
        const float* strip = f_.under(s, work.pass, work.worker);
        PooledProduct p{};
        for (std::int64_t i = 0; i < 4; i++) p.places[i] = i / 2 * patches.step_y() + i % 2 * patches.step_x();
        p.step = 2 * patches.step_x();
        p.columns = patches.values();
        p.b = work.pass.memo;
        p.windows = f_.out_width;
        p.n = f_.filters;
        p.k = patches.size();
        p.mode = f_.pool.mode;
        if (pixels_in_registers_) {
            p.pixel_rows = patches.run_count() + 1;
            p.pixel_row = patches.step_y();
            p.pixel_floats = patches.run_length() + patches.step_x();
        }
        for (std::int64_t i = 0; i < s.images; i++)
            for (std::int64_t row = 0; row < s.end - s.begin; row++) {
                const std::int64_t at = (i * (s.end - s.begin) + row) * f_.out_width * f_.filters;
                p.a = strip + i * patches.image_step() + 2 * row * patches.step_y();
                p.output = work.output + at;
                p.winners = work.winners ? work.winners + at : nullptr;
                work.pass.kernels->pooled_product(p);
            }
    }

private:
    const Frame& f_;
    const bool pixels_in_registers_ = few_channels(f_);
};

class WinnersKernelGradient final : public MapGradient {
public:
    explicit WinnersKernelGradient(const Frame& f) : f_(f) {}

    bool wanted(const Pass& pass) const override { return pass.weight_gradients[0]; }
    bool reads_maps() const override { return false; }

    void add(const Work& work) const override {
        const Patches& patches = f_.patches;
        const Strip& s = work.strip;
        const float* strip = f_.under(s, work.pass, work.worker);
        PooledGradient p{};
        p.row = patches.step_y();
        p.channels = patches.step_x();
        p.size_y = patches.run_count();
        p.size_x = patches.run_length() / p.channels;
        p.rows = s.end - s.begin;
        p.windows = f_.out_width;
        p.filters = f_.filters;
        p.kernel_gradient = work.pass.weight_gradients[0];
        for (std::int64_t i = 0; i < s.images; i++) {
            const std::int64_t at = i * p.rows * f_.out_width * f_.filters;
            p.image = strip + i * patches.image_step();
            p.gradient = work.outputs + at;
            p.winners = work.pass.kept + f_.output_of(s) + at;
            work.pass.kernels->pooled_gradient(p);
        }
    }

private:
    const Frame& f_;
};

}  // namespace

bool few_channels(const Frame& f) {
    const ConvolutionSettings& c = f.settings;
    const std::int64_t channels = f.image[2];
    return f.pairs && c.strides == Pair{1, 1} && c.dilation == Pair{1, 1} &&
           ((c.kernel[1] == 3 && channels <= 4) || (c.kernel[1] == 5 && channels <= 2));
}

std::unique_ptr<MapProduct> pooled_product(const Frame& f) { return std::make_unique<DirectPooledProduct>(f); }

std::unique_ptr<MapGradient> winners_kernel_gradient(const Frame& f) {
    return std::make_unique<WinnersKernelGradient>(f);
}

}  // namespace convoscope
