#include "parley/json/schema.hpp"

#include <set>
#include <string>

#include "parley/json/value.hpp"

namespace parley::json {
namespace {

constexpr std::string_view kDefinitions = "#/$defs/";

// The names that stand behind "$ref" anywhere in a schema.
void collect_references(const Value& schema, std::set<std::string>& names) {
  if (schema.is_array())
    for (const auto& element : schema.get_array()) collect_references(element, names);
  if (!schema.is_object()) return;
  for (const auto& [key, value] : schema.get_object()) {
    if (key == "$ref" && value.is_string() &&
        std::string_view(value.get_string()).starts_with(kDefinitions))
      names.emplace(std::string_view(value.get_string()).substr(kDefinitions.size()));
    collect_references(value, names);
  }
}

const Value* member(const Value& schema, std::string_view name) {
  return schema.is_object() ? schema.get_object().if_contains(name) : nullptr;
}

}  // namespace

Value schema_of(const TypeSchema& type) {
  const auto all = parse(type.definitions, trusted_limits());
  const auto* own = all ? member(*all, type.name) : nullptr;
  if (!own) return Object();
  Value schema = *own;
  std::set<std::string> wanted;
  collect_references(schema, wanted);
  Object definitions;
  while (!wanted.empty()) {
    const auto name = wanted.extract(wanted.begin()).value();
    const auto* found = definitions.contains(name) ? nullptr : member(*all, name);
    if (!found) continue;
    definitions[name] = *found;
    collect_references(*found, wanted);
  }
  if (!definitions.empty()) schema.as_object()["$defs"] = std::move(definitions);
  return schema;
}

}  // namespace parley::json
