#include <algorithm>

#include <fmt/format.h>

#include "parley/schematic/conform.hpp"
#include "parley/schematic/detail/schema_importer.hpp"

namespace parley::schematic::detail {

void SchemaImporter::add_fields(const Node& schema, const std::string& hint,
                                std::vector<Field>& out, int depth) {
  if (depth > 32) return;
  if (const auto list = schema.find("allOf"); list && list.tree->is_list())
    for (const auto& item : list.tree->items)
      if (const auto part = references_.follow({&item, list.file}))
        add_fields(part, hint, out, depth + 1);
  const auto required = schema.find("required");
  const auto is_required = [&](std::string_view name) {
    return required && std::ranges::any_of(required.tree->items,
                                           [&](const Tree& one) { return one.text == name; });
  };
  const auto properties = schema.find("properties");
  for (const auto& member : members_of(properties)) {
    const Node property(&member.value, properties.file);
    Field field(member.key, import(property, hint + "_" + member.key), !is_required(member.key));
    field.at = member.at;
    field.description = property.tree->is_map() ? description_of(property) : "";
    if (field.type.kind == Type::Kind::raw) field.type.kind = Type::Kind::string;
    if (const auto value = property.find("default"); value && !value.tree->is_null())
      field.default_value = value.tree->value();
    for (const auto& [key, bound] :
         {std::pair("minimum", &field.min), std::pair("maximum", &field.max)})
      if (const auto found = property.find(key); found && found.tree->value().is_number())
        *bound = found.tree->value().to_number<double>();
    field.deprecated = property.flag("deprecated");
    const auto same = std::ranges::find(out, field.wire, &Field::wire);
    if (same == out.end()) {
      out.push_back(std::move(field));
    } else {
      // A later part says more about it; what one part requires is required.
      field.optional = field.optional && same->optional;
      *same = std::move(field);
    }
  }
  // "required" may stand beside a property of another part.
  for (auto& field : out)
    if (is_required(field.wire)) field.optional = false;
}

namespace {

// Defaults that are no value of their type are told and dropped.
bool default_fits(const Definition& out, const Field& field) {
  const auto& value = *field.default_value;
  switch (field.type.kind) {
    case Type::Kind::boolean:
      return value.is_bool();
    case Type::Kind::string:
      return value.is_string();
    case Type::Kind::int32:
    case Type::Kind::uint32:
    case Type::Kind::int64:
    case Type::Kind::uint64:
      return value.is_int64() || value.is_uint64();
    case Type::Kind::float64:
      return value.is_number();
    case Type::Kind::named: {
      const auto* named = out.find_type(field.type.name);
      return !named || named->kind != TypeDefinition::Kind::enumeration || value.is_string();
    }
    default:
      return true;
  }
}

}  // namespace

Type SchemaImporter::object(const Node& schema, const std::string& hint) {
  const auto properties = schema.find("properties");
  const auto additional = schema.find("additionalProperties");
  const bool has_fields = properties && !properties.tree->members.empty();
  if (!has_fields && !schema.find("allOf")) {
    if (additional && additional.tree->is_map() && !additional.tree->members.empty()) {
      Type element = import(additional, hint + "Value");
      if (element.kind == Type::Kind::raw) element = Type(Type::Kind::string);
      return Type::map(std::move(element));
    }
    if (const auto required = schema.find("required"); required && !required.tree->items.empty())
      note(required, "I0702", "required members without a schema are not checked");
    return Type(Type::Kind::object);
  }
  TypeDefinition type;
  type.at = schema.tree->at;
  type.name = take_name(hint);
  type.description = description_of(schema);
  if (additional && additional.tree->is_map() && !additional.tree->members.empty())
    note(additional, "I0702", "the type of further members is not checked; they are kept");
  if (additional && additional.tree->value() == json::Value(false))
    note(additional, "I0701", "further members are kept instead of refused");
  add_fields(schema, hint, type.fields, 0);
  for (auto& field : type.fields)
    if (field.default_value && !default_fits(out_, field)) {
      references_.report().note(
          field.at, "I0702",
          fmt::format("the default {} of \"{}\" is no value of its type and is left out",
                      json::to_string(*field.default_value), field.wire));
      field.default_value.reset();
    }
  add_examples(schema, type);
  return add(std::move(type), hint);
}

Type SchemaImporter::all_of(const Node& schema, const Node& list, const std::string& hint) {
  // One part that says what it is, and others that only describe it.
  std::vector<Node> parts;
  bool fields = schema.find("properties").tree != nullptr;
  for (const auto& item : list.tree->items) {
    const Node one(&item, list.file);
    const auto followed = references_.follow(one);
    if (!followed) return Type(Type::Kind::json);
    constexpr std::string_view telling[] = {"type", "properties", "allOf", "anyOf", "oneOf",
                                            "enum", "const",      "items", "$ref"};
    const bool tells = std::ranges::any_of(
        telling, [&](std::string_view key) { return followed.find(key).tree != nullptr; });
    if (!tells) continue;
    parts.push_back(one);
    fields = fields || followed.find("properties");
  }
  if (parts.size() == 1 && !schema.find("properties")) return import(parts[0], hint);
  if (!fields) {
    note(list, "I0702", "parts of \"allOf\" that are no objects are taken as json");
    return Type(Type::Kind::json);
  }
  for (const auto& part : parts) {
    const auto followed = references_.follow(part);
    if (followed.find("oneOf") || followed.find("anyOf")) {
      note(part, "I0702",
           "alternatives inside \"allOf\" are left out; their members are kept as unknown ones");
    }
  }
  return object(schema, hint);
}

void SchemaImporter::settle() {
  // Each round turns the unions that the plan refuses into json.
  for (int round = 0; round < 64; ++round) {
    Diagnostics findings;
    Definition types_only;
    types_only.name = "types";
    types_only.types = out_.types;
    if (make_plan(types_only, findings)) return;
    bool changed = false;
    for (auto& type : out_.types) {
      const bool is_union = type.kind == TypeDefinition::Kind::alternatives;
      const bool is_alias = type.kind == TypeDefinition::Kind::alias;
      if (!is_union && !is_alias) continue;
      const bool refused = std::ranges::any_of(findings.all(), [&](const Diagnostic& one) {
        if (one.severity != Severity::error) return false;
        const auto same = [&](Location at) {
          return at.line == one.at.line && at.column == one.at.column;
        };
        return same(type.at) ||
               (is_union && std::ranges::any_of(type.alternatives,
                                                [&](const Alternative& a) { return same(a.at); }));
      });
      if (!refused) continue;
      references_.report().note(
          type.at, "I0703",
          fmt::format("the alternatives of {} cannot be told apart; it is taken as json",
                      type.name));
      type.kind = TypeDefinition::Kind::alias;
      type.alternatives.clear();
      type.target = Type(Type::Kind::json);
      changed = true;
    }
    if (changed) continue;
    for (const auto& one : findings.all())
      if (one.severity == Severity::error)
        references_.report().error(one.at, one.code, one.message);
    return;
  }
}

}  // namespace parley::schematic::detail
