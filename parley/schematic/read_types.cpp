#include <fmt/format.h>

#include "parley/schematic/detail/map_reader.hpp"

namespace parley::schematic::detail {
namespace {

void read_condition(const Tree& rule, Condition& out, Diagnostics& diagnostics) {
  if (rule.is_scalar() && (rule.text == "present" || rule.text == "absent")) {
    out.absent = rule.text == "absent";
    return;
  }
  if (!rule.is_map()) {
    out.equals = rule.value();
    return;
  }
  MapReader in(rule, "the rule", diagnostics);
  if (const Tree* value = in.take("equals")) out.equals = value->value();
  in.word<std::string>("kind", out.kind,
                       {{"string", "string"},
                        {"number", "number"},
                        {"boolean", "boolean"},
                        {"array", "array"},
                        {"object", "object"}});
  in.finish();
}

Field read_field(const Tree::Member& member, Diagnostics& diagnostics) {
  Field field;
  field.at = member.at;
  field.wire = member.key;
  if (field.wire.size() > 1 && field.wire.ends_with('?')) {
    field.optional = true;
    field.wire.pop_back();
  }
  if (member.value.is_scalar()) {
    field.type = read_type(member.value, diagnostics);
    return field;
  }
  MapReader in(member.value, fmt::format("the field \"{}\"", field.wire), diagnostics);
  if (in.require("type")) in.type("type", field.type);
  in.flag("optional", field.optional);
  in.text("wire", field.wire);
  in.text("name", field.name);
  in.text("description", field.description);
  if (const Tree* value = in.take("default")) field.default_value = value->value();
  in.number("min", field.min);
  in.number("max", field.max);
  in.texts("aliases", field.aliases);
  in.flag("secret", field.secret);
  in.flag("deprecated", field.deprecated);
  in.finish();
  return field;
}

void read_enum(const Tree& values, TypeDefinition& out, Diagnostics& diagnostics) {
  out.kind = TypeDefinition::Kind::enumeration;
  if (!values.is_list()) {
    diagnostics.error(values.at, "E0101", fmt::format("enum of {} must be a list", out.name));
    return;
  }
  for (const auto& item : values.items) {
    EnumValue value;
    value.at = item.at;
    if (item.is_scalar()) {
      value.wire = item.text;
    } else {
      MapReader in(item, "the value", diagnostics);
      in.require_text("value", value.wire);
      in.text("name", value.name);
      in.text("description", value.description);
      in.finish();
    }
    out.values.push_back(std::move(value));
  }
}

void read_union(const Tree& list, TypeDefinition& out, Diagnostics& diagnostics) {
  out.kind = TypeDefinition::Kind::alternatives;
  if (!list.is_list()) {
    diagnostics.error(list.at, "E0101", fmt::format("union of {} must be a list", out.name));
    return;
  }
  for (const auto& item : list.items) {
    Alternative one;
    one.at = item.at;
    if (item.is_scalar()) {
      one.type = read_type(item, diagnostics);
    } else {
      MapReader in(item, "the alternative", diagnostics);
      if (in.require("type")) in.type("type", one.type);
      if (const Tree* match = in.take("match")) one.match = read_match(*match, diagnostics);
      in.finish();
    }
    out.alternatives.push_back(std::move(one));
  }
}

TypeDefinition read_one(const Tree::Member& member, Diagnostics& diagnostics) {
  TypeDefinition out;
  out.at = member.at;
  out.name = member.key;
  MapReader in(member.value, fmt::format("the type {}", out.name), diagnostics);
  if (!in.ok()) return out;
  in.text("description", out.description);
  in.texts("include", out.includes);
  const Tree* fields = in.take("fields");
  const Tree* values = in.take("enum");
  const Tree* alternatives = in.take("union");
  const Tree* alias = in.take("alias");
  const int kinds = (fields || !out.includes.empty()) + (values != nullptr) +
                    (alternatives != nullptr) + (alias != nullptr);
  // A type without members is written as "fields: {}", which reads as an empty map.
  if (kinds != 1)
    diagnostics.error(
        member.at, "E0103",
        fmt::format("the type {} needs one of fields, enum, union or alias", out.name));
  if (fields && !fields->is_map())
    diagnostics.error(fields->at, "E0101", fmt::format("fields of {} must be a map", out.name));
  if (fields)
    for (const auto& field : fields->members) out.fields.push_back(read_field(field, diagnostics));
  if (values) read_enum(*values, out, diagnostics);
  if (alternatives) read_union(*alternatives, out, diagnostics);
  if (alias) {
    out.kind = TypeDefinition::Kind::alias;
    out.target = read_type(*alias, diagnostics);
  }
  in.flag("open", out.open);
  if (const Tree* examples = in.take("examples"))
    for (const auto& example : examples->items) out.examples.push_back(example.value());
  in.finish();
  return out;
}

}  // namespace

std::vector<Condition> read_match(const Tree& tree, Diagnostics& diagnostics) {
  std::vector<Condition> all;
  if (!tree.is_map()) {
    diagnostics.error(tree.at, "E0101", "match must be a map from a member to its value");
    return all;
  }
  for (const auto& member : tree.members) {
    Condition& one = all.emplace_back();
    one.at = member.at;
    one.path = member.key == "$" ? "" : member.key;
    read_condition(member.value, one, diagnostics);
  }
  return all;
}

void read_types(const Tree& tree, Definition& out, Diagnostics& diagnostics) {
  if (!tree.is_map()) {
    diagnostics.error(tree.at, "E0101", "types must be a map from names to types");
    return;
  }
  for (const auto& member : tree.members) out.types.push_back(read_one(member, diagnostics));
}

}  // namespace parley::schematic::detail
