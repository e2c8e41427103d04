// What the parts of the binding share.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <new>
#include <stdexcept>
#include <utility>

#include "core/buffer.hpp"
#include "core/interrupt.hpp"

namespace convoscope {

namespace nb = nanobind;

using AnyArray = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
template <class T>
using In = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;

inline void require(bool condition, const char* message) {
    if (!condition) throw nb::value_error(message);
}

// Runs Python's signal handlers; their exception stays set until the core has come back.
inline bool signals(void*) {
    const nb::gil_scoped_acquire gil;
    return PyErr_CheckSignals() != 0;
}

// Turns the standard library's bare bad_alloc into one with words; nanobind makes a MemoryError of either.
template <class Body>
auto saying_what_lacks(Body&& body) {
    try {
        return body();
    } catch (const OutOfMemory&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw OutOfMemory();
    } catch (const std::length_error&) {  // a vector longer than there can be
        throw OutOfMemory();
    }
}

// Without the interpreter's lock; an interruption becomes the signal handler's exception.
template <class Body>
void compute(Body&& body) {
    Interrupt interrupt(signals, nullptr);
    bool interrupted = false;
    {
        const nb::gil_scoped_release release;
        try {
            saying_what_lacks([&] { body(interrupt); });
        } catch (const Interrupted&) {
            interrupted = true;
        }
    }
    if (interrupted) throw nb::python_error();
}

void bind_filter(nb::module_&);

}  // namespace convoscope
