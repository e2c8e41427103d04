// Both gradients of a convolution under a pooling, through live winners alone.
#include "../live_winners.hpp"

#include <algorithm>
#include <cstring>

#include "strategy.hpp"

namespace convoscope {
namespace {

class LiveGradients final : public MapGradient {
public:
    explicit LiveGradients(const Frame& f) : f_(f), live_(f) {}

    bool wanted(const Pass& pass) const override { return pass.weight_gradients[0] || pass.input_gradient; }
    bool reads_maps() const override { return false; }

    std::int64_t memo_floats(const Kernels&) const override { return live_.kernel_floats(); }
    std::int64_t scratch_floats() const override { return std::max(live_.scratch_floats(), live_.kernel_floats()); }

    void prepare(const Kernels& k, const float* kernel, float* memo) const override {
        live_.turn(k, kernel, memo);
    }

    void add(const Work& work) const override {
        const Patches& patches = f_.patches;
        const Strip& s = work.strip;
        const Pass& pass = work.pass;
        const float* image = f_.under(s, pass, work.worker);
        float* input_gradient = pass.input_gradient ? pass.input_gradient + s.image * f_.input_size : nullptr;
        float* target = input_gradient ? patches.copied() ? work.copy : input_gradient + patches.start(s.top) : nullptr;
        if (target == work.copy)
            std::memset(work.copy, 0, static_cast<std::size_t>(patches.copy_floats()) * sizeof(float));
        live_.backward({pass.kernels, s, work.outputs, pass.kept + f_.output_of(s), image, pass.weight_gradients[0],
                        work.memo, target, work.scratch});
        if (target == work.copy) patches.add_back(work.copy, s.images, s.top, s.bottom, input_gradient);
    }

    void finish(const Pass& pass, const Worker& worker) const override {
        if (!pass.weight_gradients[0]) return;
        live_.turn_back(*pass.kernels, pass.weight_gradients[0], worker.scratch);
        std::memcpy(pass.weight_gradients[0], worker.scratch,
                    static_cast<std::size_t>(live_.kernel_floats()) * sizeof(float));
    }

private:
    const Frame& f_;
    const LiveWinners live_;
};

}  // namespace

bool live_gradients_pay(const Frame& f) { return LiveWinners::pays(f.pool, f.patches); }

std::unique_ptr<MapGradient> live_gradients(const Frame& f) { return std::make_unique<LiveGradients>(f); }

}  // namespace convoscope
