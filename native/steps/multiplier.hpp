// What multiplies a step's matrices: floats, or factors that are rounded to bfloat16.
#pragma once

#include "../core/step.hpp"
#include "../isa/bfloat16.hpp"

namespace convoscope {

class Multiplier {
public:
    // Of sums of so many terms, and so many of them side by side. Where there are few, rounding would save nothing.
    Multiplier(Precision precision, std::int64_t terms, std::int64_t sums) : rounds_(pays(precision, terms, sums)) {}

    static bool pays(Precision precision, std::int64_t terms, std::int64_t sums) {
        return precision == Precision::bf16 && terms >= bfloat16_terms && sums >= bfloat16_columns;
    }

    bool rounds() const { return rounds_; }
    std::string words(const Kernels& k) const {
        return rounds_ ? std::string("bfloat16 (") + bfloat16(k).unit + ")" : k.name;
    }

    // Of a packed matrix (k, n), and of what a product needs for itself.
    std::int64_t packed_floats(const Kernels& kernels, std::int64_t k, std::int64_t n) const {
        return rounds_ ? whole(n, bfloat16_columns) * bfloat16_whole(k) / bfloat16(kernels).values_in_float
                       : whole(n, kernels.width) * k;
    }
    std::int64_t room_floats(std::int64_t k) const { return rounds_ ? bfloat16_room(k) : 0; }

    void pack(const Kernels& kernels, const float* b, std::int64_t step, std::int64_t k, std::int64_t n,
              float* packed) const {
        (rounds_ ? bfloat16(kernels).pack : kernels.pack)(b, step, k, n, packed);
    }
    void pack_transposed(const Kernels& kernels, const float* b, std::int64_t step, std::int64_t k, std::int64_t n,
                         float* packed) const {
        (rounds_ ? bfloat16(kernels).pack_transposed : kernels.pack_transposed)(b, step, k, n, packed);
    }
    // Where the column of that number is, which begins a panel, or a group.
    const float* column(const Kernels& kernels, const float* packed, std::int64_t k, std::int64_t number) const {
        return packed + (rounds_ ? number * bfloat16_whole(k) / bfloat16(kernels).values_in_float : number * k);
    }
    void product(const Kernels& kernels, const Product& p, float* room) const {
        if (rounds_)
            bfloat16(kernels).product(p, room);
        else
            kernels.product(p);
    }

private:
    static std::int64_t whole(std::int64_t n, std::int64_t of) { return (n + of - 1) / of * of; }

    const bool rounds_;
};

}  // namespace convoscope
