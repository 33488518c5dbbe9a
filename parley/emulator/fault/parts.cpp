#include "parley/emulator/fault/detail/parts.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "parley/base/text.hpp"

namespace parley::emulator::detail {
namespace {

std::optional<std::uint64_t> read_number(std::string_view digits, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || code != std::errc() || end != digits.data() + digits.size() || value > most)
    return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::uint64_t> FaultPart::number(std::uint64_t most) const {
  return read_number(value, most);
}

std::optional<std::pair<std::uint64_t, std::chrono::milliseconds>> FaultPart::drip() const {
  const auto slash = value.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto bytes = read_number(trim(value.substr(0, slash)), 1 << 30);
  const auto pause = read_number(trim(value.substr(slash + 1)), 3'600'000);
  if (!bytes || *bytes == 0 || !pause) return std::nullopt;
  return std::pair(*bytes, std::chrono::milliseconds(*pause));
}

Result<std::vector<FaultPart>> split_fault(std::string_view text) {
  std::vector<FaultPart> parts;
  for (const auto piece : split(text, ';')) {
    const auto entry = trim(piece);
    if (entry.empty()) continue;
    const auto equals = entry.find('=');
    FaultPart part;
    part.name = trim(entry.substr(0, equals));
    part.has_value = equals != std::string_view::npos;
    if (part.has_value) part.value = trim(entry.substr(equals + 1));
    if (std::ranges::find(parts, part.name, &FaultPart::name) != parts.end())
      return fail(ErrorKind::invalid_argument, fmt::format("\"{}\" stands twice", part.name));
    parts.push_back(part);
  }
  return parts;
}

}  // namespace parley::emulator::detail
