// The core, seen from Python: arrays in, arrays out, and nothing computed here.
//
// Shapes are checked on the Python side (engine/native.py); here only kinds, sizes and contiguity are, so that no call
// can read or write where nothing is.
#include "binding.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <stdexcept>

#include "core/finite.hpp"
#include "core/training.hpp"
#include "isa/bfloat16.hpp"
#include "isa/choice.hpp"
#include "settings.hpp"
#include "steps/kinds.hpp"

using namespace nanobind::literals;
using namespace convoscope;

namespace {

constexpr int most_threads = 256;

using Out = nb::ndarray<float, nb::c_contig, nb::device::cpu>;
using Doubles = nb::ndarray<double, nb::c_contig, nb::device::cpu>;

template <class Array>
std::int64_t size(const Array& array) {
    return static_cast<std::int64_t>(array.size());
}

bool are_finite(const In<float>& values) {
    bool result = true;
    compute([&](Interrupt& interrupt) { result = all_finite(values.data(), size(values), interrupt); });
    return result;
}

Images images_of(const AnyArray& x, std::int64_t of_one) {
    require(x.ndim() > 0, "expected an array of samples");
    const auto count = static_cast<std::int64_t>(x.shape(0));
    require(size(x) == count * of_one, "samples are not as large as the program's input");
    const Images::Type type = x.dtype() == nb::dtype<std::uint8_t>() ? Images::Type::bytes
                              : x.dtype() == nb::dtype<float>()      ? Images::Type::floats
                                                                     : Images::Type::doubles;
    require(type != Images::Type::doubles || x.dtype() == nb::dtype<double>(),
            "samples must be uint8, float32 or float64");
    return {x.data(), type, count, of_one};
}

// What there is for each output, or None.
using Rooms = std::vector<Out>;
using MaybeRooms = std::vector<std::optional<Out>>;
using Targets = std::vector<std::optional<AnyArray>>;
using Losses = std::vector<std::optional<nb::dict>>;
using Weights = std::optional<std::vector<std::optional<In<float>>>>;

class PyProgram {
public:
    PyProgram(const std::vector<Shape>& inputs, const std::vector<nb::dict>& steps, std::vector<Out> arrays,
              const std::vector<bool>& trainable, const std::vector<int>& outputs,
              const std::vector<nb::dict>& regulation, const std::string& precision)
        : arrays_(std::move(arrays)),
          program_(saying_what_lacks([&] { 
              return make(inputs, steps, arrays_, trainable, outputs, regulation, precision_of(precision));
          })) {}

    std::vector<int> output_of() const { return program_.output_of(); }

    void keep_memory() { program_.workspaces.keep(); }
    void let_memory_go() { program_.workspaces.let_go(); }

    void start_profile() { program_.profile.emplace(static_cast<int>(program_.steps().size())); }
    std::vector<double> profile() const { return program_.profile ? program_.profile->sums() : std::vector<double>(); }

    std::vector<std::string> kernels() const {
        std::vector<std::string> names;
        for (const auto& step : program_.steps()) names.push_back(step->kernel(convoscope::kernels()));
        return names;
    }

    std::vector<std::string> reasons() const {
        std::vector<std::string> reasons;
        for (const auto& step : program_.steps()) reasons.push_back(step->why());
        return reasons;
    }

    void predict(const std::vector<AnyArray>& x, const Rooms& outputs, std::optional<Rooms> values, Moment moment) {
        const std::vector<Images> images = images_of_all(x);
        const std::vector<float*> rooms = output_rooms(outputs, images.front().count);
        std::vector<float*> pointers;
        if (values) {
            require(values->size() == program_.steps().size(), "expected room for each step's outputs");
            for (std::size_t i = 0; i < values->size(); i++) {
                require(size((*values)[i]) == images.front().count * program_.steps()[i]->output_size,
                        "no room for a step's outputs");
                pointers.push_back((*values)[i].data());
            }
        }
        compute([&](Interrupt& interrupt) {
            program_.predict(images, rooms.data(), values ? pointers.data() : nullptr, nullptr, nullptr, interrupt,
                             moment);
        });
    }

    bool predict_finite(const std::vector<AnyArray>& x, const Rooms& outputs, Moment moment) {
        const std::vector<Images> images = images_of_all(x);
        const std::vector<float*> rooms = output_rooms(outputs, images.front().count);
        bool finite = true;
        compute([&](Interrupt& interrupt) {
            finite = program_.predict_finite(images, rooms.data(), interrupt, moment);
        });
        return finite;
    }

    void score(const std::vector<AnyArray>& x, const Targets& y, const Losses& losses, const Rooms& outputs,
               const MaybeRooms& sample_losses) {
        const std::vector<Images> images = images_of_all(x);
        const std::int64_t samples = images.front().count;
        const Scorings scorings = scorings_of(losses, y, std::nullopt, samples);
        const std::vector<float*> rooms = output_rooms(outputs, samples),
                                  found = loss_rooms(scorings, sample_losses, samples);
        compute([&](Interrupt& interrupt) {
            for (std::size_t o = 0; o < scorings.size(); o++)
                if (scorings[o] && scorings[o]->targets.labels)
                    check_labels(scorings[o]->loss, scorings[o]->targets.labels, samples * program_.output(o).rows(),
                                 program_.output(o).units);
            program_.predict(images, rooms.data(), nullptr, &scorings, found.data(), interrupt);
        });
    }

    void pullback(const std::vector<AnyArray>& x, const std::vector<std::optional<In<float>>>& output_gradients,
                  bool training, std::uint64_t seed, std::uint32_t iteration, const Rooms& outputs, const Rooms& inputs,
                  const Rooms& gradients) {
        const std::vector<Images> images = images_of_all(x);
        require(output_gradients.size() == program_.outputs().size(), "expected a gradient, or None, for each output");
        std::vector<const float*> arriving;
        for (std::size_t o = 0; o < output_gradients.size(); o++) {
            const auto& gradient = output_gradients[o];
            require(!gradient || size(*gradient) == images.front().count * program_.output(o).size,
                    "the gradient is not as large as the outputs");
            arriving.push_back(gradient ? gradient->data() : nullptr);
        }
        const GradientRequest request = request_of(images, training, seed, iteration, outputs, inputs, gradients);
        compute([&](Interrupt& interrupt) { convoscope::pullback(program_, images, arriving, request, interrupt); });
    }

    void gradients(const std::vector<AnyArray>& x, const Targets& y, const Losses& losses,
                   const Weights& sample_weights, bool training, std::uint64_t seed, std::uint32_t iteration,
                   const MaybeRooms& sample_losses, const Rooms& outputs, const Rooms& inputs, const Rooms& gradients) {
        const std::vector<Images> images = images_of_all(x);
        const Scorings scorings = scorings_of(losses, y, sample_weights, images.front().count);
        const std::vector<float*> found = loss_rooms(scorings, sample_losses, images.front().count);
        const GradientRequest request = request_of(images, training, seed, iteration, outputs, inputs, gradients);
        compute([&](Interrupt& interrupt) {
            convoscope::loss_gradients(program_, images, scorings, found, request, interrupt);
        });
    }

    std::int64_t train(const std::vector<AnyArray>& x, const Targets& y, const Weights& sample_weights,
                       const In<std::int64_t>& rows, std::int64_t batch_size, const Losses& losses,
                       const nb::dict& rule, const In<double>& learning_rates, std::int64_t iteration,
                       std::uint64_t seed, const std::vector<std::vector<Out>>& slots, const MaybeRooms& sample_losses,
                       const Rooms& outputs, std::optional<double> budget, std::optional<Doubles> penalties,
                       std::optional<std::int64_t> first_draw) {
        Stretch stretch{};
        stretch.x = images_of_all(x);
        stretch.scorings = scorings_of(losses, y, sample_weights, stretch.x.front().count);
        stretch.rows = rows.data();
        stretch.count = size(rows);
        require(stretch.count > 0 && batch_size > 0, "nothing to train on");
        stretch.batch_size = std::min(batch_size, stretch.count);
        stretch.rule = rule_of(settings_of(rule));
        stretch.learning_rates = learning_rates.data();
        require(size(learning_rates) >= (stretch.count + stretch.batch_size - 1) / stretch.batch_size,
                "a learning rate is needed for each step");
        stretch.iteration = iteration;
        stretch.first_draw = first_draw.value_or(iteration);
        stretch.seed = seed;
        stretch.slots = slots_of(slots, stretch.rule);
        for (const std::int64_t place : stretch.rule.undecayed)
            require(place >= 0 && place < static_cast<std::int64_t>(stretch.slots.size()),
                    "a weight that does not decay is not there");
        stretch.losses = loss_rooms(stretch.scorings, sample_losses, stretch.count);
        stretch.outputs = output_rooms(outputs, stretch.count);
        require(!penalties || size(*penalties) >= (stretch.count + stretch.batch_size - 1) / stretch.batch_size,
                "no room for the penalties");
        stretch.penalties = penalties ? penalties->data() : nullptr;
        std::int64_t steps = 0;
        compute([&](Interrupt& interrupt) { steps = convoscope::train(program_, stretch, budget, interrupt); });
        return steps;
    }

private:
    static Program make(const std::vector<Shape>& inputs, const std::vector<nb::dict>& steps, std::vector<Out>& arrays,
                        const std::vector<bool>& trainable, const std::vector<int>& outputs,
                        const std::vector<nb::dict>& regulation, Precision precision) {
        require(arrays.size() == trainable.size(), "every weight is trainable or not");
        require(regulation.empty() || regulation.size() == arrays.size(), "each weight has its regulation, or none");
        std::vector<Weight> weights;
        for (std::size_t i = 0; i < arrays.size(); i++) {
            Shape shape;
            for (std::size_t axis = 0; axis < arrays[i].ndim(); axis++)
                shape.push_back(static_cast<std::int64_t>(arrays[i].shape(axis)));
            weights.push_back({arrays[i].data(), shape, trainable[i]});
            if (!regulation.empty())
                weights.back().regulation = regulation_of(settings_of(regulation[i]), shape.size());
        }
        std::vector<StepDescription> descriptions;
        for (const nb::dict& step : steps) {
            descriptions.push_back(step_of(settings_of(step)));
            descriptions.back().precision = precision;
        }
        return Program(inputs, descriptions, std::move(weights), outputs);
    }

    static Precision precision_of(const std::string& name) {
        const auto found = precisions().find(name);
        require(found != precisions().end(), "the precision is float32, exact, direct or bf16");
        return found->second;
    }

    std::vector<Images> images_of_all(const std::vector<AnyArray>& x) const {
        require(static_cast<int>(x.size()) == program_.graph().inputs, "expected an array for each of the inputs");
        std::vector<Images> images;
        for (std::size_t i = 0; i < x.size(); i++) {
            images.push_back(images_of(x[i], program_.input_size(static_cast<int>(i))));
            require(images[i].count == images[0].count, "the inputs have different numbers of samples");
        }
        return images;
    }

    std::vector<float*> output_rooms(const Rooms& outputs, std::int64_t samples) const {
        require(outputs.size() == program_.outputs().size(), "expected room for each of the outputs");
        std::vector<float*> rooms;
        for (std::size_t o = 0; o < outputs.size(); o++) {
            require(size(outputs[o]) == samples * program_.output(o).size, "no room for the outputs");
            rooms.push_back(outputs[o].data());
        }
        return rooms;
    }

    std::vector<float*> loss_rooms(const Scorings& scorings, const MaybeRooms& rooms, std::int64_t samples) const {
        require(rooms.size() == scorings.size(), "expected room for the losses, or None, for each output");
        std::vector<float*> pointers;
        for (std::size_t o = 0; o < rooms.size(); o++) {
            require(!scorings[o] || (rooms[o] && size(*rooms[o]) == samples), "no room for the losses");
            pointers.push_back(scorings[o] ? rooms[o]->data() : nullptr);
        }
        return pointers;
    }

    Scorings scorings_of(const Losses& losses, const Targets& y, const Weights& sample_weights,
                         std::int64_t count) const {
        const std::size_t outputs = program_.outputs().size();
        require(
            losses.size() == outputs && y.size() == outputs && (!sample_weights || sample_weights->size() == outputs),
            "expected a loss, targets and sample weights, or None, for each output");
        Scorings scorings;
        for (std::size_t o = 0; o < outputs; o++) {
            scorings.emplace_back();
            if (!losses[o]) continue;
            require(y[o].has_value(), "an output with a loss needs targets");
            scorings.back() = scoring_of(*losses[o], *y[o], sample_weights ? (*sample_weights)[o] : std::nullopt, count,
                                         program_.output(o));
        }
        return scorings;
    }

    static Scoring scoring_of(const nb::dict& d, const AnyArray& y, const std::optional<In<float>>& sample_weight,
                              std::int64_t count, const Output& output) {
        Scoring scoring{loss_of(settings_of(d)), {}, sample_weight ? sample_weight->data() : nullptr};
        if (scoring.loss.sparse()) {
            require(y.dtype() == nb::dtype<std::int32_t>() && size(y) == count * output.rows(),
                    "expected an int32 label for each row of outputs");
            scoring.targets.labels = static_cast<const std::int32_t*>(y.data());
        } else {
            require(y.dtype() == nb::dtype<float>() && size(y) == count * output.size,
                    "expected float32 targets shaped as the outputs");
            scoring.targets.values = static_cast<const float*>(y.data());
        }
        require(!sample_weight || size(*sample_weight) == count, "expected a weight for each sample");
        return scoring;
    }

    GradientRequest request_of(const std::vector<Images>& images, bool training, std::uint64_t seed,
                               std::uint32_t iteration, const Rooms& outputs, const Rooms& inputs,
                               const Rooms& gradients) const {
        const std::int64_t samples = images.front().count;
        require(samples > 0, "a gradient needs at least one sample");
        GradientRequest request{training, seed, iteration, output_rooms(outputs, samples), {}, {}};
        require(inputs.size() == images.size(), "expected room for the gradient of each input");
        for (std::size_t i = 0; i < inputs.size(); i++) {
            require(size(inputs[i]) == samples * images[i].size, "no room for an input's gradient");
            request.inputs.push_back(inputs[i].data());
        }
        std::size_t next = 0;
        for (const Weight& weight : program_.weights()) {
            if (weight.trainable)
                require(next < gradients.size() && size(gradients[next]) == size_of(weight.shape),
                        "no room for a weight's gradient");
            request.weights.push_back(weight.trainable ? gradients[next++].data() : nullptr);
        }
        return request;
    }

    std::vector<std::vector<float*>> slots_of(const std::vector<std::vector<Out>>& slots,
                                              const UpdateRule& rule) const {
        std::vector<std::vector<float*>> pointers;
        for (const Weight& weight : program_.weights()) {
            if (!weight.trainable) continue;
            require(pointers.size() < slots.size() && slots[pointers.size()].size() == rule.slots(),
                    "slots do not fit the rule and the trainable weights");
            std::vector<float*> own;
            for (const Out& slot : slots[pointers.size()]) {
                require(size(slot) == size_of(weight.shape), "a slot is not as large as its weight");
                own.push_back(slot.data());
            }
            pointers.push_back(own);
        }
        return pointers;
    }

    std::vector<Out> arrays_;  // keeps the weights alive
    Program program_;
};

}  // namespace

NB_MODULE(_native, m) {
    m.doc() = "Convoscope's native core.";
    // A page that is still open when Python ends keeps its model in a thread: that is no leak to be told of.
    nb::set_leak_warnings(false);
    m.def("isa", [] { return std::string(kernels().name); });
    m.def("isas", &available_isas);
    m.def("set_isa", &set_isa, "name"_a);
    m.def("bfloat16_unit", [] { return std::string(bfloat16(kernels()).unit); });
    m.def("bfloat16_units", &bfloat16_units);
    m.def("set_bfloat16_unit", &set_bfloat16_unit, "name"_a);
    m.def("kinds", &kind_names);
    m.def("get_threads", [] { return Pool::shared().threads(); });
    m.def(
        "set_threads",
        [](int count) {
            require(count >= 1 && count <= most_threads, "at least one thread is needed, and at most 256");
            const nb::gil_scoped_release release;
            Pool::shared().set_threads(count);
        },
        "count"_a);
    m.def("all_finite", &are_finite, nb::arg("values").noconvert());
    bind_filter(m);
    // Imported again, by a tool that reloads what has changed, the module takes up the type that the first import made:
    // it may have objects still.
    if (const nb::handle known = nb::type<PyProgram>(); known.is_valid()) {
        m.attr("Program") = known;
        return;
    }
    nb::class_<PyProgram>(m, "Program")
        .def(nb::init<const std::vector<Shape>&, const std::vector<nb::dict>&, std::vector<Out>,
                      const std::vector<bool>&, const std::vector<int>&, const std::vector<nb::dict>&,
                      const std::string&>(),
             "inputs"_a, "steps"_a, nb::arg("weights").noconvert(), "trainable"_a, "outputs"_a,
             "regulation"_a = std::vector<nb::dict>(), "precision"_a = "float32")
        .def_prop_ro("output_of", &PyProgram::output_of)
        .def("keep_memory", &PyProgram::keep_memory)
        .def("let_memory_go", &PyProgram::let_memory_go)
        .def("start_profile", &PyProgram::start_profile)
        .def("profile", &PyProgram::profile)
        .def("kernels", &PyProgram::kernels)
        .def("reasons", &PyProgram::reasons)
        .def("predict", &PyProgram::predict, nb::arg("x").noconvert(), nb::arg("outputs").noconvert(),
             nb::arg("values").noconvert().none() = nb::none(), "moment"_a.none() = nb::none())
        .def("predict_finite", &PyProgram::predict_finite, nb::arg("x").noconvert(), nb::arg("outputs").noconvert(),
             "moment"_a.none() = nb::none())
        .def("score", &PyProgram::score, nb::arg("x").noconvert(), nb::arg("y").noconvert(), "losses"_a,
             nb::arg("outputs").noconvert(), nb::arg("sample_losses").noconvert())
        .def("pullback", &PyProgram::pullback, nb::arg("x").noconvert(), nb::arg("output_gradients").noconvert(),
             "training"_a, "seed"_a, "iteration"_a, nb::arg("outputs").noconvert(), nb::arg("inputs").noconvert(),
             nb::arg("gradients").noconvert())
        .def("gradients", &PyProgram::gradients, nb::arg("x").noconvert(), nb::arg("y").noconvert(), "losses"_a,
             nb::arg("sample_weights").noconvert().none(), "training"_a, "seed"_a, "iteration"_a,
             nb::arg("sample_losses").noconvert(), nb::arg("outputs").noconvert(), nb::arg("inputs").noconvert(),
             nb::arg("gradients").noconvert())
        .def("train", &PyProgram::train, nb::arg("x").noconvert(), nb::arg("y").noconvert(),
             nb::arg("sample_weights").noconvert().none(), nb::arg("rows").noconvert(), "batch_size"_a, "losses"_a,
             "rule"_a, nb::arg("learning_rates").noconvert(), "iteration"_a, "seed"_a, nb::arg("slots").noconvert(),
             nb::arg("sample_losses").noconvert(), nb::arg("outputs").noconvert(), "budget"_a.none(),
             nb::arg("penalties").noconvert().none() = nb::none(), nb::arg("first_draw") = nb::none());
}
