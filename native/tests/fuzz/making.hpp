// A description of steps of every kind, as the bytes want them.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "draft.hpp"

namespace convoscope::fuzz {

class Making : public Draft {
public:
    explicit Making(Bytes& bytes) : Draft(bytes) {
        for (std::int64_t i = bytes.choice(4) == 1 ? 1 : 0; i >= 0; i--)
            shapes_.push_back(
                inputs.emplace_back(Shape{bytes.number(1, 14), bytes.number(1, 14), bytes.number(1, 18)}));
        choose(0);
        const std::int64_t count = bytes.choice(10);
        for (std::int64_t i = 0; i < count; i++) {
            if (bytes.choice(3) == 1) choose(any());
            add();
        }
        outputs.push_back(static_cast<int>(shapes_.size()) - 1);
        while (bytes.choice(3) == 1) outputs.push_back(static_cast<int>(bytes.number(0, outputs.front())));
    }

private:
    void add() {
        const bool image = shape_.size() == 3;
        if (bytes_.choice(4) == 1) return join();
        if (bytes_.choice(16) == 1) return again();
        if (bytes_.choice(3) == 1) {
            if (image && bytes_.flag()) return image_step();
            return value_step();
        }
        switch (bytes_.choice(image ? 13 : 5)) {
            case 0: return dense();
            case 1: return put("activation", activated({}), shape_);
            case 2: return put("dropout", {{"rate", bytes_.real()}, {"stream", 1}, {"seed", {}}}, shape_);
            case 3: {
                std::vector<int> places;
                const Settings settings = normalization(shape_.empty() ? 1 : shape_.back(), places);
                return put("normalization", activated(settings), shape_, places);
            }
            case 4: return put("rescaling", {{"scale", bytes_.real()}, {"offset", 0.5}}, shape_);
            case 5:
            case 6:
            case 7: return convolution();
            case 8: return transposed();
            case 9: return upsampling();
            case 10: {
                const Window w = window(true);
                if (!image || shape_.size() != 3) return put("pooling", {{"pool", settings_of(w)}}, shape_);
                return put("pooling", {{"pool", settings_of(w)}}, pooled(shape_, w));
            }
            case 11: return affine_or_erasing();
            default: return pad_or_flatten();
        }
    }

    void dense() {
        const std::int64_t units = bytes_.number(1, 40), in = shape_.empty() ? 1 : shape_.back();
        std::vector<int> places{weight({in, units})};
        const bool bias = bytes_.flag();
        Settings settings = activated({{"bias", bias}, {"normalization", {}}});
        if (bias) places.push_back(weight({units}));
        if (bytes_.choice(8) == 1) settings.set("normalization", normalization(units, places));
        Shape output = shape_;
        if (!output.empty()) output.back() = units;
        put("dense", settings, output, places);
    }

    void convolution() {
        Geometry c{};
        const bool plain = bytes_.flag();  // as Winograd's tiles want it
        c.kernel = plain ? Pair{3, 3} : pair(1, 5);
        c.strides = plain ? Pair{1, 1} : pair(1, 3);
        c.dilation = plain ? Pair{1, 1} : pair(1, 2);
        if (bytes_.flag()) c.padding = padding(2);
        Shape features;
        for (const std::size_t axis : {0u, 1u})
            features.push_back(
                length(shape_[axis], reach_of(c.kernel[axis], c.dilation[axis]), c.strides[axis], c.padding[axis]));
        features.push_back(plain ? bytes_.number(16, 33) : bytes_.number(1, 20));
        Settings settings = activated(settings_of(c));
        const bool bias = bytes_.flag();
        settings.set("features", features);
        settings.set("bias", bias);
        settings.set("pool", {});
        settings.set("normalization", {});
        std::vector<int> places{weight({c.kernel[0], c.kernel[1], shape_[2], features[2]})};
        if (bias) places.push_back(weight({features[2]}));
        Shape output = features;
        if (bytes_.flag()) {
            Window w = window(false);
            if (bytes_.flag()) w = {w.mode, {2, 2}, {2, 2}, {}};
            settings.set("pool", settings_of(w));
            output = pooled(features, w);
        } else if (bytes_.choice(8) == 1) {
            settings.set("normalization", normalization(features[2], places));
        }
        if (bytes_.choice(4) != 1) return put("convolution", settings, output, places);
        const int addend = any();  // now and then one of the right size
        settings.set("addend", bytes_.choice(16) != 1);
        put_step({"convolution",
                  {shape_, shapes_[static_cast<std::size_t>(addend)]},
                  output,
                  places,
                  settings,
                  {latest_, addend}});
    }

    void transposed() {
        Geometry t{};
        t.kernel = pair(1, 4);
        t.strides = pair(1, 3);
        t.dilation = pair(1, 2);
        if (bytes_.flag()) t.padding = padding(1);
        Shape output;
        for (const std::size_t axis : {0u, 1u})
            output.push_back(narrow((Wide{shape_[axis]} - 1) * t.strides[axis] +
                                    reach_of(t.kernel[axis], t.dilation[axis]) - t.padding[axis][0] -
                                    t.padding[axis][1] + bytes_.number(0, 1)));
        output.push_back(bytes_.number(1, 12));
        const bool bias = bytes_.flag();
        Settings settings = activated(settings_of(t));
        settings.set("bias", bias);
        std::vector<int> places{weight({t.kernel[0], t.kernel[1], output[2], shape_[2]})};
        if (bias) places.push_back(weight({output[2]}));
        put("transposed convolution", settings, output, places);
    }

    // What is done to values of any shape.
    void value_step() {
        Shape ones = shape_;
        for (std::int64_t& axis : ones)
            if (bytes_.flag()) axis = 1;
        const std::int64_t last = shape_.empty() ? 1 : shape_.back();
        std::int64_t size = 1;
        for (const std::int64_t axis : shape_) size = narrow(Wide{size} * axis);
        switch (bytes_.choice(9)) {
            case 0: {
                std::optional<double> most;
                if (bytes_.flag()) most = bytes_.real();
                return put("rectifier", {{"most", most}, {"slope", bytes_.real()}, {"threshold", bytes_.real()}},
                           shape_);
            }
            case 1: return put("parametric rectifier", {{"shape", ones}}, shape_, {weight(ones)});
            case 2:
                return put("noise",
                           {{"deviation", bytes_.real()}, {"multiplied", bytes_.flag()}, {"stream", 4}, {"seed", {}}},
                           shape_);
            case 3:
                return put("alpha dropout",
                           {{"rate", bytes_.real()},
                            {"factor", bytes_.real()},
                            {"shift", bytes_.real()},
                            {"dropped", -1.0},
                            {"stream", 5},
                            {"seed", 6}},
                           shape_);
            case 4: return put("unit normalization", {{"length", bytes_.flag() ? last : bytes_.number(1, 4)}}, shape_);
            case 5: {
                const std::int64_t groups = bytes_.flag() ? 1 : bytes_.number(1, 3);
                const Shape layout{bytes_.flag() ? quotient(size, last) : 1, 1, groups, quotient(last, groups)};
                const bool scale = bytes_.flag(), center = bytes_.flag();
                std::vector<int> places;
                for (int i = 0; i < (scale ? 1 : 0) + (center ? 1 : 0); i++)
                    places.push_back(weight({groups, quotient(last, groups)}));
                const Settings settings{{"layout", layout}, {"epsilon", 1e-3}, {"scale", scale}, {"center", center}};
                return put("sample normalization", settings, shape_, places);
            }
            case 6: {
                const std::vector<float> none;
                const bool inverted = bytes_.flag();
                if (bytes_.flag())
                    return put("standardization",
                               {{"shape", ones}, {"mean", none}, {"variance", none}, {"inverted", inverted}}, shape_,
                               {weight(ones), weight(ones)});
                const std::vector<float> one{static_cast<float>(bytes_.real())};
                return put(
                    "standardization",
                    {{"shape", Shape(shape_.size(), 1)}, {"mean", one}, {"variance", one}, {"inverted", inverted}},
                    shape_);
            }
            case 7:
                return put("local response normalization",
                           {{"before", bytes_.number(0, 2)},
                            {"after", bytes_.number(0, 2)},
                            {"bias", bytes_.real()},
                            {"alpha", bytes_.real()},
                            {"beta", bytes_.flag() ? 0.75 : bytes_.real()}},
                           shape_);
            default: {
                Shape strides;
                for (std::size_t axis = 0; axis < shape_.size(); axis++) strides.push_back(bytes_.number(0, 3));
                Shape output;
                for (std::size_t axis = 0; axis < shape_.size(); axis++) output.push_back(bytes_.number(1, 3));
                return put("gathering", {{"first", bytes_.number(0, 2)}, {"strides", strides}}, output);
            }
        }
    }

    // What is done to images.
    void image_step() {
        switch (bytes_.choice(6)) {
            case 0:
            case 1: return convolution_apart();
            case 4: return inverted_residual();
            case 2: {
                const Shape output{bytes_.number(1, 9), bytes_.number(1, 9), shape_[2]};
                const std::array<Pair, 2> part{Pair{bytes_.number(-2, 3), bytes_.number(1, 9)},
                                               Pair{bytes_.number(-2, 3), bytes_.number(1, 9)}};
                Value crop;
                if (bytes_.flag()) crop = Settings{{"stream", 8}, {"seed", {}}};
                return put("resizing",
                           {{"part", part}, {"bilinear", bytes_.flag()}, {"fill_value", bytes_.real()}, {"crop", crop}},
                           output);
            }
            case 3: return put("spatial dropout", {{"rate", bytes_.real()}, {"stream", 9}, {"seed", {}}}, shape_);
            default:
                return put("tone",
                           {{"stream", 10},
                            {"seed", {}},
                            {"value_range", Bounds{-1, bytes_.real()}},
                            {"contrast", bounds()},
                            {"shift", bounds()}},
                           shape_);
        }
    }

    // With or without a first convolution; the second value, if any, is now and then one of the right size.
    void inverted_residual() {
        std::vector<int> places;
        Shape wide = shape_;
        Settings settings{{"expand", {}}};
        if (bytes_.flag()) {
            const Geometry g = bytes_.flag() ? Geometry{{1, 1}, {1, 1}, {1, 1}, {}} : geometry(pair(1, 3));
            wide = made(shape_, g, bytes_.number(1, 40));
            Settings expand = part(g, shape_[2], wide[2], places);
            expand.set("channels", wide[2]);
            settings.set("expand", expand);
        }
        const Geometry g = geometry({bytes_.number(1, 5), bytes_.flag() ? 3 : bytes_.number(1, 5)});
        settings.set("depthwise", part(g, 1, wide[2], places));
        const Shape output = made(wide, g, bytes_.number(1, 40));
        Settings project = part({{1, 1}, {1, 1}, {1, 1}, {}}, wide[2], output[2], places);
        for (const char* const name : {"kernel", "strides", "dilation", "padding"}) project.take<Value>(name);
        settings.set("project", project);
        if (bytes_.flag()) return put("inverted residual", settings, output, places);
        const int addend = any();
        put_step({"inverted residual",
                  {shape_, shapes_[static_cast<std::size_t>(addend)]},
                  output,
                  places,
                  settings,
                  {latest_, addend}});
    }

    Geometry geometry(const Pair& kernel) {
        Geometry g{kernel, pair(1, 3), bytes_.choice(16) == 1 ? pair(1, 2) : Pair{1, 1}, {}};
        if (bytes_.flag()) g.padding = padding(3);
        return g;
    }

    Shape made(const Shape& image, const Geometry& g, std::int64_t channels) {
        Shape made;
        for (const std::size_t axis : {0u, 1u})
            made.push_back(
                length(image[axis], reach_of(g.kernel[axis], g.dilation[axis]), g.strides[axis], g.padding[axis]));
        made.push_back(channels);
        return made;
    }

    Settings part(const Geometry& g, std::int64_t before, std::int64_t channels, std::vector<int>& places) {
        constexpr const char* plain[] = {"linear", "relu", "relu6"};
        Settings settings = bytes_.choice(16) == 1
                                ? activated(settings_of(g))
                                : convoscope::activated(settings_of(g), plain[bytes_.choice(std::size(plain))]);
        places.push_back(weight({g.kernel[0], g.kernel[1], before, channels}));
        const bool bias = bytes_.flag();
        settings.set("bias", bias);
        if (bias) places.push_back(weight({channels}));
        settings.set("normalization", {});
        if (bytes_.choice(4) == 1) settings.set("normalization", normalization(channels, places));
        return settings;
    }

    // Depthwise, or in groups.
    void convolution_apart() {
        Geometry g{};
        g.kernel = bytes_.flag() ? Pair{3, 3} : pair(1, 5);
        g.strides = pair(1, 3);
        g.dilation = bytes_.flag() ? Pair{1, 1} : pair(1, 2);
        if (bytes_.flag()) g.padding = padding(2);
        Shape output;
        for (const std::size_t axis : {0u, 1u})
            output.push_back(
                length(shape_[axis], reach_of(g.kernel[axis], g.dilation[axis]), g.strides[axis], g.padding[axis]));
        Settings settings = activated(settings_of(g));
        const bool bias = bytes_.flag(), depthwise = bytes_.flag();
        const std::int64_t groups = bytes_.flag() ? shape_[2] : bytes_.number(1, 4);
        output.push_back(depthwise ? narrow(Wide{shape_[2]} * bytes_.number(1, 3))
                                   : narrow(Wide{bytes_.number(1, 3)} * groups));
        std::vector<int> places{
            weight({g.kernel[0], g.kernel[1], depthwise ? 1 : quotient(shape_[2], groups), output[2]})};
        if (bias) places.push_back(weight({output[2]}));
        settings.set("bias", bias);
        settings.set("normalization", {});
        if (bytes_.choice(8) == 1) settings.set("normalization", normalization(output[2], places));
        if (!depthwise) settings.set("groups", groups);
        put(depthwise ? "depthwise convolution" : "grouped convolution", settings, output, places);
    }

    void upsampling() {
        const Pair size = pair(1, 3);
        put("upsampling", {{"size", size}, {"bilinear", bytes_.flag()}},
            {narrow(Wide{shape_[0]} * size[0]), narrow(Wide{shape_[1]} * size[1]), shape_[2]});
    }

    void affine_or_erasing() {
        if (bytes_.flag()) {
            std::optional<double> fill;
            if (bytes_.flag()) fill = bytes_.real();
            return put("erasing",
                       {{"stream", 3},
                        {"seed", 7},
                        {"probability", bounds()},
                        {"scale", bounds()},
                        {"fill_value", fill},
                        {"value_range", Bounds{-1, bytes_.real()}}},
                       shape_);
        }
        constexpr const char* modes[] = {"constant", "nearest", "reflect", "wrap"};
        const std::array<bool, 2> flips{bytes_.flag(), bytes_.flag()};
        const std::array<Bounds, 2> shifts{bounds(), bounds()};
        const bool bilinear = bytes_.flag();
        const char* const mode = modes[bytes_.choice(std::size(modes))];
        put("affine",
            {{"stream", 2},
             {"seed", {}},
             {"flips", flips},
             {"shifts", shifts},
             {"turns", bytes_.flag() ? bounds() : Bounds{}},
             {"zooms", std::array<Bounds, 2>{bounds(), bounds()}},
             {"even", bilinear},
             {"bilinear", bilinear},
             {"fill_mode", mode},
             {"fill_value", 0.5}},
            shape_);
    }

    void pad_or_flatten() {
        if (bytes_.flag()) return put("reshape", {}, {narrow(Wide{narrow(Wide{shape_[0]} * shape_[1])} * shape_[2])});
        const Padding p = padding(2);
        put("padding", {{"padding", p}},
            {narrow(Wide{shape_[0]} + p[0][0] + p[0][1]), narrow(Wide{shape_[1]} + p[1][0] + p[1][1]), shape_[2]});
    }
};

}  // namespace convoscope::fuzz
