#include "make.hpp"

namespace convoscope {

std::unique_ptr<Step> make(const StepDescription&, const ReshapeDescription&, const std::vector<Weight>&) {
    return nullptr;
}

std::unique_ptr<Step> make_step(const StepDescription& description, const std::vector<Weight>& weights) {
    return std::visit([&](const auto& what) { return make(description, what, weights); }, description.what);
}

}  // namespace convoscope
