#include "strategy.hpp"

namespace convoscope {
namespace {

// Whether pooling straight from the product pays: its tiles are small, so a panel should stay in the first cache.
bool pools_product(const Frame& f) {
    return f.pairs && !f.tiled && !f.multiplier.rounds() && f.patches.size() <= 96;
}

void choose_product(const Frame& f, const std::shared_ptr<const Winograd>& tiles, Strategy& strategy) {
    if (tiles) {
        strategy.product = winograd_product(f, tiles);
        const std::int64_t rows = f.pairs ? 2 * f.out_rows : f.height;
        strategy.why = "stride 1, 16 channels and filters or more: " + tiles->saving(rows);
    } else if (pools_product(f)) {
        strategy.product = pooled_product(f);
        strategy.why = "no Winograd: " + f.against_winograd + "; a window's winner is picked in registers";
    } else {
        strategy.product = direct_product(f);
        strategy.why = "no Winograd: " + f.against_winograd;
    }
}

// The tiles of the kernel's gradient: those of the product, or smaller ones where a strip has few of them.
std::shared_ptr<const Winograd> tiles_of_sums(const Frame& f, const std::shared_ptr<const Winograd>& tiles) {
    const auto pay = [&](const Winograd& of) { return of.sums_pay(f.images, f.strip_rows(f.rows)); };
    if (!tiles || pay(*tiles)) return tiles;
    auto small = std::make_shared<const Winograd>(f.image, f.settings, f.width, f.pairs, 2);
    return pay(*small) ? small : nullptr;
}

void choose_gradients(const Frame& f, const std::shared_ptr<const Winograd>& tiles, Strategy& strategy) {
    const auto add = [&](std::unique_ptr<MapGradient> gradient) { strategy.gradients.push_back(std::move(gradient)); };
    if (f.multiplier.rounds()) {
        add(direct_kernel_gradient(f));
        add(direct_input_gradient(f));
        return;
    }
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
    const std::shared_ptr<const Winograd> sums = tiles_of_sums(f, tiles);
    auto turned = !f.pooled && f.rows == f.out_rows ? Winograd::turned(f.image, f.settings) : std::nullopt;
    add(sums ? winograd_kernel_gradient(f, sums) : direct_kernel_gradient(f));
    add(turned ? winograd_input_gradient(f, *turned) : direct_input_gradient(f));
    strategy.backward = turned && sums ? "both gradients by Winograd"
                        : turned       ? "the input's gradient by Winograd"
                        : sums         ? "the kernel's gradient by Winograd"
                                       : "";
}

}  // namespace

Strategy choose(const Frame& f) {
    std::shared_ptr<const Winograd> tiles;
    if (f.tiled) tiles = std::make_shared<const Winograd>(f.image, f.settings, f.width, f.pairs, f.tile);
    Strategy strategy;
    choose_product(f, tiles, strategy);
    choose_gradients(f, tiles, strategy);
    return strategy;
}

}  // namespace convoscope
