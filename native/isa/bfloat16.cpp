#include "bfloat16.hpp"

#include <atomic>
#include <stdexcept>

#include "processor.hpp"

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace convoscope {
namespace {

#if defined(__linux__) && defined(__x86_64__)
// For the whole process; refused where a signal's stack is too small for the registers.
bool allowed_tiles() {
    constexpr long ask = 0x1023, registers = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, ask, registers) == 0;
}
#elif defined(__x86_64__)
bool allowed_tiles() { return false; }
#endif

// Those of the processor, the fastest last.
const std::vector<const Bfloat16*>& hardware() {
    static const std::vector<const Bfloat16*> all = [] {
        std::vector<const Bfloat16*> units;
#if defined(__x86_64__)
        const Processor here = processor();
        if (avx512_bfloat16() && here.bfloat16) units.push_back(avx512_bfloat16());
        if (amx_bfloat16() && here.tiles && allowed_tiles()) units.push_back(amx_bfloat16());
#endif
        return units;
    }();
    return all;
}

// Which of them, counted from 1; 0 is software.
std::atomic<int>& chosen() {
    static std::atomic<int> unit{static_cast<int>(hardware().size())};
    return unit;
}

}  // namespace

const Bfloat16& bfloat16(const Kernels& k) {
    const int unit = chosen().load();
    return unit > 0 && &k == avx512_kernels() ? *hardware()[static_cast<std::size_t>(unit - 1)] : k.bfloat16;
}

std::vector<std::string> bfloat16_units() {
    std::vector<std::string> names{"emulated"};
    for (const Bfloat16* unit : hardware()) names.emplace_back(unit->unit);
    return names;
}

void set_bfloat16_unit(const std::string& name) {
    const std::vector<std::string> names = bfloat16_units();
    if (name == "auto") return chosen().store(static_cast<int>(names.size()) - 1);
    std::string known = "auto";
    for (std::size_t i = 0; i < names.size(); i++) {
        if (name == names[i]) return chosen().store(static_cast<int>(i));
        known += ", " + names[i];
    }
    throw std::invalid_argument("There is no unit for bfloat16 named '" + name + "' here. Known: " + known + ".");
}

}  // namespace convoscope
