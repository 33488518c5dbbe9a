#pragma once

#include <string>

#include "parley/schematic/plan.hpp"

namespace parley::schematic::detail {

// A type as JSON Schema 2020-12. `prefix` stands before the names of types in "$ref".
json::Value schema_of(const Plan& plan, const Type& type, const std::string& prefix);
// All types by their names.
json::Object schemas_of(const Plan& plan, const std::string& prefix);

}  // namespace parley::schematic::detail
