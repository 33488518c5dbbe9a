#pragma once

#include <string>
#include <string_view>

namespace parley::json::detail {

// "line 1, column 12: …" for a text that is not JSON.
std::string locate_mistake(std::string_view text);

}  // namespace parley::json::detail
