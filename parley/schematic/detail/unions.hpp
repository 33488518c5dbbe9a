#pragma once

#include "parley/schematic/plan.hpp"

namespace parley::schematic::detail {

// "string", "number", "boolean", "array", "object", "null".
std::string kind_name(const json::Value& value);

struct UnionInput {
  UnionInput() = default;
  Type type;
  std::string label;
  const std::vector<Condition>* match = nullptr;
  bool binary = false;  // told apart by its frame
  Location at;
};

// Finds the tests that tell the alternatives apart, or reports E0401 (two that cannot be) and E0402
// (one that can never be chosen).
PlannedUnion plan_union(const Plan& plan, const std::vector<UnionInput>& inputs, bool open,
                        Diagnostics& diagnostics);

// Chooses which fields are boxed and the order of the types; reports circles of aliases (E0206).
void order_types(Plan& plan, Diagnostics& diagnostics);

}  // namespace parley::schematic::detail
