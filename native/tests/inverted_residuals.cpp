// Inverted residuals: the same values as their parts one after the other, and the same bits however they are shared
// out.
#include "calls.hpp"
#include "core/pool.hpp"
#include "stack.hpp"

using namespace convoscope;

namespace {

// The parts as steps of their own, and what the one step is told of them.
class Parts {
public:
    Parts() : apart({random_int(1, 40), random_int(1, 40), random_int(1, 36)}) {
        const std::int64_t kind = random_int(0, 2);  // of what comes first: nothing, a 1×1 kernel, a larger one
        if (kind > 0) convolution("expand", geometry(kind == 1), random_int(1, 70));
        depthwise();
        convolution("project", geometry(true), random_int(1, 70), random_int(0, 1));
    }

    Stack together() const {
        Stack whole(apart.inputs);
        std::vector<int> from{0};
        if (apart.inputs.size() > 1) from.push_back(1);
        whole.join("inverted residual", settings_, from, apart.shape, places_);
        whole.weights = apart.weights;
        return whole;
    }

    Stack apart;

private:
    static const char* ending() {
        const char* const endings[] = {"linear", "relu", "relu6"};
        return endings[random_int(0, 2)];
    }

    // A geometry that fits: with less padding than the kernel is large.
    Geometry geometry(bool pixel) const {
        Geometry g{{1, 1}, {1, 1}, {1, 1}, {}};
        for (const std::size_t axis : {0u, 1u}) {
            if (pixel) continue;
            g.kernel[axis] = random_int(1, 3);
            g.strides[axis] = random_int(1, 3);
            g.padding[axis] = {random_int(0, 1), random_int(g.kernel[axis] - 1, 2)};
        }
        return g;
    }

    static Shape made(const Shape& image, const Geometry& g, std::int64_t channels) {
        return {Stack::length(image[0], g.kernel[0], g.strides[0], g.padding[0]),
                Stack::length(image[1], g.kernel[1], g.strides[1], g.padding[1]), channels};
    }

    // Weights of a part: its kernel, perhaps a bias, perhaps a normalization's.
    Settings weighted(const Shape& kernel, std::vector<int>& places) {
        const Shape channels{kernel.back()};
        Settings settings = activated({}, ending());
        places.push_back(apart.weight(kernel));
        const bool bias = random_int(0, 1) == 1;
        settings.set("bias", bias);
        if (bias) places.push_back(apart.weight(channels));
        settings.set("normalization", {});
        if (random_int(0, 1)) {
            settings.set("normalization", Stack::normalized(false));
            for (const bool positive : {false, false, false, true})
                places.push_back(apart.weight(channels, true, positive));
        }
        places_.insert(places_.end(), places.begin(), places.end());
        return settings;
    }

    static Settings with(Settings settings, const Settings& more) {
        for (const char* const name : {"kernel", "strides", "dilation", "padding"})
            settings.set(name, Settings(more).take<Value>(name));
        return settings;
    }

    void convolution(const char* part, const Geometry& g, std::int64_t filters, bool adds = false) {
        std::vector<int> places;
        const Shape output = made(apart.shape, g, filters);
        const Settings own = weighted({g.kernel[0], g.kernel[1], apart.shape[2], filters}, places);
        const bool expands = std::string(part) == "expand";
        Settings told = expands ? with(own, settings_of(g)) : own;
        if (expands) told.set("channels", filters);
        settings_.set(part, told);
        Settings alone = with(own, settings_of(g));
        alone.set("features", output);
        alone.set("pool", {});
        alone.set("addend", adds);
        if (adds) add_input(output);
        std::vector<int> from{apart.latest};
        if (adds) from.push_back(1);
        apart.join("convolution", alone, from, output, places);
    }

    // Inputs come before all other values, whose numbers move.
    void add_input(const Shape& shape) {
        apart.inputs.push_back(shape);
        apart.shapes.insert(apart.shapes.begin() + 1, shape);
        for (StepDescription& step : apart.steps)
            for (int& value : step.from) value += value > 0;
        apart.latest += apart.latest > 0;
    }

    void depthwise() {
        Geometry g{{random_int(1, 5), random_int(0, 1) ? 3 : 5}, {random_int(1, 3), random_int(1, 2)}, {1, 1}, {}};
        for (const std::size_t axis : {0u, 1u}) g.padding[axis] = {random_int(0, 2), random_int(g.kernel[axis] - 1, 4)};
        std::vector<int> places;
        const std::int64_t channels = apart.shape[2];
        const Settings own = with(weighted({g.kernel[0], g.kernel[1], channels}, places), settings_of(g));
        if (apart.steps.empty()) settings_.set("expand", {});
        settings_.set("depthwise", own);
        apart.add("depthwise convolution", own, made(apart.shape, g, channels), places);
    }

    Settings settings_;
    std::vector<int> places_;
};

void are_as_their_parts(Parts& parts) {
    Pool::shared().set_threads(1);
    const Stack whole = parts.together();
    Program program = whole.program(), apart = parts.apart.program();
    const Samples samples(program, 4);
    const std::vector<Floats> expected = predict(apart, samples, 0, 4);
    const std::vector<Floats> found = predict(program, samples, 0, 4);
    for (std::size_t o = 0; o < found.size(); o++) expect_near(found[o], expected[o], 1e-5, "an inverted residual");
    for (const int threads : {2, 3, 8}) {
        Pool::shared().set_threads(threads);
        for (std::int64_t i = 0; i < 4; i++) {
            const Floats one = predict(program, samples, i, 1)[0];
            const auto first =
                found[0].begin() + static_cast<std::ptrdiff_t>(i * static_cast<std::int64_t>(one.size()));
            if (!std::equal(one.begin(), one.end(), first)) fail("an inverted residual: other bits alone");
        }
        if (predict(program, samples, 0, 4) != found) fail("an inverted residual: other bits on several threads");
    }
}

}  // namespace

void test_inverted_residuals() {
    for (int i = 0; i < 40; i++) {
        Parts parts;
        are_as_their_parts(parts);
    }
}
