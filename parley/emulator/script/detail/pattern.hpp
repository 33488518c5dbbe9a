#pragma once

#include <regex>
#include <string>
#include <string_view>

#include "parley/base/error.hpp"

namespace parley::emulator::detail {

// A regular expression that finds something in foreign text, in a time that grows with the text's
// length only: ECMAScript without back references.
class Pattern {
 public:
  // Errors (invalid_argument): what the expression is wrong in; one of more than 1,000
  // characters, or of more than 4,000 with what its counts repeat.
  static Result<Pattern> make(const std::string& expression);
  // Looks at the first 100,000 bytes.
  bool finds(std::string_view text) const;

 private:
  std::regex regex_;
};

// True where `part` stands in `text`; upper and lower case of ASCII letters do not differ.
bool contains_ascii(std::string_view text, std::string_view part);

}  // namespace parley::emulator::detail
