#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "parley/base/error.hpp"
#include "parley/json/free_form.hpp"
#include "parley/json/limits.hpp"

namespace parley::json {

// Parses one JSON text (RFC 8259). Errors are invalid_argument and name line and column, for
// example "line 1, column 12: expected ':'".
Result<Value> parse(std::string_view text, const Limits& limits = Limits());

// Compact, keys in their order, non-ASCII as UTF-8.
std::string to_string(const Value& value);
// Two-space indent, as the Gemini service prints: "key": value, empty list as [].
std::string to_pretty_string(const Value& value);

}  // namespace parley::json
