#include "kinds.hpp"

#include <stdexcept>

namespace convoscope {
namespace {

#define CONVOSCOPE_NAME(kind) &kinds::kind,
const Kind* const all[] = {CONVOSCOPE_KINDS(CONVOSCOPE_NAME)};
#undef CONVOSCOPE_NAME

template <class Body>
void saying_which(const std::string& kind, Body&& body) {
    try {
        body();
    } catch (const std::invalid_argument& error) {
        throw std::invalid_argument("step '" + kind + "': " + error.what());
    }
}

const Kind& kind_of(const std::string& name) {
    for (const Kind* kind : all)
        if (kind->name == name) return *kind;
    throw std::invalid_argument("the native engine knows no step '" + name + "'; it knows " + quoted(kind_names()));
}

}  // namespace

std::vector<std::string> kind_names() {
    std::vector<std::string> names;
    for (const Kind* kind : all) names.emplace_back(kind->name);
    return names;
}

void check_shapes(const StepDescription& d) {
    saying_which(d.kind, [&] {
        expect(!d.inputs.empty(), "a step must have an input");
        for (const Shape& input : d.inputs) {
            expect(!input.empty(), "a step's input must have an axis");
            checked_size(input, "a step's input");
        }
        expect(!d.output.empty(), "a step's output must have an axis");
        checked_size(d.output, "a step's output");
    });
}

std::unique_ptr<Step> make_step(const StepDescription& d, const std::vector<Weight>& weights) {
    const Kind& kind = kind_of(d.kind);
    std::unique_ptr<Step> step;
    saying_which(d.kind, [&] {
        in_range(static_cast<std::int64_t>(d.inputs.size()), kind.least_inputs, kind.largest_inputs,
                 "the number of inputs");
        Settings settings = d.settings;
        Taker taker(d.weights, weights);
        step = kind.make(d, settings, taker);
        settings.finish();
        taker.finish();
    });
    return step;
}

StepDescription step_of(Settings settings) {
    StepDescription d;
    d.kind = settings.take<std::string>("kind");
    saying_which(d.kind, [&] {
        d.inputs = settings.take<std::vector<Shape>>("inputs");
        d.from = settings.take<std::vector<int>>("from");
        d.output = settings.take<Shape>("output");
        d.weights = settings.take<std::vector<int>>("weights");
    });
    d.settings = std::move(settings);
    return d;
}

}  // namespace convoscope
