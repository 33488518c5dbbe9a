#pragma once

#include "parley/json/value.hpp"

namespace parley::json::detail {

// What "$ref" leads to: "#" and "#/a/b" within the schema. Null: nothing.
const Value* follow_reference(const Value& root, const Value& reference);

}  // namespace parley::json::detail
