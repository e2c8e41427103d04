// Python's dicts as the core's settings.
#pragma once

#include "binding.hpp"
#include "core/settings.hpp"

namespace convoscope {

Settings settings_of(const nb::dict&);

}  // namespace convoscope
