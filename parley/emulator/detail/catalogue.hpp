#pragma once

#include <string_view>
#include <vector>

#include "parley/gemini/types.hpp"

namespace parley::emulator::detail {

// The models that the emulator has, in the order of its list (as of November 2026).
const std::vector<gemini::Model>& catalogue();

// Null where there is none. The name is bare: "gemini-2.5-flash".
const gemini::Model* find_model(std::string_view name);

}  // namespace parley::emulator::detail
