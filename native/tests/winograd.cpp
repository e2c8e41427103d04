// Convolutions made of Winograd's tiles against the plainest loops: feature maps, pooled maps, the kernel's gradient.
#include "steps/winograd.hpp"

#include <algorithm>

#include "check.hpp"
#include "isa/choice.hpp"

using namespace convoscope;

namespace {

struct Case {
    ConvolutionSettings settings{};
    Shape image;
    std::int64_t images = 3, height = 0, width = 0, channels, filters;
    Floats input, kernel;

    Case(std::int64_t side, std::int64_t channels_, std::int64_t filters_, std::int64_t size, std::int64_t padding)
        : image{side, side + 1, channels_}, channels(channels_), filters(filters_) {
        settings.kernel = {size, size};
        settings.strides = settings.dilation = {1, 1};
        settings.padding = {{{padding, padding}, {padding, padding}}};
        height = image[0] + 2 * padding - size + 1;
        width = image[1] + 2 * padding - size + 1;
        settings.features = {height, width, filters};
        settings.precision = Precision::exact;
        input = random_floats(images * size_of(image));
        kernel = random_floats(size * size * channels * filters);
    }

    std::string words() const {
        return std::to_string(settings.kernel[0]) + "x" + std::to_string(settings.kernel[1]) + " on " +
               std::to_string(height) + "x" + std::to_string(width) + ": ";
    }

    // body(feature pixel, input pixel or none, tap), each as an offset that channels or filters are added to.
    template <class Body>
    void each_product(Body&& body) const {
        const std::int64_t size = settings.kernel[0], pad = settings.padding[0][0];
        for (std::int64_t i = 0; i < images * height * width * size * size; i++) {
            const std::int64_t tap = i % (size * size), pixel = i / (size * size);
            const std::int64_t y = pixel / width % height + tap / size - pad, x = pixel % width + tap % size - pad;
            if (y < 0 || y >= image[0] || x < 0 || x >= image[1]) continue;
            body(pixel * filters, ((pixel / (width * height) * image[0] + y) * image[1] + x) * channels,
                 tap * channels * filters);
        }
    }
};

Floats maps_of(const Case& c) {
    std::vector<double> sums(static_cast<std::size_t>(c.images * c.height * c.width * c.filters));
    c.each_product([&](std::int64_t feature, std::int64_t pixel, std::int64_t tap) {
        for (std::int64_t channel = 0; channel < c.channels; channel++)
            for (std::int64_t filter = 0; filter < c.filters; filter++)
                sums[static_cast<std::size_t>(feature + filter)] +=
                    static_cast<double>(c.input[static_cast<std::size_t>(pixel + channel)]) *
                    static_cast<double>(c.kernel[static_cast<std::size_t>(tap + channel * c.filters + filter)]);
    });
    return Floats(sums.begin(), sums.end());
}

Floats kernel_gradient_of(const Case& c, const Floats& gradient) {
    std::vector<double> sums(c.kernel.size());
    c.each_product([&](std::int64_t feature, std::int64_t pixel, std::int64_t tap) {
        for (std::int64_t channel = 0; channel < c.channels; channel++)
            for (std::int64_t filter = 0; filter < c.filters; filter++)
                sums[static_cast<std::size_t>(tap + channel * c.filters + filter)] +=
                    static_cast<double>(c.input[static_cast<std::size_t>(pixel + channel)]) *
                    static_cast<double>(gradient[static_cast<std::size_t>(feature + filter)]);
    });
    return Floats(sums.begin(), sums.end());
}

// The largest of each window of two by two, in rows and columns that are whole.
Floats pooled(const Case& c, const Floats& maps) {
    Floats largest;
    for (std::int64_t i = 0; i < c.images * (c.height / 2) * (c.width / 2) * c.filters; i++) {
        const std::int64_t filter = i % c.filters, x = i / c.filters % (c.width / 2) * 2;
        const std::int64_t row = i / (c.filters * (c.width / 2)), y = row % (c.height / 2) * 2;
        const std::int64_t at = ((row / (c.height / 2) * c.height + y) * c.width + x) * c.filters + filter;
        float best = maps[static_cast<std::size_t>(at)];
        for (const std::int64_t other : {c.filters, c.width * c.filters, (c.width + 1) * c.filters})
            best = std::max(best, maps[static_cast<std::size_t>(at + other)]);
        largest.push_back(best);
    }
    return largest;
}

Floats forward(Case c, bool pool, std::int64_t tile) {
    const Kernels& k = kernels();
    c.settings.pool = pool ? std::optional<Window>(Window{PoolMode::max, {2, 2}, {2, 2}, {}}) : std::nullopt;
    const Winograd tiles(c.image, c.settings, pool ? c.width / 2 * 2 : c.width, pool, tile);
    Floats memo(static_cast<std::size_t>(tiles.memo_floats(k))),
        scratch(static_cast<std::size_t>(tiles.scratch_floats()));
    const std::int64_t pixels = pool ? (c.height / 2) * (c.width / 2) : c.height * c.width;
    Floats output(static_cast<std::size_t>(c.images * pixels * c.filters));
    std::vector<std::uint8_t> winners(pool ? output.size() : 0);
    tiles.prepare(k, c.kernel.data(), memo.data());
    tiles.forward({&k, memo.data(), c.input.data(), c.images, 0, pool ? c.height / 2 * 2 : c.height, output.data(),
                   pool ? winners.data() : nullptr, scratch.data()});
    return output;
}

Floats kernel_gradient(const Case& c, const Floats& gradient, std::int64_t tile) {
    const Kernels& k = kernels();
    const Winograd tiles(c.image, c.settings, c.width, false, tile);
    Floats scratch(static_cast<std::size_t>(tiles.gradient_scratch_floats())), found(c.kernel.size());
    tiles.add_kernel_gradient(
        {&k, c.input.data(), c.images, 0, c.height, gradient.data(), found.data(), scratch.data()});
    return found;
}

}  // namespace

void test_winograd() {
    for (const std::int64_t side : {6, 7, 8, 9})  // what is left of a map by tiles of four outputs
        for (const std::int64_t size : {3, 2, 5})
            for (const std::int64_t padding : {0, 1})
                for (const std::int64_t filters : {16, 21}) {
                    const Case c(side, filters == 16 ? 19 : 16, filters, size, padding);
                    const Floats maps = maps_of(c), gradient = random_floats(static_cast<std::int64_t>(maps.size()));
                    for (const std::int64_t tile : {2, 4}) {
                        const std::string words = c.words() + "F(" + std::to_string(tile) + "), ";
                        expect_near(forward(c, false, tile), maps, 1e-5, words + "maps");
                        expect_near(forward(c, true, tile), pooled(c, maps), 1e-5, words + "pooled maps");
                        expect_near(kernel_gradient(c, gradient, tile), kernel_gradient_of(c, gradient), 1e-5,
                                    words + "the kernel's gradient");
                    }
                }
}
