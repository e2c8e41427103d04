#include "regulation.hpp"

#include <stdexcept>

namespace convoscope {
namespace {

enum class Kind { norm, non_negative };

NormBounds norm_of(Settings& settings, std::size_t axes) {
    NormBounds norm{settings.take<double>("low"), settings.take<double>("high"), settings.take<double>("rate"),
                    std::vector<bool>(axes)};
    for (const std::size_t axis : settings.take<std::vector<std::size_t>>("axes")) {
        if (axis >= axes) throw std::invalid_argument("a constraint names an axis that its weight does not have");
        norm.along[axis] = true;
    }
    return norm;
}

}  // namespace

Regulation regulation_of(Settings settings, std::size_t axes) {
    static const std::map<std::string, Kind> kinds = {{"norm", Kind::norm}, {"non_negative", Kind::non_negative}};
    Regulation regulation;
    regulation.l1 = settings.take<double>("l1");
    regulation.l2 = settings.take<double>("l2");
    if (auto orthogonal = settings.take<std::optional<Settings>>("orthogonal")) {
        if (axes != 2) throw std::invalid_argument("an orthogonal regularizer is for weights with two axes");
        regulation.orthogonal = {orthogonal->take<double>("factor"), orthogonal->take<bool>("rows")};
        orthogonal->finish();
    }
    auto constraint = settings.take<std::optional<Settings>>("constraint");
    settings.finish();
    if (!constraint) return regulation;
    regulation.non_negative = constraint->take("kind", kinds) == Kind::non_negative;
    if (!regulation.non_negative) regulation.norm = norm_of(*constraint, axes);
    constraint->finish();
    return regulation;
}

}  // namespace convoscope
