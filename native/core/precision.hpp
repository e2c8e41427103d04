// How much rounding a step may add to that of a plain sum of products.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace convoscope {

enum class Precision : std::int32_t {
    float32,  // whatever is fastest in float32
    exact,    // what errs hardly more than a sum of products
    direct,   // sums of products alone
    bf16,     // sums of products whose factors are rounded to bfloat16, where sums have enough terms
};

inline const std::map<std::string, Precision>& precisions() {
    static const std::map<std::string, Precision> all{
        {"bf16", Precision::bf16},
        {"direct", Precision::direct},
        {"exact", Precision::exact},
        {"float32", Precision::float32}};
    return all;
}

// The outputs along a side of the largest Winograd tile that a convolution may be made of: the larger a tile, the more
// its transforms round. One output is a sum of products.
inline std::int64_t largest_tile(Precision precision) {
    switch (precision) {
        case Precision::direct: return 1;
        case Precision::exact: return 2;
        case Precision::float32:
        case Precision::bf16: break;
    }
    return 4;
}

}  // namespace convoscope
