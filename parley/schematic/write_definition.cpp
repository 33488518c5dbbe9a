#include <fmt/format.h>

#include "parley/schematic/definition.hpp"
#include "parley/schematic/detail/write_parts.hpp"

namespace parley::schematic {
namespace detail {

void put(json::Object& out, std::string_view key, const std::string& text) {
  if (!text.empty()) out[key] = text;
}
void put(json::Object& out, std::string_view key, bool flag, bool usual) {
  if (flag != usual) out[key] = flag;
}
void put(json::Object& out, std::string_view key, const std::optional<double>& number) {
  if (!number) return;
  const auto whole = static_cast<std::int64_t>(*number);
  if (static_cast<double>(whole) == *number)
    out[key] = whole;
  else
    out[key] = *number;
}
void put(json::Object& out, std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json::Array list;
  for (const auto& text : texts) list.emplace_back(text);
  out[key] = std::move(list);
}
void put(json::Object& out, std::string_view key, const std::vector<json::Value>& values) {
  if (values.empty()) return;
  json::Array list;
  for (const auto& value : values) list.push_back(value);
  out[key] = std::move(list);
}
void put(json::Object& out, std::string_view key,
         const std::vector<std::pair<std::string, std::string>>& pairs) {
  if (pairs.empty()) return;
  json::Object map;
  for (const auto& [name, value] : pairs) map[name] = value;
  out[key] = std::move(map);
}
void put(json::Object& out, std::string_view key, std::chrono::milliseconds time,
         std::chrono::milliseconds usual) {
  if (time == usual) return;
  const auto ms = time.count();
  out[key] = ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}ms", ms);
}

json::Value match_value(const std::vector<Condition>& match) {
  json::Object rules;
  for (const auto& one : match) {
    json::Value rule = one.absent ? "absent" : "present";
    if (!one.kind.empty()) {
      json::Object with_kind;
      if (one.equals) with_kind["equals"] = *one.equals;
      with_kind["kind"] = one.kind;
      rule = std::move(with_kind);
    } else if (one.equals) {
      const bool plain = !one.equals->is_object() && *one.equals != json::Value("present") &&
                         *one.equals != json::Value("absent");
      rule = plain ? *one.equals : json::Value(json::Object{{"equals", *one.equals}});
    }
    rules[one.path.empty() ? "$" : one.path] = std::move(rule);
  }
  return rules;
}

}  // namespace detail

using detail::put;

namespace {

json::Value auth_value(const AuthStrategy& auth) {
  using Kind = AuthStrategy::Kind;
  const bool plain = auth.name.empty() && auth.prefix.empty();
  if (auth.kind == Kind::none || auth.kind == Kind::basic || (plain && auth.kind == Kind::bearer))
    return json::Value(to_string(auth.kind));
  json::Object out;
  out[to_string(auth.kind)] = auth.name;
  put(out, "prefix", auth.prefix);
  return out;
}

json::Value field_value(const Field& field) {
  json::Object out;
  out["type"] = to_string(field.type);
  put(out, "name", field.name);
  put(out, "description", field.description);
  if (field.default_value) out["default"] = *field.default_value;
  put(out, "min", field.min);
  put(out, "max", field.max);
  put(out, "aliases", field.aliases);
  put(out, "secret", field.secret, false);
  put(out, "deprecated", field.deprecated, false);
  if (field.wire.ends_with('?')) out["wire"] = field.wire;
  if (out.size() == 1) return out["type"];
  return out;
}

json::Value enum_value(const EnumValue& value) {
  if (value.name.empty() && value.description.empty()) return json::Value(value.wire);
  json::Object out;
  out["value"] = value.wire;
  put(out, "name", value.name);
  put(out, "description", value.description);
  return out;
}

json::Value type_value(const TypeDefinition& type) {
  json::Object out;
  put(out, "description", type.description);
  switch (type.kind) {
    case TypeDefinition::Kind::structure: {
      put(out, "include", type.includes);
      json::Object fields;
      for (const auto& field : type.fields)
        fields[field.wire + (field.optional ? "?" : "")] = field_value(field);
      if (!fields.empty() || type.includes.empty()) out["fields"] = std::move(fields);
      break;
    }
    case TypeDefinition::Kind::enumeration: {
      json::Array values;
      for (const auto& value : type.values) values.push_back(enum_value(value));
      out["enum"] = std::move(values);
      break;
    }
    case TypeDefinition::Kind::alternatives: {
      json::Array all;
      for (const auto& one : type.alternatives) {
        if (one.match.empty()) {
          all.emplace_back(to_string(one.type));
          continue;
        }
        json::Object written;
        written["type"] = to_string(one.type);
        written["match"] = detail::match_value(one.match);
        all.push_back(std::move(written));
      }
      out["union"] = std::move(all);
      break;
    }
    case TypeDefinition::Kind::alias:
      out["alias"] = to_string(type.target);
      break;
  }
  put(out, "open", type.open, true);
  put(out, "examples", type.examples);
  return out;
}

}  // namespace

json::Object to_json(const Definition& definition) {
  json::Object out;
  out["schematic"] = 1;
  out["name"] = definition.name;
  put(out, "version", definition.version);
  put(out, "description", definition.description);
  put(out, "docs_url", definition.docs_url);
  put(out, "namespace", definition.cpp_namespace);
  if (definition.auth.size() == 1)
    out["auth"] = auth_value(definition.auth.front());
  else if (!definition.auth.empty()) {
    json::Array all;
    for (const auto& auth : definition.auth) all.push_back(auth_value(auth));
    out["auth"] = std::move(all);
  }
  put(out, "env_auth", definition.env_auth);
  put(out, "env_username", definition.env_username);
  put(out, "headers", definition.headers);
  if (definition.rest) out["rest"] = detail::rest_value(*definition.rest);
  if (definition.websocket) out["websocket"] = detail::websocket_value(*definition.websocket);
  json::Object types;
  for (const auto& type : definition.types) types[type.name] = type_value(type);
  if (!types.empty()) out["types"] = std::move(types);
  return out;
}

}  // namespace parley::schematic
