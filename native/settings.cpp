#include "settings.hpp"

#include <nanobind/stl/string.h>

#include <string>

namespace convoscope {
namespace {

Value number_of(nb::handle h) {
    std::int64_t whole;
    std::uint64_t large;
    double real;
    if (!PyFloat_Check(h.ptr())) {  // for a whole number in a float is none
        if (nb::try_cast(h, whole)) return whole;
        if (nb::try_cast(h, large)) return large;
        if (PyLong_Check(h.ptr())) throw nb::value_error("a whole number of a description has more than 64 bits");
    }
    if (nb::try_cast(h, real)) return real;
    throw nb::value_error("a description holds what is no number, text, list or dict");
}

Value value_of(nb::handle h) {
    if (h.is_none()) return {};
    if (nb::isinstance<nb::bool_>(h)) return nb::cast<bool>(h);
    if (nb::isinstance<nb::str>(h)) return nb::cast<std::string>(h);
    if (nb::isinstance<nb::dict>(h)) return settings_of(nb::borrow<nb::dict>(h));
    if (nb::isinstance<nb::list>(h) || nb::isinstance<nb::tuple>(h)) {
        Value::List list;
        for (const nb::handle each : nb::borrow<nb::sequence>(h)) list.push_back(value_of(each));
        return list;
    }
    return number_of(h);
}

}  // namespace

Settings settings_of(const nb::dict& dict) {
    Settings settings;
    for (const auto& [name, value] : dict) {
        if (!nb::isinstance<nb::str>(name)) throw nb::value_error("the names of a description must be texts");
        settings.set(nb::cast<std::string>(name), value_of(value));
    }
    return settings;
}

}  // namespace convoscope
