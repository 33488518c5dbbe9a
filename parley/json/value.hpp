#pragma once

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "parley/base/error.hpp"

namespace parley::json {

// Free-form JSON: tool arguments, unknown fields. Typed messages use json::Cursor and json::Writer.
using Value = boost::json::value;
using Object = boost::json::object;
using Array = boost::json::array;

// What a text may hold. The defaults suit untrusted peers (S22 of the security list).
struct Limits {
  Limits() = default;
  std::size_t max_depth = 32;         // nested arrays and objects
  std::size_t max_keys = 1000;        // members of one object
  bool refuse_duplicate_keys = true;  // RFC 8259, 4: names SHOULD be unique
};
// For the answers of a service we called: deep and wide documents are its right.
Limits trusted_limits();

// Parses one JSON text (RFC 8259). Errors are invalid_argument and name line and column, for
// example "line 1, column 12: expected ':'".
Result<Value> parse(std::string_view text, const Limits& limits = Limits());

// Compact, keys in their order, non-ASCII as UTF-8.
std::string to_string(const Value& value);
// Two-space indent, as the Gemini service prints: "key": value, empty list as [].
std::string to_pretty_string(const Value& value);

}  // namespace parley::json
