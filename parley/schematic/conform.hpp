#pragma once

#include <optional>
#include <string>

#include "parley/schematic/plan.hpp"

namespace parley::schematic {

// Why a JSON value is not of a type ("$.words[2].start: expected a number"); empty: it is. Members
// that the definition does not know are allowed, as generated decoders allow them.
std::optional<std::string> mismatch(const Plan& plan, const Type& type, const json::Value& value);

// A small value of a type: required members only, first values of enumerations.
json::Value sample(const Plan& plan, const Type& type);

// The index of the alternative that fits a value by a union's tests; -1: none.
int choose(const PlannedUnion& alternatives, const json::Value& value);

}  // namespace parley::schematic
