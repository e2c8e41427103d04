// A fuzz target for the core: bytes become a program's description and a small batch, which are then run.
//
//   convoscope_core_fuzz --runs 100000 --seed 1              100,000 inputs that follow from the seed
//   convoscope_core_fuzz --runs 1 --seed 1 --first 4711      one of them again
//
// About half of the descriptions are right; in the others one to three numbers are not. A description is refused with
// std::invalid_argument, or all that can be done with its program must go well under the sanitizers: no read or write
// outside of an array, no overflow, no allocation over `most_bytes`, no more than `most_seconds`. With clang,
// LLVMFuzzerTestOneInput can be given to libFuzzer instead (-DCONVOSCOPE_LIBFUZZER).
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <random>
#include <stdexcept>
#include <string>

#include "calls.hpp"
#include "isa/choice.hpp"
#include "stack.hpp"

using namespace convoscope;

namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 30;  // of one allocation
constexpr unsigned most_seconds = 10;                     // for one input
constexpr std::int64_t most_run = 1 << 16;                // values between two steps of a program that is run
constexpr std::int64_t most_work = 1 << 22;               // multiply-adds of a sample of a program that is run
constexpr std::int64_t most_scratch = 1 << 24;            // floats of a worker of a program that is run

unsigned long current_seed = 0, current_run = 0;

void stop(const char* why) {
    std::fprintf(stderr, "FAILED: %s, at --runs 1 --seed %lu --first %lu\n", why, current_seed, current_run);
    std::abort();
}

// ---- from bytes to a description

constexpr std::int64_t odd_numbers[] = {0,
                                        -1,
                                        1,
                                        2,
                                        255,
                                        257,
                                        65536,
                                        (std::int64_t{1} << 24),
                                        (std::int64_t{1} << 28),
                                        (std::int64_t{1} << 31) - 1,
                                        (std::int64_t{1} << 31),
                                        (std::int64_t{1} << 32),
                                        (std::int64_t{1} << 32) + 1,
                                        (std::int64_t{1} << 62),
                                        std::numeric_limits<std::int64_t>::max(),
                                        std::numeric_limits<std::int64_t>::min()};

class Bytes {
public:
    Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {
        const int twists = byte() % 2 == 0 ? 0 : 1 + byte() % 3;
        for (int i = 0; i < twists; i++) twisted_.push_back(byte() % 96);
    }

    std::uint8_t byte() { return at_ < size_ ? data_[at_++] : 0; }

    // A number from `least` to `most`; now and then, where the input says so, another one.
    std::int64_t number(std::int64_t least, std::int64_t most) {
        const std::int64_t usual = least + byte() % (most - least + 1), place = asked_++;
        for (const std::int64_t twisted : twisted_)
            if (twisted == place) return odd_numbers[byte() % std::size(odd_numbers)];
        return usual;
    }

    double real() {
        constexpr double odd[] = {0,
                                  -1,
                                  1e30,
                                  -1e300,
                                  1e-300,
                                  std::numeric_limits<double>::infinity(),
                                  std::numeric_limits<double>::quiet_NaN(),
                                  1.0000001};
        for (const std::int64_t twisted : twisted_)
            if (twisted == asked_) return odd[byte() % std::size(odd)];
        asked_++;
        return byte() / 256.0;
    }

    bool flag() { return byte() % 2 == 1; }

    // Without twists: what decides how the input is read.
    std::int64_t choice(std::int64_t count) { return byte() % count; }

private:
    const std::uint8_t* const data_;
    const std::size_t size_;
    std::size_t at_ = 0;
    std::int64_t asked_ = 0;
    std::vector<std::int64_t> twisted_;
};

// Arithmetic of numbers that may be anything: what does not fit wraps around.
using Wide = __int128;
std::int64_t narrow(Wide value) { return static_cast<std::int64_t>(static_cast<std::uint64_t>(value)); }

// How often `step` goes into `n`; once, where that is no question to ask.
std::int64_t quotient(std::int64_t n, std::int64_t step) { return step < 1 ? 1 : n / step; }

std::int64_t length(std::int64_t n, std::int64_t reach, std::int64_t stride, const Pair& padding) {
    if (stride == 0) return 1;
    return narrow((Wide{n} + padding[0] + padding[1] - reach) / stride + 1);
}

std::int64_t reach_of(std::int64_t kernel, std::int64_t dilation) { return narrow((Wide{kernel} - 1) * dilation + 1); }

class Making {
public:
    explicit Making(Bytes& bytes) : bytes_(bytes) {
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

    std::vector<Shape> inputs;
    std::vector<int> outputs;
    std::vector<StepDescription> steps;
    std::vector<std::unique_ptr<Floats>> values;
    std::vector<Weight> weights;

private:
    int any() { return static_cast<int>(bytes_.choice(static_cast<std::int64_t>(shapes_.size()))); }

    void choose(int value) {
        latest_ = value;
        shape_ = shapes_[static_cast<std::size_t>(value)];
    }

    // An array as Python would bring it: its shape is what it is, whatever the description says of it.
    int weight(const Shape& wanted) {
        Wide size = 1;
        for (const std::int64_t axis : wanted)
            size = axis < 0 || axis > most_run || size > most_run ? most_run + 1 : size * axis;
        const Shape shape = size > most_run || size == 0 ? Shape{1} : wanted;
        auto array = std::make_unique<Floats>(static_cast<std::size_t>(size_of(shape)));
        const bool odd = bytes_.choice(16) == 1;
        std::minstd_rand random(1 + bytes_.byte());
        for (float& value : *array)
            value = odd ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(random() % 256) / 128.0f - 0.9f;
        values.push_back(std::move(array));
        weights.push_back({values.back()->data(), shape, bytes_.choice(8) != 0, regulation(shape)});
        const auto place = static_cast<std::int64_t>(weights.size()) - 1;
        return static_cast<int>(bytes_.choice(64) == 1 ? bytes_.number(-1, 3) : place);
    }

    Regulation regulation(const Shape& shape) {
        Regulation regulation;
        if (bytes_.choice(4) != 1) return regulation;
        regulation.l1 = bytes_.real();
        regulation.l2 = bytes_.real();
        regulation.non_negative = bytes_.flag();
        if (!bytes_.flag()) return regulation;
        NormBounds norm{bytes_.real(), bytes_.real(), bytes_.real(), {}};
        for (std::size_t axis = 0; axis < shape.size(); axis++) norm.along.push_back(bytes_.flag());
        regulation.norm = norm;
        return regulation;
    }

    Settings activated(Settings settings) {
        constexpr const char* names[] = {"linear", "relu",     "leaky_relu", "sigmoid",      "tanh",       "elu",
                                         "gelu",   "silu",     "softmax",    "relu6",        "selu",       "softplus",
                                         "mish",   "softsign", "hard_silu",  "hard_sigmoid", "exponential"};
        const char* const name = names[bytes_.choice(std::size(names))];
        return convoscope::activated(std::move(settings), name, bytes_.real());
    }

    Pair pair(std::int64_t least, std::int64_t most) {
        return {bytes_.number(least, most), bytes_.number(least, most)};
    }
    Padding padding(std::int64_t most) { return {pair(0, most), pair(0, most)}; }
    Bounds bounds() { return {bytes_.real(), bytes_.real()}; }

    Window window(bool any) {
        const Pair size = pair(1, 3);
        return {static_cast<PoolMode>(bytes_.choice(any ? 3 : 2)), size, pair(1, 3),
                bytes_.flag() ? padding(1) : Padding{}};
    }

    Shape pooled(const Shape& map, const Window& w) {
        return {length(map[0], w.size[0], w.strides[0], w.padding[0]),
                length(map[1], w.size[1], w.strides[1], w.padding[1]), map[2]};
    }

    Settings normalization(std::int64_t channels, std::vector<int>& places) {
        const double momentum = bytes_.real();
        const bool scale = bytes_.flag(), center = bytes_.flag(), frozen = bytes_.flag();
        for (int i = (scale ? 0 : 1) + (center ? 0 : 1); i < 4; i++) places.push_back(weight({channels}));
        return {{"momentum", momentum}, {"epsilon", 1e-3}, {"scale", scale}, {"center", center}, {"frozen", frozen}};
    }

    void put(const char* kind, Settings settings, Shape output, std::vector<int> places = {}) {
        constexpr const char* odd[] = {"kernel", "padding", "pool", "activation", "scale", "other"};
        if (bytes_.choice(64) == 1) settings.set(odd[bytes_.choice(std::size(odd))], odd_value());

        if (bytes_.choice(64) == 1) output.back() = bytes_.number(1, 4);
        if (bytes_.choice(64) == 1) output.push_back(bytes_.number(1, 2));
        put_step({kind, {shape_}, output, std::move(places), std::move(settings), {latest_}});
    }

    void put_step(StepDescription step) {
        for (int& value : step.from)
            if (bytes_.choice(64) == 1) value = static_cast<int>(bytes_.number(-1, 9));
        if (bytes_.choice(64) == 1) step.from.push_back(any());
        if (bytes_.choice(64) == 1) step.inputs.push_back(step.output);
        shapes_.push_back(step.output);
        steps.push_back(std::move(step));
        choose(static_cast<int>(shapes_.size()) - 1);
    }

    // Two values or three, as they come, or of the same size; the output as NumPy would have it.
    void join() {
        std::vector<int> from{latest_};
        std::vector<Shape> read{shape_};
        Shape output = shape_;
        const std::int64_t axis = bytes_.number(0, 2);
        const bool combines = bytes_.flag();
        const bool loose = bytes_.choice(16) == 1;
        for (std::int64_t more = 1 + bytes_.choice(3), tries = 0; more > 0 && tries < 16; tries++) {
            const int value = any();
            const Shape& shape = shapes_[static_cast<std::size_t>(value)];
            if (!loose && !fits(shape, output, combines ? -1 : axis)) continue;
            for (std::size_t i = 0; i < std::min(shape.size(), output.size()); i++) {
                if (combines) output[i] = std::max(output[i], shape[i]);
                if (!combines && static_cast<std::int64_t>(i) == axis) output[i] = narrow(Wide{output[i]} + shape[i]);
            }
            from.push_back(value);
            read.push_back(shape);
            more--;
        }
        constexpr const char* modes[] = {"add", "multiply", "average", "maximum", "minimum", "subtract"};
        const char* const mode = modes[bytes_.choice(from.size() == 2 || loose ? 6 : 5)];
        if (combines)
            put_step({"combine", read, output, {}, activated({{"mode", mode}}), from});
        else
            put_step({"concatenate", read, output, {}, {{"axis", axis}}, from});
    }

    // Whether a value can be joined to one of another shape: along the axis, or, below 0, by stretching axes of 1.
    static bool fits(const Shape& shape, const Shape& to, std::int64_t axis) {
        if (shape.size() != to.size()) return false;
        for (std::size_t i = 0; i < to.size(); i++) {
            const bool stretches = axis < 0 ? shape[i] == 1 || to[i] == 1 : static_cast<std::int64_t>(i) == axis;
            if (shape[i] != to[i] && !stretches) return false;
        }
        return true;
    }

    // A step once more, with the same weights, on the latest value.
    void again() {
        if (steps.empty()) return join();
        StepDescription step = steps[static_cast<std::size_t>(bytes_.choice(static_cast<std::int64_t>(steps.size())))];
        step.from = {latest_};
        put_step(step);
    }

    // What is of another kind than any setting, or than most.
    Value odd_value() {
        switch (bytes_.choice(5)) {
            case 0: return {};
            case 1: return Settings{{"mode", "max"}};
            case 2: return std::vector<std::int64_t>{1, 2, 3};
            case 3: return "odd";
            default: return bytes_.number(0, 3);
        }
    }

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
        switch (bytes_.choice(8)) {
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
        switch (bytes_.choice(5)) {
            case 0:
            case 1: return convolution_apart();
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

    Bytes& bytes_;
    std::vector<Shape> shapes_;  // of all values
    int latest_ = 0;             // or the chosen one, with its shape
    Shape shape_;
};

// ---- what is done with a program

bool small_enough(const Program& program) {
    std::int64_t work = 0;
    for (const std::int64_t size : program.graph().sizes)
        if (size > most_run) return false;
    for (const auto& step : program.steps()) {
        if (step->scratch_floats(kernels()) > most_scratch || step->memo_floats(kernels()) > most_scratch) return false;
        work += step->work();
        if (work > most_work) return false;
    }
    return true;
}

struct Data {
    Data(const Program& program, Bytes& bytes) : samples(1 + bytes.choice(5)), x(program, samples) {
        std::minstd_rand random(1 + bytes.byte());
        for (Floats& values : x.x)
            for (float& value : values) value = static_cast<float>(random() % 256) / 255.0f;
        outputs = targets = output_rooms(program, samples);
        for (std::size_t o = 0; o < outputs.size(); o++) {
            const Output& output = program.output(o);
            targets[o].assign(targets[o].size(), 0.25f);
            losses.emplace_back(static_cast<std::size_t>(samples));
            labels.emplace_back();
            for (std::int64_t i = 0; i < samples * output.rows(); i++)
                labels[o].push_back(static_cast<std::int32_t>(
                    bytes.choice(256) == 1 ? bytes.number(-1, 2)
                                           : bytes.choice(std::min<std::int64_t>(output.units, 200))));
            const Loss loss{static_cast<Loss::Kind>(bytes.choice(4)), bytes.flag(), 0.1f, 0.5f};
            scorings.emplace_back();
            if (bytes.choice(4) != 1) scorings[o] = Scoring{loss, {labels[o].data(), targets[o].data()}, nullptr};
        }
    }
    Data(const Data&) = delete;

    const std::int64_t samples;
    Samples x;
    std::vector<Floats> outputs, targets, losses;
    std::vector<std::vector<std::int32_t>> labels;
    Scorings scorings;
};

void predict(Program& program, Data& data) {
    Interrupt interrupt;
    std::vector<Floats> rooms;
    for (const auto& step : program.steps())
        rooms.emplace_back(static_cast<std::size_t>(data.samples * step->output_size));
    const std::vector<float*> outputs = pointers(data.outputs), losses = pointers(data.losses);
    program.predict(data.x.images(), outputs.data(), nullptr, nullptr, nullptr, interrupt);
    program.predict(data.x.images(), outputs.data(), pointers(rooms).data(), nullptr, nullptr, interrupt);
    for (std::size_t o = 0; o < outputs.size(); o++)
        if (data.scorings[o] && data.scorings[o]->loss.kind == Loss::Kind::sparse_categorical)
            check_labels(data.labels[o].data(), data.samples * program.output(o).rows(), program.output(o).units);
    program.predict(data.x.images(), outputs.data(), nullptr, &data.scorings, losses.data(), interrupt);
}

void learn(Program& program, Data& data, Bytes& bytes) {
    Interrupt interrupt;
    const bool training = bytes.flag();
    std::vector<Floats> arriving = data.targets;
    for (Floats& gradient : arriving)
        if (bytes.choice(4) == 1) gradient.clear();
    pull(program, data.x, arriving, training);
    Found found(program, data.x);
    loss_gradients(program, data.x.images(), data.scorings, pointers(data.losses), found.request(program, training),
                   interrupt);

    Stretch stretch{};
    stretch.x = data.x.images();
    stretch.scorings = data.scorings;
    std::vector<std::int64_t> rows;
    for (std::int64_t i = 0; i < 2 * data.samples; i++)
        rows.push_back(bytes.choice(64) == 1 ? bytes.number(0, 1) : bytes.choice(data.samples));
    stretch.rows = rows.data();
    stretch.count = static_cast<std::int64_t>(rows.size());
    stretch.batch_size = 1 + bytes.choice(4);
    stretch.rule = {static_cast<UpdateRule::Kind>(bytes.choice(3)),
                    0.9,
                    bytes.flag(),
                    0.9,
                    0.999,
                    1e-7,
                    0.9,
                    bytes.flag(),
                    0.01,
                    std::nullopt,
                    std::nullopt,
                    std::nullopt};
    if (bytes.flag()) stretch.rule.global_clip_norm = 1;
    const std::vector<double> rates(rows.size(), bytes.real());
    stretch.learning_rates = rates.data();
    std::vector<std::unique_ptr<Floats>> slots;
    for (const Weight& weight : program.weights()) {
        if (!weight.trainable) continue;
        std::vector<float*> own;
        for (std::size_t i = 0; i < stretch.rule.slots(); i++) {
            slots.push_back(std::make_unique<Floats>(static_cast<std::size_t>(size_of(weight.shape))));
            own.push_back(slots.back()->data());
        }
        stretch.slots.push_back(own);
    }
    std::vector<Floats> losses(data.outputs.size(), Floats(rows.size())),
        outputs = output_rooms(program, stretch.count);
    stretch.losses = pointers(losses);
    stretch.outputs = pointers(outputs);
    std::vector<double> penalties((rows.size() + static_cast<std::size_t>(stretch.batch_size) - 1) /
                                  static_cast<std::size_t>(stretch.batch_size));
    if (bytes.flag()) stretch.penalties = penalties.data();
    train(program, stretch, std::nullopt, interrupt);
}

int counts[2];  // of programs refused, and run

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes bytes(data, size);
    try {
        Making made(bytes);
        Program program(made.inputs, made.steps, made.weights, made.outputs);
        if (!small_enough(program)) return 0;
        Data batch(program, bytes);
        predict(program, batch);
        learn(program, batch, bytes);
        counts[1]++;
    } catch (const std::invalid_argument&) {
        counts[0]++;
    } catch (const std::exception& error) {
        stop(error.what());
    }
    return 0;
}

// Every allocation is seen, so that one over the bound is found; the sanitizer watches the memory itself.
namespace {

void* allocated(std::size_t bytes, std::size_t alignment) {
    if (bytes > most_bytes) stop("an allocation over the bound");
    void* const data = alignment <= alignof(std::max_align_t)
                           ? std::malloc(bytes ? bytes : 1)
                           : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (!data) stop("no memory");
    return data;
}

}  // namespace

void* operator new(std::size_t bytes) { return allocated(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t at) { return allocated(bytes, static_cast<std::size_t>(at)); }
void* operator new(std::size_t bytes, std::align_val_t at, const std::nothrow_t&) noexcept {
    return allocated(bytes, static_cast<std::size_t>(at));
}
// gcc takes an inlined malloc and free for a mismatch of new and delete.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void operator delete(void* data) noexcept { std::free(data); }
void operator delete(void* data, std::size_t) noexcept { std::free(data); }
void operator delete(void* data, std::align_val_t) noexcept { std::free(data); }
void operator delete(void* data, std::size_t, std::align_val_t) noexcept { std::free(data); }

#ifndef CONVOSCOPE_LIBFUZZER

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __sanitizer_set_death_callback(void (*)());
#endif

int main(int count, char** arguments) {
    unsigned long runs = 10000, seed = 1, first = 0;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string name = arguments[i];
        unsigned long& value = name == "--runs" ? runs : name == "--seed" ? seed : first;
        if (name != "--runs" && name != "--seed" && name != "--first") {
            std::fprintf(stderr, "usage: %s [--runs N] [--seed S] [--first N]\n", arguments[0]);
            return 2;
        }
        value = std::strtoul(arguments[i + 1], nullptr, 10);
    }
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_set_death_callback(
        [] { std::fprintf(stderr, "FAILED: at --runs 1 --seed %lu --first %lu\n", current_seed, current_run); });
#endif
    std::signal(SIGALRM, [](int) { stop("more than 10 seconds"); });
    current_seed = seed;
    const std::vector<std::string> isas = available_isas();
    Pool::shared().set_threads(2);
    for (unsigned long run = first; run < first + runs; run++) {
        current_run = run;
        std::seed_seq sequence{seed, run};
        std::mt19937 random(sequence);
        set_isa(isas[random() % isas.size()]);
        std::vector<std::uint8_t> input(64 + random() % 1024);
        for (std::uint8_t& byte : input) byte = static_cast<std::uint8_t>(random());
        alarm(most_seconds);
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    alarm(0);
    Pool::shared().set_threads(1);
    std::printf("%lu inputs: %d programs refused, %d run, the others too large to run: good\n", runs, counts[0],
                counts[1]);
}

#endif
