#pragma once

#include <set>
#include <string>
#include <string_view>

namespace parley::schematic {

// Names for C++ made from the words of a wire name. Both are stable: the same text gives the same
// name, whatever stands beside it. Words end at anything that is no letter or digit and where the
// case changes ("normalizedAlignment", "HTTPServer", "xi-api-key"); letters beyond ASCII are kept
// as their code points ("ü" is "u00fc").
std::string snake_name(std::string_view text);   // "normalized_alignment", "xi_api_key", "n1inch"
std::string pascal_name(std::string_view text);  // "NormalizedAlignment"

// True for keywords and alternative tokens of C++23, and macros of the usual headers.
bool is_reserved(std::string_view name);

// Names of one scope: a name that is taken or reserved gets '_', then "_2", "_3" …
class NameScope {
 public:
  void reserve(std::string_view name) { taken_.insert(std::string(name)); }
  std::string take(std::string name);

 private:
  std::set<std::string> taken_;
};

}  // namespace parley::schematic
