#include "parley/emulator/script/detail/pattern.hpp"

#include <algorithm>
#include <charconv>

#include "parley/base/text.hpp"

namespace parley::emulator::detail {
namespace {

constexpr std::size_t kLooksAt = 100'000;  // bytes of a text
constexpr std::uint64_t kMostStates = 4'000;

// What all counts of the expression multiply to: "(a{2}b){3,5}" 10.
std::uint64_t repeats(std::string_view expression) {
  std::uint64_t all = 1;
  for (std::size_t at = 0; at < expression.size(); ++at) {
    if (expression[at] != '{') continue;
    std::uint64_t most = 1;
    const auto end = std::min(expression.find('}', at), expression.size());
    for (const auto part : split(expression.substr(at + 1, end - at - 1), ',')) {
      std::uint64_t count = 0;
      const auto read = std::from_chars(part.data(), part.data() + part.size(), count);
      most = std::max(most, read.ec == std::errc::result_out_of_range ? kMostStates + 1 : count);
    }
    all *= std::min(most, kMostStates + 1);
    if (all > kMostStates) return all;
  }
  return all;
}

}  // namespace

Result<Pattern> Pattern::make(const std::string& expression) {
  // The library's reader and matcher are recursive: what is larger would end on the stack's end.
  if (expression.size() > kMostStates / 4 || repeats(expression) * expression.size() > kMostStates)
    return fail(ErrorKind::invalid_argument, "the expression is too large");
  Pattern pattern;
  try {
    // The flag chooses the matcher without backtracking; a search from the first character alone
    // keeps it linear.
    constexpr auto flags = std::regex::ECMAScript | std::regex_constants::__polynomial;
    pattern.regex_.assign(expression, flags);
    pattern.regex_.assign("[\\s\\S]*?(?:" + expression + ")", flags);
  } catch (const std::regex_error& error) {
    return fail(ErrorKind::invalid_argument, error.what());
  }
  return pattern;
}

bool Pattern::finds(std::string_view text) const {
  text = text.substr(0, kLooksAt);
  return std::regex_search(text.begin(), text.end(), regex_,
                           std::regex_constants::match_continuous);
}

bool contains_ascii(std::string_view text, std::string_view part) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return part.empty() || !std::ranges::search(text, part, {}, lower, lower).empty();
}

}  // namespace parley::emulator::detail
