#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "parley/base/error.hpp"

namespace parley::emulator::detail {

// "name=value" or "name".
struct FaultPart {
  FaultPart() = default;
  std::string_view name, value;
  bool has_value = false;

  // A whole number of at most `most`; empty where the value is none.
  std::optional<std::uint64_t> number(std::uint64_t most) const;
  // "N/MS"
  std::optional<std::pair<std::uint64_t, std::chrono::milliseconds>> drip() const;
};

// The parts between the semicolons. Errors (invalid_argument): a name that stands twice.
Result<std::vector<FaultPart>> split_fault(std::string_view text);

}  // namespace parley::emulator::detail
