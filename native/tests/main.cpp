// Every kernel and every kind of step, on every instruction set that is here, or on one: convoscope_core_tests baseline.
// Built for a few files of the core alone, it tests the kernels.
#include "check.hpp"
#include "core/pool.hpp"
#include "isa/choice.hpp"

namespace {

struct Group {
    const char* name;
    void (*test)();
};

const Group groups[] = {
#if !defined(__SANITIZE_THREAD__)  // they use one thread
    {"kernels", test_kernels},
    {"bfloat16", test_bfloat16},
    {"filter", test_filter},
    {"winners", test_winners},
    {"Winograd", test_winograd},
#endif
#if !defined(CONVOSCOPE_KERNELS_ALONE)
    {"programs", test_programs},
    {"graphs", test_graphs},
    {"inverted residuals", test_inverted_residuals},
#if CONVOSCOPE_THREADS
    {"predictions", test_predictions},
    {"threads", test_threads},
#endif
#endif
};

void test_what_is_the_same_on_all_sets() {
#if !defined(CONVOSCOPE_KERNELS_ALONE)
#if CONVOSCOPE_THREADS
    test_descriptions();  // which are refused by exceptions, as threads are missing in WebAssembly
#endif
    test_memory();
#endif
}

}  // namespace

int main(int count, char** words) {
    test_what_is_the_same_on_all_sets();
    for (const std::string& isa : convoscope::available_isas()) {
        if (count > 1 && isa != words[1]) continue;
        convoscope::set_isa(isa);
        std::printf("%s:", isa.c_str());
        for (const Group& group : groups) {
            std::printf(" %s", group.name);
            std::fflush(stdout);
            group.test();
        }
        std::printf(": good\n");
    }
    convoscope::Pool::shared().set_threads(1);
}
