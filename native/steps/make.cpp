#include "make.hpp"

#include <stdexcept>

namespace convoscope {

std::unique_ptr<Step> make(const StepDescription&, const ReshapeDescription&, const std::vector<Weight>&) {
    return nullptr;
}

std::unique_ptr<Step> make_step(const StepDescription& description, const std::vector<Weight>& weights) {
    for (const int place : description.weights)
        if (place < 0 || static_cast<std::size_t>(place) >= weights.size())
            throw std::invalid_argument("a step names a weight that the program does not have");
    return std::visit([&](const auto& what) { return make(description, what, weights); }, description.what);
}

}  // namespace convoscope
