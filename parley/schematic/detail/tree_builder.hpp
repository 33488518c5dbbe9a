#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "parley/schematic/tree.hpp"

namespace parley::schematic::detail {

inline std::unexpected<Error> fail_at(Location at, const std::string& message) {
  return fail(ErrorKind::invalid_argument,
              std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + message);
}

}  // namespace parley::schematic::detail
