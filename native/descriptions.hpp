// What Python says of steps, losses and update rules, as the core's plain data.
#pragma once

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <typeinfo>

#include "binding.hpp"
#include "core/training.hpp"

namespace convoscope {

// What does not fit into a T is a ValueError, and no bad_cast.
template <class T>
T as(nb::handle h) {
    try {
        return nb::cast<T>(h);
    } catch (const std::bad_cast&) {
        throw nb::value_error("a number of a step's description is out of range, or of another kind");
    }
}

template <class T>
T get(const nb::dict& d, const char* key) {
    return as<T>(d[key]);
}

inline Pair pair_of(nb::handle h) {
    const auto values = as<std::vector<std::int64_t>>(h);
    require(values.size() == 2, "expected two numbers");
    return {values[0], values[1]};
}

inline Bounds bounds_of(nb::handle h) {
    const auto values = as<std::vector<double>>(h);
    require(values.size() == 2, "expected two numbers");
    return {values[0], values[1]};
}

inline Padding padding_of(nb::handle h) { return {pair_of(h[0]), pair_of(h[1])}; }

template <class T>
T named(const std::map<std::string, T>& names, const std::string& name) {
    const auto found = names.find(name);
    if (found == names.end()) throw nb::value_error(("the native engine knows no '" + name + "'").c_str());
    return found->second;
}

inline Activation activation_of(const nb::dict& d) {
    static const std::map<std::string, Nonlinearity> names = {
        {"linear", Nonlinearity::linear},   {"relu", Nonlinearity::relu}, {"leaky_relu", Nonlinearity::leaky_relu},
        {"sigmoid", Nonlinearity::sigmoid}, {"tanh", Nonlinearity::tanh}, {"elu", Nonlinearity::elu},
        {"gelu", Nonlinearity::gelu},       {"silu", Nonlinearity::silu}, {"softmax", Nonlinearity::softmax},
        {"relu6", Nonlinearity::relu6}, {"selu", Nonlinearity::selu}, {"softplus", Nonlinearity::softplus},
        {"softsign", Nonlinearity::softsign}, {"hard_sigmoid", Nonlinearity::hard_sigmoid},
        {"hard_silu", Nonlinearity::hard_silu}, {"mish", Nonlinearity::mish},
        {"exponential", Nonlinearity::exponential}};
    return {named(names, get<std::string>(d, "activation")), get<float>(d, "alpha")};
}

inline WindowDescription window_of(const nb::dict& d) {
    static const std::map<std::string, PoolMode> names = {
        {"max", PoolMode::max}, {"min", PoolMode::min}, {"average", PoolMode::average}};
    return {named(names, get<std::string>(d, "mode")), pair_of(d["size"]), pair_of(d["strides"]),
            padding_of(d["padding"])};
}

inline MotionDescription motion_of(const nb::dict& d) {
    static const std::map<std::string, FillMode> names = {{"constant", FillMode::constant},
                                                          {"nearest", FillMode::nearest},
                                                          {"reflect", FillMode::reflect},
                                                          {"wrap", FillMode::wrap}};
    const nb::object flips = d["flips"], shifts = d["shifts"];
    return {get<std::uint32_t>(d, "stream"),
            get<std::optional<std::uint64_t>>(d, "seed"),
            {as<bool>(flips[0]), as<bool>(flips[1])},
            {bounds_of(shifts[0]), bounds_of(shifts[1])},
            bounds_of(d["turns"]),
            get<bool>(d, "bilinear"),
            named(names, get<std::string>(d, "fill_mode")),
            get<float>(d, "fill_value")};
}

inline NormalizationDescription normalization_of(const nb::dict& d) {
    return {get<float>(d, "momentum"), get<float>(d, "epsilon"), get<bool>(d, "scale"), get<bool>(d, "center"),
            get<bool>(d, "frozen")};
}

inline std::optional<NormalizationDescription> folded_of(const nb::dict& d) {
    const nb::object normalization = d["normalization"];
    if (normalization.is_none()) return std::nullopt;
    return normalization_of(as<nb::dict>(normalization));
}

inline StepDescription step_of(const nb::dict& d) {
    StepDescription step{get<Shape>(d, "input"), get<Shape>(d, "output"), get<std::vector<int>>(d, "weights"),
                         ReshapeDescription{}};
    const auto kind = get<std::string>(d, "kind");
    if (kind == "convolution") {
        ConvolutionDescription c{pair_of(d["kernel"]),     pair_of(d["strides"]), pair_of(d["dilation"]),
                                 padding_of(d["padding"]), get<bool>(d, "bias"),  get<Shape>(d, "features"),
                                 activation_of(d),         std::nullopt,          folded_of(d)};
        if (!d["pool"].is_none()) c.pool = window_of(as<nb::dict>(d["pool"]));
        step.what = c;
    } else if (kind == "transposed convolution") {
        step.what =
            TransposedDescription{pair_of(d["kernel"]),     pair_of(d["strides"]), pair_of(d["dilation"]),
                                  padding_of(d["padding"]), get<bool>(d, "bias"),  activation_of(d)};
    } else if (kind == "upsampling") {
        step.what = UpsamplingDescription{pair_of(d["size"]), get<bool>(d, "bilinear")};
    } else if (kind == "pooling") {
        step.what = PoolingDescription{window_of(as<nb::dict>(d["pool"]))};
    } else if (kind == "dense") {
        step.what = DenseDescription{get<bool>(d, "bias"), activation_of(d), folded_of(d)};
    } else if (kind == "activation") {
        step.what = ActivationDescription{activation_of(d)};
    } else if (kind == "dropout") {
        step.what = DropoutDescription{get<double>(d, "rate"), get<std::uint32_t>(d, "stream"),
                                       get<std::optional<std::uint64_t>>(d, "seed")};
    } else if (kind == "motion") {
        step.what = motion_of(d);
    } else if (kind == "erasing") {
        step.what = ErasingDescription{
            get<std::uint32_t>(d, "stream"), get<std::optional<std::uint64_t>>(d, "seed"), bounds_of(d["probability"]),
            bounds_of(d["scale"]),           get<std::optional<double>>(d, "fill_value"),  bounds_of(d["value_range"])};
    } else if (kind == "normalization") {
        step.what = normalization_of(d);
    } else if (kind == "padding") {
        step.what = PaddingDescription{padding_of(d["padding"])};
    } else if (kind == "rescaling") {
        step.what = RescalingDescription{get<float>(d, "scale"), get<float>(d, "offset")};
    } else {
        require(kind == "reshape", "unknown kind of step");
    }
    return step;
}

inline Loss loss_of(const nb::dict& d) {
    static const std::map<std::string, Loss::Kind> names = {
        {"sparse_categorical_crossentropy", Loss::Kind::sparse_categorical},
        {"categorical_crossentropy", Loss::Kind::categorical},
        {"binary_crossentropy", Loss::Kind::binary},
        {"mean_squared_error", Loss::Kind::squared}};
    return {named(names, get<std::string>(d, "kind")), get<bool>(d, "from_logits"), get<float>(d, "label_smoothing")};
}

inline UpdateRule rule_of(const nb::dict& d) {
    static const std::map<std::string, UpdateRule::Kind> names = {
        {"sgd", UpdateRule::Kind::sgd}, {"adam", UpdateRule::Kind::adam}, {"rmsprop", UpdateRule::Kind::rmsprop}};
    using Maybe = std::optional<double>;
    return {named(names, get<std::string>(d, "kind")),
            get<double>(d, "momentum"),
            get<bool>(d, "nesterov"),
            get<double>(d, "beta_1"),
            get<double>(d, "beta_2"),
            get<double>(d, "epsilon"),
            get<double>(d, "rho"),
            get<bool>(d, "centered"),
            get<double>(d, "weight_decay"),
            get<Maybe>(d, "clipvalue"),
            get<Maybe>(d, "clipnorm"),
            get<Maybe>(d, "global_clipnorm")};
}

}  // namespace convoscope
