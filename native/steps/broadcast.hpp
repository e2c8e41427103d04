// Two shapes brought to a third as NumPy does it: axes of length 1 stand for as many as the other has.
#pragma once

#include "../core/description.hpp"
#include "../kernels/table.hpp"

namespace convoscope {

// Whether axes of length 1, and missing ones in front, make such a shape of that one.
bool stretches(const Shape& shape, const Shape& to);

class Broadcast {
public:
    Broadcast(const Shape& a, const Shape& b, const Shape& output);

    // Whether both are as large as the output: then many samples are as one.
    bool plain() const { return !stretches_a_ && !stretches_b_; }
    // Whether a value of this side stands for several.
    bool stretches_a() const { return stretches_a_; }
    bool stretches_b() const { return stretches_b_; }

    // body(pairing, offset in the output, offsets in a and b) for each matrix of one sample.
    template <class Body>
    void each(CombineMode mode, const float* a, const float* b, Body&& body) const {
        Pairing p{mode, {a, row_.a, column_.a}, {b, row_.b, column_.b}, row_.length, column_.length};
        std::vector<std::int64_t> index(outer_.size());
        for (std::int64_t at = 0; at < matrices_; at++) {
            std::int64_t in_a = 0, in_b = 0;
            for (std::size_t i = 0; i < outer_.size(); i++)
                in_a += index[i] * outer_[i].a, in_b += index[i] * outer_[i].b;
            p.a.values = a + in_a;
            p.b.values = b + in_b;
            body(p, at * p.rows * p.columns, in_a, in_b);
            for (std::size_t i = outer_.size(); i-- > 0;) {
                if (++index[i] < outer_[i].length) break;
                index[i] = 0;
            }
        }
    }

private:
    // How far it is in a and in b from one index to the next: 0 where one stands for all.
    struct Axis {
        std::int64_t length, a, b;
    };

    std::vector<Axis> outer_;
    Axis row_{1, 1, 1}, column_{1, 1, 1};
    std::int64_t matrices_ = 1;
    bool stretches_a_ = false, stretches_b_ = false;
};

}  // namespace convoscope
