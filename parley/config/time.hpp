#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace parley::config {

// "500ms", "10s", "5m", "2h"; from 0 to 366 days. Empty: no such time.
std::optional<std::chrono::milliseconds> parse_time(std::string_view text);

}  // namespace parley::config
