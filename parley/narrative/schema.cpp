#include "parley/narrative/schema.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/json/value.hpp"

namespace parley::narrative {
namespace {

constexpr std::size_t kMostMistakes = 20;
constexpr int kMostDepth = 64;

const std::set<std::string_view> kKnown = {"type",
                                           "enum",
                                           "const",
                                           "properties",
                                           "required",
                                           "additionalProperties",
                                           "propertyNames",
                                           "minProperties",
                                           "maxProperties",
                                           "items",
                                           "prefixItems",
                                           "minItems",
                                           "maxItems",
                                           "uniqueItems",
                                           "minLength",
                                           "maxLength",
                                           "minimum",
                                           "maximum",
                                           "exclusiveMinimum",
                                           "exclusiveMaximum",
                                           "multipleOf",
                                           "anyOf",
                                           "oneOf",
                                           "allOf",
                                           "not",
                                           "$ref",
                                           "title",
                                           "description",
                                           "default",
                                           "examples",
                                           "format",
                                           "$schema",
                                           "$id",
                                           "$comment",
                                           "$defs"};
const std::set<std::string_view> kTypes = {"null",   "boolean", "object", "array",
                                           "number", "integer", "string"};

std::string_view view(const boost::json::string& text) {
  return {text.data(), text.size()};
}

bool is_number(const json::Value& value) {
  return value.is_number();
}

// JSON Schema compares numbers by their value: 1 and 1.0 are equal.
bool equal(const json::Value& a, const json::Value& b) {
  if (is_number(a) && is_number(b)) return a.to_number<double>() == b.to_number<double>();
  if (a.kind() != b.kind()) return false;
  if (const auto* list = a.if_array()) return std::ranges::equal(*list, b.get_array(), equal);
  if (const auto* object = a.if_object()) {
    const auto& other = b.get_object();
    if (object->size() != other.size()) return false;
    return std::ranges::all_of(*object, [&other](const auto& member) {
      const auto* found = other.if_contains(member.key());
      return found && equal(member.value(), *found);
    });
  }
  return a == b;
}

std::string_view kind_of(const json::Value& value) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return "boolean";
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  if (value.is_string()) return "string";
  const double number = value.to_number<double>();
  return std::isfinite(number) && number == std::floor(number) ? "integer" : "number";
}

// The schema that "#/$defs/x" leads to; null: nothing.
const json::Value* follow(const json::Value& root, std::string_view reference) {
  if (!reference.starts_with('#')) return nullptr;
  reference.remove_prefix(1);
  const json::Value* at = &root;
  if (reference.empty()) return at;
  if (!reference.starts_with('/')) return nullptr;
  for (const auto part : split(reference.substr(1), '/')) {
    const auto* object = at->if_object();
    at = object ? object->if_contains(part) : nullptr;
    if (!at) return nullptr;
  }
  return at;
}

class SchemaCheck {
 public:
  explicit SchemaCheck(const json::Value& root) : root_(root) {}
  std::vector<std::string> run() {
    schema(root_, "$", 0);
    return std::move(mistakes_);
  }

 private:
  void complain(const std::string& path, std::string_view what) {
    if (mistakes_.size() < kMostMistakes)
      mistakes_.push_back(fmt::format("schema, {}: {}", path, what));
  }

  void schema(const json::Value& value, const std::string& path, int depth) {
    if (depth > kMostDepth) return complain(path, "it is nested too deeply");
    if (value.is_bool()) return;
    const auto* object = value.if_object();
    if (!object) return complain(path, "a schema must be an object, true or false");
    for (const auto& member : *object) {
      const std::string_view key(member.key().data(), member.key().size());
      if (!kKnown.contains(key)) {
        const std::vector<std::string_view> names(kKnown.begin(), kKnown.end());
        const auto near = nearest_name(key, names);
        complain(path, fmt::format("the keyword \"{}\" is not supported{}", key,
                                   near ? fmt::format(", did you mean {}?", *near) : ""));
      }
      keyword(key, member.value(), path + "." + std::string(key), depth);
    }
  }

  void keyword(std::string_view key, const json::Value& value, const std::string& path, int depth) {
    if (key == "type") return type(value, path);
    if (key == "properties" || key == "$defs") {
      if (!value.is_object()) return complain(path, "it must be an object");
      for (const auto& member : value.get_object())
        schema(member.value(), path + "." + std::string(member.key()), depth + 1);
    } else if (key == "items" || key == "additionalProperties" || key == "not" ||
               key == "propertyNames") {
      schema(value, path, depth + 1);
    } else if (key == "anyOf" || key == "oneOf" || key == "allOf" || key == "prefixItems") {
      if (!value.is_array() || value.get_array().empty())
        return complain(path, "it must be a list of schemas");
      for (const auto& element : value.get_array()) schema(element, path, depth + 1);
    } else if (key == "$ref") {
      if (!value.is_string() || !follow(root_, view(value.get_string())))
        complain(path, "it leads nowhere; references are \"#\" and \"#/…\"");
    } else if (key == "enum") {
      if (!value.is_array()) complain(path, "it must be a list");
    } else if (key == "required") {
      if (!value.is_array() || !std::ranges::all_of(value.get_array(), [](const auto& name) {
            return name.is_string();
          }))
        complain(path, "it must be a list of texts");
    } else if (key == "uniqueItems") {
      if (!value.is_bool()) complain(path, "it must be true or false");
    } else if (key.starts_with("min") || key.starts_with("max") || key.starts_with("exclusive") ||
               key == "multipleOf") {
      if (!is_number(value))
        complain(path, "it must be a number");
      else if (key == "multipleOf" && value.to_number<double>() <= 0)
        complain(path, "it must be above 0");
    }
  }

  void type(const json::Value& value, const std::string& path) {
    const auto good = [](const json::Value& name) {
      return name.is_string() && kTypes.contains(to_lower_ascii(view(name.get_string())));
    };
    const auto* list = value.if_array();
    if (list ? !std::ranges::all_of(*list, good) : !good(value))
      complain(path, "it must be null, boolean, object, array, number, integer or string");
  }

  const json::Value& root_;
  std::vector<std::string> mistakes_;
};

class Validation {
 public:
  explicit Validation(const json::Value& root) : root_(root) {}

  void value(const json::Value& schema, const json::Value& value, const std::string& path,
             int depth) {
    if (depth > kMostDepth) return complain(path, "the schema goes in circles");
    if (const auto* flag = schema.if_bool()) {
      if (!*flag) complain(path, "nothing is allowed here");
      return;
    }
    const auto* rules = schema.if_object();
    if (!rules) return;
    if (const auto* reference = rules->if_contains("$ref"); reference && reference->is_string())
      if (const auto* found = follow(root_, view(reference->get_string())))
        this->value(*found, value, path, depth + 1);
    type(*rules, value, path);
    constants(*rules, value, path);
    combined(*rules, value, path, depth);
    if (const auto* object = value.if_object()) members(*rules, *object, path, depth);
    if (const auto* list = value.if_array()) elements(*rules, *list, path, depth);
    if (const auto* text = value.if_string()) length(*rules, view(*text), path);
    if (is_number(value)) range(*rules, value.to_number<double>(), path);
  }

  std::vector<std::string> mistakes;

 private:
  void complain(const std::string& path, std::string_view what) {
    if (mistakes.size() < kMostMistakes) mistakes.push_back(fmt::format("{}: {}", path, what));
  }
  bool holds(const json::Value& schema, const json::Value& of, const std::string& path,
             int depth) const {
    Validation other(root_);
    other.value(schema, of, path, depth + 1);
    return other.mistakes.empty();
  }
  static std::optional<double> number(const json::Object& rules, std::string_view key) {
    const auto* found = rules.if_contains(key);
    if (!found || !is_number(*found)) return std::nullopt;
    return found->to_number<double>();
  }

  void type(const json::Object& rules, const json::Value& of, const std::string& path) {
    const auto* wanted = rules.if_contains("type");
    if (!wanted) return;
    const auto kind = kind_of(of);
    std::string names;
    const auto fits = [&](const json::Value& name) {
      const auto type = to_lower_ascii(view(name.get_string()));
      names += (names.empty() ? "" : " or ") + type;
      return type == kind || (type == "number" && kind == "integer");
    };
    const auto* list = wanted->if_array();
    if (list ? std::ranges::any_of(*list, fits) : fits(*wanted)) return;
    complain(path, fmt::format("it is of type {}, and must be {}", kind, names));
  }

  void constants(const json::Object& rules, const json::Value& of, const std::string& path) {
    if (const auto* one = rules.if_contains("const"); one && !equal(*one, of))
      complain(path, fmt::format("it must be {}", json::to_string(*one)));
    const auto* some = rules.if_contains("enum");
    if (some && some->is_array() &&
        std::ranges::none_of(some->get_array(), [&](const auto& one) { return equal(one, of); }))
      complain(path, fmt::format("it is {}, and must be one of {}",
                                 first_scalars_of(json::to_string(of)), json::to_string(*some)));
  }
  static std::string first_scalars_of(const std::string& text) {
    return std::string(first_scalars(text, 80));
  }

  void combined(const json::Object& rules, const json::Value& of, const std::string& path,
                int depth) {
    if (const auto* all = rules.if_contains("allOf"))
      for (const auto& one : all->get_array()) value(one, of, path, depth + 1);
    const auto count = [&](const json::Value& list) {
      return std::ranges::count_if(list.get_array(),
                                   [&](const auto& one) { return holds(one, of, path, depth); });
    };
    if (const auto* any = rules.if_contains("anyOf"); any && count(*any) == 0)
      complain(path, "it fits none of the alternatives");
    if (const auto* one = rules.if_contains("oneOf")) {
      const auto fitting = count(*one);
      if (fitting != 1)
        complain(path, fmt::format("it fits {} of the alternatives, and must fit one", fitting));
    }
    if (const auto* no = rules.if_contains("not"); no && holds(*no, of, path, depth))
      complain(path, "it is what it must not be");
  }

  void members(const json::Object& rules, const json::Object& object, const std::string& path,
               int depth) {
    if (const auto* required = rules.if_contains("required"))
      for (const auto& name : required->get_array())
        if (!object.contains(name.get_string()))
          complain(path, fmt::format("\"{}\" is missing", view(name.get_string())));
    bounds(rules, "Properties", static_cast<double>(object.size()), path, "members");
    const auto* properties = rules.if_contains("properties");
    const auto* others = rules.if_contains("additionalProperties");
    const auto* names = rules.if_contains("propertyNames");
    for (const auto& member : object) {
      const std::string at = path + "." + std::string(member.key());
      if (names) value(*names, json::Value(member.key()), at, depth + 1);
      const auto* known = properties ? properties->get_object().if_contains(member.key()) : nullptr;
      if (known)
        value(*known, member.value(), at, depth + 1);
      else if (others && others->is_bool() && !others->get_bool())
        complain(at, "the schema has no such member");
      else if (others)
        value(*others, member.value(), at, depth + 1);
    }
  }

  void elements(const json::Object& rules, const json::Array& list, const std::string& path,
                int depth) {
    bounds(rules, "Items", static_cast<double>(list.size()), path, "elements");
    const auto* first = rules.if_contains("prefixItems");
    const std::size_t count = first ? first->get_array().size() : 0;
    const auto* rest = rules.if_contains("items");
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto at = fmt::format("{}[{}]", path, i);
      if (i < count)
        value(first->get_array()[i], list[i], at, depth + 1);
      else if (rest)
        value(*rest, list[i], at, depth + 1);
    }
    const auto* unique = rules.if_contains("uniqueItems");
    if (!unique || !unique->is_bool() || !unique->get_bool()) return;
    for (std::size_t i = 0; i < list.size(); ++i)
      for (std::size_t j = i + 1; j < list.size(); ++j)
        if (equal(list[i], list[j]))
          return complain(path, fmt::format("elements {} and {} are equal", i, j));
  }

  void length(const json::Object& rules, std::string_view text, const std::string& path) {
    bounds(rules, "Length", static_cast<double>(count_scalars(text)), path, "characters");
  }

  void bounds(const json::Object& rules, const std::string& of, double count,
              const std::string& path, std::string_view words) {
    if (const auto least = number(rules, "min" + of); least && count < *least)
      complain(path, fmt::format("it has {} {}, and must have at least {}", count, words, *least));
    if (const auto most = number(rules, "max" + of); most && count > *most)
      complain(path, fmt::format("it has {} {}, and must have at most {}", count, words, *most));
  }

  void range(const json::Object& rules, double of, const std::string& path) {
    if (const auto least = number(rules, "minimum"); least && of < *least)
      complain(path, fmt::format("{} is below {}", of, *least));
    if (const auto most = number(rules, "maximum"); most && of > *most)
      complain(path, fmt::format("{} is above {}", of, *most));
    if (const auto below = number(rules, "exclusiveMinimum"); below && of <= *below)
      complain(path, fmt::format("{} must be above {}", of, *below));
    if (const auto above = number(rules, "exclusiveMaximum"); above && of >= *above)
      complain(path, fmt::format("{} must be below {}", of, *above));
    if (const auto step = number(rules, "multipleOf")) {
      const double times = of / *step;
      if (std::abs(times - std::round(times)) > 1e-9 * std::max(1.0, std::abs(times)))
        complain(path, fmt::format("{} is no multiple of {}", of, *step));
    }
  }

  const json::Value& root_;
};

}  // namespace

std::vector<std::string> check_schema(const json::Value& schema) {
  return SchemaCheck(schema).run();
}

std::vector<std::string> check_against(const json::Value& schema, const json::Value& value) {
  Validation validation(schema);
  validation.value(schema, value, "$", 0);
  return std::move(validation.mistakes);
}

}  // namespace parley::narrative
