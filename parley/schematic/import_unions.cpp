#include <algorithm>

#include <fmt/format.h>

#include "parley/schematic/detail/schema_importer.hpp"

namespace parley::schematic::detail {
namespace {

bool is_null_schema(const Node& schema) {
  if (schema.text("type") == "null") return true;
  const auto constant = schema.find("const");
  if (constant && constant.tree->is_null()) return true;
  const auto values = schema.find("enum");
  return values && values.tree->items.size() == 1 && values.tree->items[0].is_null();
}

// The constant that a discriminator's mapping gives an alternative.
std::optional<Condition> mapped(const Node& discriminator, const std::string& property,
                                const Node& one) {
  const auto target = References::target_of(one);
  for (const auto& entry : members_of(discriminator.find("mapping"))) {
    const bool same = entry.value.text == one.text("$ref") || entry.value.text == last_part(target);
    if (!same || property.empty()) continue;
    Condition rule;
    rule.path = property;
    rule.equals = json::Value(entry.key);
    return rule;
  }
  return std::nullopt;
}

}  // namespace

Type SchemaImporter::any_of(const Node& schema, const Node& list, const std::string& hint) {
  std::vector<Node> wanted;
  bool nullable = false, any_text = false, all_text = true;
  for (const auto& item : list.tree->items) {
    const Node one(&item, list.file);
    const Node followed = references_.follow(one);
    if (!followed) return Type(Type::Kind::json);
    if (followed.tree->is_map() && is_null_schema(followed)) {
      nullable = true;
      continue;
    }
    const bool plain = followed.text("type") == "string" && !followed.find("enum") &&
                       !followed.find("const") && !followed.find("format");
    any_text = any_text || plain;
    all_text = all_text && (plain || (followed.find("enum") && followed.text("type") == "string"));
    wanted.push_back(one);
  }
  Type result(Type::Kind::json);
  if (wanted.size() == 1) {
    result = import(wanted[0], hint);
  } else if (any_text && all_text && !wanted.empty()) {
    // "any text, these among them": an open enumeration.
    std::erase_if(wanted, [&](const Node& one) { return !references_.follow(one).find("enum"); });
    result = wanted.empty() ? Type(Type::Kind::string) : import(wanted[0], hint);
    if (wanted.size() > 1) result = Type(Type::Kind::string);
  } else if (!wanted.empty()) {
    result = import_union(schema, wanted, hint, nullable);
  }
  result.nullable = nullable && result.kind != Type::Kind::json;
  return result;
}

// Alternatives of several kinds: a union of the definition. `nullable` is set where one may be
// null.
Type SchemaImporter::import_union(const Node& schema, const std::vector<Node>& wanted,
                                  const std::string& hint, bool& nullable) {
  TypeDefinition type;
  type.at = schema.tree->at;
  type.name = take_name(hint);
  type.kind = TypeDefinition::Kind::alternatives;
  type.description = description_of(schema);
  const auto discriminator = schema.find("discriminator");
  const auto property = discriminator
                            ? (discriminator.tree->is_scalar() ? discriminator.tree->text
                                                               : discriminator.text("propertyName"))
                            : std::string();
  int number = 0;
  for (const auto& one : wanted) {
    Alternative alternative(import(one, fmt::format("{}{}", hint, ++number)));
    alternative.at = one.tree->at;
    nullable = nullable || alternative.type.nullable;
    alternative.type.nullable = false;
    if (auto rule = mapped(discriminator, property, one))
      alternative.match.push_back(std::move(*rule));
    const bool known = std::ranges::find(type.alternatives, alternative.type, &Alternative::type) !=
                       type.alternatives.end();
    if (!known) type.alternatives.push_back(std::move(alternative));
  }
  const bool any = std::ranges::any_of(
      type.alternatives, [](const Alternative& one) { return one.type.kind == Type::Kind::json; });
  if (any) {
    note(schema, "I0702", "alternatives of which one is any value are taken as json");
    return Type(Type::Kind::json);
  }
  // Rules that the structures' own constants say already are left to them.
  const bool all_mapped = std::ranges::all_of(
      type.alternatives, [](const Alternative& one) { return !one.match.empty(); });
  if (!all_mapped)
    for (auto& one : type.alternatives) one.match.clear();
  return add(std::move(type), hint);
}

void SchemaImporter::add_examples(const Node& schema, TypeDefinition& type) {
  if (const auto example = schema.find("example"); example && !example.tree->is_scalar())
    type.examples.push_back(example.tree->value());
  if (const auto examples = schema.find("examples"); examples && examples.tree->is_list())
    for (const auto& one : examples.tree->items)
      if (!one.is_scalar()) type.examples.push_back(one.value());
}

}  // namespace parley::schematic::detail
