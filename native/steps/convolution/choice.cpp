#include "strategy.hpp"

namespace convoscope {
namespace {

// Whether pooling straight from the product pays: its tiles are small, so a panel should stay in the first cache.
bool pools_product(const Frame& f) { return f.pairs && !f.tiled && f.patches.size() <= 96; }

void choose_product(const Frame& f, const std::shared_ptr<const Winograd>& tiles, Strategy& strategy) {
    if (tiles) {
        strategy.product = winograd_product(f, tiles);
        strategy.why = "stride 1, 16 channels and filters or more: " + Winograd::saving(f.settings);
    } else if (pools_product(f)) {
        strategy.product = pooled_product(f);
        strategy.why = "no Winograd: " + f.against_winograd + "; a window's winner is picked in registers";
    } else {
        strategy.product = direct_product(f);
        strategy.why = "no Winograd: " + f.against_winograd;
    }
}

void choose_gradients(const Frame& f, const std::shared_ptr<const Winograd>& tiles, Strategy& strategy) {
    const auto add = [&](std::unique_ptr<MapGradient> gradient) { strategy.gradients.push_back(std::move(gradient)); };
    if (few_channels(f)) {
        add(winners_kernel_gradient(f));
        add(direct_input_gradient(f));
        strategy.backward = "the kernel's gradient through winners";
        return;
    }
    if (f.pooled && live_gradients_pay(f)) {
        add(live_gradients(f));
        strategy.backward = "through live winners";
        return;
    }
    const bool sums = tiles && tiles->sums_pay(f.images, f.strip_rows(f.rows));
    auto turned = !f.pooled && f.rows == f.out_rows ? Winograd::turned(f.image, f.settings) : std::nullopt;
    add(sums ? winograd_kernel_gradient(f, tiles) : direct_kernel_gradient(f));
    add(turned ? winograd_input_gradient(f, *turned) : direct_input_gradient(f));
    strategy.backward = turned && sums ? "both gradients by Winograd"
                        : turned       ? "the input's gradient by Winograd"
                        : sums         ? "the kernel's gradient by Winograd"
                                       : "";
}

}  // namespace

Strategy choose(const Frame& f) {
    std::shared_ptr<const Winograd> tiles;
    if (f.tiled) tiles = std::make_shared<const Winograd>(f.image, f.settings, f.width, f.pairs);
    Strategy strategy;
    choose_product(f, tiles, strategy);
    choose_gradients(f, tiles, strategy);
    return strategy;
}

}  // namespace convoscope
