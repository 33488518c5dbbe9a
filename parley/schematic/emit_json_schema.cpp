#include <fmt/format.h>

#include "parley/schematic/detail/json_schema.hpp"
#include "parley/schematic/emit.hpp"

namespace parley::schematic {
namespace detail {
namespace {

json::Object plain(std::string_view type) {
  json::Object out;
  out["type"] = type;
  return out;
}

json::Object whole_number(std::string_view format) {
  auto out = plain("integer");
  out["format"] = format;
  return out;
}

json::Object builtin(const Plan& plan, const Type& type, const std::string& prefix) {
  json::Object out;
  switch (type.kind) {
    case Type::Kind::boolean:
      return plain("boolean");
    case Type::Kind::string:
      return plain("string");
    case Type::Kind::int32:
      return whole_number("int32");
    case Type::Kind::uint32:
      return whole_number("uint32");
    case Type::Kind::int64:
      return whole_number("int64");
    case Type::Kind::uint64:
      return whole_number("uint64");
    case Type::Kind::float64:
      return plain("number");
    case Type::Kind::decimal:
      out = plain("string");
      out["format"] = "decimal";
      return out;
    case Type::Kind::bytes:
      out = plain("string");
      out["contentEncoding"] = "base64";
      return out;
    case Type::Kind::raw:
      out = plain("string");
      out["format"] = "binary";
      return out;
    case Type::Kind::object:
      return plain("object");
    case Type::Kind::literal:
      out["const"] = type.literal;
      return out;
    case Type::Kind::list:
      out = plain("array");
      out["items"] = schema_of(plan, type.arguments[0], prefix);
      return out;
    case Type::Kind::map:
      out = plain("object");
      out["additionalProperties"] = schema_of(plan, type.arguments[0], prefix);
      return out;
    case Type::Kind::tuple: {
      out = plain("array");
      json::Array items;
      for (const auto& argument : type.arguments)
        items.push_back(schema_of(plan, argument, prefix));
      out["minItems"] = items.size();
      out["prefixItems"] = std::move(items);
      out["items"] = false;
      return out;
    }
    case Type::Kind::named:
      out["$ref"] = prefix + type.name;
      return out;
    case Type::Kind::json:
      break;
  }
  return out;
}

json::Value field_schema(const Plan& plan, const Field& field, const std::string& prefix) {
  auto value = schema_of(plan, field.type, prefix);
  auto& schema = value.as_object();
  if (!field.description.empty()) schema["description"] = field.description;
  if (field.default_value) schema["default"] = *field.default_value;
  if (field.min) schema["minimum"] = *field.min;
  if (field.max) schema["maximum"] = *field.max;
  if (field.deprecated) schema["deprecated"] = true;
  if (field.secret) schema["writeOnly"] = true;
  return value;
}

json::Object type_schema(const Plan& plan, const PlannedType& type, const std::string& prefix) {
  const auto& definition = *type.definition;
  json::Object out;
  switch (definition.kind) {
    case TypeDefinition::Kind::structure: {
      out = plain("object");
      json::Object properties;
      json::Array required;
      for (const auto& field : type.fields) {
        properties[field.field->wire] = field_schema(plan, *field.field, prefix);
        if (!field.field->optional) required.emplace_back(field.field->wire);
      }
      out["properties"] = std::move(properties);
      if (!required.empty()) out["required"] = std::move(required);
      break;
    }
    case TypeDefinition::Kind::enumeration: {
      json::Array values;
      for (const auto& value : definition.values) values.emplace_back(value.wire);
      json::Object known;
      known["type"] = "string";
      known["enum"] = std::move(values);
      if (!definition.open) {
        out = std::move(known);
      } else {
        // Other texts are allowed as well.
        out["anyOf"] = json::Array{plain("string"), std::move(known)};
      }
      break;
    }
    case TypeDefinition::Kind::alternatives: {
      json::Array all;
      for (const auto& one : definition.alternatives)
        all.push_back(schema_of(plan, one.type, prefix));
      out["anyOf"] = std::move(all);
      break;
    }
    case TypeDefinition::Kind::alias:
      out = schema_of(plan, definition.target, prefix).as_object();
      break;
  }
  if (!definition.description.empty()) out["description"] = definition.description;
  if (!definition.examples.empty()) {
    json::Array examples;
    for (const auto& example : definition.examples) examples.push_back(example);
    out["examples"] = std::move(examples);
  }
  return out;
}

}  // namespace

json::Value schema_of(const Plan& plan, const Type& type, const std::string& prefix) {
  auto schema = builtin(plan, type, prefix);
  if (!type.nullable || type.kind == Type::Kind::json) return schema;
  json::Object out;
  out["anyOf"] = json::Array{std::move(schema), plain("null")};
  return out;
}

json::Object schemas_of(const Plan& plan, const std::string& prefix) {
  json::Object out;
  for (const auto& type : plan.types) out[type.definition->name] = type_schema(plan, type, prefix);
  return out;
}

}  // namespace detail

OutputFile emit_json_schema(const Plan& plan) {
  json::Object out;
  out["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  out["title"] = plan.definition->name;
  if (!plan.definition->description.empty()) out["description"] = plan.definition->description;
  out["$defs"] = detail::schemas_of(plan, "#/$defs/");
  return {"schema.json", json::to_pretty_string(out) + "\n"};
}

}  // namespace parley::schematic
