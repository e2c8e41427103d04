#include "choice.hpp"

#include <atomic>
#include <stdexcept>

#include "processor.hpp"

namespace convoscope {
namespace {

std::vector<const Kernels*> available() {
    std::vector<const Kernels*> sets;
    const auto offer = [&](const Kernels* set, bool supported) {
        if (set && supported) sets.push_back(set);
    };
    offer(baseline_kernels(), true);
    offer(neon_kernels(), true);
#if defined(__x86_64__) || defined(__i386__)
    const Processor here = processor();
    offer(avx2_kernels(), here.avx2);
    offer(avx512_kernels(), here.avx512);
#endif
    return sets;
}

std::atomic<const Kernels*>& chosen() {
    static std::atomic<const Kernels*> set{available().back()};
    return set;
}

}  // namespace

const Kernels& kernels() { return *chosen().load(); }

std::vector<std::string> available_isas() {
    std::vector<std::string> names;
    for (const Kernels* set : available()) names.emplace_back(set->name);
    return names;
}

void set_isa(const std::string& name) {
    const auto sets = available();
    if (name == "auto") return chosen().store(sets.back());
    std::string known = "auto";
    for (const Kernels* set : sets) {
        if (name == set->name) return chosen().store(set);
        known += std::string(", ") + set->name;
    }
    throw std::invalid_argument("There is no instruction set named '" + name + "' here. Known: " + known + ".");
}

}  // namespace convoscope
