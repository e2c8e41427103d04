// Every kernel and every kind of step, on every instruction set that is here.
#include "check.hpp"
#include "core/pool.hpp"
#include "isa/choice.hpp"

int main() {
    test_descriptions();
    test_memory();
    for (const std::string& isa : convoscope::available_isas()) {
        convoscope::set_isa(isa);
        std::printf("%s: kernels", isa.c_str());
        std::fflush(stdout);
        test_kernels();
        test_filter();
        std::printf(", programs");
        std::fflush(stdout);
        test_programs();
        std::printf(", graphs");
        std::fflush(stdout);
        test_graphs();
        std::printf(", predictions");
        std::fflush(stdout);
        test_predictions();
        std::printf(", inverted residuals");
        std::fflush(stdout);
        test_inverted_residuals();
        std::printf(", threads");
        std::fflush(stdout);
        test_threads();
        std::printf(": good\n");
    }
    convoscope::Pool::shared().set_threads(1);
}
