#pragma once

#include "parley/json/value.hpp"

namespace parley::json::detail {

// A check ends after so many mistakes, and at that depth.
inline constexpr std::size_t kMostMistakes = 20;
inline constexpr int kMostDepth = 64;

// What "$ref" leads to: "#" and "#/a/b" within the schema. Null: nothing.
const Value* follow_reference(const Value& root, const Value& reference);

}  // namespace parley::json::detail
