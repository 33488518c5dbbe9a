#include "parley/json/schema.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::json {
namespace {

constexpr std::string_view kDefinitions = "#/$defs/";
constexpr std::size_t kMostSteps =
    1'000'000;  // of one check: alternatives that refer back multiply

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

std::string_view kind_of(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return "a boolean";
  if (value.is_string()) return "a string";
  if (value.is_array()) return "an array";
  return value.is_object() ? "an object" : "a number";
}

bool is_whole(const Value& value) {
  return !value.is_double() || std::trunc(value.get_double()) == value.get_double();
}

bool has_type(const Value& value, std::string_view name) {
  const auto type = to_lower_ascii(name);
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number() && is_whole(value);
  return true;
}

// The beginning of a value, for a message.
std::string shown(const Value& value) {
  const auto text = to_string(value);
  return std::string(first_scalars(text, 80));
}

std::string_view with_article(std::string_view type) {
  const auto name = to_lower_ascii(type);
  if (name == "object") return "an object";
  if (name == "array") return "an array";
  if (name == "integer") return "an integer";
  if (name == "string") return "a string";
  if (name == "boolean") return "a boolean";
  return name == "null" ? "null" : "a number";
}

// The first thing that is wrong with a value, with its place.
class Check {
 public:
  Check(const Value& root, OtherMembers others) : root_(root), others_(others) {}

  // True where all is well; else wrong() tells what is not.
  bool fits(const Value& value, const Value& schema, const std::string& path, int depth = 0) {
    if (schema.is_bool()) return schema.get_bool() || refuse(path, "nothing may stand here");
    if (!schema.is_object()) return true;
    if (depth > 64 || ++steps_ > kMostSteps)
      return refuse(path, "the schema refers to itself without end");
    if (const auto* target = member(schema, "$ref")) {
      const auto* found = resolve(*target);
      if (!found) return refuse(path, "the schema refers to a type that it does not have");
      if (!fits(value, *found, path, depth + 1)) return false;
    }
    if (const auto* nullable = member(schema, "nullable");
        nullable && nullable->is_bool() && nullable->get_bool() && value.is_null())
      return true;
    return kind_fits(value, schema, path) && constant_fits(value, schema, path) &&
           choice_fits(value, schema, path, depth) && size_fits(value, schema, path) &&
           (!value.is_object() || members_fit(value.get_object(), schema, path)) &&
           (!value.is_array() || elements_fit(value.get_array(), schema, path));
  }
  const std::string& wrong() const { return wrong_; }

 private:
  bool refuse(const std::string& path, std::string_view what) {
    wrong_ = fmt::format("{}: {}", path, what);
    return false;
  }

  const Value* resolve(const Value& target) const {
    if (!target.is_string()) return nullptr;
    const std::string_view name(target.get_string());
    if (name == "#") return &root_;
    const auto* definitions = member(root_, "$defs");
    return definitions && name.starts_with(kDefinitions)
               ? member(*definitions, name.substr(kDefinitions.size()))
               : nullptr;
  }

  bool kind_fits(const Value& value, const Value& schema, const std::string& path) {
    const auto* type = member(schema, "type");
    if (!type) return true;
    const auto expect = [&](std::string_view wanted) {
      return refuse(path, fmt::format("expected {}, found {}", with_article(wanted),
                                      value.is_double() ? "a fraction" : kind_of(value)));
    };
    if (type->is_string()) return has_type(value, type->get_string()) || expect(type->get_string());
    if (!type->is_array() || type->get_array().empty()) return true;
    for (const auto& one : type->get_array())
      if (one.is_string() && has_type(value, one.get_string())) return true;
    return refuse(path,
                  fmt::format("expected one of {}, found {}", to_string(*type), kind_of(value)));
  }

  bool constant_fits(const Value& value, const Value& schema, const std::string& path) {
    if (const auto* wanted = member(schema, "const"); wanted && *wanted != value)
      return refuse(path, fmt::format("expected {}, found {}", to_string(*wanted), shown(value)));
    const auto* values = member(schema, "enum");
    if (!values || !values->is_array()) return true;
    const auto& all = values->get_array();
    return std::ranges::find(all, value) != all.end() ||
           refuse(path,
                  fmt::format("expected one of {}, found {}", to_string(*values), shown(value)));
  }

  bool choice_fits(const Value& value, const Value& schema, const std::string& path, int depth) {
    const auto* choices = member(schema, "anyOf");
    if (!choices) choices = member(schema, "oneOf");
    if (!choices || !choices->is_array()) return true;
    for (const auto& one : choices->get_array())
      if (fits(value, one, path, depth + 1)) return true;
    // With one alternative of the value's kind, what is wrong inside says more.
    return choices->get_array().size() == 1
               ? false
               : refuse(path, fmt::format("none of the alternatives fits; the last: {}",
                                          std::string(wrong_)));
  }

  bool size_fits(const Value& value, const Value& schema, const std::string& path) {
    const auto within = [&](double size, const char* least, const char* most,
                            std::string_view what) {
      for (const auto& [name, sign] : {std::pair{least, 1.0}, std::pair{most, -1.0}}) {
        const auto* limit = member(schema, name);
        if (!limit || !limit->is_number()) continue;
        if ((size - limit->to_number<double>()) * sign < 0)
          return refuse(
              path, fmt::format("{} {} is {} {}", what, size, sign > 0 ? "less than" : "more than",
                                limit->to_number<double>()));
      }
      return true;
    };
    if (value.is_number())
      return within(value.to_number<double>(), "minimum", "maximum", "the number");
    if (value.is_array())
      return within(static_cast<double>(value.get_array().size()), "minItems", "maxItems",
                    "the number of elements");
    if (value.is_string())
      return within(static_cast<double>(count_scalars(std::string_view(value.get_string()))),
                    "minLength", "maxLength", "the length");
    return true;
  }

  bool members_fit(const Object& object, const Value& schema, const std::string& path) {
    const auto* properties = member(schema, "properties");
    if (const auto* required = member(schema, "required"); required && required->is_array())
      for (const auto& name : required->get_array())
        if (name.is_string() && !object.contains(name.get_string()))
          return refuse(path, fmt::format("the member \"{}\" is missing",
                                          std::string_view(name.get_string())));
    const auto* others = member(schema, "additionalProperties");
    for (const auto& [name, value] : object) {
      const auto place = fmt::format("{}.{}", path, std::string_view(name));
      if (const auto* known = properties ? member(*properties, name) : nullptr) {
        if (!fits(value, *known, place)) return false;
      } else if (others) {
        if (!fits(value, *others, place)) return false;
      } else if (properties && others_ == OtherMembers::refused) {
        return refuse(place, "no such member is known");
      }
    }
    return true;
  }

  bool elements_fit(const Array& array, const Value& schema, const std::string& path) {
    const auto* first = member(schema, "prefixItems");
    const auto* items = member(schema, "items");
    for (std::size_t i = 0; i < array.size(); ++i) {
      const bool leads = first && first->is_array() && i < first->get_array().size();
      const auto* wanted = leads ? &first->get_array()[i] : items;
      if (wanted && !fits(array[i], *wanted, fmt::format("{}[{}]", path, i))) return false;
    }
    return true;
  }

  const Value& root_;
  OtherMembers others_;
  std::size_t steps_ = 0;
  std::string wrong_;
};

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

Result<void> check_schema(const Value& value, const Value& schema, OtherMembers others) {
  Check check(schema, others);
  if (check.fits(value, schema, "$")) return {};
  return fail(ErrorKind::invalid_argument, check.wrong());
}

}  // namespace parley::json
