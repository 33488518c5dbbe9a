#include <algorithm>
#include <cmath>
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

// Of one check: alternatives that refer back multiply.
constexpr std::size_t kMostSteps = 1'000'000;

const Value* member(const Object& schema, std::string_view name) {
  return schema.if_contains(name);
}
const Array* list(const Object& schema, std::string_view name) {
  const auto* found = member(schema, name);
  return found ? found->if_array() : nullptr;
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

// JSON Schema compares numbers by their value: 1 and 1.0 are equal.
bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
  if (a.kind() != b.kind()) return false;
  if (const auto* elements = a.if_array())
    return std::ranges::equal(*elements, b.get_array(), equal);
  if (const auto* object = a.if_object()) {
    const auto& other = b.get_object();
    if (object->size() != other.size()) return false;
    return std::ranges::all_of(*object, [&other](const auto& one) {
      const auto* found = other.if_contains(one.key());
      return found && equal(one.value(), *found);
    });
  }
  return a == b;
}

class Check {
 public:
  Check(const Value& root, OtherMembers others) : root_(root), others_(others) {}

  void value(const Value& of, const Value& schema, const std::string& path, int depth = 0) {
    if (const auto* all = schema.if_bool()) {
      if (!*all) wrong(path, "nothing may stand here");
      return;
    }
    const auto* rules = schema.if_object();
    if (!rules || endless_ || mistakes.size() >= detail::kMostMistakes) return;
    if (depth > detail::kMostDepth || ++steps_ > kMostSteps) {
      endless_ = true;
      return wrong(path, "the schema refers to itself without end");
    }
    if (const auto* target = member(*rules, "$ref")) {
      const auto* found = detail::follow_reference(root_, *target);
      if (!found) return wrong(path, "the schema refers to a type that it does not have");
      value(of, *found, path, depth + 1);
    }
    if (const auto* nullable = member(*rules, "nullable");
        nullable && nullable->is_bool() && nullable->get_bool() && of.is_null())
      return;
    if (!kind(of, *rules, path)) return;
    constants(of, *rules, path);
    alternatives(of, *rules, path, depth);
    sizes(of, *rules, path);
    if (const auto* object = of.if_object()) members(*object, *rules, path, depth);
    if (const auto* array = of.if_array()) elements(*array, *rules, path, depth);
  }

  std::vector<std::string> mistakes;

 private:
  void wrong(const std::string& path, std::string_view what) {
    if (mistakes.size() < detail::kMostMistakes)
      mistakes.push_back(fmt::format("{}: {}", path, what));
  }

  // What the value would do wrong there; nothing of it is kept.
  std::vector<std::string> tried(const Value& of, const Value& schema, const std::string& path,
                                 int depth) {
    std::vector<std::string> before;
    before.swap(mistakes);
    value(of, schema, path, depth + 1);
    before.swap(mistakes);
    if (endless_ && before.empty()) before.push_back(path + ": the schema has no end");
    return before;
  }

  bool kind(const Value& of, const Object& rules, const std::string& path) {
    const auto* type = member(rules, "type");
    if (!type) return true;
    if (type->is_string()) {
      if (has_type(of, type->get_string())) return true;
      wrong(path, fmt::format("expected {}, found {}", with_article(type->get_string()),
                              of.is_double() ? "a fraction" : kind_of(of)));
      return false;
    }
    if (!type->is_array() || type->get_array().empty()) return true;
    for (const auto& one : type->get_array())
      if (one.is_string() && has_type(of, one.get_string())) return true;
    wrong(path, fmt::format("expected one of {}, found {}", to_string(*type), kind_of(of)));
    return false;
  }

  void constants(const Value& of, const Object& rules, const std::string& path) {
    if (const auto* wanted = member(rules, "const"); wanted && !equal(*wanted, of))
      wrong(path, fmt::format("expected {}, found {}", to_string(*wanted), shown(of)));
    const auto* values = list(rules, "enum");
    if (values && std::ranges::none_of(*values, [&](const auto& one) { return equal(one, of); }))
      wrong(path, fmt::format("expected one of {}, found {}", to_string(*values), shown(of)));
  }

  void alternatives(const Value& of, const Object& rules, const std::string& path, int depth) {
    if (const auto* all = list(rules, "allOf"))
      for (const auto& one : *all) value(of, one, path, depth + 1);
    if (const auto* no = member(rules, "not");
        no && tried(of, *no, path, depth).empty() && !endless_)
      wrong(path, "it is what it must not be");
    const auto* choices = list(rules, "anyOf");
    if (!choices) choices = list(rules, "oneOf");
    if (!choices || choices->empty()) return;
    std::vector<std::string> last;
    for (const auto& one : *choices) {
      last = tried(of, one, path, depth);
      if (last.empty()) return;
    }
    // With one alternative, what is wrong inside says more.
    if (choices->size() == 1)
      for (const auto& one : last) mistakes.push_back(one);
    else
      wrong(path, fmt::format("none of the alternatives fits; the last: {}", last.front()));
  }

  void within(double size, const Object& rules, const char* least, const char* most,
              std::string_view what, const std::string& path) {
    for (const auto& [name, sign] : {std::pair{least, 1.0}, std::pair{most, -1.0}}) {
      const auto* limit = member(rules, name);
      if (!limit || !limit->is_number()) continue;
      if ((size - limit->to_number<double>()) * sign < 0)
        wrong(path, fmt::format("{} {} is {} {}", what, size, sign > 0 ? "less than" : "more than",
                                limit->to_number<double>()));
    }
  }

  void number(double of, const Object& rules, const std::string& path) {
    within(of, rules, "minimum", "maximum", "the number", path);
    const auto bound = [&](const char* name) -> std::optional<double> {
      const auto* found = member(rules, name);
      if (!found || !found->is_number()) return std::nullopt;
      return found->to_number<double>();
    };
    if (const auto least = bound("exclusiveMinimum"); least && of <= *least)
      wrong(path, fmt::format("the number {} is not more than {}", of, *least));
    if (const auto most = bound("exclusiveMaximum"); most && of >= *most)
      wrong(path, fmt::format("the number {} is not less than {}", of, *most));
    if (const auto step = bound("multipleOf"); step && *step > 0) {
      const double times = of / *step;
      if (std::abs(times - std::round(times)) > 1e-9 * std::max(1.0, std::abs(times)))
        wrong(path, fmt::format("the number {} is no multiple of {}", of, *step));
    }
  }

  void sizes(const Value& of, const Object& rules, const std::string& path) {
    if (of.is_number()) number(of.to_number<double>(), rules, path);
    if (const auto* array = of.if_array())
      within(static_cast<double>(array->size()), rules, "minItems", "maxItems",
             "the number of elements", path);
    if (const auto* object = of.if_object())
      within(static_cast<double>(object->size()), rules, "minProperties", "maxProperties",
             "the number of members", path);
    if (const auto* text = of.if_string())
      within(static_cast<double>(count_scalars(std::string_view(*text))), rules, "minLength",
             "maxLength", "the length", path);
  }

  void members(const Object& object, const Object& rules, const std::string& path, int depth) {
    if (const auto* required = list(rules, "required"))
      for (const auto& name : *required)
        if (name.is_string() && !object.contains(name.get_string()))
          wrong(path,
                fmt::format("the member \"{}\" is missing", std::string_view(name.get_string())));
    const auto* properties = member(rules, "properties");
    const auto* known = properties ? properties->if_object() : nullptr;
    const auto* others = member(rules, "additionalProperties");
    const auto* names = member(rules, "propertyNames");
    for (const auto& [name, of] : object) {
      const auto place = fmt::format("{}.{}", path, std::string_view(name));
      if (names) value(Value(name), *names, place, depth + 1);
      if (const auto* own = known ? known->if_contains(name) : nullptr)
        value(of, *own, place, depth + 1);
      else if (others && !(others->is_bool() && !others->get_bool()))
        value(of, *others, place, depth + 1);
      else if (others || (known && others_ == OtherMembers::refused))
        wrong(place, "no such member is known");
    }
  }

  void elements(const Array& array, const Object& rules, const std::string& path, int depth) {
    const auto* first = list(rules, "prefixItems");
    const auto* items = member(rules, "items");
    for (std::size_t i = 0; i < array.size(); ++i) {
      const auto* wanted = first && i < first->size() ? &(*first)[i] : items;
      if (wanted) value(array[i], *wanted, fmt::format("{}[{}]", path, i), depth + 1);
    }
    const auto* unique = member(rules, "uniqueItems");
    if (!unique || !unique->is_bool() || !unique->get_bool()) return;
    for (std::size_t i = 0; i < array.size(); ++i)
      for (std::size_t j = i + 1; j < array.size(); ++j)
        if (++steps_ > kMostSteps || equal(array[i], array[j]))
          return wrong(path, fmt::format("the elements {} and {} are equal", i, j));
  }

  const Value& root_;
  OtherMembers others_;
  std::size_t steps_ = 0;
  bool endless_ = false;
};

}  // namespace

std::vector<std::string> schema_mistakes(const Value& value, const Value& schema,
                                         OtherMembers others) {
  Check check(schema, others);
  check.value(value, schema, "$");
  return std::move(check.mistakes);
}

Result<void> check_schema(const Value& value, const Value& schema, OtherMembers others) {
  const auto mistakes = schema_mistakes(value, schema, others);
  if (mistakes.empty()) return {};
  return fail(ErrorKind::invalid_argument, mistakes.front());
}

}  // namespace parley::json
