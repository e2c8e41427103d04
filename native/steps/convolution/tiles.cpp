// Winograd's products of tiles: the maps, with a 2×2 pooling from registers, and both gradients.
#include "strategy.hpp"

namespace convoscope {
namespace {

class WinogradProduct final : public MapProduct {
public:
    WinogradProduct(const Frame& f, std::shared_ptr<const Winograd> tiles) : f_(f), tiles_(std::move(tiles)) {}

    std::string words() const override { return pools() ? "Winograd with pooling" : "Winograd"; }
    bool pools() const override { return tiles_->pooled(); }
    std::int64_t memo_floats(const Kernels& k) const override { return tiles_->memo_floats(k); }
    std::int64_t scratch_floats() const override { return tiles_->scratch_floats(); }

    void prepare(const Kernels& k, const float* kernel, float* memo) const override {
        tiles_->prepare(k, kernel, memo);
    }

    void forward(const Work& work) const override {
        const Strip& s = work.strip;
        tiles_->forward({work.pass.kernels, work.pass.memo, work.pass.input + s.image * f_.input_size, s.images, s.top,
                         s.bottom, work.output, work.winners, work.scratch});
    }

private:
    const Frame& f_;
    const std::shared_ptr<const Winograd> tiles_;
};

class WinogradKernelSums final : public MapGradient {
public:
    WinogradKernelSums(const Frame& f, std::shared_ptr<const Winograd> tiles) : f_(f), tiles_(std::move(tiles)) {}

    bool wanted(const Pass& pass) const override { return pass.weight_gradients[0]; }
    std::int64_t scratch_floats() const override { return tiles_->gradient_scratch_floats(); }

    void add(const Work& work) const override {
        const Strip& s = work.strip;
        tiles_->add_kernel_gradient({work.pass.kernels, work.pass.input + s.image * f_.input_size, s.images, s.top,
                                     s.bottom, work.maps, work.pass.weight_gradients[0], work.scratch});
    }

private:
    const Frame& f_;
    const std::shared_ptr<const Winograd> tiles_;
};

// The convolution of the maps' gradient with the kernel turned round. A strip is whole maps here.
class WinogradInputGradient final : public MapGradient {
public:
    WinogradInputGradient(const Frame& f, Winograd turned) : f_(f), turned_(std::move(turned)) {}

    bool wanted(const Pass& pass) const override { return pass.input_gradient; }
    std::int64_t memo_floats(const Kernels& k) const override { return turned_.turned_memo_floats(k); }
    std::int64_t scratch_floats() const override { return turned_.scratch_floats(); }

    void prepare(const Kernels& k, const float* kernel, float* memo) const override {
        turned_.prepare_turned(k, kernel, memo);
    }

    void add(const Work& work) const override {
        const Strip& s = work.strip;
        turned_.forward({work.pass.kernels, work.memo, work.maps, s.images, 0, f_.image[0],
                         work.pass.input_gradient + s.image * f_.input_size, nullptr, work.scratch});
    }

private:
    const Frame& f_;
    const Winograd turned_;
};

}  // namespace

std::unique_ptr<MapProduct> winograd_product(const Frame& f, std::shared_ptr<const Winograd> tiles) {
    return std::make_unique<WinogradProduct>(f, std::move(tiles));
}

std::unique_ptr<MapGradient> winograd_kernel_gradient(const Frame& f, std::shared_ptr<const Winograd> tiles) {
    return std::make_unique<WinogradKernelSums>(f, std::move(tiles));
}

std::unique_ptr<MapGradient> winograd_input_gradient(const Frame& f, Winograd turned) {
    return std::make_unique<WinogradInputGradient>(f, std::move(turned));
}

}  // namespace convoscope
