// Descriptions that cannot be meant: each is refused, and the message says what is wrong, by name.
#include <stdexcept>
#include <tuple>

#include "stack.hpp"
#include "steps/kinds.hpp"

using namespace convoscope;

namespace {

template <class Body>
std::string refusal(Body&& body) {
    try {
        body();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "nothing was wrong";
}

void expect_words(const std::string& message, std::initializer_list<const char*> words) {
    for (const char* word : words)
        if (message.find(word) == std::string::npos) fail("expected '" + std::string(word) + "' in: " + message);
}

const Settings erasing = {
    {"stream", 3},      {"seed", std::uint64_t{1} << 63}, {"probability", Bounds{0, 1}}, {"scale", Bounds{0, 1}},
    {"fill_value", {}}, {"value_range", Bounds{0, 1}}};

std::string made(const char* kind, const Settings& settings) {
    const Shape image{4, 5, 2};
    StepDescription step;
    step.kind = kind;
    step.inputs = {image};
    step.output = image;
    step.settings = settings;
    step.from = {0};
    return refusal([&] { Program({image}, {step}, {}, {1}); });
}

std::string made_with(const char* name, const Value& value) {
    Settings settings = erasing;
    settings.set(name, value);
    return made("erasing", settings);
}

void settings_are_said_by_name() {
    expect_words(made("erasing", erasing), {"nothing was wrong"});
    expect_words(made("negation", {}), {"no step 'negation'", "'convolution'", "'upsampling'"});
    expect_words(made("erasing", {{"stream", 3}, {"seed", {}}}), {"step 'erasing'", "'probability' is missing"});
    expect_words(made_with("speed", 1), {"step 'erasing'", "nobody knows", "'speed'"});
    expect_words(made_with("scale", "all"), {"'scale'", "a list", "'all'"});
    expect_words(made_with("scale", std::vector<double>{1}), {"'scale'", "a list of 2", "a list of 1"});
    expect_words(made_with("stream", 0.5), {"'stream'", "a whole number", "0.5"});
    expect_words(made_with("stream", -1), {"'stream'", "0 to 4294967295", "-1"});
    expect_words(made_with("stream", std::int64_t{1} << 32), {"'stream'", "4294967295", "is 4294967296"});
    expect_words(made_with("seed", std::numeric_limits<std::uint64_t>::max()), {"nothing was wrong"});
    expect_words(made_with("seed", true), {"nothing was wrong"});  // a number in Python, too
    expect_words(made_with("fill_value", Settings{}), {"'fill_value'", "a number", "settings of its own"});
    expect_words(made_with("probability", Bounds{0, 2}), {"step 'erasing'", "a probability must be from 0"});
}

void names_are_said_with_those_that_there_are() {
    expect_words(made("activation", activated({}, "relus")), {"'activation'", "'relus'", "'relu'", "'softmax'"});
    const Settings window = {{"mode", "max"}, {"size", Pair{1, 1}}, {"strides", Pair{1, 1}}, {"padding", Padding{}}};
    expect_words(made("pooling", {{"pool", window}}), {"nothing was wrong"});
    Settings odd = window;
    odd.set("depth", 1);
    expect_words(made("pooling", {{"pool", odd}}), {"step 'pooling'", "'depth'"});
    expect_words(made("pooling", {{"pool", "max"}}), {"'pool'", "settings of its own", "'max'"});
    expect_words(refusal([] { loss_of({{"kind", "hinges"}}); }), {"'hinges'", "'mean_squared_error'"});
}

void what_stands_beside_the_settings_is_said_too() {
    const Settings whole = {{"kind", "reshape"},
                            {"inputs", std::vector<Shape>{{4}}},
                            {"from", std::vector<int>{0}},
                            {"output", Shape{2, 2}},
                            {"weights", std::vector<int>{}}};
    Program({{4}}, {step_of(whole)}, {}, {1});
    Settings less = whole;
    less.take<Value>("output");
    expect_words(refusal([&] { step_of(less); }), {"step 'reshape'", "'output' is missing"});
    less.take<Value>("kind");
    expect_words(refusal([&] { step_of(less); }), {"'kind' is missing"});
}

template <class Body>
void expect_refused(const char* what, Body&& body) {
    if (refusal(body) == "nothing was wrong") fail(std::string("not refused: ") + what);
}

void graphs_that_cannot_be_meant_are_refused() {
    const Shape four{4};
    const StepDescription step{"rescaling", {four}, four, {}, {{"scale", 1}, {"offset", 0}}, {0}};
    const auto with = [&](auto&& change) {
        StepDescription changed = step;
        change(changed);
        return [=] { Program({four}, {changed}, {}, {1}); };
    };
    Program({four}, {step}, {}, {1, 0, 1});
    expect_refused("a value of the future", with([](StepDescription& d) { d.from = {1}; }));
    expect_refused("a value below 0", with([](StepDescription& d) { d.from = {-1}; }));
    expect_refused("no value", with([](StepDescription& d) { d.from = {}; }));
    expect_refused("a second value", with([](StepDescription& d) { d.from = {0, 0}; }));
    expect_refused("a second input", with([&](StepDescription& d) { d.from = {0, 0}, d.inputs = {four, four}; }));
    expect_refused("another size", with([](StepDescription& d) { d.inputs[0] = d.output = {5}; }));
    expect_refused("no outputs", [&] { Program({four}, {step}, {}, {}); });
    expect_refused("no inputs", [&] { Program(std::vector<Shape>{}, {}, {}, {0}); });
    expect_refused("an output of the future", [&] { Program({four}, {step}, {}, {2}); });
    const auto joined = [&](const char* kind, Settings settings, Shape second, Shape output) {
        return [=] { Program({{2, 3}, second}, {{kind, {{2, 3}, second}, output, {}, settings, {0, 1}}}, {}, {2}); };
    };
    const Settings sum = activated({{"mode", "add"}}, "relu");
    joined("combine", sum, {2, 1}, {2, 3})();
    joined("concatenate", {{"axis", 0}}, {1, 3}, {3, 3})();
    expect_refused("shapes that do not stretch", joined("combine", sum, {2, 2}, {2, 3}));
    expect_refused("an output larger than all", joined("combine", sum, {2, 3}, {4, 2, 3}));
    expect_refused("a smaller output", joined("combine", sum, {2, 3}, {2, 1}));
    expect_refused("a softmax", joined("combine", activated({{"mode", "add"}}, "softmax"), {2, 3}, {2, 3}));
    expect_refused("an axis that is not there", joined("concatenate", {{"axis", 2}}, {1, 3}, {3, 3}));
    expect_refused("sides of other lengths", joined("concatenate", {{"axis", 0}}, {1, 2}, {3, 3}));
    expect_refused("another length", joined("concatenate", {{"axis", 0}}, {1, 3}, {4, 3}));
}

// A step that has no input of its activation any more must not make up the slope.
void only_what_can_go_back_learns() {
    const Floats values(64, 0.5f);
    const Geometry one{{1, 1}, {1, 1}, {1, 1}, {}};
    const Shape map{2, 2, 4};
    const auto with = [](Settings settings, std::initializer_list<std::pair<const char*, Value>> more) {
        for (const auto& [name, value] : more) settings.set(name, value);
        return settings;
    };
    const Settings plain = {{"bias", false}, {"normalization", {}}};
    const Settings window = with(settings_of(one), {{"bias", false}, {"normalization", {}}});
    const std::vector<std::tuple<const char*, Settings, std::vector<Shape>>> kinds = {
        {"activation", {}, {}},
        {"dense", plain, {{4, 4}}},
        {"convolution", with(window, {{"features", map}, {"pool", {}}}), {{1, 1, 4, 4}}},
        {"grouped convolution", with(window, {{"groups", 2}}), {{1, 1, 2, 4}}},
        {"depthwise convolution", window, {{1, 1, 4}}},
        {"transposed convolution", with(settings_of(one), {{"bias", false}}), {{1, 1, 4, 4}}},
        {"normalization",
         {{"momentum", 0.9}, {"epsilon", 1e-3}, {"scale", false}, {"center", false}, {"frozen", false}},
         {{4}, {4}}}};
    for (const auto& [kind, settings, shapes] : kinds)
        for (const char* const name : {"relu", "gelu", "silu", "hard_silu", "mish"}) {
            std::vector<Weight> weights;
            std::vector<int> places;
            for (const Shape& shape : shapes) {
                places.push_back(static_cast<int>(weights.size()));
                weights.push_back({const_cast<float*>(values.data()), shape, true, {}});
            }
            const Program program({map}, {{kind, {map}, map, places, activated(settings, name), {0}}}, weights, {1});
            const std::string words = refusal([&] { program.check_learns(); });
            const bool refused = words.find("only predicts") != std::string::npos;
            if (refused != (std::string(name) != "relu" && std::string(kind) != "activation"))
                fail(std::string(name) + " in " + kind + ": " + words);
        }
}

}  // namespace

void test_descriptions() {
    settings_are_said_by_name();
    names_are_said_with_those_that_there_are();
    what_stands_beside_the_settings_is_said_too();
    graphs_that_cannot_be_meant_are_refused();
    only_what_can_go_back_learns();
}
