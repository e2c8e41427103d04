// The optimizers: which kernel changes weights, by which numbers, and with which arrays beside them.
#pragma once

#include <array>
#include <cstdint>

#include "../kernels/table.hpp"
#include "settings.hpp"

namespace convoscope {

struct Formula {
    Kernels::Update Kernels::* kernel = nullptr;
    std::array<bool, 3> has{};  // which of the kernel's arrays are kept
    UpdateNumbers numbers{};    // what the settings say of them
    double beta_1 = 0, beta_2 = 0, l2 = 0, beta = 0;

    // Sets the numbers that each step has of its own, its count from 1 and its rate among them.
    void (*settle)(const Formula&, double rate, double count, UpdateNumbers&) = nullptr;

    std::size_t slots() const { return std::size_t{has[0]} + std::size_t{has[1]} + std::size_t{has[2]}; }
    UpdateNumbers at(double rate, std::int64_t count) const;
};

// From "kind" and its settings, which are taken out.
Formula formula_of(Settings&);

}  // namespace convoscope
