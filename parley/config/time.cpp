#include "parley/config/time.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

namespace parley::config {

std::optional<std::chrono::milliseconds> parse_time(std::string_view text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
  const auto found = std::ranges::find(kUnits, unit, &std::pair<std::string_view, double>::first);
  if (code != std::errc() || found == std::end(kUnits)) return std::nullopt;
  const double ms = number * found->second;
  if (!(ms >= 0 && ms <= 366.0 * 24 * 3'600'000)) return std::nullopt;
  return std::chrono::milliseconds(std::llround(ms));
}

}  // namespace parley::config
