#include <algorithm>
#include <set>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/detail/schema_reference.hpp"
#include "parley/json/schema.hpp"
#include "parley/json/value.hpp"

namespace parley::json {
namespace {

using Words = std::set<std::string_view>;

const Words kSchemas = {"items", "additionalProperties", "not", "propertyNames"};
const Words kLists = {"anyOf", "oneOf", "allOf", "prefixItems"};
const Words kTables = {"properties", "$defs"};
const Words kNumbers = {"minProperties", "maxProperties",    "minItems",        "maxItems",
                        "minLength",     "maxLength",        "minimum",         "maximum",
                        "multipleOf",    "exclusiveMinimum", "exclusiveMaximum"};
const Words kFlags = {"uniqueItems", "nullable"};
const Words kOthers = {"type",    "enum",        "const",   "required", "$ref",
                       "title",   "description", "default", "examples", "format",
                       "$schema", "$id",         "$comment"};
const Words kTypes = {"null", "boolean", "object", "array", "number", "integer", "string"};

bool is_type(const Value& name) {
  return name.is_string() && kTypes.contains(to_lower_ascii(std::string_view(name.get_string())));
}

class SchemaCheck {
 public:
  explicit SchemaCheck(const Value& root) : root_(root) {}
  std::vector<std::string> run() {
    schema(root_, "$", 0);
    return std::move(mistakes_);
  }

 private:
  void wrong(const std::string& path, std::string_view what) {
    if (mistakes_.size() < detail::kMostMistakes)
      mistakes_.push_back(fmt::format("schema, {}: {}", path, what));
  }

  void schema(const Value& value, const std::string& path, int depth) {
    if (depth > detail::kMostDepth) return wrong(path, "it is nested too deeply");
    if (value.is_bool()) return;
    const auto* object = value.if_object();
    if (!object) return wrong(path, "a schema must be an object, true or false");
    for (const auto& [key, inner] : *object)
      word(key, inner, path, fmt::format("{}.{}", path, std::string_view(key)), depth);
  }

  void word(std::string_view key, const Value& value, const std::string& whole,
            const std::string& path, int depth) {
    if (kSchemas.contains(key)) return schema(value, path, depth + 1);
    if (kTables.contains(key)) {
      if (!value.is_object()) return wrong(path, "it must be an object");
      for (const auto& [name, inner] : value.get_object())
        schema(inner, fmt::format("{}.{}", path, std::string_view(name)), depth + 1);
    } else if (kLists.contains(key)) {
      if (!value.is_array() || value.get_array().empty())
        return wrong(path, "it must be a list of schemas");
      for (const auto& inner : value.get_array()) schema(inner, path, depth + 1);
    } else if (kNumbers.contains(key)) {
      if (!value.is_number())
        wrong(path, "it must be a number");
      else if (key == "multipleOf" && value.to_number<double>() <= 0)
        wrong(path, "it must be above 0");
    } else if (kFlags.contains(key)) {
      if (!value.is_bool()) wrong(path, "it must be true or false");
    } else if (kOthers.contains(key)) {
      other(key, value, path);
    } else {
      unknown(key, whole);
    }
  }

  void other(std::string_view key, const Value& value, const std::string& path) {
    const auto texts = [](const Value& one) { return one.is_string(); };
    if (key == "type" &&
        !(value.is_array() ? std::ranges::all_of(value.get_array(), is_type) : is_type(value)))
      wrong(path, "it must be null, boolean, object, array, number, integer or string");
    if (key == "$ref" && !detail::follow_reference(root_, value))
      wrong(path, "it leads nowhere; references are \"#\" and \"#/…\"");
    if (key == "enum" && !value.is_array()) wrong(path, "it must be a list");
    if (key == "required" && !(value.is_array() && std::ranges::all_of(value.get_array(), texts)))
      wrong(path, "it must be a list of texts");
  }

  void unknown(std::string_view key, const std::string& path) {
    std::vector<std::string_view> names;
    for (const auto* words : {&kSchemas, &kLists, &kTables, &kNumbers, &kFlags, &kOthers})
      names.insert(names.end(), words->begin(), words->end());
    const auto near = nearest_name(key, names);
    wrong(path, fmt::format("the word \"{}\" is not understood{}", key,
                            near ? fmt::format(", did you mean {}?", *near) : ""));
  }

  const Value& root_;
  std::vector<std::string> mistakes_;
};

}  // namespace

namespace detail {

const Value* follow_reference(const Value& root, const Value& reference) {
  if (!reference.is_string()) return nullptr;
  std::string_view way = reference.get_string();
  if (way == "#") return &root;
  if (!way.starts_with("#/")) return nullptr;
  way.remove_prefix(2);
  const Value* at = &root;
  for (const auto part : split(way, '/')) {
    const auto* object = at->if_object();
    at = object ? object->if_contains(part) : nullptr;
    if (!at) return nullptr;
  }
  return at;
}

}  // namespace detail

std::vector<std::string> mistakes_in_schema(const Value& schema) {
  return SchemaCheck(schema).run();
}

}  // namespace parley::json
