// Bias and activation within a product, while its results are in registers, where the activation is that plain.
#pragma once

#include "../kernels/table.hpp"

namespace convoscope {

inline bool has_plain_end(const Activation& f) {
    return f.kind == Nonlinearity::linear || f.kind == Nonlinearity::relu || f.kind == Nonlinearity::relu6;
}

// Of a product, or of what else ends as it does.
template <class Arguments>
void add_plain_end(Arguments& p, const Activation& f, const float* bias) {
    if (!has_plain_end(f)) return;
    p.bias = bias;
    p.rectify = f.kind != Nonlinearity::linear;
    p.most = f.kind == Nonlinearity::relu6 ? 6.0f : 0.0f;
}

}  // namespace convoscope
