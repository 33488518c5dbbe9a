#include "parley/schematic/conform.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/schematic/detail/unions.hpp"

namespace parley::schematic {
namespace {

using detail::kind_name;

// Whole numbers are one number however they are written.
bool same(const json::Value& a, const json::Value& b) {
  if (a.is_number() && b.is_number() && a.kind() != b.kind())
    return a.to_number<double>() == b.to_number<double>();
  return a == b;
}

const json::Value* at_path(const json::Value& value, std::string_view path) {
  if (path.empty()) return &value;
  if (!value.is_object()) return nullptr;
  if (const auto* found = value.as_object().if_contains(path)) return found;
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const auto* first = value.as_object().if_contains(path.substr(0, dot));
  return first ? at_path(*first, path.substr(dot + 1)) : nullptr;
}

bool holds(const Test& test, const json::Value& value) {
  const auto* found = at_path(value, test.path);
  const bool present = found && !found->is_null();
  switch (test.kind) {
    case Test::Kind::present:
      return present || std::ranges::any_of(test.aliases, [&](const std::string& alias) {
               const auto* other = at_path(value, alias);
               return other && !other->is_null();
             });
    case Test::Kind::absent:
      return !present;
    case Test::Kind::json_kind:
      return found && kind_name(*found) == test.json_kind;
    case Test::Kind::equals:
      return found && std::ranges::any_of(
                          test.values, [&](const json::Value& one) { return same(one, *found); });
  }
  return false;
}

class ValueChecker {
 public:
  explicit ValueChecker(const Plan& plan) : plan_(plan) {}

  bool check(const Type& type, const json::Value& value) {
    if (path_.size() > 4000) return refuse("nested too deeply");
    const Type target = plan_.resolve(type);
    if (target.nullable && value.is_null()) return true;
    switch (target.kind) {
      case Type::Kind::boolean:
        return value.is_bool() || expected("a boolean", value);
      case Type::Kind::string:
        return value.is_string() || expected("a string", value);
      case Type::Kind::bytes:
        if (!value.is_string()) return expected("base64", value);
        return from_base64(value.as_string()).has_value() || refuse("expected base64");
      case Type::Kind::int32:
      case Type::Kind::uint32:
      case Type::Kind::int64:
      case Type::Kind::uint64:
        return is_whole(value) || expected("a whole number", value);
      case Type::Kind::float64:
        return value.is_number() || expected("a number", value);
      case Type::Kind::decimal:
        return value.is_number() || value.is_string() || expected("a number", value);
      case Type::Kind::object:
        return value.is_object() || expected("an object", value);
      case Type::Kind::raw:
      case Type::Kind::json:
        return true;
      case Type::Kind::literal:
        return same(value, target.literal) ||
               refuse(fmt::format("expected {}", json::to_string(target.literal)));
      case Type::Kind::list:
      case Type::Kind::map:
      case Type::Kind::tuple:
        return check_container(target, value);
      case Type::Kind::named:
        return check_named(*plan_.find(target.name), value);
    }
    return true;
  }

  std::string why;

 private:
  static bool is_whole(const json::Value& value) {
    if (value.is_int64() || value.is_uint64()) return true;
    if (value.is_double())
      return value.as_double() == static_cast<double>(static_cast<std::int64_t>(value.as_double()));
    if (!value.is_string() || value.as_string().empty()) return false;
    return value.as_string().find_first_not_of("-0123456789") == boost::json::string::npos;
  }
  bool refuse(const std::string& what) {
    if (why.empty()) why = fmt::format("${}: {}", path_, what);
    return false;
  }
  bool expected(std::string_view wanted, const json::Value& found) {
    return refuse(
        fmt::format("expected {}, found {} {}", wanted,
                    kind_name(found) == "object" || kind_name(found) == "array" ? "an" : "a",
                    kind_name(found)));
  }
  bool within(const std::string& step, const Type& type, const json::Value& value) {
    const auto size = path_.size();
    path_ += step;
    const bool ok = check(type, value);
    path_.resize(size);
    return ok;
  }

  bool check_container(const Type& type, const json::Value& value) {
    if (type.kind == Type::Kind::map) {
      if (!value.is_object()) return expected("an object", value);
      for (const auto& [key, member] : value.as_object())
        if (!within(fmt::format(".{}", std::string_view(key)), type.arguments[0], member))
          return false;
      return true;
    }
    if (!value.is_array()) return expected("an array", value);
    const auto& list = value.as_array();
    const bool tuple = type.kind == Type::Kind::tuple;
    if (tuple && list.size() != type.arguments.size())
      return refuse(
          fmt::format("expected {} elements, found {}", type.arguments.size(), list.size()));
    for (std::size_t i = 0; i < list.size(); ++i)
      if (!within(fmt::format("[{}]", i), type.arguments[tuple ? i : 0], list[i])) return false;
    return true;
  }

  bool check_named(const PlannedType& type, const json::Value& value) {
    const auto& definition = *type.definition;
    if (definition.kind == TypeDefinition::Kind::enumeration) {
      if (!value.is_string()) return expected("a string", value);
      const bool known = std::ranges::any_of(definition.values, [&](const EnumValue& one) {
        return one.wire == std::string_view(value.as_string());
      });
      return known || definition.open ||
             refuse(fmt::format("{} is no value of {}", json::to_string(value), definition.name));
    }
    if (definition.kind == TypeDefinition::Kind::alternatives) {
      const int which = choose(type.alternatives, value);
      if (which < 0) return definition.open || refuse("none of the alternatives fits");
      return check(type.alternatives.alternatives[static_cast<std::size_t>(which)].type, value);
    }
    return check_fields(type, value);
  }

  bool check_fields(const PlannedType& type, const json::Value& value) {
    if (!value.is_object()) return expected("an object", value);
    for (const auto& field : type.fields) {
      const json::Value* found = value.as_object().if_contains(field.field->wire);
      for (const auto& alias : field.field->aliases)
        if (!found) found = value.as_object().if_contains(alias);
      if (!found) {
        if (!field.field->optional)
          return refuse(fmt::format("the member \"{}\" is missing", field.field->wire));
        continue;
      }
      if (found->is_null() && field.field->optional) continue;
      if (!within("." + field.field->wire, field.field->type, *found)) return false;
    }
    return true;
  }

  const Plan& plan_;
  std::string path_;
};

json::Value make_sample(const Plan& plan, const Type& type, int depth) {
  const Type target = plan.resolve(type);
  if (target.nullable || depth > 12) return nullptr;
  switch (target.kind) {
    case Type::Kind::boolean:
      return false;
    case Type::Kind::string:
      return "text";
    case Type::Kind::bytes:
      return "AAECAw==";
    case Type::Kind::decimal:
      return "1.5";
    case Type::Kind::float64:
      return 0.5;
    case Type::Kind::object:
    case Type::Kind::map:
      return json::Object();
    case Type::Kind::list:
      return json::Array();
    case Type::Kind::literal:
      return target.literal;
    case Type::Kind::raw:
    case Type::Kind::json:
      return nullptr;
    case Type::Kind::tuple: {
      json::Array out;
      for (const auto& argument : target.arguments)
        out.push_back(make_sample(plan, argument, depth + 1));
      return out;
    }
    case Type::Kind::named:
      break;
    default:
      return 1;
  }
  const PlannedType& named = *plan.find(target.name);
  if (!named.enumerators.empty()) return json::Value(named.definition->values.front().wire);
  for (const auto& one : named.alternatives.alternatives) {
    auto value = make_sample(plan, one.type, depth + 1);
    if (choose(named.alternatives, value) >= 0) return value;
  }
  json::Object out;
  for (const auto& field : named.fields)
    if (!field.field->optional)
      out[field.field->wire] = make_sample(plan, field.field->type, depth + 1);
  return out;
}

}  // namespace

std::optional<std::string> mismatch(const Plan& plan, const Type& type, const json::Value& value) {
  ValueChecker checker(plan);
  if (checker.check(type, value)) return std::nullopt;
  return checker.why;
}

json::Value sample(const Plan& plan, const Type& type) {
  return make_sample(plan, type, 0);
}

int choose(const PlannedUnion& alternatives, const json::Value& value) {
  for (const auto at : alternatives.order) {
    const auto& one = alternatives.alternatives[at];
    if (one.type.kind == Type::Kind::raw) continue;
    if (std::ranges::all_of(one.tests, [&](const Test& test) { return holds(test, value); }))
      return static_cast<int>(at);
  }
  return -1;
}

}  // namespace parley::schematic
