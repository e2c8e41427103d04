// The core, seen from Python: arrays in, arrays out, and nothing computed here.
//
// Shapes are checked on the Python side (engine/native.py); here only kinds, sizes and contiguity are, so that no call
// can read or write where nothing is.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <stdexcept>

#include "binding.hpp"
#include "core/finite.hpp"
#include "core/training.hpp"
#include "isa/choice.hpp"
#include "settings.hpp"
#include "steps/kinds.hpp"

using namespace nanobind::literals;
using namespace convoscope;

namespace {

constexpr int most_threads = 256;

using Out = nb::ndarray<float, nb::c_contig, nb::device::cpu>;

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

class PyProgram {
public:
    PyProgram(const Shape& input, const std::vector<nb::dict>& steps, std::vector<Out> arrays,
              const std::vector<bool>& trainable)
        : arrays_(std::move(arrays)), program_(saying_what_lacks([&] { return make(input, steps, arrays_, trainable); })) {}

    std::vector<int> output_of() const { return program_.output_of(); }

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

    void predict(const AnyArray& x, Out outputs, std::optional<std::vector<Out>> steps) {
        const Images images = images_of(x, program_.input_size());
        require(size(outputs) == images.count * program_.output_size(), "no room for the outputs");
        std::vector<float*> pointers;
        if (steps) {
            require(steps->size() == program_.steps().size(), "expected room for each step's outputs");
            for (std::size_t i = 0; i < steps->size(); i++) {
                require(size((*steps)[i]) == images.count * program_.steps()[i]->output_size,
                        "no room for a step's outputs");
                pointers.push_back((*steps)[i].data());
            }
        }
        compute([&](Interrupt& interrupt) {
            program_.predict(images, outputs.data(), steps ? pointers.data() : nullptr, nullptr, nullptr, interrupt);
        });
    }

    void score(const AnyArray& x, const AnyArray& y, const nb::dict& loss, Out outputs, Out losses) {
        const Images images = images_of(x, program_.input_size());
        const Scoring scoring = scoring_of(loss, y, std::nullopt, images.count);
        require(size(outputs) == images.count * program_.output_size() && size(losses) == images.count,
                "no room for the outputs or losses");
        compute([&](Interrupt& interrupt) {
            if (scoring.targets.labels)
                check_labels(scoring.targets.labels, images.count * program_.output_rows(), program_.output_units());
            program_.predict(images, outputs.data(), nullptr, &scoring, losses.data(), interrupt);
        });
    }

    void pullback(const AnyArray& x, const In<float>& output_gradient, bool training, std::uint64_t seed,
                  std::uint32_t iteration, Out outputs, Out input, const std::vector<Out>& gradients) {
        const Images images = images_of(x, program_.input_size());
        require(size(output_gradient) == images.count * program_.output_size(),
                "the gradient is not as large as the outputs");
        const GradientRequest request = request_of(images, training, seed, iteration, outputs, input, gradients);
        compute([&](Interrupt& interrupt) {
            convoscope::pullback(program_, images, output_gradient.data(), request, interrupt);
        });
    }

    void gradients(const AnyArray& x, const AnyArray& y, const nb::dict& loss, std::optional<In<float>> sample_weight,
                   bool training, std::uint64_t seed, std::uint32_t iteration, Out losses, Out outputs, Out input,
                   const std::vector<Out>& gradients) {
        const Images images = images_of(x, program_.input_size());
        const Scoring scoring = scoring_of(loss, y, sample_weight, images.count);
        require(size(losses) == images.count, "no room for the losses");
        const GradientRequest request = request_of(images, training, seed, iteration, outputs, input, gradients);
        compute([&](Interrupt& interrupt) {
            convoscope::loss_gradients(program_, images, scoring, losses.data(), request, interrupt);
        });
    }

    std::int64_t train(const AnyArray& x, const AnyArray& y, std::optional<In<float>> sample_weight,
                       const In<std::int64_t>& rows, std::int64_t batch_size, const nb::dict& loss,
                       const nb::dict& rule, const In<double>& learning_rates, std::int64_t iteration,
                       std::uint64_t seed, const std::vector<std::vector<Out>>& slots, Out losses, Out outputs,
                       std::optional<double> budget) {
        Stretch stretch{};
        stretch.x = images_of(x, program_.input_size());
        stretch.scoring = scoring_of(loss, y, sample_weight, stretch.x.count);
        stretch.rows = rows.data();
        stretch.count = size(rows);
        require(stretch.count > 0 && batch_size > 0, "nothing to train on");
        stretch.batch_size = std::min(batch_size, stretch.count);
        stretch.rule = rule_of(settings_of(rule));
        stretch.learning_rates = learning_rates.data();
        require(size(learning_rates) >= (stretch.count + stretch.batch_size - 1) / stretch.batch_size,
                "a learning rate is needed for each step");
        stretch.iteration = iteration;
        stretch.seed = seed;
        stretch.slots = slots_of(slots, stretch.rule);
        require(size(losses) == stretch.count && size(outputs) == stretch.count * program_.output_size(),
                "no room for the losses or outputs");
        stretch.losses = losses.data();
        stretch.outputs = outputs.data();
        std::int64_t steps = 0;
        compute([&](Interrupt& interrupt) { steps = convoscope::train(program_, stretch, budget, interrupt); });
        return steps;
    }

private:
    static Program make(const Shape& input, const std::vector<nb::dict>& steps, std::vector<Out>& arrays,
                        const std::vector<bool>& trainable) {
        require(arrays.size() == trainable.size(), "every weight is trainable or not");
        std::vector<Weight> weights;
        for (std::size_t i = 0; i < arrays.size(); i++) {
            Shape shape;
            for (std::size_t axis = 0; axis < arrays[i].ndim(); axis++)
                shape.push_back(static_cast<std::int64_t>(arrays[i].shape(axis)));
            weights.push_back({arrays[i].data(), shape, trainable[i]});
        }
        std::vector<StepDescription> descriptions;
        for (const nb::dict& step : steps) descriptions.push_back(step_of(settings_of(step)));
        return Program(input, descriptions, std::move(weights));
    }

    Scoring scoring_of(const nb::dict& d, const AnyArray& y, const std::optional<In<float>>& sample_weight,
                       std::int64_t count) const {
        Scoring scoring{loss_of(settings_of(d)), {}, sample_weight ? sample_weight->data() : nullptr};
        if (scoring.loss.kind == Loss::Kind::sparse_categorical) {
            require(y.dtype() == nb::dtype<std::int32_t>() && size(y) == count * program_.output_rows(),
                    "expected an int32 label for each row of outputs");
            scoring.targets.labels = static_cast<const std::int32_t*>(y.data());
        } else {
            require(y.dtype() == nb::dtype<float>() && size(y) == count * program_.output_size(),
                    "expected float32 targets shaped as the outputs");
            scoring.targets.values = static_cast<const float*>(y.data());
        }
        require(!sample_weight || size(*sample_weight) == count, "expected a weight for each sample");
        return scoring;
    }

    GradientRequest request_of(const Images& images, bool training, std::uint64_t seed, std::uint32_t iteration,
                               Out& outputs, Out& input, const std::vector<Out>& gradients) const {
        require(images.count > 0, "a gradient needs at least one sample");
        require(size(outputs) == images.count * program_.output_size() &&
                    size(input) == images.count * program_.input_size(),
                "no room for the outputs or the input's gradient");
        GradientRequest request{training, seed, iteration, outputs.data(), input.data(), {}};
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
    m.def("isa", [] { return std::string(kernels().name); });
    m.def("isas", &available_isas);
    m.def("set_isa", &set_isa, "name"_a);
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
        .def(nb::init<const Shape&, const std::vector<nb::dict>&, std::vector<Out>, const std::vector<bool>&>(),
             "input"_a, "steps"_a, nb::arg("weights").noconvert(), "trainable"_a)
        .def_prop_ro("output_of", &PyProgram::output_of)
        .def("kernels", &PyProgram::kernels)
        .def("reasons", &PyProgram::reasons)
        .def("predict", &PyProgram::predict, nb::arg("x").noconvert(), nb::arg("outputs").noconvert(),
             nb::arg("steps").noconvert().none() = nb::none())
        .def("score", &PyProgram::score, nb::arg("x").noconvert(), nb::arg("y").noconvert(), "loss"_a,
             nb::arg("outputs").noconvert(), nb::arg("losses").noconvert())
        .def("pullback", &PyProgram::pullback, nb::arg("x").noconvert(), nb::arg("output_gradient").noconvert(),
             "training"_a, "seed"_a, "iteration"_a, nb::arg("outputs").noconvert(), nb::arg("input").noconvert(),
             nb::arg("gradients").noconvert())
        .def("gradients", &PyProgram::gradients, nb::arg("x").noconvert(), nb::arg("y").noconvert(), "loss"_a,
             nb::arg("sample_weight").noconvert().none(), "training"_a, "seed"_a, "iteration"_a,
             nb::arg("losses").noconvert(), nb::arg("outputs").noconvert(), nb::arg("input").noconvert(),
             nb::arg("gradients").noconvert())
        .def("train", &PyProgram::train, nb::arg("x").noconvert(), nb::arg("y").noconvert(),
             nb::arg("sample_weight").noconvert().none(), nb::arg("rows").noconvert(), "batch_size"_a, "loss"_a,
             "rule"_a, nb::arg("learning_rates").noconvert(), "iteration"_a, "seed"_a, nb::arg("slots").noconvert(),
             nb::arg("losses").noconvert(), nb::arg("outputs").noconvert(), "budget"_a.none());
}
