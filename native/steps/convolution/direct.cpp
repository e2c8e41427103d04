// Products of patches with the kernel, and the gradients by the same products, turned round.
#include <algorithm>
#include <cstring>

#include "../plain_end.hpp"
#include "strategy.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t columns_floats = 32 * 1024;  // of patches' gradients that are made at once
constexpr std::int64_t rounded_terms = 512, rounded_floats = 2 * columns_floats;  // the same of what is rounded
constexpr std::int64_t gradient_floats = 3 * 1024;  // of the maps': what stays in a first-level cache beside patches

class DirectProduct final : public MapProduct {
public:
    explicit DirectProduct(const Frame& f) : f_(f) {}

    std::string words() const override { return "direct product"; }
    // While a product's tile is in registers.
    bool finishes() const override { return !f_.pooled && has_plain_end(f_.settings.activation); }

    bool divides() const override { return !f_.pooled; }

    std::int64_t memo_floats(const Kernels& k) const override {
        return f_.multiplier.packed_floats(k, f_.patches.size(), f_.filters);
    }
    std::int64_t scratch_floats() const override { return f_.multiplier.room_floats(f_.patches.size()); }

    void prepare(const Kernels& k, const float* kernel, float* memo) const override {
        f_.multiplier.pack(k, kernel, f_.filters, f_.patches.size(), f_.filters, memo);
    }

    void forward(const Work& work) const override {
        Product p{};
        p.a = f_.under(work.strip, work.pass, work.worker);
        p.rows = f_.patches.pixels();
        p.columns = f_.patches.values();
        p.b = f_.multiplier.column(*work.pass.kernels, work.pass.memo, f_.patches.size(), work.filters.begin);
        p.c = work.output + work.filters.begin;
        p.c_step = f_.filters;
        p.m = f_.pixels(work.strip);
        p.n = work.filters.count();
        p.k = f_.patches.size();
        if (finishes()) add_plain_end(p, f_.settings.activation, work.bias ? work.bias + work.filters.begin : nullptr);
        if (work.addend) p.addend = work.addend + work.filters.begin;
        f_.multiplier.product(*work.pass.kernels, p, work.scratch);
    }

private:
    const Frame& f_;
};

class DirectKernelGradient final : public MapGradient {
public:
    explicit DirectKernelGradient(const Frame& f) : f_(f) {}

    bool wanted(const Pass& pass) const override { return pass.weight_gradients[0]; }
    // [the maps' gradient, packed][what a product needs]
    std::int64_t scratch_floats() const override {
        return f_.multiplier.rounds() ? packed_floats() + f_.multiplier.room_floats(rounded_terms) : 0;
    }

    void add(const Work& work) const override {
        const Kernels& k = *work.pass.kernels;
        const bool rounds = f_.multiplier.rounds();
        const std::int64_t pixels = f_.pixels(work.strip);
        Product p{};
        p.a = f_.under(work.strip, work.pass, work.worker);
        p.rows = f_.patches.values();
        p.b_step = rounds ? 0 : f_.filters;
        p.c = work.pass.weight_gradients[0];
        p.c_step = f_.filters;
        p.m = f_.patches.size();
        p.n = f_.filters;
        p.accumulate = true;
        const std::int64_t most =
            rounds ? rounded_terms : gradient_floats / std::min<std::int64_t>(f_.filters, k.panel);
        const std::int64_t blocks = (pixels + most - 1) / most;
        for (std::int64_t block = 0; block < blocks && !work.worker.stopped(); block++) {
            const std::int64_t first = pixels * block / blocks;
            p.columns = f_.patches.pixels() + first;
            p.b = work.maps + first * f_.filters;
            p.k = pixels * (block + 1) / blocks - first;
            if (rounds) {
                f_.multiplier.pack(k, p.b, f_.filters, p.k, f_.filters, work.scratch);
                p.b = work.scratch;
            }
            f_.multiplier.product(k, p, work.scratch + packed_floats());
        }
    }

private:
    std::int64_t packed_floats() const { return padded(f_.filters, bfloat16_columns) * rounded_terms; }

    const Frame& f_;
};

class DirectInputGradient final : public MapGradient {
public:
    explicit DirectInputGradient(const Frame& f)
        : f_(f),
          pixel_by_pixel_(f.settings.kernel == Pair{1, 1} && f.settings.strides == Pair{1, 1} && !f.patches.copied() &&
                          f.width == f.image[1]) {
        for (std::int64_t i = 0; i < f.filters; i++) counting_.push_back(i);
    }

    bool wanted(const Pass& pass) const override { return pass.input_gradient; }
    bool sets_input() const override { return pixel_by_pixel_ && !f_.pooled && f_.height == f_.image[0]; }

    std::int64_t memo_floats(const Kernels& k) const override {
        return f_.multiplier.packed_floats(k, f_.filters, f_.patches.size());
    }
    // [gradients of patches][what a product needs]
    std::int64_t scratch_floats() const override { return patch_floats() + f_.multiplier.room_floats(f_.filters); }

    void prepare(const Kernels& k, const float* kernel, float* memo) const override {
        f_.multiplier.pack_transposed(k, kernel, f_.filters, f_.filters, f_.patches.size(), memo);
    }

    void add(const Work& work) const override {
        const Patches& patches = f_.patches;
        const Strip& s = work.strip;
        const std::int64_t pixels = f_.pixels(s);
        float* image = work.pass.input_gradient + s.image * f_.input_size;
        float* target = patches.copied() ? work.copy : image + patches.start(s.top);
        if (patches.copied())
            std::memset(work.copy, 0, static_cast<std::size_t>(patches.copy_floats()) * sizeof(float));
        Product p{};
        p.row_step = f_.filters;
        p.columns = counting_.data();
        p.b = work.memo;
        p.c = work.scratch;
        p.c_step = patches.size();
        p.n = patches.size();
        p.k = f_.filters;
        if (pixel_by_pixel_ && (s.images == 1 || s.bottom - s.top == f_.image[0])) {
            p.a = work.maps;
            p.c = target;
            p.m = pixels;
            return f_.multiplier.product(*work.pass.kernels, p, work.scratch + patch_floats());
        }
        for (std::int64_t first = 0; first < pixels && !work.worker.stopped(); first += patch_rows()) {
            p.m = std::min(patch_rows(), pixels - first);
            p.a = work.maps + first * f_.filters;
            f_.multiplier.product(*work.pass.kernels, p, work.scratch + patch_floats());
            work.pass.kernels->scatter({work.scratch, p.m, patches.pixels() + first, patches.runs(),
                                        patches.run_count(), patches.run_length(), target});
        }
        if (patches.copied()) patches.add_back(work.copy, s.images, s.top, s.bottom, image);
    }

private:
    // Patches whose gradients are made at once before they are added to the image's.
    std::int64_t patch_rows() const {
        if (f_.multiplier.rounds())
            return std::clamp<std::int64_t>(rounded_floats / f_.patches.size() / bfloat16_rows, 1, 8) * bfloat16_rows;
        return std::clamp<std::int64_t>(columns_floats / f_.patches.size() / 12, 1, 20) * 12;
    }

    std::int64_t patch_floats() const { return aligned(patch_rows() * f_.patches.size()); }

    const Frame& f_;
    const bool pixel_by_pixel_;  // whether a patch is a pixel, and the image is written in the order of its pixels
    std::vector<std::int64_t> counting_;
};

}  // namespace

std::unique_ptr<MapProduct> direct_product(const Frame& f) { return std::make_unique<DirectProduct>(f); }

std::unique_ptr<MapGradient> direct_kernel_gradient(const Frame& f) {
    return std::make_unique<DirectKernelGradient>(f);
}

std::unique_ptr<MapGradient> direct_input_gradient(const Frame& f) { return std::make_unique<DirectInputGradient>(f); }

}  // namespace convoscope
