#include "parley/schematic/detail/unions.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace parley::schematic::detail {
namespace {

// What is known of all values of a type.
struct Shape {
  std::set<std::string> kinds;                              // JSON kinds
  std::map<std::string, std::vector<json::Value>> values;   // members with a fixed set of values
  std::set<std::string> required;                           // never absent nor null
  std::map<std::string, std::vector<std::string>> aliases;  // of these
  std::set<std::string> members;                            // that it may have by its definition
  std::string text;                                         // for people
  bool anything = false;
};

class Shapes {
 public:
  explicit Shapes(const Plan& plan) : plan_(plan) {}

  Shape of(const Type& type, int depth = 0) const {
    const Type target = plan_.resolve(type);
    Shape shape;
    if (target.nullable) shape.kinds.insert("null");
    switch (target.kind) {
      case Type::Kind::boolean:
        shape.kinds.insert("boolean");
        break;
      case Type::Kind::string:
      case Type::Kind::bytes:
        shape.kinds.insert("string");
        break;
      case Type::Kind::decimal:
        shape.kinds.insert({"string", "number"});
        break;
      case Type::Kind::int32:
      case Type::Kind::uint32:
      case Type::Kind::int64:
      case Type::Kind::uint64:
      case Type::Kind::float64:
        shape.kinds.insert("number");
        break;
      case Type::Kind::list:
      case Type::Kind::tuple:
        shape.kinds.insert("array");
        break;
      case Type::Kind::map:
      case Type::Kind::object:
        shape.kinds.insert("object");
        break;
      case Type::Kind::literal:
        shape.kinds.insert(kind_name(target.literal));
        shape.values[""] = {target.literal};
        break;
      case Type::Kind::json:
      case Type::Kind::raw:
        shape.kinds.insert({"string", "number", "boolean", "array", "object", "null"});
        shape.anything = true;
        break;
      case Type::Kind::named:
        add_named(target, shape, depth);
        break;
    }
    if (shape.text.empty()) shape.text = to_string(type);
    return shape;
  }

 private:
  void add_named(const Type& type, Shape& shape, int depth) const {
    const PlannedType* planned = plan_.find(type.name);
    if (!planned || depth > 8) {
      shape.anything = true;
      return;
    }
    const TypeDefinition& definition = *planned->definition;
    if (definition.kind == TypeDefinition::Kind::enumeration) {
      shape.kinds.insert("string");
      if (!definition.open)
        for (const auto& value : definition.values) shape.values[""].emplace_back(value.wire);
    } else if (definition.kind == TypeDefinition::Kind::alternatives) {
      add_union(*planned, shape, depth);
    } else {
      shape.kinds.insert("object");
      add_fields(*planned, shape);
    }
  }

  void add_fields(const PlannedType& planned, Shape& shape) const {
    for (const auto& field : planned.fields) {
      const auto& wire = field.field->wire;
      const Type target = plan_.resolve(field.field->type);
      shape.members.insert(wire);
      for (const auto& alias : field.field->aliases) shape.members.insert(alias);
      shape.text += fmt::format("{}{}{}: {}", shape.text.empty() ? "{ " : ", ", wire,
                                field.field->optional ? "?" : "", to_string(field.field->type));
      // A constant tells a type where it is there; a message without it is unknown.
      if (field.presence != Presence::required &&
          !(field.field->optional && target.kind == Type::Kind::literal))
        continue;
      if (field.presence == Presence::required) shape.required.insert(wire);
      shape.aliases[wire] = field.field->aliases;
      if (target.kind == Type::Kind::literal) shape.values[wire] = {target.literal};
      const PlannedType* named =
          target.kind == Type::Kind::named ? plan_.find(target.name) : nullptr;
      if (named && named->definition->kind == TypeDefinition::Kind::enumeration)
        for (const auto& value : named->definition->values)
          shape.values[wire].emplace_back(value.wire);
    }
    shape.text += shape.text.empty() ? "{}" : " }";
  }

  // What holds for every alternative.
  void add_union(const PlannedType& planned, Shape& shape, int depth) const {
    bool first = true;
    for (const auto& one : planned.definition->alternatives) {
      Shape other = of(one.type, depth + 1);
      shape.kinds.merge(other.kinds);
      shape.members.merge(other.members);
      shape.anything = shape.anything || other.anything;
      if (first) {
        shape.values = std::move(other.values);
        shape.required = std::move(other.required);
      } else {
        std::erase_if(shape.required,
                      [&](const auto& name) { return !other.required.contains(name); });
        std::erase_if(shape.values,
                      [&](const auto& entry) { return !other.values.contains(entry.first); });
        for (auto& [path, values] : shape.values)
          values.insert(values.end(), other.values[path].begin(), other.values[path].end());
      }
      first = false;
    }
  }

  const Plan& plan_;
};

bool share_a_value(const std::vector<json::Value>& a, const std::vector<json::Value>& b) {
  return std::ranges::any_of(
      a, [&](const json::Value& value) { return std::ranges::find(b, value) != b.end(); });
}

void add_test(PlannedAlternative& to, Test test) {
  if (std::ranges::find(to.tests, test) == to.tests.end()) to.tests.push_back(std::move(test));
}

class Planner {
 public:
  Planner(const Plan& plan, const std::vector<UnionInput>& inputs, Diagnostics& diagnostics)
      : inputs_(inputs), diagnostics_(diagnostics) {
    const Shapes shapes(plan);
    for (const auto& input : inputs) {
      shapes_.push_back(shapes.of(input.type));
      PlannedAlternative& one = result_.alternatives.emplace_back();
      one.type = input.type;
      one.label = input.label;
    }
    before_.resize(inputs.size());
  }

  PlannedUnion make(bool open) {
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      if (!inputs_[i].match->empty()) take_match(i);
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      for (std::size_t k = i + 1; k < inputs_.size(); ++k) tell_apart(i, k);
    if (open) recognise_alone();
    make_order();
    find_shadowed();
    choose_tag();
    result_.open = open;
    return std::move(result_);
  }

 private:
  void take_match(std::size_t i) {
    for (const auto& condition : *inputs_[i].match) {
      Test test(Test::Kind::present, condition.path);
      if (condition.absent) test.kind = Test::Kind::absent;
      if (!condition.kind.empty()) {
        test.kind = Test::Kind::json_kind;
        test.json_kind = condition.kind;
      }
      if (condition.equals) {
        test.kind = Test::Kind::equals;
        test.values = {*condition.equals};
      }
      result_.alternatives[i].tests.push_back(std::move(test));
    }
  }

  bool declared(std::size_t i) const { return !inputs_[i].match->empty(); }

  void tell_apart(std::size_t i, std::size_t k) {
    if (inputs_[i].binary || inputs_[k].binary) return;  // the frame tells
    // Declared rules are tried in their order; they go before what is derived.
    if (declared(i)) {
      before_[k].insert(i);
      return;
    }
    if (declared(k)) {
      before_[i].insert(k);
      return;
    }
    if (by_kind(i, k) || by_value(i, k) || by_presence(i, k)) return;
    if (!told_.insert(k).second) return;  // one clash of each is enough
    diagnostics_.error(
        inputs_[k].at, "E0401",
        fmt::format("{} and {} cannot be told apart: {} is {}, {} is {}; give them a member with "
                    "different constants, or a match",
                    inputs_[i].label, inputs_[k].label, inputs_[i].label, shapes_[i].text,
                    inputs_[k].label, shapes_[k].text));
  }

  bool by_kind(std::size_t i, std::size_t k) {
    const auto &a = shapes_[i].kinds, &b = shapes_[k].kinds;
    // "Anything" comes last, where the other has a kind of its own.
    if (shapes_[i].anything != shapes_[k].anything) {
      const std::size_t narrow = shapes_[i].anything ? k : i, wide = shapes_[i].anything ? i : k;
      if (shapes_[narrow].kinds.size() != 1) return false;
      add_kind_test(narrow);
      before_[wide].insert(narrow);
      return true;
    }
    if (std::ranges::any_of(a, [&](const auto& kind) { return b.contains(kind); })) return false;
    add_kind_test(i);
    add_kind_test(k);
    return true;
  }

  void add_kind_test(std::size_t i) {
    if (shapes_[i].kinds.size() != 1) return;
    if (const auto only = shapes_[i].values.find(""); only != shapes_[i].values.end())
      return add_value_test(i, "", only->second);
    Test test(Test::Kind::json_kind, "");
    test.json_kind = *shapes_[i].kinds.begin();
    add_test(result_.alternatives[i], std::move(test));
  }

  bool by_value(std::size_t i, std::size_t k) {
    for (const auto& [path, values] : shapes_[i].values) {
      const auto other = shapes_[k].values.find(path);
      if (other == shapes_[k].values.end() || share_a_value(values, other->second)) continue;
      add_value_test(i, path, values);
      add_value_test(k, path, other->second);
      return true;
    }
    return by_lone_value(i, k) || by_lone_value(k, i);
  }

  // A constant of one that the other does not know as a member at all.
  bool by_lone_value(std::size_t i, std::size_t k) {
    for (const auto& [path, values] : shapes_[i].values) {
      if (path.empty() || shapes_[k].members.contains(path) || shapes_[k].anything) continue;
      add_value_test(i, path, values);
      before_[k].insert(i);
      return true;
    }
    return false;
  }

  void add_value_test(std::size_t i, const std::string& path, std::vector<json::Value> values) {
    Test test(Test::Kind::equals, path);
    test.values = std::move(values);
    add_test(result_.alternatives[i], std::move(test));
  }

  bool by_presence(std::size_t i, std::size_t k) {
    const auto own = [&](std::size_t a, std::size_t b) -> std::string {
      for (const auto& name : shapes_[a].required)
        if (!shapes_[b].members.contains(name)) return name;
      return {};
    };
    if (shapes_[i].anything || shapes_[k].anything) return false;
    const std::string first = own(i, k), second = own(k, i);
    if (first.empty() && second.empty()) return false;
    if (!first.empty()) add_presence_test(i, first);
    if (!second.empty()) add_presence_test(k, second);
    if (first.empty()) before_[i].insert(k);
    if (second.empty()) before_[k].insert(i);
    return true;
  }

  void add_presence_test(std::size_t i, const std::string& name) {
    Test test(Test::Kind::present, name);
    test.aliases = shapes_[i].aliases[name];
    add_test(result_.alternatives[i], std::move(test));
  }

  // What nothing else must be told from may still have a constant: another text is another message.
  // And what is left over when no other fits must have what it cannot be without.
  void recognise_alone() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i].binary || declared(i) || !result_.alternatives[i].tests.empty()) continue;
      const auto& values = shapes_[i].values;
      const auto found = std::ranges::find_if(
          values, [](const auto& one) { return !one.first.empty() && one.second.size() == 1; });
      if (found != values.end())
        add_value_test(i, found->first, found->second);
      else if (!before_[i].empty() && !shapes_[i].required.empty())
        add_presence_test(i, *shapes_[i].required.begin());
    }
  }

  void make_order() {
    std::vector<bool> done(inputs_.size());
    while (result_.order.size() < inputs_.size()) {
      bool moved = false;
      for (std::size_t i = 0; i < inputs_.size(); ++i) {
        if (done[i] || std::ranges::any_of(before_[i], [&](std::size_t b) { return !done[b]; }))
          continue;
        done[i] = moved = true;
        result_.order.push_back(i);
      }
      if (moved) continue;
      // A circle of wishes; the declaration's order decides.
      for (std::size_t i = 0; i < inputs_.size(); ++i)
        if (!done[i]) done[i] = true, result_.order.push_back(i);
    }
  }

  void find_shadowed() {
    for (std::size_t later = 1; later < result_.order.size(); ++later)
      for (std::size_t earlier = 0; earlier < later; ++earlier) {
        const auto i = result_.order[earlier], k = result_.order[later];
        if (inputs_[i].binary != inputs_[k].binary || !declared(i)) continue;
        const auto &a = result_.alternatives[i].tests, &b = result_.alternatives[k].tests;
        const bool always = std::ranges::all_of(
            a, [&](const Test& test) { return std::ranges::find(b, test) != b.end(); });
        if (!always) continue;
        diagnostics_.error(
            inputs_[k].at, "E0402",
            fmt::format("{} can never be chosen: every message that fits it fits {}, "
                        "which is tried before",
                        inputs_[k].label, inputs_[i].label));
      }
  }

  // One member whose text sorts all alternatives (of JSON messages) into groups.
  void choose_tag() {
    std::map<std::string, std::size_t> uses;
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i].binary) continue;
      ++wanted;
      for (const auto& test : result_.alternatives[i].tests)
        if (test.kind == Test::Kind::equals && !test.path.empty() &&
            test.path.find('.') == std::string::npos &&
            std::ranges::all_of(test.values, [](const auto& value) { return value.is_string(); }))
          ++uses[test.path];
    }
    for (const auto& [path, count] : uses)
      if (count == wanted && wanted > 2) result_.tag = path;
    if (uses.contains("type") && uses["type"] == wanted && wanted > 2) result_.tag = "type";
  }

  const std::vector<UnionInput>& inputs_;
  Diagnostics& diagnostics_;
  std::vector<Shape> shapes_;
  std::vector<std::set<std::size_t>> before_;  // that must be tried before
  std::set<std::size_t> told_;
  PlannedUnion result_;
};

}  // namespace

std::string kind_name(const json::Value& value) {
  if (value.is_string()) return "string";
  if (value.is_bool()) return "boolean";
  if (value.is_number()) return "number";
  if (value.is_array()) return "array";
  return value.is_null() ? "null" : "object";
}

PlannedUnion plan_union(const Plan& plan, const std::vector<UnionInput>& inputs, bool open,
                        Diagnostics& diagnostics) {
  return Planner(plan, inputs, diagnostics).make(open);
}

}  // namespace parley::schematic::detail
